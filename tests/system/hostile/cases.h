// The table of attacks and what must come of each.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/system/hostile/stage.h"

namespace tram::hostile {

/// In the payload of every bundle that must not be stored.
inline const std::string kRotten = "a rotten paper that nobody must keep";

inline constexpr std::int64_t kDay_s = 86'400;
/// Less than by what clocks may differ: a later date of its authority would make the victim doubt its clock,
/// and then it refuses nobody for a date.
inline constexpr std::int64_t kSoon_s = 1'800;

struct Case {
    std::string name;
    std::function<std::string(Stage&)> attack;  ///< returns what the attacker learned
    std::string learned;                        ///< what he must have learned
    std::string counter;                        ///< of the victim, that must have gone up by one
    std::string sentence;  ///< in the victim's log; no other case may cause it, unless it is `shared`
    bool shared = false;   ///< by nature one and the same for the victim as another case with this sentence
    /// Bundles that stay: of a message that does not open today, but may with another certificate or program.
    std::uint64_t kept = 0;
};

std::vector<Case> link_cases();
std::vector<Case> bundle_cases();
std::vector<Case> message_cases();
std::vector<Case> trust_cases();

/// The same tools used rightly: only name, attack and what is learned matter.
std::vector<Case> honest_links();
std::vector<Case> honest_bundles();
std::vector<Case> honest_messages();
std::vector<Case> honest_trust();

/// Plays all cases, and checks after each: the attacker learned what he should; at `watched` that counter and
/// no other counter of refusals went up, the log has that sentence, with the code, and that of no other case,
/// and no more is stored than before.
void play(Stage& stage, harness::DaemonProcess& watched, const std::vector<Case>& cases);

}  // namespace tram::hostile
