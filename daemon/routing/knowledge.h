// The contact records that a node holds, its own among them, and how two nodes bring each other up to date.
//
//   A                                    B
//   have(what changed since we last spoke)  ->
//                 <- records that A lacks, with a mark
//   heard(mark)  ->                             B takes note up to where A is up to date
//
// and the same the other way round. Messages are CBOR:
//
//   have    = [1, 0, all, entries]     all: true when everything held is listed; entries: bytes, 8 for each
//                                      record: origin and number, big endian
//   records = [1, 1, mark, [*record]]
//   heard   = [1, 2, mark]
//
// A peer may say anything. Held are at most kRecordsMax records of kBytesMax together; when that is full,
// those go that came from whoever has given the most. Records are not signed: whoever is trusted to carry is
// trusted to tell about contacts, and the worst that lies do is a bad choice of carriers.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "daemon/routing/contact_record.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::routing {

class Knowledge {
  public:
    static constexpr std::size_t kRecordsMax = 2'000;
    static constexpr std::size_t kBytesMax = 300U << 10;     ///< as encoded
    static constexpr std::size_t kSentBytesMax = 24U << 10;  ///< records in one message
    static constexpr std::size_t kPeersMax = 512;            ///< whose state is remembered

    struct Held {
        ContactRecord record{};  ///< without its age
        double made_s = 0;       ///< node time at its origin, as far as it is known here
        std::uint64_t changed = 0;
        Tag giver = kNoTag;
        std::size_t bytes = 0;
    };

    Knowledge(Tag self, Tag area) : self_{self}, area_{area} {}

    /// Our own contacts as they are now; `said`: others should hear of it.
    void set_own(std::vector<ContactSummary> contacts, std::uint8_t kept, bool said, double now_s);
    [[nodiscard]] const std::unordered_map<Tag, Held>& held() const { return held_; }
    /// Changes whenever a record does.
    [[nodiscard]] std::uint64_t version() const { return counter_; }

    /// The opening word to a peer.
    Bytes have(Tag peer) const;
    /// What goes back. Errors: malformed, unsupported_version, too_large.
    Result<Bytes> hear(Tag peer, ByteView said, double now_s);

    void encode(cbor::Writer& out, double now_s) const;
    /// Fails through the reader's sticky error.
    void decode(cbor::Reader& in, double now_s);

  private:
    struct PeerState {
        std::uint64_t told = 0;  // changes up to here are known there
        std::uint64_t used = 0;  // for forgetting the one used longest ago
    };
    std::optional<Error> hear_have(Tag peer, cbor::Reader& in, double now_s, Bytes& answer);
    std::optional<Error> hear_records(Tag peer, cbor::Reader& in, double now_s, Bytes& answer);
    void hear_mark(Tag peer, std::uint64_t mark);
    void accept(ContactRecord record, Tag giver, double now_s);
    bool make_room(std::size_t bytes, Tag giver);
    void forget_old(double now_s);
    void drop(Tag origin);
    PeerState& state_of(Tag peer);
    [[nodiscard]] Bytes records_for(Tag peer, const std::unordered_map<Tag, std::uint32_t>& listed,
                                    double now_s);

    Tag self_;
    Tag area_;
    std::unordered_map<Tag, Held> held_;
    std::unordered_map<Tag, PeerState> peers_;
    std::uint64_t counter_ = 0;
    std::uint64_t uses_ = 0;
    double forgot_s_ = 0;
    bool outdated_ = false;  // somebody holds a later word of ours than we know of
    std::size_t bytes_ = 0;
};

}  // namespace tram::routing
