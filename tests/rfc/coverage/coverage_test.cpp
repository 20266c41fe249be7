// docs/rfc-coverage.md against the sources: every test that the table names exists, and every test of an RFC
// is named, so that the table cannot rot.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

namespace {

namespace fs = std::filesystem;

const fs::path kRoot = TRAM_SOURCE_DIR;

std::string contents(const fs::path& file) {
    std::ifstream in{file};
    std::ostringstream out;
    out << in.rdbuf();
    REQUIRE(in);
    return out.str();
}

std::size_t skip_blanks(const std::string& source, std::size_t at) {
    while (at < source.size() && (source[at] == ' ' || source[at] == '\n'))
        ++at;
    return at;
}

/// The string literal at `at`, adjacent literals joined; `at` is behind it afterwards.
std::string literal(const std::string& source, std::size_t& at) {
    std::string out;
    for (at = skip_blanks(source, at); at < source.size() && source[at] == '"';
         at = skip_blanks(source, at)) {
        for (++at; at < source.size() && source[at] != '"'; ++at) {
            if (source[at] == '\\') ++at;
            out += source[at];
        }
        ++at;
    }
    return out;
}

/// The names of all test cases below tests/.
std::set<std::string> names_in(const fs::path& folder) {
    const std::string mark = "TEST_CASE(";
    std::set<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        if (entry.path().extension() != ".cpp") continue;
        const auto source = contents(entry.path());
        for (auto at = source.find(mark); at != std::string::npos; at = source.find(mark, at)) {
            at += mark.size();
            const auto name = literal(source, at);
            if (!name.empty()) names.insert(name);
        }
    }
    return names;
}

/// What stands between double backquotes in the table: the names of tests.
std::set<std::string> names_in_table() {
    const auto table = contents(kRoot / "docs/rfc-coverage.md");
    std::set<std::string> names;
    for (auto at = table.find("``"); at != std::string::npos; at = table.find("``", at)) {
        const auto end = table.find("``", at + 2);
        REQUIRE(end != std::string::npos);
        names.insert(table.substr(at + 2, end - at - 2));
        at = end + 2;
    }
    return names;
}

TEST_CASE("every test that docs/rfc-coverage.md names exists", "[docs]") {
    const auto tests = names_in(kRoot / "tests");
    const auto named = names_in_table();
    REQUIRE(named.size() > 200);
    for (const auto& name : named) {
        CAPTURE(name);
        CHECK(tests.contains(name));
    }
}

TEST_CASE("every test of an RFC has its place in docs/rfc-coverage.md", "[docs]") {
    const auto named = names_in_table();
    for (const auto* folder : {"tests/rfc/rfc9171", "tests/rfc/rfc9172_9173", "tests/rfc/rfc9174"}) {
        for (const auto& name : names_in(kRoot / folder)) {
            CAPTURE(folder, name);
            CHECK(named.contains(name));
        }
    }
}

}  // namespace
