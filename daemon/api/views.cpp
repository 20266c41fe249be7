#include "daemon/api/views.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <span>

#include "daemon/node/short_id.h"
#include "daemon/node/submission.h"

namespace tram::api {

namespace {

using node::Entry;

constexpr std::uint32_t kPageDefault = 100;
constexpr std::uint32_t kPageMax = 1'000;
constexpr std::size_t kPrefixMin = 4;
constexpr std::size_t kPeersCounted = 64;
constexpr std::uint64_t kDay_ms = 86'400'000;
constexpr std::uint64_t kUnreceiptedNotice_ms = 7 * kDay_ms;
constexpr std::int64_t kRenewalNotice_s = 30 * 86'400;

std::uint64_t since(std::uint64_t now, std::uint64_t then) {
    return now > then ? now - then : 0;
}

std::string state_of(const Entry& entry) {
    const store::BundleRecord& record = entry.record;
    if (entry.draft) return "draft";
    if (record.held) return "held";
    if (record.forward && record.deliver_here) return "forward+deliver";
    return record.deliver_here ? "deliver" : "forward";
}

std::vector<std::string> reasons(const node::Node& node, const Entry& entry) {
    const store::BundleRecord& record = entry.record;
    std::vector<std::string> why;
    if (entry.draft) return {"the end of its message, which is being written"};
    if (record.held) why.emplace_back("held by the operator: tram bundle release");
    if (record.deliver_here && entry.is_fragment()) {
        why.emplace_back("the other fragments");
    } else if (record.deliver_here) {
        why.emplace_back("an application at " + record.destination);
        if (record.chunk && record.chunk->count > 1) why.emplace_back("all parts of its message");
    }
    if (!record.forward || record.held) return why;
    if (entry.in_flight != 0) why.emplace_back("on its way now");
    bool wanted = false;
    for (const auto& [id, peer] : node.forwarding().neighbours().peers()) {
        if (peer.links.empty() || !node.forwarding().wants(entry, peer)) continue;
        why.emplace_back(peer.paused_until ? peer.text + ", which had no room" : "its turn at " + peer.text);
        wanted = true;
    }
    if (record.awaits_receipt && !record.forwarded_to.empty()) {
        why.emplace_back("the receipt of " + entry.destination_node.to_string());
    } else if (!wanted && entry.in_flight == 0) {
        why.emplace_back(record.forwarded_to.empty() ? "a peer that can take it"
                                                     : "its receipt, or other peers");
    }
    return why;
}

void fill(pb::Bundle& out, const node::Node& node, const Entry& entry, bool with_reasons) {
    const store::BundleRecord& record = entry.record;
    const std::uint64_t now = node.custody().node_time_ms();
    out.set_key(record.key);
    out.set_short_id(node::short_id(record.id));
    out.set_bundle_id(node::bundle_text(record.id));
    out.set_source(record.source);
    out.set_destination(record.destination);
    out.set_state(state_of(entry));
    out.set_urgency(record.urgency);
    out.set_kind(std::string{node::kind_name(static_cast<bpv7::Kind>(record.kind))});
    out.set_size(record.wire_length);
    out.set_payload_size(record.payload_length);
    out.set_age_ms(node.custody().age_ms(record));
    out.set_residence_ms(since(now, record.stored_at_ms));
    out.set_remaining_ms(since(record.expires_at_ms, now));
    if (record.received_from) out.set_received_from(record.received_from->peer);
    if (!with_reasons) return;
    for (std::string& reason : reasons(node, entry))
        out.add_waiting_for(std::move(reason));
}

void fill(pb::Peer& out, const node::Node& node, const node::Peer& peer) {
    const Instant now = node.custody().now().monotonic;
    out.set_node_id(peer.text);
    out.set_connected(!peer.links.empty());
    out.set_ever_met(true);
    out.set_sent_bundles(peer.sent_bundles);
    out.set_sent_bytes(peer.sent_bytes);
    out.set_received_bundles(peer.received_bundles);
    out.set_received_bytes(peer.received_bytes);
    out.set_last_error(peer.last_reason);
    if (peer.links.empty()) {
        if (peer.last_met) out.set_last_met_ms(static_cast<std::uint64_t>((now - *peer.last_met).count()));
    } else if (const auto link = node.forwarding().neighbours().links().find(peer.links.back());
               link != node.forwarding().neighbours().links().end()) {
        out.set_address(link->second.address);
    }
}

/// What waits for each peer, one pass over the inventory for all of them; for the first kPeersCounted only,
/// so that a host of strangers does not make a question expensive.
void count_queues(const node::Node& node, google::protobuf::RepeatedPtrField<pb::Peer>& peers) {
    const std::uint64_t now = node.custody().node_time_ms();
    std::vector<std::pair<pb::Peer*, node::Peer>> known;
    for (pb::Peer& out : peers) {
        if (known.size() == kPeersCounted) break;
        auto id = bpv7::Eid::parse(out.node_id());
        if (!id || id->is_none()) continue;
        node::Peer stand_in;
        stand_in.id = std::move(*id);
        stand_in.text = out.node_id();
        stand_in.number = node.custody().inventory().ledger().find(stand_in.text);
        known.emplace_back(&out, std::move(stand_in));
    }
    for (const auto& [key, entry] : node.custody().inventory().entries()) {
        for (auto& [out, peer] : known) {
            if (!node.forwarding().wants(entry, peer)) continue;
            out->set_queued_bundles(out->queued_bundles() + 1);
            out->set_queued_bytes(out->queued_bytes() + entry.record.wire_length);
            out->set_oldest_ms(std::max(out->oldest_ms(), since(now, entry.record.stored_at_ms)));
        }
    }
}

void fill_peers(google::protobuf::RepeatedPtrField<pb::Peer>& out, const node::Node& node,
                const ShellFacts& facts) {
    for (const auto& [id, peer] : node.forwarding().neighbours().peers())
        fill(*out.Add(), node, peer);
    for (const ShellFacts::ConfiguredPeer& configured : facts.configured) {
        const auto known = std::find_if(out.begin(), out.end(), [&](const pb::Peer& peer) {
            return !configured.node_id.empty() && peer.node_id() == configured.node_id;
        });
        pb::Peer& peer = known != out.end() ? *known : *out.Add();
        peer.set_configured(true);
        if (peer.connected()) continue;
        if (peer.node_id().empty()) peer.set_node_id(configured.node_id);
        peer.set_address(configured.address);
        if (!configured.last_error.empty()) peer.set_last_error(configured.last_error);
    }
    for (const ShellFacts::DiscoveredPeer& discovered : facts.discovered) {
        const auto known = std::ranges::find(out, discovered.node_id, &pb::Peer::node_id);
        pb::Peer& peer = known != out.end() ? *known : *out.Add();
        peer.set_node_id(discovered.node_id);
        peer.set_discovered(true);
        peer.set_heard_at(discovered.heard_at);
        peer.set_heard_ms(discovered.heard_ms);
        if (!peer.connected() && !discovered.last_error.empty()) peer.set_last_error(discovered.last_error);
    }
    count_queues(node, out);
}

void add_discovery(pb::StatusReply& out, const ShellFacts& facts) {
    pb::Discovery& discovery = *out.mutable_discovery();
    discovery.set_enabled(facts.discovery);
    for (const std::string& interface : facts.interfaces)
        discovery.add_interfaces(interface);
    discovery.set_heard(static_cast<std::uint32_t>(facts.discovered.size()));
    if (!facts.twin_address.empty()) {
        out.add_warnings(fmt::format(
            "a device at {} says that it is this one: give one of them another node.id in tram.toml "
            "and its own certificate, tram device request",
            facts.twin_address));
    }
    if (!facts.interfaces_left_out.empty()) {
        out.add_warnings(fmt::format(
            "nobody is looked for on {}, because {} interfaces is the most: name those that matter in "
            "discovery.interfaces in tram.toml",
            fmt::join(facts.interfaces_left_out, ", "), facts.interfaces.size()));
    }
    for (const auto& [name, value] : facts.counters) {
        pb::Counter& counter = *out.add_counters();
        counter.set_name(name);
        counter.set_value(value);
    }
}

void add_counters(pb::StatusReply& out, const node::Counters& counters) {
    const auto add = [&](const char* name, std::uint64_t value) {
        pb::Counter& counter = *out.add_counters();
        counter.set_name(name);
        counter.set_value(value);
    };
    add("bundles_received", counters.bundles_received);
    add("bundles_submitted", counters.bundles_submitted);
    add("bundles_forwarded", counters.bundles_forwarded);
    add("bundles_delivered", counters.bundles_delivered);
    add("bundles_expired", counters.bundles_expired);
    add("bundles_cancelled", counters.bundles_cancelled);
    add("bundles_duplicate", counters.bundles_duplicate);
    add("bundles_malformed", counters.bundles_malformed);
    add("bundles_not_acceptable", counters.bundles_not_acceptable);
    add("bundles_refused_full", counters.bundles_refused_full);
    add("bundles_reassembled", counters.bundles_reassembled);
    add("bundles_fragmented", counters.bundles_fragmented);
    add("bundles_corrupt", counters.bundles_corrupt);
    add("messages_sent", counters.messages_sent);
    add("messages_delivered", counters.messages_delivered);
    add("messages_refused", counters.messages_refused);
    add("messages_set_aside", counters.messages_set_aside);
    add("messages_confirmed", counters.messages_confirmed);
    add("receipts_sent", counters.receipts_sent);
    add("receipts_received", counters.receipts_received);
    add("receipts_relayed", counters.receipts_relayed);
    add("receipts_refused", counters.receipts_refused);
    add("bundles_purged", counters.bundles_purged);
    add("reports_sent", counters.reports_sent);
    add("reports_received", counters.reports_received);
}

/// "prefix.<code>" for every code that was met.
void add_refusals(pb::StatusReply& out, const char* prefix, std::span<const std::uint64_t> refused) {
    for (std::size_t code = 0; code < refused.size(); ++code) {
        if (refused[code] == 0) continue;
        pb::Counter& counter = *out.add_counters();
        counter.set_name(fmt::format("{}.{}", prefix, code_name(static_cast<ErrorCode>(code))));
        counter.set_value(refused[code]);
    }
}

void add_identity(pb::StatusReply& out, const node::Node& node, const ShellFacts& facts) {
    const std::string identity{node.identity_state()};
    out.set_identity(identity);
    out.set_certificate_ends(node.options().security.certificate_ends);
    out.set_clock_reason(node.wall_clock().reason());
    if (identity == "none") out.add_warnings(facts.no_identity);
    if (identity == "revoked") {
        out.add_warnings(
            "this device is revoked, nobody talks to it: ask the commune for new certificates, "
            "tram device request");
    }
    if (!out.clock_trusted()) out.add_warnings("the clock is not believed: " + out.clock_reason());
    const auto now = node.trust().unix_now();
    const std::int64_t left = now ? out.certificate_ends() - *now : kRenewalNotice_s;
    if (out.certificate_ends() != 0 && left < kRenewalNotice_s) {
        out.add_warnings(fmt::format("the certificate of this device ends on {}: tram device request",
                                     node::date_text(out.certificate_ends())));
    }
}

void add_warnings(pb::StatusReply& out, const node::Node& node) {
    const std::uint64_t quota = node.options().quota_bytes;
    std::uint64_t spare = 0;
    for (const auto& [number, parcel] : node.custody().inventory().parcels().all())
        spare += parcel.spare ? parcel.bytes : 0;
    if (out.bundle_bytes() > quota / 100 * node.options().relay_percent_max + spare) {
        out.add_warnings("the store is nearly full, peers' bundles are refused: tram bundle list");
    }
    if (out.held() != 0) {
        out.add_warnings(fmt::format("{} bundles are held: tram bundle list --state held", out.held()));
    }
    if (node.custody().counters().bundles_corrupt != 0) {
        out.add_warnings(
            fmt::format("{} stored bundles were damaged and set aside: see the log of tramd, check the disk",
                        node.custody().counters().bundles_corrupt));
    }
    if (node.custody().counters().messages_set_aside != 0) {
        out.add_warnings(
            fmt::format("{} messages were set aside, because they cannot be opened now or contradict others: "
                        "see the log of "
                        "tramd, tram device list",
                        node.custody().counters().messages_set_aside));
    }
    if (out.oldest_unreceipted_ms() > kUnreceiptedNotice_ms) {
        out.add_warnings(
            fmt::format("{} messages have no receipt, the oldest was sent {} d ago: tram bundle list",
                        out.unreceipted(), out.oldest_unreceipted_ms() / kDay_ms));
    }
    for (const pb::Peer& peer : out.peers()) {
        if (peer.configured() && !peer.connected() && peer.queued_bundles() != 0) {
            out.add_warnings(fmt::format("{} bundles wait for {}, not in range: tram peer list",
                                         peer.queued_bundles(), peer.node_id()));
        }
    }
}

bool state_matches(const Entry& entry, const std::string& state) {
    const store::BundleRecord& record = entry.record;
    if (state.empty()) return true;
    if (entry.draft) return false;
    if (state == "held") return record.held;
    if (state == "forward") return record.forward && !record.held;
    return record.deliver_here && !record.held;
}

void add_step(pb::TraceBundleReply& out, std::string what, std::string peer, std::uint64_t ago_ms) {
    pb::TraceStep& step = *out.add_steps();
    step.set_what(std::move(what));
    step.set_peer(std::move(peer));
    step.set_ago_ms(ago_ms);
}

std::string ending_text(store::Ending ending) {
    switch (ending) {
        case store::Ending::kDelivered: return "delivered";
        case store::Ending::kForwarded: return "forwarded";
        case store::Ending::kExpired: return "expired";
        case store::Ending::kCancelled: return "cancelled";
        case store::Ending::kReassembled: return "recut";
        case store::Ending::kReported: return "reported delivered";
        case store::Ending::kRefused: return "refused";
        case store::Ending::kConfirmed: return "receipt came";
    }
    return "";
}

/// Bundles and tombstones by the name a person gave.
struct Found {
    std::vector<node::BundleKey> stored;
    std::vector<const store::Tombstone*> gone;
};

Result<Found> look_up(const node::Node& node, const std::string& name, bool with_gone) {
    const node::Inventory& inventory = node.custody().inventory();
    Found found;
    node::BundleKey key = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), key);
    if (error == std::errc{} && end == name.data() + name.size() && inventory.find(key) != nullptr) {
        found.stored.push_back(key);
        return found;
    }
    const auto digits = node::normalized_short_id(name);
    const bool full_id = name.find(':') != std::string::npos;
    if (!full_id && (!digits || digits->size() < kPrefixMin)) {
        return fail(
            ErrorCode::kInvalidArgument,
            "'" + name +
                "' is no bundle name: give a short id or its first four digits or more (see tram bundle "
                "list), a key, or a bundle id; was a digit mistyped?");
    }
    const auto means = [&](const Bytes& id) {
        return full_id ? node::bundle_text(id) == name : node::short_id_begins(node::short_id(id), *digits);
    };
    for (const auto& [stored, entry] : inventory.entries()) {
        if (means(entry.record.id)) found.stored.push_back(stored);
    }
    if (!with_gone) return found;
    for (const auto& [id, tombstone] : inventory.tombstones()) {
        if (means(tombstone.id)) found.gone.push_back(&tombstone);
    }
    return found;
}

