#include "daemon/node/own_receipt.h"

#include <algorithm>
#include <utility>

#include "daemon/node/own_bundle.h"

namespace tram::node {

namespace {

constexpr std::string_view kDemux = "tram/receipts";

}  // namespace

bool is_receipts_endpoint(const bpv7::Eid& endpoint) {
    return endpoint.scheme() == bpv7::Eid::Scheme::kDtn && endpoint.demux() == kDemux;
}

bool has_receipt(const NodeOptions& options, const bpv7::Eid& source, const bpv7::Eid& destination) {
    const auto named = [](const bpv7::Eid& endpoint) {
        return identity::is_certifiable_node_id(endpoint.node_id().to_string());
    };
    return !options.security.open && options.security.signing_key != nullptr && destination.is_singleton() &&
           source.node_id() != destination.node_id() && named(source) && named(destination);
}

std::uint64_t receipt_lifetime_ms(std::uint64_t remaining_ms) {
    return std::clamp(remaining_ms, kReceiptLifetimeMin_ms, kReceiptLifetimeMax_ms);
}

Result<Bytes> sign_receipt(const Custody& custody, const Trust& trust, admin::Receipt receipt) {
    const NodeOptions& options = custody.options();
    if (options.security.signing_key == nullptr)
        return fail(ErrorCode::kNoCertificate, "receipts are signed, and this node has no certificate");
    receipt.holder = options.node_id.to_string();
    receipt.signed_unix_s = trust.unix_now();
    if (receipt.source == receipt.holder)
        return fail(ErrorCode::kInvalidArgument, "a node sends itself no receipts");
    return admin::make_receipt(receipt, *options.security.signing_key, options.security.signer);
}

Result<void> send_own_receipt(Custody& custody, const Trust& trust, const admin::Receipt& receipt,
                              std::uint64_t remaining_ms) {
    auto wire = sign_receipt(custody, trust, receipt);
    if (!wire) return std::unexpected{std::move(wire.error())};
    return send_receipt(custody, receipt, std::move(*wire), remaining_ms);
}

Result<void> send_receipt(Custody& custody, const admin::Receipt& receipt, Bytes wire,
                          std::uint64_t remaining_ms) {
    const NodeOptions& options = custody.options();
    auto destination = bpv7::Eid::parse(receipt.source + std::string{kDemux}, options.limits);
    if (!destination) return std::unexpected{std::move(destination.error())};

    OwnTerms terms;
    terms.destination = std::move(*destination);
    terms.source = options.node_id;
    terms.lifetime_ms = receipt_lifetime_ms(remaining_ms);
    terms.hops = {options.hop_limit, 0};
    terms.klass.kind = bpv7::Kind::kReceipt;
    terms.payload = std::move(wire);
    auto made = make_own_bundle(custody, std::move(terms));
    if (!made) return std::unexpected{std::move(made.error())};
    Intake intake;
    intake.forward = true;
    if (admin::ends_transport(receipt)) {
        intake.ends = std::make_shared<const store::EndedMessage>(
            store::EndedMessage{receipt.message_id, receipt.source, options.node_id.to_string()});
    }
    custody.store(made->bundle, std::move(made->wire), std::move(intake));
    ++custody.counters().receipts_sent;
    return {};
}

}  // namespace tram::node
