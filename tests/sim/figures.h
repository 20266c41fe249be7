// What a run comes to, beside the best that was possible.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/contacts.h"
#include "tests/sim/load.h"
#include "tests/sim/world.h"

namespace tram::sim {

/// What the oracle says about a load.
struct Best {
    double delivery = 0;         ///< part of the messages
    double bytes_delivered = 0;  ///< part of the bytes
    double delay_s = 0;          ///< mean over all messages; a loss counts as the lifetime
};

/// When the oracle says that each message can arrive.
std::vector<std::optional<std::int64_t>> earliest_arrivals(const ContactPlan& plan, const Load& load,
                                                           std::uint64_t rate);
Best find_best(const Load& load, const std::vector<std::optional<std::int64_t>>& earliest);

struct Figures {
    std::uint64_t messages = 0;
    Best best{};
    double delivery = 0;
    double delivery_ratio = 0;  ///< to the oracle's, as all ratios but the last
    double bytes_delivered = 0;
    double bytes_delivered_ratio = 0;
    double censored_delay_s = 0;
    double delay_ratio = 0;
    double bytes_per_byte = 0;  ///< sent over all contacts, for each byte of delivered messages
    double copies = 0;          ///< of a message in all nodes together, its maker's included; mean
    double control_ratio = 0;   ///< part of the sent bytes that belongs to no stored bundle
};

Figures figures_of(const Load& load, const Best& best, const Outcome& outcome);

/// One line of JSON.
std::string to_json(const Figures& figures, const Outcome& outcome);
/// For people.
std::string to_text(const Figures& figures, const Outcome& outcome);

}  // namespace tram::sim
