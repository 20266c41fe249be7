#include "daemon/cli/output.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <sstream>

#include "daemon/cli/format.h"
#include "daemon/cli/messages.h"

using namespace tram::cli;

TEST_CASE("display width counts columns, not bytes", "[cli]") {
    const auto [text, width] =
        GENERATE(table<const char*, std::size_t>({{"", 0},
                                                  {"abc", 3},
                                                  {"Đăng ký khai sinh", 17},
                                                  {"e\xCC\x82\xCC\x81", 1},  // ế, decomposed
                                                  {"Hỏa tốc", 7},
                                                  {"漢字", 4},
                                                  {"\xff", 1}}));
    CAPTURE(text);
    REQUIRE(display_width(text) == width);
}

TEST_CASE("text of others cannot steer the terminal", "[cli]") {
    CHECK(printable("a\x1b[31mb\r\n\x7f", false) == "a?[31mb???");
    CHECK(printable("\xC2\x9B"
                    "1m",
                    false) == "?1m");  // CSI in one character
    CHECK(printable("\xE2\x80\xAE"
                    "abc",
                    false) == "?abc");  // right-to-left override
    CHECK(printable("b\xff", false) == "b?");
    CHECK(printable(std::string_view{"\0x", 2}, false) == "?x");
    CHECK(printable("Đăng ký", false) == "Đăng ký");
    CHECK(printable("Đăng ký", true) == "??ng k?");
}

TEST_CASE("table aligns columns by display width", "[cli]") {
    std::ostringstream out;
    Table table{out, {{"TÊN"}, {"SỐ", Align::kRight}, {"GHI CHÚ"}}, false};
    table.add({"Hồ Thị Mẫu", "7", "x"});
    table.add({"Ho\xCC\x82\xCC\x80", "1234", ""});
    table.add({"漢字", "12", "y"});
    table.flush();
    REQUIRE(out.str() ==
            "TÊN           SỐ  GHI CHÚ\n"
            "Hồ Thị Mẫu     7  x\n"
            "Ho\xCC\x82\xCC\x80          1234\n"
            "漢字          12  y\n");
}

TEST_CASE("table prints its titles once and nothing without rows", "[cli]") {
    std::ostringstream out;
    Table table{out, {{"A"}}, false};
    table.flush();
    REQUIRE(out.str().empty());
    table.add({"1"});
    table.flush();
    table.add({"2"});
    table.flush();
    REQUIRE(out.str() == "A\n1\n2\n");
}

TEST_CASE("JSON array is valid at any length", "[cli]") {
    const auto count = GENERATE(0, 1, 3);
    std::ostringstream out;
    JsonArray array{out};
    for (int i = 0; i < count; ++i)
        array.add(boost::json::object{{"i", i}});
    array.finish();
    REQUIRE(boost::json::parse(out.str()).as_array().size() == static_cast<std::size_t>(count));
}

TEST_CASE("pretty JSON says the same as plain JSON", "[cli]") {
    const auto value =
        boost::json::parse(R"({"a":[1,{"b":"x\ny\""},[]],"c":{},"d":null,"e":18446744073709551615})");
    std::ostringstream out;
    write_json_pretty(out, value);
    REQUIRE(boost::json::parse(out.str()) == value);
    REQUIRE(out.str().starts_with("{\n  \"a\": [\n    1,\n"));
}

TEST_CASE("sizes and durations are short", "[cli]") {
    CHECK(human_size(0) == "0 B");
    CHECK(human_size(999) == "999 B");
    CHECK(human_size(1'000) == "1 kB");
    CHECK(human_size(1'550) == "1.5 kB");
    CHECK(human_size(84'123'456) == "84 MB");
    CHECK(human_size(20'000'000'000) == "20 GB");
    CHECK(human_size(UINT64_MAX) == "18 EB");
    CHECK(human_duration(0) == "0 ms");
    CHECK(human_duration(59'999) == "59 s");
    CHECK(human_duration(60'000) == "1 min");
    CHECK(human_duration(86'399'999) == "23 h");
    CHECK(human_duration(9ULL * 86'400'000) == "9 d");
}

TEST_CASE("per cent does not overflow", "[cli]") {
    CHECK(percent(1, 0) == 0);
    CHECK(percent(41, 100) == 41);
    CHECK(percent(UINT64_MAX, UINT64_MAX) >= 99);
    CHECK(percent(2, 1) == 200);
}

TEST_CASE("node label leaves out what every node has", "[cli]") {
    CHECK(node_label("dtn://18904-srv/") == "18904-srv");
    CHECK(node_label("dtn://18904-srv/inbox") == "dtn://18904-srv/inbox");
    CHECK(node_label("ipn:12.0") == "ipn:12.0");
    CHECK(node_label("dtn:///") == "dtn:///");
}

TEST_CASE("every message takes the same arguments in both languages", "[cli]") {
    const auto places = [](std::string_view message) {
        std::size_t count = 0;
        for (auto at = message.find("{}"); at != std::string_view::npos; at = message.find("{}", at + 2))
            ++count;
        return count;
    };
    for (std::size_t i = 0; i < kMessageCount; ++i) {
        const auto message = static_cast<Message>(i);
        CAPTURE(text(message, Language::kEnglish));
        CHECK(places(text(message, Language::kEnglish)) == places(text(message, Language::kVietnamese)));
        CHECK_FALSE(text(message, Language::kVietnamese).empty());
        CHECK(std::ranges::all_of(text(message, Language::kEnglish),
                                  [](char c) { return c >= ' ' && c < 0x7f; }));
    }
}
