#include "daemon/node/receipts.h"

#include <algorithm>
#include <sodium.h>
#include <utility>

#include "daemon/node/own_receipt.h"

namespace tram::node {

namespace {

constexpr std::string_view kSentRow = "sent/";
constexpr std::string_view kKeptRow = "receipt/";
constexpr std::size_t kNameBytes = 16;

std::string row_of(const MessageId& id) {
    return std::string{kSentRow} + to_hex(id);
}

/// A hash: the same receipt always has the same name.
std::string name_of(const admin::SignedReceipt& receipt) {
    std::array<std::uint8_t, kNameBytes> hash;
    crypto_generichash(hash.data(), hash.size(), receipt.wire.data(), receipt.wire.size(), nullptr, 0);
    return to_hex(hash);
}

std::string node_of(const std::string& endpoint) {
    const auto eid = bpv7::Eid::parse(endpoint);
    return eid ? eid->node_id().to_string() : std::string{};
}

}  // namespace

void Receipts::restore_state(const std::string& name, ByteView value) {
    if (name.starts_with(kSentRow)) {
        if (auto sent = decode_sent(value)) waiting_.insert_or_assign(sent->message_id, std::move(*sent));
    } else if (name.starts_with(kKeptRow)) {
        auto kept = decode_kept(value);
        if (!kept) return;
        std::string key = name.substr(kKeptRow.size());
        const MessageId id = kept->receipt.receipt.message_id;
        kept_of_[id].push_back(key);
        by_age_.emplace(std::pair{kept->received_at_ms, key}, id);
        kept_.insert_or_assign(std::move(key), std::move(*kept));
    }
}

// Chunks whose row is lost wait on.
void Receipts::start() {
    for (const auto& [key, entry] : custody_.inventory().entries()) {
        if (entry.record.awaits_receipt && entry.record.chunk) wait_for(entry);
    }
}

void Receipts::wait_for(const Entry& chunk) {
    const store::BundleRecord& record = chunk.record;
    if (waiting_.contains(record.chunk->message_id)) return;
    sent({.message_id = record.chunk->message_id,
          .source = record.source,
          .destination = record.destination,
          .recipients = {chunk.destination_node.to_string()},
          .digest = std::nullopt,
          .kind = record.kind,
          .sent_at_ms = record.stored_at_ms,
          .expires_at_ms = record.expires_at_ms});
}

void Receipts::sent(SentMessage message) {
    custody_.save_state(row_of(message.message_id), encode_sent(message));
    waiting_.insert_or_assign(message.message_id, std::move(message));
}

void Receipts::chunk_gone(const store::BundleRecord& record) {
    if (!record.awaits_receipt || !record.chunk || !waiting_.contains(record.chunk->message_id)) return;
    for (const BundleKey key : custody_.inventory().chunks_of(record.chunk->message_id)) {
        if (custody_.inventory().find(key)->record.awaits_receipt) return;
    }
    custody_.erase_state(row_of(record.chunk->message_id));
    waiting_.erase(record.chunk->message_id);
}

void Receipts::expire(std::uint64_t now_ms) {
    std::erase_if(waiting_, [&](const auto& each) {
        if (each.second.expires_at_ms > now_ms) return false;
        custody_.erase_state(row_of(each.first));
        return true;
    });
    while (!by_age_.empty() &&
           (by_age_.begin()->first.first + kKeptMax_ms <= now_ms || kept_.size() > kKeptMax)) {
        forget(std::string{by_age_.begin()->first.second});
    }
}

bool Receipts::is_receipt(const bpv7::Bundle& bundle) const {
    return !custody_.options().security.open && is_receipts_endpoint(bundle.primary.destination);
}

Result<admin::SignedReceipt> Receipts::read(const bpv7::Bundle& bundle) const {
    const auto klass = class_of(bundle);
    const bool plain = klass && klass->kind == bpv7::Kind::kReceipt && klass->form == bpv7::Form::kPlain;
    if (!plain || bundle.primary.fragment)
        return fail(ErrorCode::kForbidden, "only whole bundles of kind receipt go to tram/receipts");
    auto signed_receipt = admin::read_receipt(bundle.payload());
    if (!signed_receipt) return signed_receipt;
    if (bundle.primary.destination.node_id().to_string() != signed_receipt->receipt.source)
        return fail(ErrorCode::kForbidden, "a receipt goes to the node that made the message");
    return signed_receipt;
}

Result<cose::PublicKey> Receipts::signer_of(const admin::SignedReceipt& signed_receipt) const {
    auto key = trust_.signer(signed_receipt.message.signer, signed_receipt.receipt.holder);
    if (!key) key.error().message = "a receipt: " + key.error().message;
    return key;
}

/// Nothing: nobody waits for it. What is here already has been checked against the message when it was.
std::optional<admin::Awaited> Receipts::awaited(const admin::Receipt& receipt) const {
    admin::Awaited awaited{.message_id = receipt.message_id, .source = receipt.source};
    if (const auto sent = waiting_.find(receipt.message_id); sent != waiting_.end()) {
        awaited.digest = sent->second.digest;
        awaited.recipients = sent->second.recipients;
        return awaited;
    }
    for (const ReceiptListener* listener : listeners_) {
        if (auto known = listener->awaits(receipt)) return known;
    }
    const auto kept = kept_of_.find(receipt.message_id);
    if (kept == kept_of_.end()) return std::nullopt;
    const admin::Receipt& before = kept_.at(kept->second.front()).receipt.receipt;
    awaited.digest = before.message_digest;
    awaited.recipients = {before.holder};
    return awaited;
}

Result<void> Receipts::take(const admin::SignedReceipt& signed_receipt) {
    const admin::Receipt& receipt = signed_receipt.receipt;
    const auto message = awaited(receipt);
    if (message) {
        if (auto good = admin::confirms(receipt, *message); !good) return good;
        for (ReceiptListener* listener : listeners_) {
            if (auto taken = listener->take(receipt); !taken) return taken;
        }
    }
    ++custody_.counters().receipts_received;
    if (!message) return {};
    keep(signed_receipt);
    if (admin::ends_transport(receipt)) release(receipt);
    return {};
}

/// Whether the receipt that is kept as `name` says all that `news` does: one by the same holder and of the
/// same type, unless it names fewer languages or times.
bool Receipts::is_told(std::string_view name, const admin::SignedReceipt& news) const {
    const admin::Receipt& old = kept_.at(std::string{name}).receipt.receipt;
    if (const auto* displayed = std::get_if<admin::Displayed>(&news.receipt.says))
        return displayed->languages.size() <= std::get<admin::Displayed>(old.says).languages.size();
    if (const auto* announced = std::get_if<admin::Announced>(&news.receipt.says))
        return announced->times <= std::get<admin::Announced>(old.says).times;
    return true;
}

void Receipts::keep(const admin::SignedReceipt& signed_receipt) {
    const admin::Receipt& receipt = signed_receipt.receipt;
    const std::vector<std::string>& others = kept_of_[receipt.message_id];
    const auto before = std::ranges::find_if(others, [&](const std::string& name) {
        const admin::Receipt& other = kept_.at(name).receipt.receipt;
        return other.holder == receipt.holder && type_of(other) == type_of(receipt);
    });
    if (before != others.end()) {
        if (is_told(*before, signed_receipt)) return;
        forget(std::string{*before});
    }
    std::vector<std::string>& names = kept_of_[receipt.message_id];
    const std::string name = name_of(signed_receipt);
    if (kept_.contains(name) || names.size() >= kOfOneMessageMax) return;
    names.push_back(name);
    const KeptReceipt kept{signed_receipt, custody_.node_time_ms()};
    custody_.save_state(std::string{kKeptRow} + name, encode_kept(kept));
    by_age_.emplace(std::pair{kept.received_at_ms, name}, receipt.message_id);
    kept_.emplace(name, kept);
    if (kept_.size() > kKeptMax) forget(std::string{by_age_.begin()->first.second});
}

bool Receipts::has_arrived(const MessageId& id) const {
    const auto names = kept_of_.find(id);
    return names != kept_of_.end() && std::ranges::any_of(names->second, [&](const std::string& name) {
               return admin::ends_transport(kept_.at(name).receipt.receipt);
           });
}

void Receipts::forget(const std::string& name) {
    const auto found = kept_.find(name);
    const MessageId id = found->second.receipt.receipt.message_id;
    by_age_.erase({found->second.received_at_ms, name});
    std::erase(kept_of_.at(id), name);
    if (kept_of_.at(id).empty()) kept_of_.erase(id);
    kept_.erase(found);
    custody_.erase_state(std::string{kKeptRow} + name);
}

void Receipts::release(const admin::Receipt& receipt) {
    const auto sent = waiting_.find(receipt.message_id);
    if (sent == waiting_.end()) return;
    bool said = false;
    for (const BundleKey key : custody_.inventory().chunks_of(receipt.message_id)) {
        const Entry& entry = *custody_.inventory().find(key);
        if (!entry.record.awaits_receipt) continue;
        if (!std::exchange(said, true)) {
            custody_.notify(effect::Notify::What::kReported, entry, receipt.holder,
                            "a receipt for message " + to_hex(receipt.message_id));
        }
        custody_.remove(key, store::Ending::kConfirmed,
                        store::HopRecord{receipt.holder, custody_.node_time_ms()});
    }
    custody_.erase_state(row_of(receipt.message_id));
    waiting_.erase(sent);
    ++custody_.counters().messages_confirmed;
}

Result<std::shared_ptr<const store::EndedMessage>> Receipts::pass(
    const admin::SignedReceipt& signed_receipt) {
    const admin::Receipt& receipt = signed_receipt.receipt;
    std::vector<BundleKey> copies;
    bool of_others = false;
    for (const BundleKey key : custody_.inventory().chunks_of(receipt.message_id)) {
        const Entry& entry = *custody_.inventory().find(key);
        if (node_of(entry.record.source) != receipt.source) continue;
        if (entry.destination.is_singleton() && entry.destination_node.to_string() == receipt.holder) {
            copies.push_back(key);
        } else {
            of_others = true;
        }
    }
    const bool ends = admin::ends_transport(receipt);
    if (ends && of_others && copies.empty()) {
        return fail(ErrorCode::kWrongSender,
                    "a receipt: " + receipt.holder + " is not the node that the message is for");
    }
    ++custody_.counters().receipts_relayed;
    if (!ends) return nullptr;
    for (const BundleKey key : copies) {
        ++custody_.counters().bundles_purged;
        custody_.remove(key, store::Ending::kConfirmed,
                        store::HopRecord{receipt.holder, custody_.node_time_ms()});
    }
    return std::make_shared<const store::EndedMessage>(
        store::EndedMessage{receipt.message_id, receipt.source, receipt.holder});
}

Result<bpv7::ClassBlock> Receipts::class_of(const bpv7::Bundle& bundle) {
    const bpv7::CanonicalBlock* block = bundle.find(bpv7::block_type::kClass);
    if (block == nullptr) return fail(ErrorCode::kNotFound, {});
    return bpv7::decode_class(block->data);
}

bool Receipts::is_needless(const bpv7::Bundle& bundle) const {
    const auto klass = class_of(bundle);
    if (!klass || klass->form != bpv7::Form::kMessage || !bundle.primary.destination.is_singleton())
        return false;
    return custody_.inventory().has_ended({klass->message_id, bundle.primary.source.node_id().to_string(),
                                           bundle.primary.destination.node_id().to_string()});
}

}  // namespace tram::node
