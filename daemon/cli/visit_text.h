// What `tram visit` says, in English and Vietnamese.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/cli/say.h"

namespace tram::cli {

enum class VisitText : std::uint8_t {
    kPublished,
    kUnderstood,
    kFileWrong,
    kFileWrongRemedy,
    kUnknownNode,
    kNoPlans,
    kPlanLine,
    kInForce,
    kNotYet,
    kOver,
    kNoClock,
    kVisitor,
    kHost,
    kWhen,
    kTimes,
    kNext,
    kProbability,
    kNote,
    kWeekly,
    kEveryWeeks,
    kSince,
    kIn,
    kNow,
    kKept,
    kKeptGuess,
    kMonday,
    kTuesday,
    kWednesday,
    kThursday,
    kFriday,
    kSaturday,
    kSunday,
};

/// How many there are, for tests.
inline constexpr auto kVisitTextCount = static_cast<std::size_t>(VisitText::kSunday) + 1;

/// The text, with {} where fmt puts the arguments; both languages have the same number of them.
std::string_view text(VisitText message, Language language);

}  // namespace tram::cli
