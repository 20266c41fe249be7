#include "daemon/node/made_receipts.h"

#include <algorithm>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::node {

namespace {

constexpr std::string_view kRow = "made/";
constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kItems = 5;
constexpr std::size_t kNodeIdMax = 1'024;

std::string row_of(const MessageId& id) {
    return std::string{kRow} + to_hex(id);
}

}  // namespace

void MadeReceipts::restore_state(const std::string& name, ByteView value) {
    if (!name.starts_with(kRow)) return;
    cbor::Reader in{value};
    in.open_array(kItems, kItems);
    if (in.read_unsigned() != kVersion) return;
    Made made;
    made.sent_at_ms = in.read_unsigned();
    made.expires_at_ms = in.read_unsigned();
    made.maker = in.read_text(kNodeIdMax);
    made.wire = Bytes::copy_of(in.read_bytes(admin::kReceiptBytesMax));
    const auto id = from_hex(name.substr(kRow.size()));
    MessageId key{};
    if (!in.ok() || !in.at_end() || !id || id->size() != key.size()) return;
    std::ranges::copy(*id, key.begin());
    by_end_.emplace(made.expires_at_ms, key);
    made_.insert_or_assign(key, std::move(made));
}

void MadeReceipts::confirm(const DeliveredMessage& delivered) {
    admin::Receipt receipt{.says = admin::Delivered{.attachments_complete = true}};
    receipt.message_id = delivered.message_id;
    receipt.message_digest = delivered.digest;
    receipt.source = delivered.source.node_id().to_string();
    auto wire = sign_receipt(custody_, trust_, receipt);
    // Neither happens where has_receipt().
    if (!wire || !send_receipt(custody_, receipt, *wire, delivered.remaining_ms)) return;
    const std::uint64_t now_ms = custody_.node_time_ms();
    remember(delivered.message_id, {.maker = receipt.source,
                                    .wire = std::move(*wire),
                                    .sent_at_ms = now_ms,
                                    .expires_at_ms = now_ms + receipt_lifetime_ms(delivered.remaining_ms)});
}

void MadeReceipts::came_again(const MessageId& id, const bpv7::Eid& source) {
    const auto found = made_.find(id);
    const std::uint64_t now_ms = custody_.node_time_ms();
    if (found == made_.end() || found->second.maker != source.node_id().to_string() ||
        now_ms < found->second.sent_at_ms + kAgainAfter_ms) {
        return;
    }
    Made made = found->second;
    const auto receipt = admin::read_receipt(made.wire);
    if (!receipt || !send_receipt(custody_, receipt->receipt, made.wire, made.expires_at_ms - now_ms)) return;
    made.sent_at_ms = now_ms;
    remember(id, std::move(made));
}

void MadeReceipts::remember(const MessageId& id, Made made) {
    cbor::Writer out;
    out.open_array(kItems);
    out.write_unsigned(kVersion);
    out.write_unsigned(made.sent_at_ms);
    out.write_unsigned(made.expires_at_ms);
    out.write_text(made.maker);
    out.write_bytes(made.wire);
    custody_.save_state(row_of(id), Bytes{out.take()});
    if (const auto before = made_.find(id); before != made_.end())
        by_end_.erase({before->second.expires_at_ms, id});
    by_end_.emplace(made.expires_at_ms, id);
    made_.insert_or_assign(id, std::move(made));
    if (made_.size() > kRememberedMax) forget(MessageId{by_end_.begin()->second});
}

void MadeReceipts::forget(const MessageId& id) {
    const auto found = made_.find(id);
    by_end_.erase({found->second.expires_at_ms, id});
    made_.erase(found);
    custody_.erase_state(row_of(id));
}

void MadeReceipts::expire(std::uint64_t now_ms) {
    while (!by_end_.empty() && by_end_.begin()->first <= now_ms)
        forget(MessageId{by_end_.begin()->second});
}

}  // namespace tram::node
