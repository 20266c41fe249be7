#include "daemon/routing/eta.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::routing {

namespace {

constexpr std::uint64_t kStateVersion = 1;
constexpr std::size_t kModelsMax = 256;
constexpr double kRebuild = 30 * 60.0;      // seconds between two looks at what is known
constexpr double kRefresh = 10 * 60.0;      // seconds for which arrivals count
constexpr double kSaySoonest = 6 * 3600.0;  // seconds between two words about ourselves
constexpr double kSaySoonestNew = 3600.0;   // the same while few contacts are known
constexpr std::size_t kFewContacts = 6;
constexpr double kSayLatest = 7 * 24 * 3600.0;
constexpr std::size_t kPeersCached = 32;
constexpr double kUnknown = 30 * 24 * 3600.0;  // taken for a time that is not known
constexpr double kSoon = 60.0;

double seconds_of(std::uint64_t ms) {
    return static_cast<double>(ms) / 1000;
}

struct Moment {
    explicit Moment(Time now) : s{seconds_of(now.node_ms)} {
        if (now.wall_ms) wall_s = seconds_of(*now.wall_ms);
    }
    double s = 0;
    std::optional<double> wall_s{};
};

class Eta final : public Router {
  public:
    Eta(const bpv7::Eid& node_id, const EtaParameters& parameters)
        : parameters_{parameters},
          self_{node_tag(node_id)},
          knowledge_{self_, area_tag(node_id)},
          timetable_{self_} {}

    std::string_view name() const override { return "eta"; }
    void contact_began(const bpv7::Eid& peer, Time now) override;
    void contact_ended(const bpv7::Eid& peer, Time now) override;
    Bytes greet(const bpv7::Eid& peer, Time now) override;
    Result<Bytes> hear(const bpv7::Eid& peer, ByteView said, Time now) override;
    void set_plan(const VisitPlan& plan, Time now) override;
    Bytes save(Time now) const override;
    void restore(ByteView saved) override;

    Verdict judge(const Carried& carried, const bpv7::Eid& peer, Time now) const override;
    double worth(const Carried& carried, Time now) const override;
    std::optional<std::uint64_t> expected_ms(const bpv7::Eid& destination_node, Time now) const override;

    Bytes begin(const Carried& carried, Time now) const override;
    Bytes share(const Carried& carried, const bpv7::Eid& peer, Time now) const override;
    Bytes given(const Carried& carried, const bpv7::Eid& peer, Time now) const override;
    Bytes known_at(const Carried& carried, const bpv7::Eid& peer, Time now) const override;
    Bytes taken(const Carried& carried, const bpv7::Eid& peer, ByteView shared, Time now) const override;

  private:
    struct Cached {
        Estimator::Arrivals arrivals{};
        std::uint64_t generation = 0;
    };
    void say(const Moment& now);
    void look(const Moment& now) const;
    const Estimator::Arrivals& arrivals(Tag source, const Moment& now) const;
    double expected_from(Tag source, const Carried& carried, const Moment& now) const;
    std::uint32_t surplus(std::uint64_t bytes) const;
    Holders holders_of(const Carried& carried, const Moment& now) const;
    /// What goes to `peer`, what stays.
    std::pair<std::uint32_t, std::uint32_t> split(const Holders& holders, Tag peer) const;

    EtaParameters parameters_;
    Tag self_;
    Knowledge knowledge_;
    Timetable timetable_;
    std::optional<double> first_s_;  // node time from which contacts are observed
    std::map<Tag, ContactModel> models_;
    std::vector<Tag> met_;  // in contact now
    std::vector<ContactSummary> said_;
    std::optional<double> said_s_;
    std::uint64_t plan_generation_ = 1;

