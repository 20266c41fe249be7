#include "daemon/routing/prophet.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

#include "daemon/routing/tag.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::routing {

namespace {

// RFC 6693, 3.3.
constexpr double kEncounterMax = 0.7;
constexpr double kEncounterFirst = 0.5;
constexpr double kFirstThreshold = 0.1;
constexpr double kBeta = 0.9;
constexpr double kGamma = 0.999;
constexpr double kDelta = 0.01;
// What the RFC leaves to the network: contacts here are hours and days apart.
constexpr double kTypicalInterval = 1800.0;  // seconds
constexpr double kAgeUnit = 3600.0;          // seconds

constexpr std::uint64_t kVersion = 1;
constexpr std::size_t kNodesMax = 4'096;
constexpr std::size_t kPeersMax = 64;
constexpr std::size_t kEntry = 6;

using Table = std::unordered_map<Tag, double>;

class Prophet final : public Router {
  public:
    explicit Prophet(Tag self) : self_{self} {}

    std::string_view name() const override { return "prophet"; }

    void contact_began(const bpv7::Eid& peer, Time now) override;
    Bytes greet(const bpv7::Eid& peer, Time now) override;
    Result<Bytes> hear(const bpv7::Eid& peer, ByteView said, Time now) override;
    Bytes save(Time now) const override;
    void restore(ByteView saved) override;
    Verdict judge(const Carried& carried, const bpv7::Eid& peer, Time now) const override;
    double worth(const Carried& carried, Time) const override {
        return chance(table_, node_tag(carried.destination_node));
    }

  private:
    static double chance(const Table& table, Tag node) {
        const auto found = table.find(node);
        return found == table.end() ? 0 : found->second;
    }
    void age(double now_s);
    void set(Tag node, double value);
    static Bytes packed(const Table& table);
    static Result<Table> unpacked(ByteView said);

