// Receipts that this node makes: a message was delivered here, and its sender and every carrier may know.
//
// A receipt (proto/admin/receipt.h) travels as one bundle of kind receipt to the endpoint tram/receipts of
// the message's maker. It is made for sealed messages to one node. Public messages and those to groups get
// none: what is shown in a village is said by receipts for notices, which need the words of a notice.
#pragma once

#include "daemon/node/custody.h"
#include "daemon/node/trust.h"
#include "proto/cose/sha256.h"

namespace tram::node {

/// A receipt lives as long as what is left of its message, within these bounds: long enough to travel for a
/// message that was nearly over, and not for ever for one that was meant to.
inline constexpr std::uint64_t kReceiptLifetimeMin_ms = 30ULL * 24 * 3600 * 1000;
inline constexpr std::uint64_t kReceiptLifetimeMax_ms = 400ULL * 24 * 3600 * 1000;

/// dtn://18904-ks07/tram/receipts. Applications neither send nor fetch there.
[[nodiscard]] bool is_receipts_endpoint(const bpv7::Eid& endpoint);

/// Whether a sealed message between these endpoints ends with a receipt: none where nothing is signed, to
/// groups, or within one node. The same question for both ends.
[[nodiscard]] bool has_receipt(const NodeOptions& options, const bpv7::Eid& source,
                               const bpv7::Eid& destination);

/// A sealed message, wholly opened, that an application here has acknowledged.
struct DeliveredMessage {
    MessageId message_id{};
    bpv7::Eid source;
    bpv7::Eid destination;
    cose::Digest digest{};           ///< of its content
    std::uint64_t remaining_ms = 0;  ///< of its lifetime
};

/// Stores the receipt, in the batch of whatever else happens now. Only where has_receipt().
void confirm_delivery(Custody& custody, const Trust& trust, const DeliveredMessage& delivered);

}  // namespace tram::node
