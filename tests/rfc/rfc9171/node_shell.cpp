#include "node_shell.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

namespace tram::rfc9171 {

using namespace node;

NodeOptions Shell::defaults() {
    NodeOptions options;
    options.node_id = *bpv7::Eid::parse("dtn://here/");
    options.router = RouterKind::kEpidemic;
    options.status_reports = true;
    return options;
}

Shell::Shell(NodeOptions options, bool trusted_clock) : node{std::move(options)} {
    if (trusted_clock) wall = DtnTime{kWallStart};
    node.start(now());
    run();
    step(input::FreeSpace{std::uint64_t{1} << 40U});
}

void Shell::step(const Input& input) {
    node.step(input, now());
    run();
}

void Shell::run() {
    for (int guard = 0; guard < 10'000; ++guard) {
        const auto effects = node.take_effects();
        if (effects.empty()) return;
        for (const auto& effect : effects) {
            if (const auto* one = std::get_if<effect::Persist>(&effect)) {
                waiting_.push_back(*one);
                if (durable) settle();
            } else if (const auto* load = std::get_if<effect::Load>(&effect)) {
                for (const auto key : load->keys) {
                    const auto found = store_.find(key);
                    REQUIRE(found != store_.end());
                    node.step(input::Loaded{key, found->second}, now());
                }
            } else if (const auto* transmit = std::get_if<effect::Transmit>(&effect)) {
                transmits.push_back(*transmit);
            } else if (const auto* accept = std::get_if<effect::Accept>(&effect)) {
                accepts.push_back(*accept);
            } else if (const auto* refuse = std::get_if<effect::Refuse>(&effect)) {
                refusals.push_back(*refuse);
            } else if (const auto* reply = std::get_if<effect::Reply>(&effect)) {
                replies.push_back(*reply);
            }
        }
    }
    FAIL("the node has effects for ever");
}

void Shell::settle() {
    const auto batches = std::exchange(waiting_, {});
    for (const auto& one : batches) {
        apply(one.batch);
        node.step(input::Persisted{one.ticket}, now());
    }
}

void Shell::apply(const store::Batch& batch) {
    for (const auto& change : batch.changes) {
        if (const auto* put = std::get_if<store::change::PutBundle>(&change)) {
            store_[put->record.key] = put->wire;
        } else if (const auto* erase = std::get_if<store::change::EraseBundle>(&change)) {
            store_.erase(erase->key);
        }
    }
}

void Shell::pass(Duration time) {
    const auto until = monotonic + time;
    const auto advance = [&](Instant to) {
        if (to <= monotonic) return;
        if (wall) wall = wall->plus(static_cast<std::uint64_t>((to - monotonic).count()));
        monotonic = to;
    };
    for (int guard = 0; guard < 10'000; ++guard) {
        const auto next = node.next_timeout();
        if (!next || *next > until) {
            advance(until);
            step(input::Tick{});
            return;
        }
        advance(*next);
        step(input::Tick{});
    }
    FAIL("the node asks for a timeout again and again without getting further");
}

void Shell::peer_up(LinkId link, std::string_view eid, std::uint64_t mru) {
    step(input::PeerUp{link, *bpv7::Eid::parse(eid), mru, "test"});
}

TransferId Shell::arrive(LinkId link, const Buffer& wire) {
    const auto transfer = next_transfer_++;
    step(input::Arrived{link, transfer, Bytes::copy_of(wire)});
    return transfer;
}

void Shell::confirm(LinkId link) {
    while (confirmed_ < transmits.size()) {
        const auto one = transmits[confirmed_++];
        if (one.link == link) step(input::Confirmed{one.link, one.key});
    }
}

bpv7::Bundle Shell::transmitted(std::size_t index) const {
    REQUIRE(index < transmits.size());
    const auto result = bpv7::decode(transmits[index].wire);
    REQUIRE(result);
    CHECK(result->warnings.empty());
    return result->bundle;
}

std::vector<bpv7::Bundle> Shell::forwarded() const {
    std::vector<bpv7::Bundle> out;
    for (std::size_t i = 0; i < transmits.size(); ++i) {
        auto one = transmitted(i);
        if (!one.primary.has(bpv7::bundle_flag::kAdministrativeRecord)) out.push_back(std::move(one));
    }
    return out;
}

std::vector<bpv7::StatusReport> Shell::reports() const {
    std::vector<bpv7::StatusReport> out;
    std::set<BundleKey> seen;  // the same report may go to several peers
    for (std::size_t i = 0; i < transmits.size(); ++i) {
        if (!seen.insert(transmits[i].key).second) continue;
        const auto one = transmitted(i);
        if (!one.primary.has(bpv7::bundle_flag::kAdministrativeRecord)) continue;
        const auto report = bpv7::decode_status_report(one.payload(), {});
        REQUIRE(report);
        out.push_back(*report);
    }
    return out;
}

std::vector<bpv7::StatusReport> Shell::reports(bpv7::Assertion which) const {
    auto out = reports();
    std::erase_if(out, [&](const bpv7::StatusReport& one) { return !one.item(which).asserted; });
    return out;
}

bool Shell::accepted(TransferId transfer) const {
    return std::ranges::any_of(accepts, [&](const auto& one) { return one.transfer == transfer; });
}

bool Shell::refused(TransferId transfer) const {
    return std::ranges::any_of(refusals, [&](const auto& one) { return one.transfer == transfer; });
}

std::optional<HandOver> Shell::fetch(std::string_view endpoint) {
    const auto request = next_request_++;
    step(input::Fetch{request, *bpv7::Eid::parse(endpoint), Duration{0}});
    for (const auto& reply : replies) {
        if (reply.request != request || !reply.outcome) continue;
        if (const auto* over = std::get_if<HandOver>(&*reply.outcome)) return *over;
    }
    return std::nullopt;
}

void Shell::acknowledge(const std::string& token) {
    step(input::Acknowledge{next_request_++, token});
}

std::vector<BundleKey> Shell::stored() const {
    std::vector<BundleKey> out;
    for (const auto& [key, wire] : store_)
        out.push_back(key);
    return out;
}

}  // namespace tram::rfc9171
