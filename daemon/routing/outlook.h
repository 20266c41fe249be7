// What a node knows about contacts, past, told and planned, and what it expects from them.
//
// Looks and searches are made when something is asked, at most so often, and kept: a question about one more
// message costs two look-ups.
#pragma once

#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "daemon/routing/estimator.h"
#include "daemon/routing/router.h"

namespace tram::routing {

/// routing::Time in seconds.
struct Moment {
    explicit Moment(Time now) : s{static_cast<double>(now.node_ms) / 1000} {
        if (now.wall_ms) wall_s = static_cast<double>(*now.wall_ms) / 1000;
    }
    double s = 0;
    std::optional<double> wall_s{};
};

class Outlook {
  public:
    static constexpr std::size_t kModelsMax = 256;  ///< nodes of which contacts are remembered

    explicit Outlook(const bpv7::Eid& node_id);

    [[nodiscard]] Tag self() const { return self_; }
    void contact_began(Tag tag, const Moment& now);
    void contact_ended(Tag tag, const Moment& now);
    [[nodiscard]] Bytes greet(Tag peer) const;
    Result<Bytes> hear(Tag peer, ByteView said, const Moment& now);
    void set_plan(const VisitPlan& plan, const Moment& now);
    [[nodiscard]] KeptVisits kept_visits() const { return timetable_.kept_visits(); }

    /// From `source`, which is we or a peer, to a node. Ours does not count contacts that go on now; a peer's
    /// does not lead through us.
    [[nodiscard]] Expected expected_s(Tag source, const bpv7::Eid& node, const Moment& now) const;

    /// Whether contacts or visits of the node are known.
    [[nodiscard]] bool has_heard_of(const bpv7::Eid& node, const Moment& now) const;
    /// How many nodes are known of, this one among them.
    [[nodiscard]] std::size_t nodes(const Moment& now) const;

    /// All but the plan, which is set again.
    [[nodiscard]] Bytes save(const Moment& now) const;
    void restore(ByteView saved);

  private:
    struct Cached {
        Estimator::Arrivals arrivals{};
        std::uint64_t generation = 0;
    };
    void say(const Moment& now);
    /// With whom visits are planned, what was missed of them is said in place of habits.
    void put_make_ups(std::vector<ContactSummary>& contacts, const Moment& now) const;
    void look(const Moment& now) const;
    const Estimator::Arrivals& arrivals(Tag source, const Moment& now) const;

    Tag self_;
    Knowledge knowledge_;
    Timetable timetable_;
    std::optional<double> first_s_;  // node time from which contacts are observed
    std::map<Tag, ContactModel> models_;
    std::vector<Tag> met_;  // in contact now
    std::vector<ContactSummary> said_;
    std::optional<double> said_s_;
    std::optional<double> summed_s_;
    std::size_t summed_models_ = 0;
    std::uint64_t plan_generation_ = 1;

    mutable Estimator estimator_;
    mutable std::optional<double> built_s_;
    mutable std::uint64_t built_version_ = 0;
    mutable std::uint64_t built_plan_ = 0;
    mutable bool built_wall_ = false;
    mutable std::uint64_t generation_ = 0;
    mutable std::unordered_map<Tag, Cached> cache_;
};

}  // namespace tram::routing
