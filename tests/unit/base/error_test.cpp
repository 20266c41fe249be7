#include "proto/base/error.h"

#include <catch2/catch.hpp>
#include <set>

using namespace tram;

TEST_CASE("every error has a spelling of its own", "[base]") {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < kErrorCodes; ++i)
        names.insert(code_name(static_cast<ErrorCode>(i)));
    CHECK(names.size() == kErrorCodes);
    CHECK_FALSE(names.contains("unknown"));
    CHECK(code_name(static_cast<ErrorCode>(kErrorCodes)) == "unknown");
}
