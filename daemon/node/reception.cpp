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
    LinkId link = 0;
    TransferId transfer = 0;
    bpv7::Eid peer;
    bpv7::Bundle bundle{};
    Bytes wire;
    bpv7::BundleId id{};
    Buffer id_key{};
    /// An older copy here, which this one replaces.
    std::optional<BundleKey> replaces{};
    bool was_here = false;  ///< there is a tombstone, which storing it removes
    cose::CertificateId signer{};
    std::shared_ptr<const admin::SignedReceipt> receipt{};  ///< in it
    std::shared_ptr<const store::EndedMessage> ends{};      ///< it is a receipt that was found good
};

/// Why a bundle is not stored.
struct Reception::Objection {
    ErrorCode code = ErrorCode::kForbidden;
    std::string why;
    Refusal refusal = Refusal::kNotAcceptable;
    std::optional<bpv7::ReportReason> deleted_because{};  ///< reported, when reports are wanted
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

Reception::Reception(Custody& custody, const Trust& trust, TrustExchange& exchange, Sync& sync, Room& room,
                     Forwarding& forwarding, Delivery& delivery, Receipts& receipts,
                     MadeReceipts& made_receipts)
    : custody_{custody},
      trust_{trust},
      exchange_{exchange},
      sync_{sync},
      room_{room},
      forwarding_{forwarding},
      delivery_{delivery},
      receipts_{receipts},
      made_receipts_{made_receipts} {}

Reception::~Reception() = default;

void Reception::refuse(const Incoming& in, Refusal refusal, ErrorCode code, const std::string& why) {
    ++custody_.counters().refused[static_cast<std::size_t>(code)];
    if (!in.id_key.empty()) sync_.not_stored(in.bundle, custody_.weight_of(in.bundle, in.wire), in.link);
    custody_.emit(effect::Refuse{in.link, in.transfer, refusal});
    custody_.emit(effect::Notify{effect::Notify::What::kRefused, Bytes::copy_of(in.id_key),
                                 in.id_key.empty() ? "" : in.bundle.primary.destination.to_string(),
                                 in.peer.to_string(), std::string{code_name(code)} + ": " + why});
}

void Reception::refuse(const Incoming& in, const Error& error) {
    refuse(in, Refusal::kNotAcceptable, error.code, error.message);
}

void Reception::arrived(const input::Arrived& arrived) {
    const Link* link = forwarding_.neighbours().link(arrived.link);
    if (link == nullptr) return;  // the session is gone and with it the transfer
    ++custody_.counters().bundles_received;
    if (Peer* peer = forwarding_.neighbours().peer(link->peer)) {
        ++peer->received_bundles;
        peer->received_bytes += arrived.wire.size();
    }
    Incoming in{.link = arrived.link, .transfer = arrived.transfer, .peer = link->peer, .wire = arrived.wire};
    const NodeOptions& options = custody_.options();
    auto decoded = bpv7::decode(arrived.wire, {.limits = options.limits, .strict = options.strict});
    if (!decoded) {
        ++custody_.counters().bundles_malformed;
        return refuse(in, decoded.error());
    }
    in.bundle = std::move(decoded->bundle);
    in.id = in.bundle.id();
    in.id_key = in.id.key();
    if (exchange_.is_message(in.bundle)) return answer_neighbour(in, exchange_.received(in.link, in.bundle));
    if (sync_.is_message(in.bundle)) return answer_neighbour(in, sync_.received(in.link, in.bundle));
    if (is_known(in)) return;
    if (needs_signature(in.bundle)) return check_signature(std::move(in));
    take(std::move(in));
}

void Reception::answer_neighbour(const Incoming& in, const Result<void>& taken) {
    if (!taken) {
        ++custody_.counters().bundles_not_acceptable;
        return refuse(in, taken.error());
    }
    custody_.emit_when_durable(effect::Accept{in.link, in.transfer});
}

bool Reception::needs_signature(const bpv7::Bundle& bundle) const {
    const Security& security = custody_.options().security;
    if (security.open) return false;
    return std::ranges::none_of(security.unsigned_sources, [&](const std::string& pattern) {
        return bpv7::matches(pattern, bundle.primary.source);
    });
}

// What is cheap to say comes first. No reports here: nobody is told anything on a stranger's word.
void Reception::check_signature(Incoming in) {
    if (custody_.remaining_ms(in.bundle) <= 0) {
        ++custody_.counters().bundles_expired;
        return refuse(in, {ErrorCode::kExpired, "its lifetime is over"});
    }
    if (!is_report(in)) {
        auto objection = objection_to(in);
        // Of receipts the size is no objection before it is known what room they make.
        if (!objection && !receipts_.is_receipt(in.bundle)) objection = objection_to_size(in);
        if (objection) return object(in, *objection);
    }
    if (checking_.size() >= custody_.options().security.checks_waiting_max) {
        return refuse(in, Refusal::kNoResources, ErrorCode::kBusy, "too many signatures wait to be checked");
    }
    auto claim = bpsec::read_signature(in.bundle, custody_.options().limits);
    const auto reject = [&](const Error& error) {
        ++custody_.counters().bundles_not_acceptable;
        refuse(in, error);
    };
    if (!claim) return reject(claim.error());
    in.signer = claim->signer;
    const auto key = signer_of(in);
    if (!key) return reject(key.error());
    effect::Check check{++last_check_, std::move(*claim), in.bundle.payload(), *key};
    if (!is_report(in) && receipts_.is_receipt(in.bundle)) {
        const auto receipt_key = read_receipt(in);
        if (!receipt_key) return refuse_receipt(in, receipt_key.error());
        check.receipt = in.receipt;
        check.receipt_key = *receipt_key;
    }
    custody_.emit(std::move(check));
    checking_.emplace(last_check_, std::make_unique<Incoming>(std::move(in)));
}

Result<cose::PublicKey> Reception::signer_of(const Incoming& in) const {
    return trust_.signer(in.signer, in.bundle.primary.source.node_id().to_string());
}

void Reception::checked(const input::Checked& checked) {
    auto found = checking_.extract(checked.check);
    if (found.empty()) return;
    Incoming in = std::move(*found.mapped());
    if (forwarding_.neighbours().link(in.link) == nullptr) return;  // the session is gone
    const auto reject = [&](const Error& error) {
        ++custody_.counters().bundles_not_acceptable;
        refuse(in, error);
    };
    if (!checked.good) {
        const Error forged{ErrorCode::kBadSignature,
                           "its signature does not match: it was altered, or forged in the name of " +
                               in.bundle.primary.source.node_id().to_string()};
        return in.receipt != nullptr ? refuse_receipt(in, forged) : reject(forged);
    }
    // While it was checked, the same bundle may have come by another link and its signer been revoked.
    if (const auto key = signer_of(in); !key) return reject(key.error());
    in.replaces.reset();
    in.was_here = false;
    if (!is_known(in)) take(std::move(in));
}

void Reception::take(Incoming in) {
    report_on(custody_, in.bundle, Assertion::kReceived, ReportReason::kNoInformation);
    if (!block_rules_hold(in)) return;
    if (custody_.remaining_ms(in.bundle) <= 0) {
        ++custody_.counters().bundles_expired;
        report_on(custody_, in.bundle, Assertion::kDeleted, ReportReason::kLifetimeExpired);
        return refuse(in, {ErrorCode::kExpired, "its lifetime is over"});
    }
    if (is_report(in)) return consume_report(in);
    if (receipts_.is_receipt(in.bundle)) return take_receipt(std::move(in));
    keep(in);
}

/// Reads the receipt in the bundle; the key that it must be signed with.
Result<cose::PublicKey> Reception::read_receipt(Incoming& in) const {
    auto receipt = receipts_.read(in.bundle);
    if (!receipt) return std::unexpected{std::move(receipt.error())};
    in.receipt = std::make_shared<const admin::SignedReceipt>(std::move(*receipt));
    return receipts_.signer_of(*in.receipt);
}

/// Errors: what is wrong with the receipt. With its bundle its signature was checked on another thread.
Result<void> Reception::check_receipt(Incoming& in) const {
    if (in.receipt != nullptr) {
        auto key = receipts_.signer_of(*in.receipt);
        return key ? Result<void>{} : std::unexpected{std::move(key.error())};
    }
    auto key = read_receipt(in);
    if (!key) return std::unexpected{std::move(key.error())};
    return admin::verify_receipt(*in.receipt, *key);
}

void Reception::refuse_receipt(const Incoming& in, const Error& error) {
    ++custody_.counters().receipts_refused;
    ++custody_.counters().bundles_not_acceptable;
    refuse(in, error);
}

// Copies go before there is a look at the room for the receipt itself: that may make some.
void Reception::take_receipt(Incoming in) {
    if (const auto good = check_receipt(in); !good) return refuse_receipt(in, good.error());
    const admin::SignedReceipt& receipt = *in.receipt;
    if (!is_local(custody_.options(), in.bundle.primary.destination)) {
        auto ends = receipts_.pass(receipt);
        if (!ends) return refuse_receipt(in, ends.error());
        in.ends = std::move(*ends);
        return keep(in);
    }
    if (const auto taken = receipts_.take(receipt); !taken) return refuse_receipt(in, taken.error());
    custody_.bury_consumed(in.bundle, {in.peer.to_string(), custody_.node_time_ms()});
    custody_.emit_when_durable(effect::Accept{in.link, in.transfer});
}

bool Reception::is_repetition(const Incoming& in, const std::optional<store::HopRecord>& from,
                              std::optional<std::uint64_t> hop_count) const {
    const bpv7::CanonicalBlock* block = in.bundle.find(bpv7::block_type::kHopCount);
    const auto hops = block != nullptr ? bpv7::decode_hop_count(block->data) : fail(ErrorCode::kNotFound, {});
    return from && from->peer == in.peer.to_string() && hops && hop_count == hops->count;
}

// Its sender has waited for the receipt in vain and offers the message anew. It is here again only to say
// that to the destination, for which its first part will do.
bool Reception::asks_for_receipt(const Incoming& in, const store::Tombstone& gone) const {
    const bpv7::Eid& destination = in.bundle.primary.destination;
    const std::uint64_t ago_ms = custody_.node_time_ms() - gone.ended_at_ms;
    if (ago_ms < custody_.options().offer_again_ms / 2 || is_local(custody_.options(), destination))
        return false;
    const auto klass = Receipts::class_of(in.bundle);
    return klass && klass->form == bpv7::Form::kMessage && klass->chunk_index == 0 &&
           destination.is_singleton();
}

// "Completed" makes the peer let go of its copy. It is said only when that cannot lose the bundle: when it
// was delivered, when our copy stays until it is, or when the peer repeats what it gave us before (it missed
// our acknowledgement). A bundle that went around and comes back is taken anew instead: the hop count tells.
bool Reception::is_known(Incoming& in) {
    Inventory& inventory = custody_.inventory();
    if (Entry* entry = inventory.find_id(in.id_key)) {
        const store::BundleRecord& record = entry->record;
        if (forwarding_.router().hands_over() && !record.deliver_here && !record.awaits_receipt &&
            !is_repetition(in, record.received_from, record.hop_count)) {
            in.replaces = record.key;
            return false;
        }
        answer_duplicate(in, "it is here already");
        if (const Peer* peer = forwarding_.neighbours().peer(in.peer)) forwarding_.seen_at(*entry, *peer);
        return true;
    }
    if (in.id.fragment) {
        // Fragments of what is here whole, or was, add nothing.
        const Buffer whole = Reassembly::whole_id(in.id).key();
        const store::Tombstone* gone = inventory.tombstone(whole);
        if (inventory.find_id(whole) != nullptr ||
            (gone != nullptr && gone->ending == store::Ending::kDelivered)) {
            answer_duplicate(in, "all of it is here already, or was");
            return true;
        }
    }
    const store::Tombstone* gone = inventory.tombstone(in.id_key);
    if (gone == nullptr || gone->ending == store::Ending::kForwarded) {
        if (receipts_.is_needless(in.bundle)) {
            answer_duplicate(in, "a receipt says that its message has arrived");
            return true;
        }
    }
    if (gone == nullptr) return false;
    switch (gone->ending) {
        case store::Ending::kDelivered:
            if (asks_for_receipt(in, *gone)) break;
            answer_duplicate(in, "it was delivered here before");
            return true;
        case store::Ending::kReported: answer_duplicate(in, "its delivery was reported here"); return true;
        case store::Ending::kConfirmed: answer_duplicate(in, "its receipt was here"); return true;
        case store::Ending::kExpired: answer_duplicate(in, "it has expired here before"); return true;
        case store::Ending::kReassembled: answer_duplicate(in, "it went into a larger one here"); return true;
        case store::Ending::kCancelled:
            refuse(in, {ErrorCode::kForbidden, "it was cancelled here"});
            return true;
        case store::Ending::kRefused:
            refuse(in, {ErrorCode::kForbidden, "it is part of a message that does not open"});
            return true;
        case store::Ending::kForwarded: break;
    }
    // Much later it is no repetition: its sender has waited for a receipt in vain and offers it anew.
    const bool is_recent =
        custody_.node_time_ms() - gone->ended_at_ms < custody_.options().offer_again_ms / 2;
    if (is_recent && is_repetition(in, gone->received_from, gone->hop_count)) {
        answer_duplicate(in, "this peer brought it here before");
        return true;
    }
    in.was_here = true;
    return false;
}

// Its sender goes on offering what has no receipt: one part of it stands for all.
void Reception::confirm_again(const Incoming& in) {
    const bpv7::PrimaryBlock& primary = in.bundle.primary;
    if (!primary.destination.is_singleton() || !is_local(custody_.options(), primary.destination)) return;
    const auto klass = Receipts::class_of(in.bundle);
    if (klass && klass->form == bpv7::Form::kMessage && klass->chunk_index == 0)
        made_receipts_.came_again(klass->message_id, primary.source);
}

void Reception::answer_duplicate(const Incoming& in, std::string_view why) {
    confirm_again(in);
    sync_.not_stored(in.bundle, custody_.weight_of(in.bundle, in.wire), in.link);
    ++custody_.counters().bundles_duplicate;
    ++custody_.counters().refused[static_cast<std::size_t>(ErrorCode::kDuplicate)];
    custody_.emit_when_durable(effect::Refuse{in.link, in.transfer, Refusal::kCompleted});
    custody_.emit(effect::Notify{effect::Notify::What::kRepeated, Bytes::copy_of(in.id_key),
                                 in.bundle.primary.destination.to_string(), in.peer.to_string(),
                                 std::string{code_name(ErrorCode::kDuplicate)} + ": " + std::string{why}});
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
            refuse(in, {ErrorCode::kForbidden, "block type " + std::to_string(block.type) +
                                                   " is unknown here and forbids to go on without it"});
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

bool Reception::is_report(const Incoming& in) const {
    const bpv7::PrimaryBlock& primary = in.bundle.primary;
    return primary.has(bpv7::bundle_flag::kAdministrativeRecord) &&
           primary.destination == custody_.options().node_id;
}

void Reception::consume_report(const Incoming& in) {
    const bpv7::PrimaryBlock& primary = in.bundle.primary;
    const auto report = bpv7::decode_status_report(in.bundle.payload(), custody_.options().limits);
    if (!report) {
        ++custody_.counters().bundles_not_acceptable;
        return refuse(in, {report.error().code, "administrative record: " + report.error().message});
    }
    const bool delivered = report->item(Assertion::kDelivered).asserted;
    if (delivered) {
        if (const auto objection = objection_to_report(report->subject, primary.source))
            return object(in, *objection);
    }
    ++custody_.counters().reports_received;
    if (!delivered || !note_delivery(report->subject, primary.source)) {
        custody_.emit(effect::Notify{effect::Notify::What::kReported,
                                     Bytes{report->subject.key()},
                                     {},
                                     primary.source.to_string(),
                                     std::string{bpv7::reason_text(report->reason)}});
    }
    custody_.emit_when_durable(effect::Accept{in.link, in.transfer});
}

std::optional<Reception::Objection> Reception::objection_to_report(const bpv7::BundleId& id,
                                                                   const bpv7::Eid& reporter) const {
    if (custody_.options().security.open) return std::nullopt;
    const Buffer key = id.key();
    std::string destination;
    if (const Entry* entry = custody_.inventory().find_id(key)) {
        destination = entry->record.destination;
    } else if (const store::Tombstone* gone = custody_.inventory().tombstone(key)) {
        destination = gone->destination;
    }
    const auto eid = bpv7::Eid::parse(destination);
    if (!eid || !eid->is_singleton() || eid->node_id() == reporter.node_id()) return std::nullopt;
    return Objection{.code = ErrorCode::kWrongNodeId,
                     .why = reporter.to_string() + " reports the delivery of a bundle for " + destination +
                            ", which is another node's to report"};
}

// A group has more members than the one that reports, and nobody reports for another node.
bool Reception::note_delivery(const bpv7::BundleId& id, const bpv7::Eid& reporter) {
    const Buffer key = id.key();
    const store::HopRecord said{reporter.to_string(), custody_.node_time_ms()};
    if (const Entry* entry = custody_.inventory().find_id(key)) {
        if (!entry->record.local || entry->record.awaits_receipt || entry->record.deliver_here ||
            !entry->destination.is_singleton() || entry->destination_node != reporter.node_id()) {
            return false;
        }
        custody_.notify(effect::Notify::What::kReported, *entry, said.peer, "delivered");
        custody_.remove(entry->record.key, store::Ending::kReported, said);
        return true;
    }
    // Handed over before: the tombstone remembers that it arrived.
    const store::Tombstone* gone = custody_.inventory().tombstone(key);
    if (gone == nullptr || gone->ending != store::Ending::kForwarded || gone->received_from) return false;
    const auto destination = bpv7::Eid::parse(gone->destination);
    if (!destination || !destination->is_singleton() || destination->node_id() != reporter.node_id())
        return false;
    store::Tombstone reported = *gone;
    reported.ending = store::Ending::kReported;
    if (reported.last_hop) reported.forwarded_to.push_back(*reported.last_hop);
    reported.last_hop = said;
    custody_.bury(std::move(reported));
    return false;
}

std::optional<Reception::Objection> Reception::objection_to(const Incoming& in) const {
    const bpv7::PrimaryBlock& primary = in.bundle.primary;
    const NodeOptions& options = custody_.options();
    const bool local = is_local(options, primary.destination);
    if (primary.destination.is_none()) return Objection{.why = "its destination is the null endpoint"};
    if (primary.source.is_local_node() || primary.destination.is_local_node()) {
        return Objection{.why = "LocalNode endpoints never leave their node (RFC 9758)"};
    }
    if (local && primary.fragment && primary.fragment->total_length > options.limits.adu_bytes_max) {
        return Objection{.code = ErrorCode::kTooLarge, .why = "a fragment of more data than fits here"};
    }
    if (!options.security.open && trust_.is_revoked(primary.source.node_id().to_string())) {
        return Objection{.code = ErrorCode::kCertificateRevoked,
                         .why = primary.source.node_id().to_string() + " is revoked"};
    }
    if (!local) {
        const bpv7::CanonicalBlock* block = in.bundle.find(bpv7::block_type::kHopCount);
        const auto hops =
            block != nullptr ? bpv7::decode_hop_count(block->data) : Result<bpv7::HopCount>{{255, 0}};
        if (!hops || hops->count >= hops->limit) {
            return Objection{.why = "its hop limit is used up",
                             .deleted_because = ReportReason::kHopLimitExceeded};
        }
    }
    return std::nullopt;
}

Room::Claim Reception::claim_of(const Incoming& in) const {
    const bpv7::PrimaryBlock& primary = in.bundle.primary;
    Room::Claim claim = sync_.claim(in.link, in.bundle);
    claim.bytes = custody_.weight_of(in.bundle, in.wire);
    claim.preferred = is_local(custody_.options(), primary.destination) || receipts_.is_receipt(in.bundle);
    if (claim.preferred) claim.copy = routing::Verdict::Copy::kDirect;
    claim.source = primary.source.node_id().to_string();
    claim.peer = in.peer.to_string();
    const auto klass = Receipts::class_of(in.bundle);
    claim.bulk = !klass || klass->kind == bpv7::Kind::kBulk;
    return claim;
}

std::optional<Reception::Objection> Reception::objection_to_size(const Incoming& in) const {
    const Room::Claim claim = claim_of(in);
    if (room_.could_fit(claim)) return std::nullopt;
    // Sent again in this contact it would be refused again.
    if (room_.is_beyond_shares(claim)) {
        return Objection{.code = ErrorCode::kFull,
                         .why = "what its source, its bringer or bulk may take up here is taken (quota)"};
    }
    return Objection{.code = ErrorCode::kFull, .why = "the store is full", .refusal = Refusal::kNoResources};
}

void Reception::object(const Incoming& in, const Objection& objection) {
    ++(objection.code == ErrorCode::kFull ? custody_.counters().bundles_refused_full
                                          : custody_.counters().bundles_not_acceptable);
    refuse(in, objection.refusal, objection.code, objection.why);
}

void Reception::keep(Incoming& in) {
    auto objection = objection_to(in);
    if (!objection && !room_.make_fit(claim_of(in))) objection = objection_to_size(in);
    if (objection) {
        if (objection->deleted_because)
            report_on(custody_, in.bundle, Assertion::kDeleted, *objection->deleted_because);
        return object(in, *objection);
    }
    Intake intake = delivery_.intake_for(in.bundle.primary.destination);
    room_.count_stored(custody_.weight_of(in.bundle, in.wire));
    intake.received_from = store::HopRecord{in.peer.to_string(), custody_.node_time_ms()};
    if (in.replaces) {
        intake.held = custody_.inventory().find(*in.replaces)->record.held;
        custody_.drop(*in.replaces);
    }
    intake.ends = std::move(in.ends);
    if (in.was_here) custody_.exhume(in.id_key);
    const Entry& entry = custody_.store(in.bundle, std::move(in.wire), std::move(intake));
    sync_.stored(entry, in.link);
    custody_.emit_when_durable(effect::Accept{in.link, in.transfer});
    custody_.notify(effect::Notify::What::kStored, entry, in.peer.to_string());
}

}  // namespace tram::node