    mutable Estimator estimator_;
    mutable std::optional<double> built_s_;
    mutable std::uint64_t built_version_ = 0;
    mutable std::uint64_t built_plan_ = 0;
    mutable bool built_wall_ = false;
    mutable std::uint64_t generation_ = 0;
    mutable std::unordered_map<Tag, Cached> cache_;
};

void Eta::contact_began(const bpv7::Eid& peer, Time time) {
    const Moment now{time};
    const Tag tag = node_tag(peer);
    if (!first_s_) first_s_ = now.s;
    if (!models_.contains(tag) && models_.size() >= kModelsMax) {
        const auto oldest = std::ranges::min_element(
            models_, {}, [&](const auto& entry) { return entry.second.last_s(now.s); });
        models_.erase(oldest);
    }
    models_.try_emplace(tag, *first_s_).first->second.began(now.s, now.wall_s);
    if (std::ranges::find(met_, tag) == met_.end()) met_.push_back(tag);
    cache_.erase(self_);
    if (now.wall_s) {
        timetable_.met(tag, *now.wall_s);
        timetable_.settle(*now.wall_s);
    }
    say(now);
}

void Eta::contact_ended(const bpv7::Eid& peer, Time time) {
    const Moment now{time};
    const Tag tag = node_tag(peer);
    if (const auto model = models_.find(tag); model != models_.end()) model->second.ended(now.s);
    std::erase(met_, tag);
    cache_.erase(self_);
    say(now);
}

bool differs(const std::vector<ContactSummary>& said, const std::vector<ContactSummary>& now) {
    const auto same = [](const ContactSummary& a, const ContactSummary& b) {
        const bool slots = std::ranges::equal(a.slots, b.slots, {}, &WeekSlot::slot, &WeekSlot::slot);
        return a.peer == b.peer && std::abs(a.wait - b.wait) <= 2 && slots;
    };
    return !std::ranges::is_permutation(said, now, same);
}

void Eta::say(const Moment& now) {
    std::vector<ContactSummary> contacts;
    for (const auto& [tag, model] : models_)
        contacts.push_back(model.summary(tag, now.s));
    std::ranges::sort(contacts, {}, [](const ContactSummary& one) { return std::pair{one.wait, one.peer}; });
    contacts.resize(std::min(contacts.size(), ContactRecord::kContactsMax));
    const double soonest = contacts.size() <= kFewContacts ? kSaySoonestNew : kSaySoonest;
    const double since = said_s_ ? now.s - *said_s_ : kSayLatest;
    const bool tell = since >= kSayLatest || (since >= soonest && differs(said_, contacts));
    if (tell) {
        said_ = contacts;
        said_s_ = now.s;
    }
    const auto kept = timetable_.empty() ? 0 : std::lround(timetable_.kept() * 100);
    knowledge_.set_own(std::move(contacts), static_cast<std::uint8_t>(kept), tell, now.s);
}

Bytes Eta::greet(const bpv7::Eid& peer, Time) {
    return knowledge_.have(node_tag(peer));
}

Result<Bytes> Eta::hear(const bpv7::Eid& peer, ByteView said, Time now) {
    return knowledge_.hear(node_tag(peer), said, Moment{now}.s);
}

void Eta::set_plan(const VisitPlan& plan, Time now) {
    timetable_.set_plan(plan, Moment{now}.wall_s);
    ++plan_generation_;
}

void Eta::look(const Moment& now) const {
    const bool news = built_plan_ != plan_generation_ || built_wall_ != now.wall_s.has_value();
    if (built_s_ && !news) {
        const double since = now.s - *built_s_;
        if (since < kRebuild || (built_version_ == knowledge_.version() && since < kRebuild * 24)) return;
    }
    std::optional<double> ahead;
    if (now.wall_s) ahead = *now.wall_s - now.s;
    estimator_.build(knowledge_, timetable_, now.s, ahead);
    built_s_ = now.s;
    built_version_ = knowledge_.version();
    built_plan_ = plan_generation_;
    built_wall_ = now.wall_s.has_value();
    ++generation_;
}

const Estimator::Arrivals& Eta::arrivals(Tag source, const Moment& now) const {
    look(now);
    const auto found = cache_.find(source);
    if (found != cache_.end() && found->second.generation == generation_ &&
        now.s - found->second.arrivals.now_s < kRefresh)
        return found->second.arrivals;
    if (cache_.size() >= kPeersCached && found == cache_.end()) {
        cache_.erase(std::ranges::min_element(cache_, {},
                                              [](const auto& entry) { return entry.second.arrivals.now_s; }));
    }
    Cached& cached = cache_[source];
    cached.generation = generation_;
    cached.arrivals = source == self_ ? estimator_.from(self_, kNoTag, met_, now.s)
                                      : estimator_.from(source, self_, {}, now.s);
    return cached.arrivals;
}

double Eta::expected_from(Tag source, const Carried& carried, const Moment& now) const {
    const auto expected = estimator_.to(arrivals(source, now), node_tag(carried.destination_node),
                                        area_tag(carried.destination_node), now.s);
    return std::max(kSoon, expected.value_or(kUnknown));
}

std::uint32_t Eta::surplus(std::uint64_t bytes) const {
    const double copies = parameters_.surplus_bytes / static_cast<double>(std::max<std::uint64_t>(bytes, 1));
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
    const double ours = expected_from(self_, carried, now);
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
    if (holders.spare == 0 || theirs > parameters_.surplus_hopeless * ours) return {};
    return {Verdict::Copy::kSurplus, gain};
}

double Eta::worth(const Carried& carried, Time time) const {
    const Moment now{time};
    const double ours = 1 / expected_from(self_, carried, now);
    double rate = ours;
    const Holders holders = holders_of(carried, now);
    for (const Holder& holder : holders.all())
        rate += 1 / std::max(kSoon, holder.at_s - now.s);
    return ours / rate * (1 + carried.urgency) /
           static_cast<double>(std::max<std::uint64_t>(carried.bytes, 1));
}

std::optional<std::uint64_t> Eta::expected_ms(const bpv7::Eid& destination_node, Time time) const {
    const Moment now{time};
    const auto expected =
        estimator_.to(arrivals(self_, now), node_tag(destination_node), area_tag(destination_node), now.s);
    if (!expected) return std::nullopt;
    return static_cast<std::uint64_t>(*expected * 1000);
}

Bytes Eta::begin(const Carried& carried, Time) const {
    if (!carried.singleton) return {};
    Holders holders;
    holders.spare = surplus(carried.bytes);
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
    shared.remove(tag);
    shared.put(self_, now.s + expected_from(self_, carried, now));
    return shared.encode_shared(now.s);
}

Bytes Eta::given(const Carried& carried, const bpv7::Eid& peer, Time time) const {
    if (!carried.singleton) return {};
    const Moment now{time};
    Holders holders = holders_of(carried, now);
    const Tag tag = node_tag(peer);
    holders.spare = split(holders, tag).second;
    holders.put(tag, now.s + expected_from(tag, carried, now));
    return holders.encode();
}

Bytes Eta::known_at(const Carried& carried, const bpv7::Eid& peer, Time time) const {
    if (!carried.singleton) return {};
    const Moment now{time};
    Holders holders = holders_of(carried, now);
    const Tag tag = node_tag(peer);
    holders.put(tag, now.s + expected_from(tag, carried, now));
    return holders.encode();
}

Bytes Eta::taken(const Carried& carried, const bpv7::Eid&, ByteView shared, Time time) const {
    if (!carried.singleton) return {};
    const Moment now{time};
    Holders holders = holders_of(carried, now);
    if (auto said = Holders::decode_shared(shared, now.s)) {
        // What is believed is bounded by what a message of this size may have at most.
        holders.spare = std::min(holders.spare + said->spare, surplus(carried.bytes));
        holders.merge(*said);
        holders.remove(self_);
    }
    return holders.encode();
}

Bytes Eta::save(Time time) const {
    const Moment now{time};
    cbor::Writer out;
    out.open_array(7);
    out.write_unsigned(kStateVersion);
    out.write_unsigned(static_cast<std::uint64_t>(now.s));
    out.write_unsigned(static_cast<std::uint64_t>(first_s_.value_or(now.s)));
    out.write_unsigned(static_cast<std::uint64_t>(said_s_.value_or(0)));
    timetable_.encode(out);
    out.open_array(models_.size());
    for (const auto& [tag, model] : models_) {
        out.open_array(2);
        out.write_unsigned(tag);
        model.encode(out, now.s);
    }
    knowledge_.encode(out, now.s);
    return Bytes{out.take()};
}

void Eta::restore(ByteView saved) {
    cbor::Reader in{saved};
    in.open_array(7, 7);
    if (in.read_unsigned() != kStateVersion) return;
    const auto saved_s = static_cast<double>(in.read_unsigned());
    const auto first_s = static_cast<double>(in.read_unsigned());
    const auto said_s = static_cast<double>(in.read_unsigned());
    Timetable timetable{self_};
    timetable.decode(in);
    std::map<Tag, ContactModel> models;
    const std::uint64_t count = in.open_array(0, kModelsMax);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        in.open_array(2, 2);
        const auto tag = static_cast<Tag>(in.read_unsigned());
        models.emplace(tag, ContactModel::decode(in));
    }
    Knowledge knowledge = knowledge_;
    knowledge.decode(in, saved_s);
    if (!in.ok()) return;
    first_s_ = first_s;
    said_s_ = said_s;
    timetable_ = std::move(timetable);
    models_ = std::move(models);
    knowledge_ = std::move(knowledge);
    if (const auto own = knowledge_.held().find(self_); own != knowledge_.held().end())
        said_ = own->second.record.contacts;
}

}  // namespace

std::unique_ptr<Router> make_eta(const bpv7::Eid& node_id, const EtaParameters& parameters) {
    return std::make_unique<Eta>(node_id, parameters);
}

}  // namespace tram::routing