std::unexpected<Error> none_or_many(const std::string& name, std::size_t matches) {
    if (matches == 0)
        return fail(ErrorCode::kNotFound, "no bundle '" + name + "' is here: see tram bundle list");
    return fail(ErrorCode::kAmbiguous,
                fmt::format("'{}' begins {} bundle ids: give more digits", name, matches));
}

}  // namespace

pb::StatusReply status(const node::Node& node, const ShellFacts& facts) {
    pb::StatusReply out;
    const node::Inventory& inventory = node.custody().inventory();
    const std::uint64_t now = node.custody().node_time_ms();
    out.set_node_id(node.options().node_id.to_string());
    out.set_version(facts.version);
    out.set_uptime_ms(facts.uptime_ms);
    out.set_clock_trusted(node.custody().now().wall.has_value());
    out.set_router(std::string{node.forwarding().router().name()});
    out.set_bundles(inventory.entries().size());
    out.set_bundle_bytes(inventory.bytes());
    for (const auto& [key, entry] : inventory.entries()) {
        if (entry.record.held) {
            out.set_held(out.held() + 1);
            continue;
        }
        if (entry.draft) continue;
        if (entry.record.forward) out.set_waiting_forward(out.waiting_forward() + 1);
        if (entry.record.deliver_here) out.set_waiting_delivery(out.waiting_delivery() + 1);
    }
    if (!inventory.entries().empty()) {
        out.set_oldest_bundle_ms(since(now, inventory.entries().begin()->second.record.stored_at_ms));
    }
    out.set_unreceipted(node.receipts().waiting().size());
    for (const auto& [id, sent] : node.receipts().waiting()) {
        out.set_oldest_unreceipted_ms(std::max(out.oldest_unreceipted_ms(), since(now, sent.sent_at_ms)));
    }
    out.set_store_bytes(facts.store_bytes);
    out.set_store_quota_bytes(node.options().quota_bytes);
    out.set_disk_free_bytes(facts.disk_free_bytes);
    out.set_payload_bytes_max(node::payload_bytes_max(node.options()));
    out.set_tombstones(inventory.tombstones().size());
    fill_peers(*out.mutable_peers(), node, facts);
    add_counters(out, node.custody().counters());
    add_refusals(out, "refused", node.custody().counters().refused);
    add_refusals(out, "links_refused", facts.links_refused);
    add_discovery(out, facts);
    add_identity(out, node, facts);
    add_warnings(out, node);
    return out;
}

