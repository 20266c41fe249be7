// Receipts that this node makes: a message was delivered here, and its sender and every carrier may know.
//
// A receipt (proto/admin/receipt.h) travels as one bundle of kind receipt to the endpoint tram/receipts of
// the message's maker. Every sealed message to one node gets one when it is delivered; the others are made by
// the parts of the node that know what a message says.
#pragma once

#include "daemon/node/custody.h"
#include "daemon/node/trust.h"
#include "proto/admin/receipt.h"
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

/// How long a receipt lives when `remaining_ms` are left of its message's lifetime.
[[nodiscard]] std::uint64_t receipt_lifetime_ms(std::uint64_t remaining_ms);

/// `receipt` signed as of this node and now. Errors: those of admin::make_receipt(); no_certificate;
/// invalid_argument (the maker of its message is this node itself).
Result<Bytes> sign_receipt(const Custody& custody, const Trust& trust, admin::Receipt receipt);
/// Signs it and sends it to the maker of its message; `remaining_ms` is what is left of that message's
/// lifetime. In the batch of whatever else happens now. Errors: those of sign_receipt() and send_receipt().
Result<void> send_own_receipt(Custody& custody, const Trust& trust, const admin::Receipt& receipt,
                              std::uint64_t remaining_ms);
/// Sends a receipt that this node has signed before. Errors: no_certificate.
Result<void> send_receipt(Custody& custody, const admin::Receipt& receipt, Bytes wire,
                          std::uint64_t remaining_ms);

}  // namespace tram::node
