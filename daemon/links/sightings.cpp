#include "daemon/links/sightings.h"

#include <algorithm>
#include <utility>

namespace tram::links {
namespace {

Duration lifetime(const Sightings::Node& node) {
    return node.proved ? Sightings::kForgetProved : Sightings::kForget;
}

}  // namespace

Sightings::News Sightings::hear(const Beacon& beacon, const Place& place, bool callable, Instant now) {
    auto found = nodes_.find(beacon.node_id);
    if (found == nodes_.end()) {
        if (!make_room(place, now)) return News::kNoRoom;
        Node node{.places = {},
                  .heard_at = place,
                  .instance = beacon.instance,
                  .heard = now,
                  .due = first_due(beacon.node_id, place, callable, now),
                  .proved = has_session(beacon.node_id),
                  .pause = Backoff{options_.pause_min, options_.pause_max},
                  .last_error = {}};
        note_place(node, place);
        nodes_.emplace(beacon.node_id, std::move(node));
        return News::kNew;
    }
    Node& node = found->second;
    const bool restarted = node.instance != beacon.instance;
    const bool was_away = !is_fresh(node, now);
    const bool moved = note_place(node, place);
    node.instance = beacon.instance;
    node.heard_at = place;
    node.heard = now;
    if (!restarted && !was_away && !moved) return News::kNothing;
    if (!node.calling && !has_session(beacon.node_id)) {
        // Forged beacons may bring such news often; they must not make us call without a pause.
        node.due =
            std::max(first_due(beacon.node_id, place, callable, now), node.called + options_.pause_min);
        node.pause.reset();
    }
    return restarted ? News::kRestarted : News::kNew;
}

/// A place that is known stays where it is in the order; true: it is news.
bool Sightings::note_place(Node& node, const Place& place) {
    if (place.port == 0) {
        // It has stopped to listen there.
        std::erase_if(node.places, [&](const Place& each) { return each.address == place.address; });
        return false;
    }
    if (std::ranges::find(node.places, place) != node.places.end()) return false;
    std::erase_if(node.places, [&](const Place& each) { return each.address == place.address; });
    // The one in front may have led to a session; a forged beacon must not push it out.
    const bool full = node.places.size() == kPlacesMax;
    if (full) node.places.erase(node.places.begin() + 1);
    node.places.push_back(place);
    // A node with more addresses than are noted would be news with each beacon.
    return !full;
}

Instant Sightings::first_due(const std::string& node_id, const Place& place, bool callable,
                             Instant now) const {
    const bool theirs_to_call = callable && place.port != 0 && node_id < options_.own_id;
    return theirs_to_call ? now + kYield : now;
}

bool Sightings::make_room(const Place& place, Instant now) {
    std::size_t of_address = 0;
    std::size_t proved = 0;
    for (const auto& [node_id, node] : nodes_) {
        if (node.heard_at.address == place.address) ++of_address;
        if (node.proved) ++proved;
    }
    const bool crowded = of_address >= kNodesPerAddressMax;
    if (!crowded && nodes_.size() < kNodesMax) return true;
    auto oldest = nodes_.end();
    for (auto each = nodes_.begin(); each != nodes_.end(); ++each) {
        const Node& node = each->second;
        if (node.calling || is_fresh(node, now) || has_session(each->first)) continue;
        if (node.proved && proved <= kNodesMax / 2) continue;
        if (crowded && node.heard_at.address != place.address) continue;
        if (oldest == nodes_.end() || node.heard < oldest->second.heard) oldest = each;
    }
    if (oldest == nodes_.end()) return false;
    nodes_.erase(oldest);
    return true;
}

void Sightings::session_up(const std::string& node_id) {
    ++sessions_[node_id];
    const auto found = nodes_.find(node_id);
    if (found == nodes_.end()) return;
    found->second.proved = true;
    found->second.pause.reset();
    found->second.last_error.clear();
}

void Sightings::session_down(const std::string& node_id, bool unnoticed, Instant now) {
    const auto session = sessions_.find(node_id);
    if (session == sessions_.end() || --session->second > 0) return;
    sessions_.erase(session);
    const auto found = nodes_.find(node_id);
    if (found == nodes_.end()) return;
    const Duration pause = node_id < options_.own_id && !unnoticed ? kYield : options_.pause_min;
    found->second.due = std::max(found->second.due, now + pause);
}

void Sightings::end_call(Node& node) {
    if (std::exchange(node.calling, false))
        --(node.called_as_stranger ? strangers_calling_ : proved_calling_);
}

void Sightings::call_done(const std::string& node_id) {
    if (const auto found = nodes_.find(node_id); found != nodes_.end()) end_call(found->second);
}

void Sightings::call_failed(const Call& call, const std::string& why, std::uint32_t random, Instant now) {
    const auto found = nodes_.find(call.node_id);
    if (found == nodes_.end()) return;
    Node& node = found->second;
    end_call(node);
    node.last_error = why;
    node.due = now + node.pause.next(random);
    // The next attempt goes elsewhere, when there is an elsewhere.
    const auto failed = std::ranges::find(node.places, call.place);
    if (failed != node.places.end()) std::rotate(failed, failed + 1, node.places.end());
}

void Sightings::lose(InterfaceIndex interface) {
    for (auto& [node_id, node] : nodes_) {
        std::erase_if(node.places, [&](const Place& each) { return each.interface == interface; });
        // The next beacon is news: the interface is back.
        if (node.heard_at.interface == interface) node.heard -= kFresh;
    }
}

bool Sightings::may_be_called(const std::string& node_id, const Node& node, Instant now) const {
    return !node.calling && !node.places.empty() && is_fresh(node, now) && !has_session(node_id);
}

bool Sightings::has_free_line(const Node& node) const {
    return node.proved ? proved_calling_ < kProvedCallsMax : strangers_calling_ < kStrangerCallsMax;
}

std::optional<Sightings::Call> Sightings::take_call(std::uint32_t random, Instant now) {
    // Who had a session before goes first; of the others by chance, so that a host of forged nodes does not
    // keep a good one waiting for ever.
    std::vector<std::map<std::string, Node>::iterator> strangers;
    auto chosen = nodes_.end();
    for (auto each = nodes_.begin(); each != nodes_.end(); ++each) {
        if (each->second.due > now || !may_be_called(each->first, each->second, now)) continue;
        if (!has_free_line(each->second)) continue;
        if (each->second.proved) {
            chosen = each;
            break;
        }
        strangers.push_back(each);
    }
    if (chosen == nodes_.end()) {
        if (strangers.empty() || now < strangers_from_) return std::nullopt;
        chosen = strangers[random % strangers.size()];
        strangers_from_ = now + kStrangerGap;
    }
    chosen->second.calling = true;
    chosen->second.called = now;
    chosen->second.called_as_stranger = !chosen->second.proved;
    ++(chosen->second.proved ? proved_calling_ : strangers_calling_);
    return Call{chosen->first, chosen->second.places.front()};
}

std::optional<Instant> Sightings::next_due(Instant now) const {
    std::optional<Instant> next;
    const auto at = [&](Instant when) { next = next ? std::min(*next, when) : when; };
    for (const auto& [node_id, node] : nodes_) {
        if (!node.calling) at(node.heard + lifetime(node));
        if (!has_free_line(node) || !may_be_called(node_id, node, now)) continue;
        at(node.proved ? node.due : std::max(node.due, strangers_from_));
    }
    return next;
}

void Sightings::forget_old(Instant now) {
    std::erase_if(nodes_, [&](const auto& each) {
        return !each.second.calling && now - each.second.heard >= lifetime(each.second);
    });
}

}  // namespace tram::links
