#include "daemon/node/reception.h"

#include <algorithm>
#include <array>
#include <utility>

#include "daemon/node/reassembly.h"
#include "daemon/node/reports.h"
#include "proto/bpv7/codec.h"
#include "proto/bpv7/status_report.h"

namespace tram::node {

struct Reception::Incoming {
    const input::Arrived& arrived;
    bpv7::Eid peer;
    bpv7::Bundle bundle;
    Bytes wire;
    bpv7::BundleId id;
    Buffer id_key;
    /// An older copy here, which this one replaces.
    std::optional<BundleKey> replaces;
};

namespace {

using bpv7::Assertion;
using bpv7::ReportReason;

// Blocks that this node understands; BIB and BCB are left for their acceptors (RFC 9172 5.1.1).
constexpr std::array kProcessable{bpv7::block_type::kPayload,        bpv7::block_type::kPreviousNode,
                                  bpv7::block_type::kBundleAge,      bpv7::block_type::kHopCount,
                                  bpv7::block_type::kBlockIntegrity, bpv7::block_type::kBlockConfidentiality,
                                  bpv7::block_type::kClass};

}  // namespace

bool Reception::has_room(std::uint64_t bytes, std::uint32_t percent) const {
    const std::uint64_t bound = custody_.options().quota_bytes / 100 * percent;
    const std::uint64_t used = custody_.inventory().bytes();
    return bytes <= bound && used <= bound - bytes && bytes <= free_bytes_;
}

void Reception::refuse(const Incoming& in, Refusal refusal, std::string why) {
    custody_.emit(effect::Refuse{in.arrived.link, in.arrived.transfer, refusal});
    custody_.emit(effect::Notify{effect::Notify::What::kRefused, Bytes::copy_of(in.id_key),
                                 in.bundle.primary.destination.to_string(), in.peer.to_string(),
                                 std::move(why)});
}

void Reception::arrived(const input::Arrived& arrived) {
    const Link* link = forwarding_.neighbours().link(arrived.link);
    if (link == nullptr) return;  // the session is gone and with it the transfer
    ++custody_.counters().bundles_received;
    if (Peer* peer = forwarding_.neighbours().peer(link->peer)) {
        ++peer->received_bundles;
        peer->received_bytes += arrived.wire.size();
    }
    const NodeOptions& options = custody_.options();
    auto decoded = bpv7::decode(arrived.wire, {.limits = options.limits, .strict = options.strict});
    if (!decoded) {
        ++custody_.counters().bundles_malformed;
        custody_.emit(effect::Refuse{arrived.link, arrived.transfer, Refusal::kNotAcceptable});
        custody_.emit(
            effect::Notify{effect::Notify::What::kRefused,
                           {},
                           {},
                           link->peer_text,
                           std::string{code_name(decoded.error().code)} + ": " + decoded.error().message});
        return;
    }
    Incoming in{arrived, link->peer, std::move(decoded->bundle), arrived.wire, {}, {}, {}};
    in.id = in.bundle.id();
    in.id_key = in.id.key();
    if (is_known(in)) return;
    report_on(custody_, in.bundle, Assertion::kReceived, ReportReason::kNoInformation);
    if (!block_rules_hold(in)) return;
    if (custody_.remaining_ms(in.bundle) <= 0) {
        ++custody_.counters().bundles_expired;
        report_on(custody_, in.bundle, Assertion::kDeleted, ReportReason::kLifetimeExpired);
        return refuse(in, Refusal::kNotAcceptable, "its lifetime is over");
    }
    if (consume_report(in)) return;
    keep(in);
}

bool Reception::is_repetition(const Incoming& in, const std::optional<store::HopRecord>& from,
                              std::optional<std::uint64_t> hop_count) const {
    const bpv7::CanonicalBlock* block = in.bundle.find(bpv7::block_type::kHopCount);
    const auto hops = block != nullptr ? bpv7::decode_hop_count(block->data) : fail(ErrorCode::kNotFound, {});
    return from && from->peer == in.peer.to_string() && hops && hop_count == hops->count;
}

// "Completed" makes the peer let go of its copy. It is said only when that cannot lose the bundle: when it
// was delivered, when our copy stays until it is, or when the peer repeats what it gave us before (it missed
// our acknowledgement). A bundle that went around and comes back is taken anew instead: the hop count tells.
bool Reception::is_known(Incoming& in) {
    Inventory& inventory = custody_.inventory();
    if (Entry* entry = inventory.find_id(in.id_key)) {
        const store::BundleRecord& record = entry->record;
        if (forwarding_.router().hands_over() && !record.deliver_here &&
            !is_repetition(in, record.received_from, record.hop_count)) {
            in.replaces = record.key;
            return false;
        }
        answer_duplicate(in);
        if (const Peer* peer = forwarding_.neighbours().peer(in.peer)) forwarding_.seen_at(*entry, *peer);
        return true;
    }
    if (in.id.fragment) {
        // Fragments of what is here whole, or was, add nothing.
        const Buffer whole = Reassembly::whole_id(in.id).key();
        const store::Tombstone* gone = inventory.tombstone(whole);
        if (inventory.find_id(whole) != nullptr ||
            (gone != nullptr && gone->ending == store::Ending::kDelivered)) {
            answer_duplicate(in);
            return true;
        }
    }
    const store::Tombstone* gone = inventory.tombstone(in.id_key);
    if (gone == nullptr) return false;
    switch (gone->ending) {
        case store::Ending::kDelivered:
        case store::Ending::kReported:
        case store::Ending::kExpired:
        case store::Ending::kReassembled: answer_duplicate(in); return true;
        case store::Ending::kCancelled:
            refuse(in, Refusal::kNotAcceptable, "it was cancelled here");
            return true;
        case store::Ending::kRefused:
            refuse(in, Refusal::kNotAcceptable, "it is part of a message that does not open");
            return true;
        case store::Ending::kForwarded: break;
    }
    if (is_repetition(in, gone->received_from, gone->hop_count)) {
        answer_duplicate(in);
        return true;
    }
    custody_.exhume(in.id_key);
    return false;
}

void Reception::answer_duplicate(const Incoming& in) {
    ++custody_.counters().bundles_duplicate;
    custody_.emit_when_durable(effect::Refuse{in.arrived.link, in.arrived.transfer, Refusal::kCompleted});
}

bool Reception::block_rules_hold(Incoming& in) {
    std::vector<std::uint64_t> discard;
    for (const bpv7::CanonicalBlock& block : in.bundle.blocks) {
        if (std::ranges::find(kProcessable, block.type) != kProcessable.end()) continue;
        if (block.has(bpv7::block_flag::kReportIfUnprocessable)) {
            // RFC 9171 5.6 step 3 asks for this report by the block's flag alone.
            ReportSubject subject{in.id, in.bundle.primary.report_to, in.bundle.primary.flags,
                                  in.bundle.primary.lifetime_ms};
            subject.flags |= bpv7::bundle_flag::kReportReception;
            report_on(custody_, subject, Assertion::kReceived, ReportReason::kBlockUnsupported);
        }
        if (block.has(bpv7::block_flag::kDeleteBundleIfUnprocessable)) {
            ++custody_.counters().bundles_not_acceptable;
            report_on(custody_, in.bundle, Assertion::kDeleted, ReportReason::kBlockUnsupported);
            refuse(in, Refusal::kNotAcceptable,
                   "block type " + std::to_string(block.type) +
                       " is unknown here and forbids to go on without it");
            return false;
        }
        if (block.has(bpv7::block_flag::kDiscardIfUnprocessable)) discard.push_back(block.number);
    }
    if (!discard.empty()) {
        for (const std::uint64_t number : discard)
            in.bundle.remove_block(number);
        in.wire = bpv7::encode(in.bundle);
    }
    return true;
}

bool Reception::consume_report(const Incoming& in) {
    const bpv7::PrimaryBlock& primary = in.bundle.primary;
    if (!primary.has(bpv7::bundle_flag::kAdministrativeRecord) ||
        primary.destination != custody_.options().node_id) {
        return false;
    }
    const auto report = bpv7::decode_status_report(in.bundle.payload(), custody_.options().limits);
    if (!report) {
        ++custody_.counters().bundles_not_acceptable;
        refuse(in, Refusal::kNotAcceptable, "administrative record: " + report.error().message);
        return true;
    }
    ++custody_.counters().reports_received;
    const bool delivered = report->item(Assertion::kDelivered).asserted;
    Entry* subject = custody_.inventory().find_id(report->subject.key());
    // A group has more members than the one that reports, and nobody reports for another node.
    const auto at_destination = [&](const Entry& entry) {
        return entry.destination.is_singleton() && entry.destination_node == primary.source.node_id();
    };
    if (delivered && subject != nullptr && subject->record.local && !subject->record.deliver_here &&
        at_destination(*subject)) {
        custody_.notify(effect::Notify::What::kReported, *subject, primary.source.to_string(), "delivered");
        custody_.remove(subject->record.key, store::Ending::kReported,
                        store::HopRecord{primary.source.to_string(), custody_.node_time_ms()});
    } else {
        custody_.emit(effect::Notify{effect::Notify::What::kReported,
                                     Bytes{report->subject.key()},
                                     {},
                                     primary.source.to_string(),
                                     std::string{bpv7::reason_text(report->reason)}});
    }
    custody_.emit_when_durable(effect::Accept{in.arrived.link, in.arrived.transfer});
    return true;
}

void Reception::keep(Incoming& in) {
    const bpv7::PrimaryBlock& primary = in.bundle.primary;
    const NodeOptions& options = custody_.options();
    Intake intake = delivery_.intake_for(primary.destination);
    const bool local = intake.deliver_here;
    const auto not_acceptable = [&](std::string why) {
        ++custody_.counters().bundles_not_acceptable;
        refuse(in, Refusal::kNotAcceptable, std::move(why));
    };
    if (primary.destination.is_none()) return not_acceptable("its destination is the null endpoint");
    if (primary.source.is_local_node() || primary.destination.is_local_node()) {
        return not_acceptable("LocalNode endpoints never leave their node (RFC 9758)");
    }
    if (local && primary.fragment && primary.fragment->total_length > options.limits.adu_bytes_max) {
        return not_acceptable("a fragment of more data than fits here");
    }
    if (!local) {
        const bpv7::CanonicalBlock* block = in.bundle.find(bpv7::block_type::kHopCount);
        const auto hops =
            block != nullptr ? bpv7::decode_hop_count(block->data) : Result<bpv7::HopCount>{{255, 0}};
        if (!hops || hops->count >= hops->limit) {
            report_on(custody_, in.bundle, Assertion::kDeleted, ReportReason::kHopLimitExceeded);
            return not_acceptable("its hop limit is used up");
        }
    }
    if (!has_room(in.wire.size(), local ? options.local_percent_max : options.relay_percent_max)) {
        ++custody_.counters().bundles_refused_full;
        return refuse(in, Refusal::kNoResources, "the store is full");
    }
    count_stored(in.wire.size());
    intake.received_from = store::HopRecord{in.peer.to_string(), custody_.node_time_ms()};
    if (in.replaces) {
        intake.held = custody_.inventory().find(*in.replaces)->record.held;
        custody_.drop(*in.replaces);
    }
    const Entry& entry = custody_.store(in.bundle, std::move(in.wire), std::move(intake));
    custody_.emit_when_durable(effect::Accept{in.arrived.link, in.arrived.transfer});
    custody_.notify(effect::Notify::What::kStored, entry, in.peer.to_string());
}

}  // namespace tram::node
