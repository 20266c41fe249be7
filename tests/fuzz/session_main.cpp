#include <cstddef>
#include <cstdint>

#include "tests/fuzz/session_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    tram::tcpcl::fuzz::run_session({data, size});
    return 0;
}
