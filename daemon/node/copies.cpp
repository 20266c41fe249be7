#include "daemon/node/copies.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::node {

namespace {

constexpr std::string_view kRouterRow = "router";
// What the router knows is written at most this often.
constexpr std::uint64_t kSaveInterval_ms = 300'000;

}  // namespace

Copies::Copies(Custody& custody)
    : custody_{custody},
      router_{routing::make_router({.kind = custody.options().router,
                                    .node_id = custody.options().node_id,
                                    .routes = custody.options().routes})} {}

void Copies::restore_state(const std::string& name, ByteView value) {
    if (name == kRouterRow) router_->restore(value);
    if (!name.starts_with(kParcelRow)) return;
    cbor::Reader in{value};
    in.open_array(3, 3);
    Row row;
    const std::uint64_t copy = in.read_unsigned();
    row.spare = in.read_bool();
    row.note = Bytes::copy_of(in.read_bytes(routing::Router::kNoteBytesMax));
    if (in.ok() && copy <= 3) row.copy = static_cast<routing::Verdict::Copy>(copy);
    rows_.emplace(name, std::move(row));
}

void Copies::start() {
    for (const auto& [number, parcel] : custody_.inventory().parcels().here()) {
        const auto row = rows_.find(parcel_row(parcel->id));
        if (row == rows_.end()) continue;
        parcel->copy = row->second.copy;
        parcel->spare = row->second.spare;
        parcel->note = std::move(row->second.note);
        parcel->noted = true;
        rows_.erase(row);
    }
    for (const auto& [name, row] : std::exchange(rows_, {}))
        custody_.erase_state(name);
}

routing::Time Copies::now() const {
    const auto wall = custody_.now().wall;
    return {custody_.node_time_ms(), wall ? std::optional{wall->milliseconds} : std::nullopt};
}

routing::Carried Copies::carried(const Parcel& parcel) const {
    routing::Carried carried{.destination = parcel.destination,
                             .destination_node = parcel.destination_node,
                             .singleton = parcel.destination.is_singleton(),
                             .bytes = parcel.bytes,
                             .note = parcel.note};
    const Entry* first =
        parcel.here.empty() ? nullptr : std::as_const(custody_).inventory().find(parcel.here.front().key);
    if (first == nullptr) return carried;
    carried.local = first->record.local;
    carried.bytes = parcel.bytes / parcel.here.size() * std::max<std::uint64_t>(parcel.count, 1);
    carried.expires_ms = first->record.expires_at_ms;
    carried.urgency = first->record.urgency;
    return carried;
}

routing::Verdict Copies::judge(const Parcel& parcel, const bpv7::Eid& peer) const {
    return router_->judge(carried(parcel), peer, now());
}

void Copies::contact_ended(const bpv7::Eid& peer) {
    router_->contact_ended(peer, now());
    const std::uint64_t now_ms = custody_.node_time_ms();
    if (saved_at_ms_ && now_ms - *saved_at_ms_ < kSaveInterval_ms) return;
    saved_at_ms_ = now_ms;
    if (Bytes state = router_->save(now()); !state.empty())
        custody_.save_state(std::string{kRouterRow}, std::move(state));
}

void Copies::begin(Parcel& parcel) {
    if (!parcel.noted) note(parcel, router_->begin(carried(parcel), now()));
}

Bytes Copies::share(const Parcel& parcel, const bpv7::Eid& peer) {
    return router_->share(carried(parcel), peer, now());
}

void Copies::given(Parcel& parcel, const bpv7::Eid& peer) {
    note(parcel, router_->given(carried(parcel), peer, now()));
}

void Copies::known_at(Parcel& parcel, const bpv7::Eid& peer) {
    note(parcel, router_->known_at(carried(parcel), peer, now()));
}

void Copies::taken(Parcel& parcel, const bpv7::Eid& peer, routing::Verdict::Copy copy, bool only,
                   ByteView note) {
    const bool whole_copy = parcel.here.size() <= 1;  // the first part of it
    const bool spare = !only && !parcel.flooded_in && (whole_copy || parcel.spare);
    const bool changed = spare != parcel.spare || (spare && parcel.copy != copy);
    parcel.spare = spare;
    if (changed) parcel.copy = copy;
    Bytes ours = router_->taken(carried(parcel), peer, note, now());
    if (ours == parcel.note && !changed) return;
    parcel.note = std::move(ours);
    write(parcel);
}

bool Copies::may_be_given_up(const Parcel& parcel) const {
    if (!parcel.spare || parcel.here.empty()) return false;
    return std::ranges::all_of(parcel.here, [&](const Parcel::Part& part) {
        const Entry* entry = std::as_const(custody_).inventory().find(part.key);
        return entry != nullptr && !entry->record.local && !entry->record.deliver_here &&
               !entry->record.held && entry->durable && entry->in_flight == 0;
    });
}

void Copies::note(Parcel& parcel, Bytes note) {
    if (note == parcel.note) return;
    parcel.note = std::move(note);
    write(parcel);
}

void Copies::write(Parcel& parcel) {
    cbor::Writer out;
    out.open_array(3);
    out.write_unsigned(static_cast<std::uint64_t>(parcel.copy));
    out.write_bool(parcel.spare);
    out.write_bytes(parcel.note);
    custody_.save_state(parcel_row(parcel.id), Bytes{out.take()});
    parcel.noted = true;
}

}  // namespace tram::node