pb::Bundle bundle_view(const node::Node& node, const node::Entry& entry) {
    pb::Bundle out;
    fill(out, node, entry, true);
    return out;
}

pb::ListPeersReply list_peers(const node::Node& node, const ShellFacts& facts) {
    pb::ListPeersReply out;
    fill_peers(*out.mutable_peers(), node, facts);
    return out;
}

Result<pb::ListBundlesReply> list_bundles(const node::Node& node, const pb::ListBundlesRequest& request) {
    const std::uint32_t page = request.page_size() == 0 ? kPageDefault : request.page_size();
    if (page > kPageMax)
        return fail(ErrorCode::kInvalidArgument, fmt::format("page_size is at most {}", kPageMax));
    const std::string& state = request.state();
    if (!state.empty() && state != "forward" && state != "deliver" && state != "held") {
        return fail(ErrorCode::kInvalidArgument, "state is one of forward, deliver, held");
    }
    pb::ListBundlesReply out;
    const auto& entries = node.custody().inventory().entries();
    const auto source_matches = [&](const Entry& entry) {
        if (request.source().empty()) return true;
        const auto source = bpv7::Eid::parse(entry.record.source);
        return source && bpv7::matches(request.source(), *source);
    };
    for (auto entry = entries.upper_bound(request.after_key()); entry != entries.end(); ++entry) {
        if (!state_matches(entry->second, state)) continue;
        if (!request.destination().empty() &&
            !bpv7::matches(request.destination(), entry->second.destination))
            continue;
        if (!source_matches(entry->second)) continue;
        if (static_cast<std::uint32_t>(out.bundles_size()) == page) {
            out.set_next_after_key(out.bundles(out.bundles_size() - 1).key());
            break;
        }
        fill(*out.add_bundles(), node, entry->second, true);
    }
    return out;
}

