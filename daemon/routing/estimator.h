// When would it be there? Expected times of arrival over everything that is known about contacts.
//
// Nodes are joined by edges with a wait that depends on the time of day: chances at known times (planned
// visits, habits of the week), and between them a memoryless rate. The expected wait of an edge at time t is
//
//   W(t) = (1 - e^(-rate d)) / rate + e^(-rate d) R(next)      d: from t to the next slot
//   R(slot) = (1 - chance) W(start of slot, without it)        beyond the last slot W = 1 / overall rate
//
// where what is missed costs a week at most: by then somebody else will have come. With the whole wait for a
// visit that is not planned again, who visits tomorrow would count as worse than anybody who comes some day.
//
// and the expected arrival is found by Dijkstra's algorithm, which takes each edge at the time at which it is
// reached. What two nodes say about their contacts counts as the one says who claims less.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "daemon/routing/knowledge.h"
#include "daemon/routing/timetable.h"

namespace tram::routing {

/// Seconds from the time that was asked about; nothing: not known.
using Expected = std::optional<double>;

class Estimator {
  public:
    static constexpr double kHorizonSeconds = 28 * 24 * 3600.0;
    static constexpr double kLongestSeconds = 90 * 24 * 3600.0;  ///< what takes longer is not known

    /// Takes a new look at what is known. `wall_ahead_s`: DTN time less node time; nothing: no slots count.
    void build(const Knowledge& knowledge, const Timetable& timetable, double now_s,
               std::optional<double> wall_ahead_s);

    /// Arrivals from one node.
    struct Arrivals {
        double now_s = 0;
        std::vector<double> at_s{};                ///< by node; infinite: never
        std::unordered_map<Tag, double> area_s{};  ///< the first node of each area
    };
    /// From `source` at `now_s`, not by way of `without`; contacts of the source with `met` that go on now do
    /// not count, only later ones.
    [[nodiscard]] Arrivals from(Tag source, Tag without, std::span<const Tag> met, double now_s) const;
    /// For a node that nobody has heard of, what it takes to its area.
    [[nodiscard]] Expected to(const Arrivals& arrivals, Tag node, Tag area, double now_s) const;

    [[nodiscard]] std::size_t nodes() const { return tags_.size(); }
    [[nodiscard]] bool knows(Tag node) const { return index_.contains(node); }

  private:
    struct Slot {
        double start_s = 0;
        double end_s = 0;
        double chance = 0;
        double rest_s = 0;  // expected wait from the start on
    };
    struct Edge {
        std::uint32_t to = 0;
        std::uint32_t slots = 0;  // first, in slots_
        std::uint32_t slot_count = 0;
        double rate = 0;    // between slots
        double tail_s = 0;  // wait after the last slot
    };
    /// What one of the two says of their contacts; of the plan: nothing said.
    struct Half {
        std::uint32_t low = 0;
        std::uint32_t high = 0;
        const ContactSummary* said = nullptr;
        const Knowledge::Held* by = nullptr;
    };
    struct Known {
        const Knowledge& knowledge;
        const Timetable& timetable;
        double now_s = 0;
        std::optional<double> wall_ahead_s{};
        [[nodiscard]] double wall_s() const { return now_s + *wall_ahead_s; }
        /// Of a node; null: nothing was heard of it.
        [[nodiscard]] const ContactRecord* record(Tag tag) const;
    };
    std::uint32_t index_of(Tag tag);
    [[nodiscard]] std::vector<Half> halves(const Knowledge& knowledge, const Timetable& timetable);
    void add_edge(std::span<const Half> halves, const Known& known);
    void add_visits(std::span<const Half> halves, const Known& known);
    /// What may be made up of missed visits, as one of the two says.
    void add_make_ups(std::span<const Half> halves, const Known& known);
    /// The chance that they make up in a week.
    double add_habits(const ContactSummary& said, const Known& known);
    void finish_slots(const Edge& edge);
    [[nodiscard]] double wait(const Edge& edge, double at_s, bool later) const;

    std::vector<Tag> tags_;
    std::vector<Tag> areas_;
    std::unordered_map<Tag, std::uint32_t> index_;
    std::vector<std::vector<Edge>> edges_;
    std::vector<Slot> slots_;
};

}  // namespace tram::routing
