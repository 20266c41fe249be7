#include <cstddef>
#include <cstdint>

#include "tests/fuzz/plan_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const tram::ByteView input{data, size};
    tram::fuzz::plan_decode(input);
    tram::fuzz::plan_file_read(tram::as_text(input));
    return 0;
}
