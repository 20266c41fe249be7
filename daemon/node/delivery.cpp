#include "daemon/node/delivery.h"

#include <charconv>
#include <utility>

#include "daemon/node/reports.h"
#include "daemon/node/short_id.h"
#include "proto/bpv7/codec.h"

namespace tram::node {

namespace {

// Key and short id: the same for every hand-over and across restarts, and no other bundle's.
std::string token_for(const Entry& entry) {
    return std::to_string(entry.record.key) + "." + short_id(entry.record.id);
}

}  // namespace

void end_delivery(Custody& custody, Entry& entry, store::Ending ending) {
    if (entry.record.forward) {
        entry.record.deliver_here = false;
        custody.update(entry);
    } else {
        custody.remove(entry.record.key, ending);
    }
}

Delivery::Delivery(Custody& custody)
    : custody_{custody},
      pickup_{custody, [this](const Pickup::Waiter& waiter, Pickup::Item key) { hand_out(waiter, key); }} {}

std::optional<Delivery::Token> Delivery::parse_token(std::string_view text) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    Token token;
    const auto [end, error] = std::from_chars(text.data(), text.data() + dot, token.key);
    if (error != std::errc{} || end != text.data() + dot) return std::nullopt;
    token.short_id = text.substr(dot + 1);
    return token;
}

Intake Delivery::intake_for(const bpv7::Eid& destination) const {
    const bool local = is_local(custody_.options(), destination);
    return {.received_from = std::nullopt,
            .deliver_here = local,
            .forward = !local || !destination.is_singleton(),
            .held = false};
}

void Delivery::ready(const Entry& entry) {
    if (entry.record.held) return;
    pickup_.offer(entry.record.destination, rank_of(entry.record), entry.record.key);
}

void Delivery::withdraw(const Entry& entry) {
    pickup_.withdraw(entry.record.destination, rank_of(entry.record), entry.record.key);
}

void Delivery::hand_out(const Pickup::Waiter& waiter, BundleKey key) {
    const Entry* entry = custody_.inventory().find(key);
    if (entry == nullptr) {  // its bytes were lost when it was to be forwarded
        pickup_.end_lease(key);
        return pickup_.ask_again(waiter);
    }
    custody_.with_wire(*entry, [this, request = waiter.request, key](const Result<Bytes>& wire) {
        const Entry* found = custody_.inventory().find(key);
        auto decoded = wire ? bpv7::decode(*wire, {.limits = custody_.options().limits, .strict = false})
                            : Result<bpv7::Decoded>{std::unexpected{wire.error()}};
        if (!decoded || found == nullptr) {
            pickup_.end_lease(key);
            custody_.emit(effect::Reply{
                request, fail(decoded ? ErrorCode::kNotFound : decoded.error().code,
                              "the stored bundle cannot be read; ask for the next one, and see the log")});
            return;
        }
        custody_.emit(effect::Reply{
            request, HandOver{token_for(*found), decoded->bundle.id(), found->destination,
                              found->record.urgency, static_cast<bpv7::Kind>(found->record.kind),
                              custody_.age_ms(found->record), decoded->bundle.payload()}});
    });
}

void Delivery::acknowledge(const input::Acknowledge& acknowledge) {
    const auto token = parse_token(acknowledge.token);
    Entry* entry = token ? custody_.inventory().find(token->key) : nullptr;
    if (!token || (entry != nullptr && named_by(*token) == nullptr)) {
        custody_.emit(effect::Reply{
            acknowledge.request,
            fail(ErrorCode::kInvalidArgument,
                 "this token was not made by this daemon; use the one that came with the bundle")});
        return;
    }
    // A bundle that is gone was acknowledged before (or expired meanwhile): the same answer, once durable.
    if (entry != nullptr && entry->record.deliver_here) delivered(*entry);
    custody_.emit_when_durable(effect::Reply{acknowledge.request, effect::Reply::Done{}});
}

Entry* Delivery::named_by(const Token& token) {
    Entry* entry = custody_.inventory().find(token.key);
    const bool same =
        entry != nullptr && !entry->record.chunk && short_id(entry->record.id) == token.short_id;
    return same ? entry : nullptr;
}

void Delivery::take_back(const input::Return& given_back) {
    const auto token = parse_token(given_back.token);
    const Entry* entry = token ? named_by(*token) : nullptr;
    if (entry == nullptr || !pickup_.leased(token->key)) return;
    pickup_.end_lease(token->key);
    ready(*entry);
}

void Delivery::delivered(Entry& entry) {
    withdraw(entry);
    ++custody_.counters().bundles_delivered;
    custody_.notify(effect::Notify::What::kDelivered, entry);
    report_on(custody_, entry.record, bpv7::Assertion::kDelivered, bpv7::ReportReason::kNoInformation);
    end_delivery(custody_, entry, store::Ending::kDelivered);
}

void Delivery::tick() {
    for (const BundleKey key : pickup_.tick()) {
        if (const Entry* entry = custody_.inventory().find(key)) ready(*entry);
    }
}

}  // namespace tram::node
