// Power cuts on the store under load: what was acknowledged must be there afterwards.
//
// One cycle: open the store on the simulated disk, compare it with the model, load it from several threads
// until the power fails at a random disk operation (also while it opens), go on with the next cycle on the
// same disk.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/base/error.h"

namespace tram::faults {

struct PowerCutOptions {
    std::uint64_t cycles = 500;
    std::uint64_t seed = 1;
    unsigned threads = 4;
    bool sync = true;  ///< false: the control run, which must lose
};

struct PowerCutReport {
    std::uint64_t cycles = 0;
    std::uint64_t acked = 0;            ///< batches acknowledged as durable
    std::uint64_t lost = 0;             ///< acknowledged, and gone or damaged
    std::uint64_t duplicated = 0;       ///< erased with acknowledgement, and back
    std::uint64_t torn = 0;             ///< batches applied in part, or although an earlier one is missing
    std::uint64_t checks = 0;           ///< comparisons with the model
    std::vector<std::string> findings;  ///< the first few of those, in words
};

/// Runs all cycles. Errors: what the store said when it refused to open with the power on.
Result<PowerCutReport> run_power_cuts(const PowerCutOptions& options);

}  // namespace tram::faults
