// What eta notes about one message: how many surplus copies it may still make, and who else is known to hold
// it and when it should be at its destination from there.
//
//   note = version (1 byte), spare (2 bytes), holders: each 3 bytes of its tag and 4 bytes of a time in
//          minutes, big endian; the earliest first
//
// In a note that is kept, times are node time; in one that goes to a peer, they are from now on. An expected
// time that has passed without a receipt says that something went wrong: such a holder no longer counts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/routing/tag.h"
#include "proto/base/bytes.h"

namespace tram::routing {

struct Holder {
    std::uint32_t tag = 0;  ///< the low 24 bits
    double at_s = 0;        ///< when it is expected at the destination from there
};

class Holders {
  public:
    static constexpr std::size_t kMax = 8;
    static constexpr std::uint32_t kSpareMax = 4'096;

    /// Nothing when `note` is none of ours. Holders that are expected before `now_s` are left out.
    static std::optional<Holders> decode(ByteView note, double now_s);
    /// The same of what a peer has sent.
    static std::optional<Holders> decode_shared(ByteView shared, double now_s);
    [[nodiscard]] Bytes encode() const { return encode(0); }
    [[nodiscard]] Bytes encode_shared(double now_s) const { return encode(now_s); }

    std::uint32_t spare = 0;
    [[nodiscard]] const std::vector<Holder>& all() const { return holders_; }
    [[nodiscard]] bool has(Tag node) const;
    /// The latest word counts; of too many, those stay that are expected first.
    void put(Tag node, double at_s);
    /// When it was expected from there; nothing: it was not among them.
    std::optional<double> remove(Tag node);
    void merge(const Holders& others);

  private:
    static std::optional<Holders> decode(ByteView note, double from_s, double now_s);
    [[nodiscard]] Bytes encode(double from_s) const;
    void put_short(std::uint32_t tag, double at_s);

    std::vector<Holder> holders_;  // earliest first
};

}  // namespace tram::routing
