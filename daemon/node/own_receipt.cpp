#include "daemon/node/own_receipt.h"

#include <algorithm>
#include <utility>

#include "daemon/node/own_bundle.h"
#include "proto/admin/receipt.h"

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

void confirm_delivery(Custody& custody, const Trust& trust, const DeliveredMessage& delivered) {
    const NodeOptions& options = custody.options();
    const std::string maker = delivered.source.node_id().to_string();
    const std::string holder = options.node_id.to_string();
    admin::Receipt receipt{.says = admin::Delivered{.attachments_complete = true}};
    receipt.message_id = delivered.message_id;
    receipt.message_digest = delivered.digest;
    receipt.source = maker;
    receipt.holder = holder;
    receipt.signed_unix_s = trust.unix_now();
    auto wire = admin::make_receipt(receipt, *options.security.signing_key, options.security.signer);
    auto destination = bpv7::Eid::parse(maker + std::string{kDemux}, options.limits);
    if (!wire || !destination) return;  // has_receipt() was not asked

    OwnTerms terms;
    terms.destination = std::move(*destination);
    terms.source = options.node_id;
    terms.lifetime_ms = std::clamp(delivered.remaining_ms, kReceiptLifetimeMin_ms, kReceiptLifetimeMax_ms);
    terms.hops = {options.hop_limit, 0};
    terms.klass.kind = bpv7::Kind::kReceipt;
    terms.payload = std::move(*wire);
    auto made = make_own_bundle(custody, std::move(terms));
    if (!made) return;
    Intake intake;
    intake.forward = true;
    intake.ends =
        std::make_shared<const store::EndedMessage>(store::EndedMessage{delivered.message_id, maker, holder});
    custody.store(made->bundle, std::move(made->wire), std::move(intake));
    ++custody.counters().receipts_sent;
}

}  // namespace tram::node
