// Bundles by what they are parts of: a message with its chunks, or a bundle that stands alone. Parts of one
// parcel go the same way, are offered to peers as one, and are judged by the router as one.
//
// A parcel is known as long as a part of it is here, a tombstone remembers one, or a receipt says that it has
// arrived.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "daemon/node/ledger.h"
#include "daemon/routing/router.h"
#include "proto/bpv7/eid.h"
#include "store/records.h"

namespace tram::node {

using MessageId = std::array<std::uint8_t, 16>;
/// What a parcel is called wherever it is: a digest of message id, source and destination nodes, or of the id
/// of a bundle that stands alone.
using ParcelId = std::array<std::uint8_t, 16>;
/// Local; ascending in the order in which parcels became known here, never reused while the node runs.
using ParcelNumber = std::uint64_t;

struct Parcel {
    struct Part {
        std::uint64_t index = 0;
        store::BundleKey key = 0;
        friend auto operator<=>(const Part&, const Part&) = default;
    };

    ParcelNumber number = 0;
    ParcelId id{};
    MessageId message_id{};  ///< zeros: no message
    bpv7::Eid source;        ///< of the part that came first; as the receipt says when none did
    bpv7::Eid destination;
    bpv7::Eid destination_node;
    std::optional<std::string> flooded_in;  ///< the commune in which everybody should hold it (flooding.h)
    std::uint64_t count = 1;                ///< parts of the whole
    std::vector<Part> here;                 ///< stored parts, by index; two bundles may claim the same one
    std::vector<std::uint64_t> gone;  ///< indices of parts that were here and need not come again, ascending
    std::uint64_t gone_at_ms = 0;     ///< node time of the last of them
    std::uint64_t bytes = 0;          ///< of the parts here
    std::uint32_t ended = 0;          ///< how many receipts say that it has arrived
    std::uint32_t graves = 0;         ///< tombstones of parts, whatever their ending
    routing::Verdict::Copy copy = routing::Verdict::Copy::kUtility;  ///< why it is here, of others' parcels
    bool spare = false;  ///< it came as a copy of which the giver keeps one
    Bytes note;          ///< the router's
    bool noted = false;  ///< there is a row with the three
    struct Whole {
        PeerNumber peer = 0;
        std::size_t parts = 0;
        std::uint64_t at_ms = 0;
    };
    std::vector<Whole> whole_at;  ///< peers, see note_all_at()

    /// The peer has all that is here now; forgotten when more comes, and after a day.
    void note_all_at(PeerNumber peer, std::uint64_t now_ms);
    [[nodiscard]] bool is_all_at(PeerNumber peer, std::uint64_t now_ms) const;
    [[nodiscard]] bool was_here(std::uint64_t index) const;
    [[nodiscard]] bool has(std::uint64_t index) const;
};

/// Name of the row with what is noted about a parcel, see Copies.
std::string parcel_row(const ParcelId& id);
inline constexpr std::string_view kParcelRow = "parcel/";

/// The parcel that a bundle is part of. `source` and `destination` as in the bundle.
ParcelId parcel_id(const std::optional<store::ChunkRecord>& chunk, const bpv7::Eid& source,
                   const bpv7::Eid& destination, ByteView bundle_id);

class Parcels {
  public:
    Parcel& add(const store::BundleRecord& record, const bpv7::Eid& source, const bpv7::Eid& destination);
    void remove(Parcel& parcel, const store::BundleRecord& record);
    Parcel& bury(const store::Tombstone& tombstone);
    void forget(const store::Tombstone& tombstone);
    /// A receipt says so; as often as there are receipts, and taken back as often.
    void end(const store::EndedMessage& message);
    void unend(const store::EndedMessage& message);

    [[nodiscard]] Parcel* find(ParcelNumber number);
    [[nodiscard]] Parcel* find(const ParcelId& id);
    /// By number.
    [[nodiscard]] const std::map<ParcelNumber, Parcel>& all() const { return parcels_; }
    [[nodiscard]] std::map<ParcelNumber, Parcel>& all() { return parcels_; }
    /// Those of which a part is here, by number.
    [[nodiscard]] const std::map<ParcelNumber, Parcel*>& here() const { return here_; }

  private:
    struct Hash {
        std::size_t operator()(const ParcelId& id) const;
    };
    Parcel& obtain(const ParcelId& id);
    void drop_if_unknown(Parcel& parcel);

    std::map<ParcelNumber, Parcel> parcels_;
    std::map<ParcelNumber, Parcel*> here_;
    std::unordered_map<ParcelId, ParcelNumber, Hash> numbers_;
    ParcelNumber last_ = 0;
};

}  // namespace tram::node
