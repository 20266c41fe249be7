#include "tests/sim/mesh.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

namespace tram::sim {
namespace {

/// TRAM_SEEDS says how many meshes are run, TRAM_FIRST_SEED which is the first.
std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text != nullptr ? std::stoull(text) : otherwise;
}

std::uint64_t violations(std::uint64_t number, Bug bug) {
    return run_mesh(number, bug).violation_count;
}

TEST_CASE("what must hold holds in a small mesh where everything fails", "[mesh]") {
    const std::uint64_t first = number_from("TRAM_FIRST_SEED", 1);
    const std::uint64_t count = number_from("TRAM_SEEDS", 2'000);
    std::size_t delivered = 0;
    for (std::uint64_t number = first; number < first + count; ++number) {
        const Outcome outcome = run_mesh(number);
        for (const auto& at : outcome.delivered_us)
            delivered += at.has_value() ? 1 : 0;
        if (outcome.violation_count == 0) continue;
        UNSCOPED_INFO(outcome.violations.front() << "; to see it again: " << replay_of(number));
        CHECK(outcome.violation_count == 0);
    }
    CHECK(delivered > count * 3);
}

TEST_CASE("the same mesh leaves the same trace", "[mesh]") {
    for (std::uint64_t number = 1; number <= 20; ++number) {
        INFO(replay_of(number));
        CHECK(run_mesh(number).trace_hash == run_mesh(number).trace_hash);
    }
}

TEST_CASE("bugs are found", "[mesh]") {
    const Bug bug = GENERATE(Bug::kAcknowledgeEarly, Bug::kForgetTombstones, Bug::kExceedQuota);
    INFO("bug " << static_cast<int>(bug));
    std::uint64_t found = 0;
    for (std::uint64_t number = 1; number <= 100; ++number)
        found += violations(number, bug) != 0 ? 1 : 0;
    CHECK(found > 0);
}

}  // namespace
}  // namespace tram::sim
