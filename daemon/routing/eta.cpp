#include "daemon/routing/eta.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "daemon/routing/holders.h"
#include "daemon/routing/outlook.h"

namespace tram::routing {

namespace {

constexpr double kUnknown = 30 * 24 * 3600.0;            // taken for a time that is not known
constexpr double kGuessed = Estimator::kLongestSeconds;  // of a holder, when nobody knows of the destination
constexpr double kSoon = 60.0;

class Eta final : public Router {
  public:
    Eta(const bpv7::Eid& node_id, const EtaParameters& parameters)
        : parameters_{parameters}, outlook_{node_id} {}

    std::string_view name() const override { return "eta"; }
    void contact_began(const bpv7::Eid& peer, Time now) override {
        outlook_.contact_began(node_tag(peer), Moment{now});
    }
    void contact_ended(const bpv7::Eid& peer, Time now) override {
        outlook_.contact_ended(node_tag(peer), Moment{now});
    }
    Bytes greet(const bpv7::Eid& peer, Time) override { return outlook_.greet(node_tag(peer)); }
    Result<Bytes> hear(const bpv7::Eid& peer, ByteView said, Time now) override {
        return outlook_.hear(node_tag(peer), said, Moment{now});
    }
    void set_plan(const VisitPlan& plan, Time now) override { outlook_.set_plan(plan, Moment{now}); }
    [[nodiscard]] std::optional<KeptVisits> kept_visits() const override { return outlook_.kept_visits(); }
    Bytes save(Time now) const override { return outlook_.save(Moment{now}); }
    void restore(ByteView saved) override { outlook_.restore(saved); }

    Verdict judge(const Carried& carried, const bpv7::Eid& peer, Time now) const override;
    double worth(const Carried& carried, Time now) const override;
    double worth_offered(std::uint64_t bytes, ByteView shared, Time now) const override;
    std::optional<std::uint64_t> expected_ms(const bpv7::Eid& destination_node, Time now) const override;

    Bytes begin(const Carried& carried, Time now) const override;
    Bytes share(const Carried& carried, const bpv7::Eid& peer, Time now) const override;
    Bytes given(const Carried& carried, const bpv7::Eid& peer, Time now) const override;
    Bytes known_at(const Carried& carried, const bpv7::Eid& peer, Time now) const override;
    Bytes taken(const Carried& carried, const bpv7::Eid& peer, ByteView shared, Time now) const override;

  private:
    double expected_from(Tag source, const Carried& carried, const Moment& now) const;
    /// When it should be there from a holder, as others are told. A guess counts for little beside what
    /// somebody knows who has met the destination.
    double promised_at(Tag holder, const Carried& carried, const Moment& now) const;
    /// Of a copy from which a message of `bytes` is expected to arrive in `expected_s`.
    double worth_of(double expected_s, const Holders& holders, std::uint64_t bytes, const Moment& now) const;
    std::uint32_t surplus(std::uint64_t bytes, const Moment& now) const;
    Holders holders_of(const Carried& carried, const Moment& now) const;
    /// What goes to `peer`, what stays.
    std::pair<std::uint32_t, std::uint32_t> split(const Holders& holders, Tag peer) const;