Result<node::BundleKey> find_bundle(const node::Node& node, const std::string& name) {
    auto found = look_up(node, name, false);
    if (!found) return std::unexpected{std::move(found.error())};
    if (found->stored.size() != 1) return none_or_many(name, found->stored.size());
    return found->stored.front();
}

Result<pb::ShowBundleReply> show_bundle(const node::Node& node, const std::string& name) {
    const auto key = find_bundle(node, name);
    if (!key) return std::unexpected{key.error()};
    const Entry& entry = *node.custody().inventory().find(*key);
    const store::BundleRecord& record = entry.record;
    pb::ShowBundleReply out;
    fill(*out.mutable_bundle(), node, entry, true);
    out.set_report_to(record.report_to);
    out.set_flags(record.flags);
    out.set_creation_time_ms(record.creation_time_ms);
    out.set_sequence(record.sequence);
    out.set_lifetime_ms(record.lifetime_ms);
    out.set_fragment(entry.is_fragment());
    out.set_fragment_offset(record.fragment_offset.value_or(0));
    out.set_adu_length(record.adu_length);
    for (const store::HopRecord& hop : record.forwarded_to)
        out.add_forwarded_to(hop.peer);
    return out;
}

Result<pb::TraceBundleReply> trace_bundle(const node::Node& node, const std::string& name) {
    const auto found = look_up(node, name, true);
    if (!found) return std::unexpected{found.error()};
    if (found->stored.size() + found->gone.size() != 1) {
        return none_or_many(name, found->stored.size() + found->gone.size());
    }
    const std::uint64_t now = node.custody().node_time_ms();
    pb::TraceBundleReply out;
    const auto begin = [&](const Bytes& id, const std::string& destination) {
        out.set_short_id(node::short_id(id));
        out.set_bundle_id(node::bundle_text(id));
        out.set_destination(destination);
    };
    if (!found->stored.empty()) {
        const store::BundleRecord& record = node.custody().inventory().find(found->stored.front())->record;
        begin(record.id, record.destination);
        out.set_here(true);
        const std::string origin = record.received_from ? record.received_from->peer : "";
        add_step(out, record.local ? "submitted" : "received", origin, since(now, record.stored_at_ms));
        for (const store::HopRecord& hop : record.forwarded_to) {
            add_step(out, "forwarded", hop.peer, since(now, hop.node_time_ms));
        }
        return out;
    }
    const store::Tombstone& tombstone = *found->gone.front();
    begin(tombstone.id, tombstone.destination);
    if (tombstone.received_from) {
        add_step(out, "received", tombstone.received_from->peer,
                 since(now, tombstone.received_from->node_time_ms));
    }
    for (const store::HopRecord& hop : tombstone.forwarded_to)
        add_step(out, "forwarded", hop.peer, since(now, hop.node_time_ms));
    add_step(out, ending_text(tombstone.ending), tombstone.last_hop ? tombstone.last_hop->peer : "",
             since(now, tombstone.ended_at_ms));
    return out;
}

}  // namespace tram::api