    Tag self_;
    Table table_;
    double aged_s_ = 0;
    std::unordered_map<Tag, double> met_s_;  // last contacts
    std::unordered_map<Tag, Table> theirs_;  // of peers in contact, and of some met before
};

double seconds_of(Time now) {
    return static_cast<double>(now.node_ms) / 1000;
}

void Prophet::age(double now_s) {
    const double units = std::floor((now_s - aged_s_) / kAgeUnit);
    if (units < 1) return;
    const double kept = std::pow(kGamma, units);
    for (auto& [node, value] : table_)
        value *= kept;
    std::erase_if(table_, [](const auto& entry) { return entry.second < 1.0 / 65'535; });
    aged_s_ += units * kAgeUnit;
}

void Prophet::set(Tag node, double value) {
    if (table_.size() >= kNodesMax && !table_.contains(node)) {
        const auto least =
            std::ranges::min_element(table_, {}, [](const auto& entry) { return entry.second; });
        if (least->second >= value) return;
        table_.erase(least);
    }
    table_[node] = std::min(value, 1 - kDelta);
}

void Prophet::contact_began(const bpv7::Eid& peer, Time now) {
    const double now_s = seconds_of(now);
    age(now_s);
    const Tag tag = node_tag(peer);
    const double old = chance(table_, tag);
    if (old < kFirstThreshold) {
        set(tag, kEncounterFirst);
    } else {
        const auto last = met_s_.find(tag);
        const double interval = last == met_s_.end() ? kTypicalInterval : now_s - last->second;
        const double encounter = kEncounterMax * std::clamp(interval / kTypicalInterval, 0.0, 1.0);
        set(tag, old + (1 - kDelta - old) * encounter);
    }
    if (met_s_.size() >= kNodesMax && !met_s_.contains(tag))
        met_s_.erase(std::ranges::min_element(met_s_, {}, [](const auto& entry) { return entry.second; }));
    met_s_[tag] = now_s;
}

Bytes Prophet::greet(const bpv7::Eid&, Time now) {
    age(seconds_of(now));
    return packed(table_);
}

Result<Bytes> Prophet::hear(const bpv7::Eid& peer, ByteView said, Time now) {
    auto table = unpacked(said);
    if (!table) return std::unexpected{table.error()};
    age(seconds_of(now));
    const Tag tag = node_tag(peer);
    const double there = chance(table_, tag);
    for (const auto& [node, value] : *table) {
        const double through = there * value * kBeta;
        if (node != self_ && node != tag && through > chance(table_, node)) set(node, through);
    }
    const auto contact = [&](const auto& entry) {
        const auto met = met_s_.find(entry.first);
        return met == met_s_.end() ? 0 : met->second;
    };
    if (theirs_.size() >= kPeersMax && !theirs_.contains(tag))
        theirs_.erase(std::ranges::min_element(theirs_, {}, contact));
    theirs_[tag] = std::move(*table);
    return Bytes{};
}

Verdict Prophet::judge(const Carried& carried, const bpv7::Eid& peer, Time) const {
    if (!carried.singleton) return {Verdict::Copy::kUtility, 1};
    if (carried.destination_node == peer) return {Verdict::Copy::kDirect, 0};
    const auto peers = theirs_.find(node_tag(peer));
    if (peers == theirs_.end()) return {};
    const Tag destination = node_tag(carried.destination_node);
    const double there = chance(peers->second, destination);
    if (there <= chance(table_, destination)) return {};
    return {Verdict::Copy::kUtility, there};
}

Bytes Prophet::packed(const Table& table) {
    Buffer out;
    for (const auto& [node, value] : table) {
        for (unsigned shift = 32; shift > 0; shift -= 8)
            out.push_back(static_cast<std::uint8_t>(node >> (shift - 8)));
        const auto part = static_cast<std::uint16_t>(std::lround(value * 65'535));
        out.push_back(static_cast<std::uint8_t>(part >> 8U));
        out.push_back(static_cast<std::uint8_t>(part));
    }
    cbor::Writer writer;
    writer.open_array(2);
    writer.write_unsigned(kVersion);
    writer.write_bytes(out);
    return Bytes{writer.take()};
}

Result<Table> Prophet::unpacked(ByteView said) {
    cbor::Reader in{said};
    in.open_array(2, 2);
    if (in.read_unsigned() != kVersion && in.ok())
        return fail(ErrorCode::kUnsupportedVersion,
                    "the peer speaks another version of delivery predictabilities");
    const ByteView entries = in.read_bytes(kNodesMax * kEntry);
    if (in.ok() && entries.size() % kEntry != 0)
        in.fail(ErrorCode::kMalformed, "a list of delivery predictabilities ends in the middle of one");
    if (!in.ok()) return std::unexpected{*in.error()};
    Table table;
    for (std::size_t at = 0; at < entries.size(); at += kEntry) {
        const ByteView entry = entries.subspan(at, kEntry);
        Tag node = 0;
        for (const std::uint8_t byte : entry.first(4))
            node = node << 8U | byte;
        table[node] = static_cast<double>(entry[4] << 8U | entry[5]) / 65'535;
    }
    return table;
}

Bytes Prophet::save(Time now) const {
    Prophet aged{*this};
    aged.age(seconds_of(now));
    cbor::Writer writer;
    writer.open_array(2);
    writer.write_unsigned(static_cast<std::uint64_t>(aged.aged_s_));
    writer.write_bytes(packed(aged.table_));
    return Bytes{writer.take()};
}

void Prophet::restore(ByteView saved) {
    cbor::Reader in{saved};
    in.open_array(2, 2);
    const std::uint64_t aged_s = in.read_unsigned();
    const ByteView table = in.read_bytes(kStateBytesMax);
    if (!in.ok()) return;
    if (auto read = unpacked(table)) {
        table_ = std::move(*read);
        aged_s_ = static_cast<double>(aged_s);
    }
}

}  // namespace

std::unique_ptr<Router> make_prophet(const bpv7::Eid& node_id) {
    return std::make_unique<Prophet>(node_tag(node_id));
}

}  // namespace tram::routing
