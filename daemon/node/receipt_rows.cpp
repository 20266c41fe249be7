#include "daemon/node/receipt_rows.h"

#include <algorithm>
#include <utility>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::node {

namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kSentItems = 9;
constexpr std::uint64_t kKeptItems = 3;
constexpr std::size_t kEndpointMax = 1'024;
constexpr std::uint64_t kRecipientsMax = 1'024;

template <std::size_t kBytes>
bool copy_bytes(ByteView from, std::array<std::uint8_t, kBytes>& to) {
    if (from.size() != kBytes) return false;
    std::ranges::copy(from, to.begin());
    return true;
}

std::unexpected<Error> corrupt() {
    return fail(ErrorCode::kCorrupt, "a row about a receipt is not readable");
}

}  // namespace

Bytes encode_sent(const SentMessage& sent) {
    cbor::Writer out;
    out.open_array(kSentItems);
    out.write_unsigned(kVersion);
    out.write_bytes(sent.message_id);
    out.write_text(sent.source);
    out.write_text(sent.destination);
    out.open_array(sent.recipients.size());
    for (const std::string& recipient : sent.recipients)
        out.write_text(recipient);
    out.write_bytes(sent.digest ? ByteView{*sent.digest} : ByteView{});
    out.write_unsigned(sent.kind);
    out.write_unsigned(sent.sent_at_ms);
    out.write_unsigned(sent.expires_at_ms);
    return Bytes{out.take()};
}

Result<SentMessage> decode_sent(ByteView row) {
    cbor::Reader in{row};
    SentMessage sent;
    in.open_array(kSentItems, kSentItems);
    if (in.read_unsigned() != kVersion || !copy_bytes(in.read_bytes(sizeof sent.message_id), sent.message_id))
        return corrupt();
    sent.source = in.read_text(kEndpointMax);
    sent.destination = in.read_text(kEndpointMax);
    const std::uint64_t recipients = in.open_array(0, kRecipientsMax);
    for (std::uint64_t i = 0; i < recipients && in.ok(); ++i)
        sent.recipients.emplace_back(in.read_text(kEndpointMax));
    const ByteView digest = in.read_bytes(sizeof(cose::Digest));
    if (!digest.empty() && !copy_bytes(digest, sent.digest.emplace())) return corrupt();
    sent.kind = static_cast<std::uint8_t>(in.read_unsigned());
    sent.sent_at_ms = in.read_unsigned();
    sent.expires_at_ms = in.read_unsigned();
    if (!in.ok() || !in.at_end()) return corrupt();
    return sent;
}

Bytes encode_kept(const KeptReceipt& kept) {
    cbor::Writer out;
    out.open_array(kKeptItems);
    out.write_unsigned(kVersion);
    out.write_unsigned(kept.received_at_ms);
    out.write_bytes(kept.receipt.wire);
    return Bytes{out.take()};
}

Result<KeptReceipt> decode_kept(ByteView row) {
    cbor::Reader in{row};
    in.open_array(kKeptItems, kKeptItems);
    if (in.read_unsigned() != kVersion) return corrupt();
    const std::uint64_t received_at_ms = in.read_unsigned();
    const ByteView wire = in.read_bytes(admin::kReceiptBytesMax);
    if (!in.ok() || !in.at_end()) return corrupt();
    auto receipt = admin::read_receipt(wire);
    if (!receipt) return std::unexpected{std::move(receipt.error())};
    return KeptReceipt{std::move(*receipt), received_at_ms};
}

}  // namespace tram::node
