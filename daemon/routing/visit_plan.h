// Who is to visit whom, and when: what a commune has planned.
#pragma once

#include <cstdint>
#include <vector>

#include "proto/bpv7/eid.h"

namespace tram::routing {

/// A planned contact of two nodes. Times are DTN time in milliseconds (proto/base/time.h).
struct Visit {
    bpv7::Eid a;
    bpv7::Eid b;
    std::uint64_t start_ms = 0;
    std::uint64_t end_ms = 0;     ///< above start_ms
    std::uint64_t period_ms = 0;  ///< 0: once; else again after this long, which is above end_ms - start_ms
    std::uint64_t until_ms = 0;   ///< no repetition starts after this; 0: for ever
    double probability = 1.0;     ///< of taking place at about that time; above 0, at most 1
    friend bool operator==(const Visit&, const Visit&) = default;
};

/// In no particular order.
struct VisitPlan {
    static constexpr std::size_t kVisitsMax = 20'000;
    std::vector<Visit> visits;
    friend bool operator==(const VisitPlan&, const VisitPlan&) = default;
};

/// How far planned visits took place, recent ones above all.
struct KeptVisits {
    double part = 1;     ///< for each one that was expected; a guess at first
    double counted = 0;  ///< about how many expected ones it comes from
    friend bool operator==(const KeptVisits&, const KeptVisits&) = default;
};

}  // namespace tram::routing
