#include "daemon/routing/outlook.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::routing {

namespace {

constexpr std::uint64_t kStateVersion = 1;
constexpr std::size_t kModelsMax = 256;
constexpr double kRebuild = 3600.0;         // seconds between two looks at what is known
constexpr double kSumSoonest = 20 * 60.0;   // seconds between two looks at our own contacts
constexpr double kRefresh = 10 * 60.0;      // seconds for which arrivals count
constexpr double kSaySoonest = 6 * 3600.0;  // seconds between two words about ourselves
constexpr double kSaySoonestNew = 3600.0;   // the same while few contacts are known
constexpr std::size_t kFewContacts = 6;
constexpr double kSayLatest = 7 * 24 * 3600.0;
constexpr std::size_t kPeersCached = 32;

bool differs(const std::vector<ContactSummary>& said, const std::vector<ContactSummary>& now) {
    const auto same = [](const ContactSummary& a, const ContactSummary& b) {
        const bool slots = std::ranges::equal(a.slots, b.slots, {}, &WeekSlot::slot, &WeekSlot::slot);
        return a.peer == b.peer && std::abs(a.wait - b.wait) <= 2 && slots;
    };
    return !std::ranges::is_permutation(said, now, same);
}

}  // namespace

Outlook::Outlook(const bpv7::Eid& node_id)
    : self_{node_tag(node_id)}, knowledge_{self_, area_tag(node_id)}, timetable_{self_} {}

void Outlook::contact_began(Tag tag, const Moment& now) {
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

void Outlook::contact_ended(Tag tag, const Moment& now) {
    if (const auto model = models_.find(tag); model != models_.end()) model->second.ended(now.s);
    std::erase(met_, tag);
    cache_.erase(self_);
    say(now);
}

void Outlook::say(const Moment& now) {
    if (summed_s_ && now.s - *summed_s_ < kSumSoonest && summed_models_ == models_.size()) return;
    summed_s_ = now.s;
    summed_models_ = models_.size();
    std::vector<ContactSummary> contacts;
    for (const auto& [tag, model] : models_)
        contacts.push_back(model.summary(tag, now.s));
    put_make_ups(contacts, now);
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

void Outlook::put_make_ups(std::vector<ContactSummary>& contacts, const Moment& now) const {
    if (!now.wall_s) return;
    for (ContactSummary& contact : contacts) {
        if (timetable_.plans(Timetable::pair_of(self_, contact.peer), *now.wall_s)) contact.slots.clear();
    }
    const MakeUps& make_ups = timetable_.make_ups();
    const std::uint8_t chance = code_of_chance(make_ups.chance());
    for (const Tag peer : make_ups.peers()) {
        auto contact = std::ranges::find(contacts, peer, &ContactSummary::peer);
        if (contact == contacts.end())
            contact = contacts.insert(contacts.end(), {peer, code_of_wait(kUnmetWaitSeconds)});
        for (const double at_s : make_ups.times(peer, *now.wall_s)) {
            const auto slot = static_cast<std::uint8_t>(std::fmod(at_s, kWeekSeconds) / kSlotSeconds);
            const bool said =
                std::ranges::find(contact->slots, slot, &WeekSlot::slot) != contact->slots.end();
            if (!said && contact->slots.size() < ContactSummary::kSlotsMax)
                contact->slots.push_back({slot, chance});
        }
        std::ranges::sort(contact->slots, {}, &WeekSlot::slot);
    }
}

Bytes Outlook::greet(Tag peer) const {
    return knowledge_.have(peer);
}

Result<Bytes> Outlook::hear(Tag peer, ByteView said, const Moment& now) {
    const auto number = [&] {
        const auto held = knowledge_.held().find(peer);
        return held == knowledge_.held().end() ? 0 : held->second.changed;
    };
    const std::uint64_t before = number();
    auto answer = knowledge_.hear(peer, said, now.s);
    // What it says of itself counts in this contact already.
    if (number() != before) built_s_.reset();
    return answer;
}

void Outlook::set_plan(const VisitPlan& plan, const Moment& now) {
    timetable_.set_plan(plan, now.wall_s);
    ++plan_generation_;
}

void Outlook::look(const Moment& now) const {
    const bool news = built_plan_ != plan_generation_ || built_wall_ != now.wall_s.has_value();
    if (built_s_ && !news) {
        const double since = now.s - *built_s_;
        if (since < kRebuild || (built_version_ == knowledge_.version() && since < kRebuild * 12)) return;
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

const Estimator::Arrivals& Outlook::arrivals(Tag source, const Moment& now) const {
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

std::size_t Outlook::nodes(const Moment& now) const {
    look(now);
    return std::max<std::size_t>(estimator_.nodes(), 1);
}

bool Outlook::has_heard_of(const bpv7::Eid& node, const Moment& now) const {
    look(now);
    return estimator_.knows(node_tag(node));
}

Expected Outlook::expected_s(Tag source, const bpv7::Eid& node, const Moment& now) const {
    const Estimator::Arrivals& found = arrivals(source, now);
    return estimator_.to(found, node_tag(node), area_tag(node), now.s);
}

Bytes Outlook::save(const Moment& now) const {
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

void Outlook::restore(ByteView saved) {
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

}  // namespace tram::routing
