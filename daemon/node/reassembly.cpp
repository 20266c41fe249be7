#include "daemon/node/reassembly.h"

#include <memory>
#include <utility>

#include "proto/bpv7/codec.h"

namespace tram::node {

bpv7::BundleId Reassembly::whole_id(bpv7::BundleId fragment) {
    fragment.fragment.reset();
    return fragment;
}

void Reassembly::ready(const Entry& fragment) {
    auto id = bpv7::BundleId::from_key(fragment.record.id);
    if (!id || !fragment.record.fragment_offset) return;
    const bpv7::BundleId whole = whole_id(std::move(*id));
    Pile& pile =
        piles_.try_emplace(whole, Pile{bpv7::Coverage{fragment.record.adu_length}, {}}).first->second;
    if (pile.stale) renew(pile);
    if (pile.keys.size() >= custody_.options().limits.fragments_max ||
        !pile.coverage.add(*fragment.record.fragment_offset, fragment.record.payload_length)) {
        return;  // it contradicts the others or there are too many: it stays until it expires
    }
    pile.keys.insert(fragment.record.key);
    if (pile.coverage.complete() && !pile.loading) load(whole, pile);
}

void Reassembly::withdraw(const Entry& fragment) {
    auto id = bpv7::BundleId::from_key(fragment.record.id);
    if (!id) return;
    const auto found = piles_.find(whole_id(std::move(*id)));
    if (found == piles_.end() || found->second.keys.erase(fragment.record.key) == 0) return;
    if (found->second.keys.empty()) {
        piles_.erase(found);
    } else {
        // Not renewed here: a pile expires as a whole, and each of its fragments comes by.
        found->second.stale = true;
        found->second.loading = false;
    }
}

void Reassembly::renew(Pile& pile) const {
    pile.coverage = bpv7::Coverage{pile.coverage.total_length()};
    for (const BundleKey key : pile.keys) {
        const Entry* entry = custody_.inventory().find(key);
        if (entry == nullptr) continue;
        // Ranges that were accepted once are accepted again.
        (void)pile.coverage.add(entry->record.fragment_offset.value_or(0), entry->record.payload_length);
    }
    pile.stale = false;
}

void Reassembly::load(const bpv7::BundleId& whole, Pile& pile) {
    pile.loading = true;
    struct Gathering {
        std::size_t missing = 0;
        bool failed = false;
        std::vector<Bytes> wires;
    };
    auto gathering = std::make_shared<Gathering>();
    gathering->missing = pile.keys.size();
    const std::set<BundleKey> keys = pile.keys;
    for (const BundleKey key : keys) {
        const Entry* entry = custody_.inventory().find(key);
        if (entry == nullptr) {
            --gathering->missing;
            continue;
        }
        custody_.with_wire(*entry, [this, whole, key, gathering](const Result<Bytes>& wire) {
            if (wire) {
                gathering->wires.push_back(*wire);
            } else {
                gathering->failed = true;
                if (const Entry* lost = custody_.inventory().find(key)) withdraw(*lost);
            }
            if (--gathering->missing != 0) return;
            if (gathering->failed) {
                if (const auto found = piles_.find(whole); found != piles_.end())
                    found->second.loading = false;
            } else {
                assemble(whole, gathering->wires);
            }
        });
    }
}

void Reassembly::assemble(const bpv7::BundleId& whole, const std::vector<Bytes>& wires) {
    const auto pile = piles_.extract(whole);
    if (pile.empty()) return;
    const Limits& limits = custody_.options().limits;
    std::vector<bpv7::Bundle> fragments;
    for (const Bytes& wire : wires) {
        if (auto decoded = bpv7::decode(wire, {.limits = limits, .strict = false})) {
            fragments.push_back(std::move(decoded->bundle));
        }
    }
    auto bundle = bpv7::reassemble(fragments, limits);
    if (!bundle) return;
    std::optional<store::HopRecord> received_from;
    bool forward = false;
    for (const BundleKey key : pile.mapped().keys) {
        const Entry* entry = custody_.inventory().find(key);
        if (entry == nullptr) continue;
        received_from = entry->record.received_from;
        forward = forward || entry->record.forward;
        custody_.drop(key);
    }
    ++custody_.counters().bundles_reassembled;
    Entry& entry = custody_.store(*bundle, bpv7::encode(*bundle), {received_from, true, forward});
    custody_.notify(effect::Notify::What::kReassembled, entry);
}

}  // namespace tram::node
