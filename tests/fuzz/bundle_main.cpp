#include "tests/fuzz/bundle_decode.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const tram::ByteView input{data, size};
    tram::fuzz::bundle_decode(input);
    tram::fuzz::parts_decode(input);
    return 0;
}
