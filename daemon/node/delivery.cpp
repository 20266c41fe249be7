#include "daemon/node/delivery.h"

#include <algorithm>
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

std::optional<Delivery::Token> Delivery::parse_token(std::string_view text) {
    const std::size_t dot = text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    Token token;
    const auto [end, error] = std::from_chars(text.data(), text.data() + dot, token.key);
    if (error != std::errc{} || end != text.data() + dot) return std::nullopt;
    token.short_id = text.substr(dot + 1);
    return token;
}

bool Delivery::is_local(const bpv7::Eid& endpoint) const {
    const NodeOptions& options = custody_.options();
    if (endpoint.is_none()) return false;
    if (!endpoint.is_singleton()) return std::ranges::find(options.groups, endpoint) != options.groups.end();
    return endpoint.node_id() == options.node_id;
}

Intake Delivery::intake_for(const bpv7::Eid& destination) const {
    const bool local = is_local(destination);
    return {.received_from = std::nullopt,
            .deliver_here = local,
            .forward = !local || !destination.is_singleton(),
            .held = false};
}

void Delivery::ready(const Entry& entry) {
    if (entry.record.held || leases_.contains(entry.record.key)) return;
    waiting_[entry.record.destination].emplace(rank_of(entry.record), entry.record.key);
    serve(entry.record.destination);
}

void Delivery::withdraw(const Entry& entry) {
    end_lease(entry.record.key);
    const auto queue = waiting_.find(entry.record.destination);
    if (queue == waiting_.end()) return;
    queue->second.erase({rank_of(entry.record), entry.record.key});
    if (queue->second.empty()) waiting_.erase(queue);
}

void Delivery::fetch(const input::Fetch& fetch) {
    const auto refuse = [&](ErrorCode code, std::string message) {
        custody_.emit(effect::Reply{fetch.request, fail(code, std::move(message))});
    };
    if (!is_local(fetch.endpoint)) {
        return refuse(ErrorCode::kInvalidArgument,
                      fetch.endpoint.to_string() + " is no endpoint of this node " +
                          custody_.options().node_id.to_string() + " and no group it is a member of");
    }
    if (waiters_.size() >= custody_.options().fetches_waiting_max) {
        return refuse(ErrorCode::kBusy, "too many applications are waiting for bundles; try again later");
    }
    std::string endpoint = fetch.endpoint.to_string();
    waiters_.push_back({fetch.request, endpoint, custody_.now().monotonic + fetch.wait});
    serve(endpoint);
    if (fetch.wait > Duration{0}) return;
    const auto unserved = std::ranges::find(waiters_, fetch.request, &Waiter::request);
    if (unserved == waiters_.end()) return;
    waiters_.erase(unserved);
    custody_.emit(effect::Reply{fetch.request, effect::Reply::Nothing{}});
}

void Delivery::end_lease(BundleKey key) {
    const auto lease = leases_.find(key);
    if (lease == leases_.end()) return;
    lease_ends_.erase({lease->second, key});
    leases_.erase(lease);
}

void Delivery::serve(const std::string& endpoint) {
    const auto queue = waiting_.find(endpoint);
    while (queue != waiting_.end() && !queue->second.empty()) {
        const auto waiter = std::ranges::find(waiters_, endpoint, &Waiter::endpoint);
        if (waiter == waiters_.end()) return;
        const BundleKey key = queue->second.begin()->second;
        queue->second.erase(queue->second.begin());
        const Entry* entry = custody_.inventory().find(key);
        if (entry == nullptr) continue;
        const RequestId request = waiter->request;
        waiters_.erase(waiter);
        const Instant until = custody_.now().monotonic + custody_.options().delivery_lease;
        leases_.emplace(key, until);
        lease_ends_.emplace(until, key);
        hand_out(request, *entry);
    }
    if (queue != waiting_.end() && queue->second.empty()) waiting_.erase(queue);
}

void Delivery::hand_out(RequestId request, const Entry& entry) {
    custody_.with_wire(entry, [this, request, key = entry.record.key](const Result<Bytes>& wire) {
        const Entry* found = custody_.inventory().find(key);
        auto decoded = wire ? bpv7::decode(*wire, {.limits = custody_.options().limits, .strict = false})
                            : Result<bpv7::Decoded>{std::unexpected{wire.error()}};
        if (!decoded || found == nullptr) {
            end_lease(key);
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
    return entry != nullptr && short_id(entry->record.id) == token.short_id ? entry : nullptr;
}

void Delivery::take_back(const input::Return& given_back) {
    const auto token = parse_token(given_back.token);
    const Entry* entry = token ? named_by(*token) : nullptr;
    if (entry == nullptr || !leases_.contains(token->key)) return;
    end_lease(token->key);
    ready(*entry);
}

void Delivery::delivered(Entry& entry) {
    withdraw(entry);
    ++custody_.counters().bundles_delivered;
    custody_.notify(effect::Notify::What::kDelivered, entry);
    report_on(custody_, entry.record, bpv7::Assertion::kDelivered, bpv7::ReportReason::kNoInformation);
    if (entry.record.forward) {
        entry.record.deliver_here = false;
        custody_.update(entry);
    } else {
        custody_.remove(entry.record.key, store::Ending::kDelivered);
    }
}

void Delivery::tick() {
    const Instant now = custody_.now().monotonic;
    while (!lease_ends_.empty() && lease_ends_.begin()->first <= now) {
        const BundleKey key = lease_ends_.begin()->second;
        end_lease(key);
        if (const Entry* entry = custody_.inventory().find(key)) ready(*entry);
    }
    std::erase_if(waiters_, [&](const Waiter& waiter) {
        if (waiter.until > now) return false;
        custody_.emit(effect::Reply{waiter.request, effect::Reply::Nothing{}});
        return true;
    });
}

std::optional<Instant> Delivery::next_timeout() const {
    std::optional<Instant> next;
    const auto consider = [&](Instant until) {
        if (!next || until < *next) next = until;
    };
    if (!lease_ends_.empty()) consider(lease_ends_.begin()->first);
    for (const Waiter& waiter : waiters_)
        consider(waiter.until);
    return next;
}

}  // namespace tram::node