    EtaParameters parameters_;
    Outlook outlook_;
};

double Eta::expected_from(Tag source, const Carried& carried, const Moment& now) const {
    const auto expected = outlook_.expected_s(source, carried.destination_node, now);
    return std::max(kSoon, expected.value_or(kUnknown));
}

double Eta::promised_at(Tag holder, const Carried& carried, const Moment& now) const {
    if (!outlook_.has_heard_of(carried.destination_node, now)) return now.s + kGuessed;
    return now.s + expected_from(holder, carried, now);
}

std::uint32_t Eta::surplus(std::uint64_t bytes, const Moment& now) const {
    const auto nodes = static_cast<double>(std::max(outlook_.nodes(now), parameters_.surplus_nodes_min));
    const double copies =
        parameters_.surplus_bytes * nodes / static_cast<double>(std::max<std::uint64_t>(bytes, 1));
    return static_cast<std::uint32_t>(std::clamp(copies, static_cast<double>(parameters_.surplus_min),
                                                 static_cast<double>(parameters_.surplus_max)));
}

Holders Eta::holders_of(const Carried& carried, const Moment& now) const {
    return Holders::decode(carried.note, now.s).value_or(Holders{});
}

Verdict Eta::judge(const Carried& carried, const bpv7::Eid& peer, Time time) const {
    if (!carried.singleton) return {Verdict::Copy::kUtility, 1};
    if (carried.destination_node == peer) return {Verdict::Copy::kDirect, 0};
    const Moment now{time};
    const Tag tag = node_tag(peer);
    const double ours = expected_from(outlook_.self(), carried, now);
    const double theirs = expected_from(tag, carried, now);
    const Holders holders = holders_of(carried, now);
    const bool begun = holders.has(tag);
    double rate = 1 / ours;
    double best = kUnknown;
    std::size_t better_holders = 0;
    for (const Holder& holder : holders.all()) {
        if (holder.tag == (tag & 0xffffff)) continue;
        const double left = std::max(kSoon, holder.at_s - now.s);
        best = std::min(best, left);
        rate += 1 / left;
        if (left < parameters_.better * ours) ++better_holders;
    }
    // With many carriers, each as likely to arrive at any time, the first arrives after 1 / sum of rates.
    const double gain = (1 / rate - 1 / (rate + 1 / theirs)) * (1 + carried.urgency);
    const bool better = theirs < parameters_.better * ours;
    if (better && (begun || (theirs < parameters_.better_than_holders * best &&
                             better_holders < parameters_.holders_max)))
        return {Verdict::Copy::kUtility, gain};
    if (begun) return {Verdict::Copy::kSurplus, gain};
    // What is expected of a node that nobody has heard of is a guess: nobody is hopeless for it.
    const bool hopeless =
        theirs > parameters_.surplus_hopeless * ours && outlook_.has_heard_of(carried.destination_node, now);
    const bool small = carried.bytes <= parameters_.small_bytes;
    if (holders.spare == 0 || (hopeless && !small)) return {};
    return {small ? Verdict::Copy::kUtility : Verdict::Copy::kSurplus, gain};
}

double Eta::worth_of(double expected_s, const Holders& holders, std::uint64_t bytes,
                     const Moment& now) const {
    const double ours = 1 / expected_s;
    double rate = ours;
    for (const Holder& holder : holders.all())
        rate += 1 / std::max(kSoon, holder.at_s - now.s);
    // How likely it is that this copy arrives first, less what room it takes up and for how long.
    return ours / rate * std::pow(ours, parameters_.worth_time) /
           std::pow(static_cast<double>(std::max<std::uint64_t>(bytes, 1)), parameters_.worth_bytes);
}

double Eta::worth(const Carried& carried, Time time) const {
    const Moment now{time};
    const double expected = expected_from(outlook_.self(), carried, now);
    return worth_of(expected, holders_of(carried, now), carried.bytes, now) * (1 + carried.urgency);
}

double Eta::worth_offered(std::uint64_t bytes, ByteView shared, Time time) const {
    const Moment now{time};
    auto said = Holders::decode_shared(shared, now.s);
    if (!said) return 0;
    // Of more than there is room for the latest are left out: then it is worth least.
    const auto at_s = said->remove(outlook_.self());
    return at_s ? worth_of(std::max(kSoon, *at_s - now.s), *said, bytes, now) : 0;
}

std::optional<std::uint64_t> Eta::expected_ms(const bpv7::Eid& destination_node, Time time) const {
    const auto expected = outlook_.expected_s(outlook_.self(), destination_node, Moment{time});
    if (!expected) return std::nullopt;
    return static_cast<std::uint64_t>(*expected * 1000);
}

Bytes Eta::begin(const Carried& carried, Time time) const {
    if (!carried.singleton) return {};
    Holders holders;
    holders.spare = surplus(carried.bytes, Moment{time});
    return holders.encode();
}

std::pair<std::uint32_t, std::uint32_t> Eta::split(const Holders& holders, Tag peer) const {
    if (holders.spare == 0 || holders.has(peer)) return {0, holders.spare};
    // A surplus copy takes one; what remains is shared evenly.
    const std::uint32_t left = holders.spare - 1;
    const auto theirs = static_cast<std::uint32_t>(left * parameters_.split_part);
    return {theirs, left - theirs};
}

Bytes Eta::share(const Carried& carried, const bpv7::Eid& peer, Time time) const {
    if (!carried.singleton) return {};
    const Moment now{time};
    Holders shared = holders_of(carried, now);
    const Tag tag = node_tag(peer);
    shared.spare = split(shared, tag).first;
    // For worth_offered() there; half a minute more, since minutes are cut off.
    shared.put(tag, now.s + expected_from(tag, carried, now) + kSoon / 2);
    shared.put(outlook_.self(), promised_at(outlook_.self(), carried, now));
    return shared.encode_shared(now.s);
}

Bytes Eta::given(const Carried& carried, const bpv7::Eid& peer, Time time) const {
    if (!carried.singleton) return {};
    const Moment now{time};
    Holders holders = holders_of(carried, now);
    const Tag tag = node_tag(peer);
    holders.spare = split(holders, tag).second;
    holders.put(tag, promised_at(tag, carried, now));
    return holders.encode();
}

Bytes Eta::known_at(const Carried& carried, const bpv7::Eid& peer, Time time) const {
    if (!carried.singleton) return {};
    const Moment now{time};
    Holders holders = holders_of(carried, now);
    const Tag tag = node_tag(peer);
    holders.put(tag, promised_at(tag, carried, now));
    return holders.encode();
}

Bytes Eta::taken(const Carried& carried, const bpv7::Eid&, ByteView shared, Time time) const {
    if (!carried.singleton) return {};
    const Moment now{time};
    Holders holders = holders_of(carried, now);
    if (auto said = Holders::decode_shared(shared, now.s)) {
        // A peer that knows more nodes may have begun with more than we would; not with any number.
        const std::uint32_t most = std::max(holders.spare, 2 * surplus(carried.bytes, now));
        holders.spare = std::min(holders.spare + said->spare, most);
        holders.merge(*said);
        holders.remove(outlook_.self());
    }
    return holders.encode();
}

}  // namespace

std::unique_ptr<Router> make_eta(const bpv7::Eid& node_id, const EtaParameters& parameters) {
    return std::make_unique<Eta>(node_id, parameters);
}

}  // namespace tram::routing
