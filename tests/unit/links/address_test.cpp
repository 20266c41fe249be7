#include "daemon/links/address.h"

#include <catch2/catch.hpp>

using namespace tram;
using links::parse_host_port;

TEST_CASE("an address is a host and a port", "[links]") {
    struct Row {
        const char* text;
        const char* host;
        std::uint16_t port;
    };
    const auto row =
        GENERATE(Row{"127.0.0.1:4556", "127.0.0.1", 4556}, Row{"[::]:0", "::", 0},
                 Row{"[fe80::1%eth0]:65535", "fe80::1%eth0", 65535}, Row{"srv.example:1", "srv.example", 1});
    const auto parsed = parse_host_port(row.text);
    REQUIRE(parsed);
    CHECK(parsed->host == row.host);
    CHECK(parsed->port == row.port);
}

TEST_CASE("an address that cannot be used is refused with its text", "[links]") {
    const std::string text = GENERATE("", "localhost", "localhost:", ":4556", "host:port", "host:65536",
                                      "host:-1", "host:12x", "::1:4556", "[::1:4556", "[]:4556");
    const auto parsed = parse_host_port(text);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().code == ErrorCode::kInvalidArgument);
    CHECK(parsed.error().message.find("\"" + text + "\"") != std::string::npos);
}
