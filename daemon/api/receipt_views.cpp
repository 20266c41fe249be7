#include "daemon/api/receipt_views.h"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

#include "proto/admin/receipt_file.h"

namespace tram::api {

namespace {

constexpr std::uint32_t kPageDefault = 100;
constexpr std::uint32_t kPageMax = 1'000;
constexpr std::size_t kDigitsMin = 4;

using Kept = std::pair<const std::string, node::KeptReceipt>;

std::string type_name(const admin::Receipt& receipt) {
    switch (admin::type_of(receipt)) {
        case admin::pb::RECEIPT_CUSTODY: return "custody";
        case admin::pb::RECEIPT_DELIVERED: return "delivered";
        case admin::pb::RECEIPT_OFFICIAL: return "official";
        case admin::pb::RECEIPT_DISPLAYED: return "displayed";
        case admin::pb::RECEIPT_ANNOUNCED: return "announced";
        case admin::pb::RECEIPT_HANDED_OVER: return "handed_over";
        default: return "unknown";
    }
}

void fill(pb::Receipt& out, const node::Node& node, const Kept& kept) {
    const admin::Receipt& receipt = kept.second.receipt.receipt;
    const std::uint64_t now = node.custody().node_time_ms();
    out.set_name(kept.first);
    out.set_message_id(receipt.message_id.data(), receipt.message_id.size());
    out.set_type(type_name(receipt));
    out.set_holder(receipt.holder);
    out.set_source(receipt.source);
    if (receipt.signed_unix_s) out.set_signed_unix_s(*receipt.signed_unix_s);
    out.set_received_ago_ms(now - std::min(now, kept.second.received_at_ms));
    if (receipt.message_digest)
        out.set_message_digest(receipt.message_digest->data(), receipt.message_digest->size());
    if (receipt.local_number) out.set_local_number(receipt.local_number->print());
    if (receipt.reference) out.set_reference(receipt.reference->text());
}

}  // namespace

Result<pb::ListReceiptsReply> list_receipts(const node::Node& node, const pb::ListReceiptsRequest& request) {
    if (request.page_size() > kPageMax)
        return fail(ErrorCode::kInvalidArgument, "a page has at most 1,000 receipts");
    std::vector<const Kept*> newest;
    for (const Kept& kept : node.receipts().kept())
        newest.push_back(&kept);
    std::ranges::stable_sort(newest, std::ranges::greater{},
                             [](const Kept* kept) { return kept->second.received_at_ms; });
    pb::ListReceiptsReply out;
    out.set_total(newest.size());
    const std::size_t end =
        request.skip() + std::size_t{request.page_size() == 0 ? kPageDefault : request.page_size()};
    for (std::size_t i = request.skip(); i < std::min(end, newest.size()); ++i)
        fill(*out.add_receipts(), node, *newest[i]);
    return out;
}

Result<ReceiptView> get_receipt(const node::Node& node, const std::string& name) {
    if (name.size() < kDigitsMin || name.find_first_not_of("0123456789abcdef") != std::string::npos) {
        return fail(ErrorCode::kInvalidArgument,
                    "'" + name +
                        "' names no receipt: give four or more of the hexadecimal digits that tram receipt "
                        "list shows");
    }
    std::vector<const Kept*> found;
    for (const Kept& kept : node.receipts().kept()) {
        if (kept.first.starts_with(name) || to_hex(kept.second.receipt.receipt.message_id) == name)
            found.push_back(&kept);
    }
    if (found.empty()) {
        return fail(ErrorCode::kNotFound, "no receipt '" + name + "' is here: see tram receipt list");
    }
    if (found.size() > 1) {
        return fail(ErrorCode::kAmbiguous,
                    fmt::format("'{}' means {} receipts: give more digits", name, found.size()));
    }
    const auto file = admin::gather_receipt_file(found.front()->second.receipt, node.trust().keyring());
    if (!file) return std::unexpected{file.error()};
    ReceiptView view;
    fill(*view.reply.mutable_receipt(), node, *found.front());
    view.file = admin::encode_receipt_file(*file);
    return view;
}

}  // namespace tram::api
