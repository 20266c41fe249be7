// Taking bundles from peers: RFC 9171 5.6 (reception), with our limits and refusals.
//
// Each bundle that arrives is either stored (and accepted when that is durable), recognised (and refused as
// completed when what it is recognised by is durable), or refused with a reason. Nothing is dropped in
// silence.
#pragma once

#include <algorithm>

#include "daemon/node/custody.h"
#include "daemon/node/delivery.h"
#include "daemon/node/forwarding.h"

namespace tram::node {

class Reception {
  public:
    Reception(Custody& custody, Forwarding& forwarding, Delivery& delivery)
        : custody_{custody}, forwarding_{forwarding}, delivery_{delivery} {}

    void arrived(const input::Arrived& arrived);
    /// Bytes that may still be stored on the disk without touching its reserve.
    void set_free_bytes(std::uint64_t bytes) { free_bytes_ = bytes; }
    /// A bundle of `bytes` was stored: the disk may be looked at again only after many more.
    void count_stored(std::uint64_t bytes) { free_bytes_ -= std::min(bytes, free_bytes_); }
    /// Whether a bundle of `bytes` fits below `percent` of the quota.
    [[nodiscard]] bool has_room(std::uint64_t bytes, std::uint32_t percent) const;

  private:
    struct Incoming;
    void refuse(const Incoming& in, Refusal refusal, std::string why);
    bool block_rules_hold(Incoming& in);
    bool is_known(Incoming& in);
    bool is_repetition(const Incoming& in, const std::optional<store::HopRecord>& from,
                       std::optional<std::uint64_t> hop_count) const;
    void answer_duplicate(const Incoming& in);
    bool consume_report(const Incoming& in);
    void keep(Incoming& in);

    Custody& custody_;
    Forwarding& forwarding_;
    Delivery& delivery_;
    std::uint64_t free_bytes_ = ~0ULL;
};

}  // namespace tram::node
