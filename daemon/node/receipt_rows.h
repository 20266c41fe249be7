// What a node keeps about receipts, and how it stands on disk: CBOR, with a version first.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/node/custody.h"
#include "proto/admin/receipt.h"

namespace tram::node {

/// A sealed message of ours that is on its way.
struct SentMessage {
    MessageId message_id{};
    std::string source;                     ///< endpoint
    std::string destination;                ///< endpoint
    std::vector<std::string> recipients{};  ///< node ids that can open it; any of them can confirm it
    std::optional<cose::Digest> digest{};   ///< of its content; nothing: the row was lost
    std::uint8_t kind = 0;                  ///< bpv7::Kind
    std::uint64_t sent_at_ms = 0;           ///< node time
    std::uint64_t expires_at_ms = 0;        ///< node time
};

/// A receipt for a message of ours: evidence.
struct KeptReceipt {
    admin::SignedReceipt receipt;
    std::uint64_t received_at_ms = 0;  ///< node time
};

Bytes encode_sent(const SentMessage& sent);
/// Errors: corrupt.
Result<SentMessage> decode_sent(ByteView row);
Bytes encode_kept(const KeptReceipt& kept);
/// Errors: corrupt, and those of admin::read_receipt().
Result<KeptReceipt> decode_kept(ByteView row);

}  // namespace tram::node
