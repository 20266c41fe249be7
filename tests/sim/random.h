// One source of chance for a run: the same numbers from the same seed on every machine.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>

namespace tram::sim {

class Random {
  public:
    explicit Random(std::uint64_t seed) : engine_{seed} {}

    /// Below `bound`, which is above 0.
    std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }
    /// At least 0, below 1.
    double unit() { return static_cast<double>(engine_() >> 11U) * 0x1p-53; }
    double uniform(double low, double high) { return low + (high - low) * unit(); }
    double log_uniform(double low, double high) { return std::exp(uniform(std::log(low), std::log(high))); }

  private:
    std::mt19937_64 engine_;
};

}  // namespace tram::sim
