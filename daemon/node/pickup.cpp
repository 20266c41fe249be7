#include "daemon/node/pickup.h"

#include <algorithm>

namespace tram::node {

Rank rank_of(const store::BundleRecord& record) {
    if (record.kind == static_cast<std::uint8_t>(bpv7::Kind::kReceipt)) return {0};
    const unsigned urgency = std::min<unsigned>(record.urgency, 4);
    return {static_cast<std::uint8_t>((4 - urgency) * 8 + std::min<unsigned>(record.kind, 7))};
}

bool is_local(const NodeOptions& options, const bpv7::Eid& endpoint) {
    if (endpoint.is_none()) return false;
    if (!endpoint.is_singleton()) return std::ranges::find(options.groups, endpoint) != options.groups.end();
    return endpoint.node_id() == options.node_id;
}

void Pickup::offer(const std::string& endpoint, Rank rank, Item item) {
    if (leases_.contains(item)) return;
    waiting_[endpoint].emplace(rank, item);
    serve(endpoint);
}

void Pickup::withdraw(const std::string& endpoint, Rank rank, Item item) {
    end_lease(item);
    take(endpoint, {rank, item});
}

void Pickup::take(const std::string& endpoint, Position position) {
    const auto queue = waiting_.find(endpoint);
    if (queue == waiting_.end()) return;
    queue->second.erase(position);
    if (queue->second.empty()) waiting_.erase(queue);
}

void Pickup::ask(RequestId request, const bpv7::Eid& endpoint, Duration wait) {
    const auto refuse = [&](ErrorCode code, std::string message) {
        custody_.emit(effect::Reply{request, fail(code, std::move(message))});
    };
    if (!is_local(custody_.options(), endpoint)) {
        return refuse(ErrorCode::kInvalidArgument, endpoint.to_string() + " is no endpoint of this node " +
                                                       custody_.options().node_id.to_string() +
                                                       " and no group it is a member of");
    }
    if (waiters_.size() >= custody_.options().fetches_waiting_max) {
        return refuse(ErrorCode::kBusy, "too many applications are waiting; try again later");
    }
    std::string text = endpoint.to_string();
    waiters_.push_back({request, text, custody_.now().monotonic + wait});
    serve(text);
}

void Pickup::ask_again(Waiter waiter) {
    const std::string endpoint = waiter.endpoint;
    waiters_.insert(waiters_.begin(), std::move(waiter));
    serve(endpoint);
}

// A hand-out may come back at once, with nothing to show and its application waiting again: the loop that
// runs goes on, so that a row of such items does not pile up on the stack.
void Pickup::serve(const std::string& endpoint) {
    if (serving_) return;
    serving_ = true;
    while (serve_one(endpoint)) {
    }
    serving_ = false;
    answer_late();
}

bool Pickup::serve_one(const std::string& endpoint) {
    const auto queue = waiting_.find(endpoint);
    if (queue == waiting_.end()) return false;
    const auto found = std::ranges::find(waiters_, endpoint, &Waiter::endpoint);
    if (found == waiters_.end()) return false;
    const Position first = *queue->second.begin();
    const Waiter waiter = std::move(*found);
    waiters_.erase(found);
    lease(endpoint, first.first, first.second);
    hand_out_(waiter, first.second);
    return true;
}

void Pickup::answer_late() {
    const Instant now = custody_.now().monotonic;
    std::erase_if(waiters_, [&](const Waiter& waiter) {
        if (waiter.until > now) return false;
        custody_.emit(effect::Reply{waiter.request, effect::Reply::Nothing{}});
        return true;
    });
}

void Pickup::lease(const std::string& endpoint, Rank rank, Item item) {
    take(endpoint, {rank, item});
    end_lease(item);
    const Instant until = custody_.now().monotonic + custody_.options().delivery_lease;
    leases_.emplace(item, until);
    lease_ends_.emplace(until, item);
}

void Pickup::end_lease(Item item) {
    const auto lease = leases_.find(item);
    if (lease == leases_.end()) return;
    lease_ends_.erase({lease->second, item});
    leases_.erase(lease);
}

std::vector<Pickup::Item> Pickup::tick() {
    const Instant now = custody_.now().monotonic;
    std::vector<Item> over;
    while (!lease_ends_.empty() && lease_ends_.begin()->first <= now) {
        over.push_back(lease_ends_.begin()->second);
        end_lease(over.back());
    }
    answer_late();
    return over;
}

std::optional<Instant> Pickup::next_timeout() const {
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
