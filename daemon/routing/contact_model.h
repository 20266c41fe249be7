// How often, how long and when in the week a node is met: learned from its contacts.
//
// Two views of the same contacts are kept. The gaps between contacts give the wait that is to be expected at
// any time, without asking a clock. The slots of the week (2 hours each) in which contacts began give the
// habits: a slot counts once it has been seen more than once, and is forgotten over about three months.
//
// All times are seconds of node time (routing::Time), apart from those called wall, which are DTN seconds.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "daemon/routing/tag.h"

namespace tram::cbor {
class Reader;
class Writer;
}  // namespace tram::cbor

namespace tram::routing {

inline constexpr double kSlotSeconds = 2 * 3600.0;
inline constexpr double kWeekSeconds = 7 * 24 * 3600.0;
inline constexpr std::uint8_t kSlotsPerWeek = 84;

/// Of a pair that may meet and was never seen to.
inline constexpr double kUnmetWaitSeconds = 60 * 24 * 3600.0;

struct WeekSlot {
    std::uint8_t slot = 0;    ///< below kSlotsPerWeek
    std::uint8_t chance = 0;  ///< that a contact begins in it, in parts of 255
    friend bool operator==(const WeekSlot&, const WeekSlot&) = default;
};

/// What is said about contacts with one node, coarse enough that it seldom changes.
struct ContactSummary {
    static constexpr std::size_t kSlotsMax = 7;
    Tag peer = kNoTag;
    std::uint8_t wait = 0;    ///< expected wait at any time: code_of_wait()
    std::uint8_t length = 0;  ///< usual length of a contact, up to 31: code_of_length()
    /// By slot, at most kSlotsMax: habits; with whom visits are planned, when missed ones may be made up.
    std::vector<WeekSlot> slots{};
    friend bool operator==(const ContactSummary&, const ContactSummary&) = default;
};

/// Steps of a fourth root of two from one minute on.
std::uint8_t code_of_wait(double seconds);
double wait_of_code(std::uint8_t code);
/// Of WeekSlot::chance, in steps of a sixteenth, so that records change seldom.
std::uint8_t code_of_chance(double chance);
/// Steps of a square root of two from one second on.
std::uint8_t code_of_length(double seconds);
double length_of_code(std::uint8_t code);

class ContactModel {
  public:
    /// `since_s`: from when on a contact would have been seen.
    explicit ContactModel(double since_s) : since_s_{since_s}, last_end_s_{since_s} {}

    void began(double now_s, std::optional<double> wall_s);
    void ended(double now_s);
    [[nodiscard]] bool in_contact() const { return began_s_.has_value(); }
    /// When a contact was last there: now, or the end of the last one.
    [[nodiscard]] double last_s(double now_s) const { return in_contact() ? now_s : last_end_s_; }

    /// Expected wait for a contact from any time on, without a clock.
    [[nodiscard]] double wait_s(double now_s) const;
    [[nodiscard]] ContactSummary summary(Tag peer, double now_s) const;

    /// A contact that is going on is saved as if it ended now.
    void encode(cbor::Writer& out, double now_s) const;
    /// Fails through the reader's sticky error.
    static ContactModel decode(cbor::Reader& in);

  private:
    struct Habit {
        std::uint8_t slot = 0;
        double hits = 0;
        std::uint64_t week = 0;  // of the last hit
    };
    void close_gap(double gap_s);
    void hit(double wall_s);

    double since_s_;
    double last_end_s_;
    std::optional<double> began_s_;
    double gaps_ = 0;         // number, old ones count less
    double gap_sum_ = 0;      // seconds
    double gap_squares_ = 0;  // half of the squares
    double length_s_ = 0;     // mean
    double weeks_ = 0;        // observed, old ones count less
    std::uint64_t week_ = 0;  // to which `weeks_` and hits are aged
    std::vector<Habit> habits_;
};

}  // namespace tram::routing
