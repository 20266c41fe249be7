#include "tests/unit/node/desk.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <utility>

#include "daemon/node/checks.h"

namespace tram::node::testing {

namespace {

bool before(const Bytes& a, const Bytes& b) {
    return std::ranges::lexicographical_compare(a.view(), b.view());
}

}  // namespace

Desk::Desk(NodeOptions options, identity::TrustBundle trust) : tombstones_{before} {
    start(std::move(options), std::move(trust));
}

void Desk::restart(NodeOptions options, identity::TrustBundle trust) {
    waiting_.clear();
    checks.clear();
    start(std::move(options), std::move(trust));
}

void Desk::start(NodeOptions options, identity::TrustBundle trust) {
    node = std::make_unique<Node>(std::move(options));
    for (const auto& [key, bundle] : bundles_)
        node->restore(bundle.first);
    for (const auto& [id, tombstone] : tombstones_)
        node->restore(tombstone);
    for (const auto& [name, value] : state_)
        node->restore_state(name, value);
    node->restore_trust(std::move(trust));
    node->start(now());
    run();
}

void Desk::give(const Input& input) {
    node->step(input, now());
    run();
}

void Desk::peer_up(LinkId link, const std::string& peer, bool authenticated, bool tram) {
    give(input::PeerUp{link, *bpv7::Eid::parse(peer), 1 << 20, "test", authenticated, tram});
}

TransferId Desk::arrive(LinkId link, Bytes wire) {
    const TransferId transfer = ++last_transfer_;
    give(input::Arrived{link, transfer, std::move(wire)});
    return transfer;
}

void Desk::check_all() {
    while (!checks.empty()) {
        const effect::Check check = std::move(checks.front());
        checks.pop_front();
        give(input::Checked{check.check, is_good(check)});
    }
}

void Desk::settle() {
    check_all();
    sync();
}

void Desk::sync() {
    while (!waiting_.empty()) {
        for (const effect::Persist& persist : std::exchange(waiting_, {})) {
            apply(persist.batch);
            node->step(input::Persisted{persist.ticket}, now());
        }
        run();
    }
}

void Desk::run() {
    for (int guard = 0; guard < 1'000; ++guard) {
        auto effects = node->take_effects();
        if (effects.empty()) return;
        for (Effect& each : effects) {
            if (auto* persist = std::get_if<effect::Persist>(&each)) {
                waiting_.push_back(std::move(*persist));
                if (durable) sync();
            } else if (auto* accept = std::get_if<effect::Accept>(&each)) {
                accepts.emplace(accept->transfer, true);
            } else if (auto* refuse = std::get_if<effect::Refuse>(&each)) {
                refusals.emplace(refuse->transfer, refuse->refusal);
            } else if (auto* check = std::get_if<effect::Check>(&each)) {
                checks.push_back(std::move(*check));
            } else if (auto* load = std::get_if<effect::Load>(&each)) {
                for (const BundleKey key : load->keys)
                    node->step(input::Loaded{key, bundles_.at(key).second}, now());
            } else if (auto* transmit = std::get_if<effect::Transmit>(&each)) {
                transmits.push_back(std::move(*transmit));
            } else if (auto* notify = std::get_if<effect::Notify>(&each)) {
                notices.push_back(std::move(*notify));
            } else if (auto* disconnect = std::get_if<effect::Disconnect>(&each)) {
                disconnects.push_back(std::move(*disconnect));
            } else if (auto* reply = std::get_if<effect::Reply>(&each)) {
                replies.push_back(std::move(*reply));
            }
        }
    }
    FAIL("the node has effects for ever");
}

void Desk::apply(const store::Batch& batch) {
    for (const store::Change& change : batch.changes) {
        if (const auto* put = std::get_if<store::change::PutBundle>(&change)) {
            bundles_[put->record.key] = {put->record, put->wire};
        } else if (const auto* update = std::get_if<store::change::UpdateRecord>(&change)) {
            bundles_.at(update->record.key).first = update->record;
        } else if (const auto* erase = std::get_if<store::change::EraseBundle>(&change)) {
            bundles_.erase(erase->key);
        } else if (const auto* grave = std::get_if<store::change::PutTombstone>(&change)) {
            tombstones_.insert_or_assign(grave->tombstone.id, grave->tombstone);
        } else if (const auto* gone = std::get_if<store::change::EraseTombstone>(&change)) {
            tombstones_.erase(gone->id);
        } else if (const auto* state = std::get_if<store::change::PutState>(&change)) {
            state_[state->name] = state->value;
        }
    }
}

std::optional<Refusal> Desk::refusal(TransferId transfer) const {
    const auto found = refusals.find(transfer);
    return found == refusals.end() ? std::nullopt : std::optional{found->second};
}

std::string Desk::last_notice(effect::Notify::What what) const {
    for (auto notice = notices.rbegin(); notice != notices.rend(); ++notice) {
        if (notice->what == what) return notice->detail;
    }
    return "";
}

std::vector<bpv7::Bundle> Desk::transmitted(LinkId link) const {
    std::vector<bpv7::Bundle> found;
    for (const effect::Transmit& transmit : transmits) {
        if (transmit.link != link || transmit.key == kSyncMessage) continue;
        auto decoded = bpv7::decode(transmit.wire);
        REQUIRE(decoded);
        found.push_back(std::move(decoded->bundle));
    }
    return found;
}

bpv7::Bundle draw(const Sheet& sheet) {
    using namespace bpv7;
    Bundle bundle;
    bundle.primary.flags = sheet.flags;
    bundle.primary.source = *Eid::parse(sheet.source);
    bundle.primary.destination = *Eid::parse(sheet.destination);
    bundle.primary.timestamp = {sheet.created, sheet.sequence};
    bundle.primary.lifetime_ms = sheet.lifetime_ms;
    bundle.blocks.push_back({block_type::kPayload, kPayloadBlockNumber, 0, CrcType::kCrc32c,
                             Bytes::copy_of(as_bytes(sheet.payload))});
    bundle.set_block(block_type::kBundleAge, 0, CrcType::kCrc16, encode_bundle_age(0));
    bundle.set_block(block_type::kHopCount, 0, CrcType::kCrc16, encode_hop_count({32, 0}));
    if (sheet.with_class) bundle.set_block(block_type::kClass, 0, CrcType::kCrc16, encode_class({}));
    return bundle;
}

Bytes signed_wire(const Sheet& sheet, const Device& device) {
    bpv7::Bundle bundle = draw(sheet);
    bpsec::sign(bundle, *device.signing_key, device.signing.id);
    return bpv7::encode(bundle);
}

}  // namespace tram::node::testing
