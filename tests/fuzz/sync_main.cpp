#include <cstddef>
#include <cstdint>

#include "tests/fuzz/sync_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tram::sync::fuzz::run_message({data, size});
    tram::sync::fuzz::run_reconciliation({data, size});
    return 0;
}
