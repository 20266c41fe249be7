// tram audit verify and export.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <ctime>
#include <fmt/chrono.h>
#include <fstream>
#include <iterator>

#include "daemon/audit/audit_log.h"
#include "daemon/audit/entry.h"
#include "tests/unit/cli/run.h"

using namespace tram;
using namespace tram::cli;
using namespace tram::cli::test;
namespace json = boost::json;

namespace {

/// Three entries, of 2001, 2025 with a clock that is not trusted, and 2026.
class Log {
  public:
    Log() {
        add("device.init", 1'000'000'000, true);
        add("device.approve", 1'750'000'000, false);
        add("device.revoke", 1'790'000'000, true);
    }
    [[nodiscard]] std::string file() const { return (directory_.path() / "audit.log").string(); }
    [[nodiscard]] const audit::Head& head() const { return head_; }
    [[nodiscard]] std::string contents() const {
        std::ifstream in{file()};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
    void replace(const std::string& contents) const { std::ofstream{file()} << contents; }

  private:
    void add(const std::string& act, std::time_t when, bool trusted) {
        const audit::Act entry{act, "dtn://18904-ks07/", "tls sign", "uid 0 (root)", trusted};
        const auto written = audit::write_entry(entry, head_, when);
        std::ofstream{file(), std::ios::app} << written.line << "\n";
        head_ = written.head;
    }
    TemporaryDirectory directory_;
    audit::Head head_;
};

std::string changed(std::string text, const std::string& from, const std::string& to) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("audit verify says OK, how many entries, and the head", "[cli]") {
    const Log log;
    const Ran ran = run_tram(nullptr, {"audit", "verify", log.file()});
    CHECK(ran.exit_code == 0);
    CHECK(ran.err.empty());
    CHECK(ran.lines().at(0) == "OK  " + log.file() + "  3 entries");
    CHECK(ran.lines().at(1).starts_with("head 3 " + log.head().hash));
    CHECK(run_tram(nullptr, {"audit", "verify", log.file(), "-o", "name"}).out == "OK\n");
    const auto object = json::parse(run_tram(nullptr, {"audit", "verify", log.file(), "-o", "json"}).out);
    CHECK(object.at("verdict") == "OK");
    CHECK(object.at("entries") == 3);
    CHECK(object.at("head").at("hash") == log.head().hash.c_str());
    CHECK(object.at("broken").is_null());
}

TEST_CASE("audit verify says BROKEN and the line", "[cli]") {
    const Log log;
    log.replace(changed(log.contents(), "device.approve", "device.APPROVE"));
    const Ran ran = run_tram(nullptr, {"audit", "verify", log.file()});
    CHECK(ran.exit_code == 2);
    CHECK(ran.out.starts_with("BROKEN  "));
    CHECK(ran.out.find("\n! line 2 was changed") != std::string::npos);
    const Ran object = run_tram(nullptr, {"audit", "verify", log.file(), "-o", "json"});
    CHECK(object.exit_code == 2);
    CHECK(json::parse(object.out).at("verdict") == "BROKEN");
}

TEST_CASE("audit verify finds lines cut off with a head that was written down", "[cli]") {
    const Log log;
    const std::size_t digits = GENERATE(64U, 16U);
    const std::string head = log.head().hash.substr(0, digits);
    std::string capitals = head;
    for (char& c : capitals)
        c = static_cast<char>(std::toupper(c));
    CHECK(run_tram(nullptr, {"audit", "verify", log.file(), "--head", head}).exit_code == 0);
    CHECK(run_tram(nullptr, {"audit", "verify", log.file(), "--head", capitals}).exit_code == 0);
    const std::string whole = log.contents();
    log.replace(whole.substr(0, whole.rfind('\n', whole.size() - 2) + 1));
    CHECK(run_tram(nullptr, {"audit", "verify", log.file()}).exit_code == 0);
    const Ran ran = run_tram(nullptr, {"audit", "verify", log.file(), "--head", head});
    CHECK(ran.exit_code == 2);
    CHECK(ran.out.starts_with("BROKEN  "));
    CHECK(ran.out.find("! no entry has the hash") != std::string::npos);
}

TEST_CASE("audit verify counts torn lines and stays OK", "[cli]") {
    const Log log;
    log.replace(log.contents() + "{\"seq\":4,\"ti");
    const Ran ran = run_tram(nullptr, {"audit", "verify", log.file()});
    CHECK(ran.exit_code == 0);
    CHECK(ran.out.find("1 lines torn by power cuts") != std::string::npos);
}

TEST_CASE("audit reads the log that the configuration names", "[cli]") {
    const Log log;
    const TemporaryDirectory directory;
    const std::string config = (directory.path() / "tram.toml").string();
    std::ofstream{config} << "[security]\naudit = \"" << log.file() << "\"\n";
    CHECK(run_tram(nullptr, {"audit", "verify", "--config", config}).exit_code == 0);
    std::ofstream{config} << "[security]\naudit = 1\n";
    const Ran ran = run_tram(nullptr, {"audit", "verify", "--config", config});
    CHECK(ran.exit_code == 64);
    CHECK(ran.err.find("security.audit") != std::string::npos);
    CHECK(ran.err.find("tram config check --config " + config) != std::string::npos);
}

TEST_CASE("audit of a log that is not there is an error", "[cli]") {
    const TemporaryDirectory directory;
    const std::string verb = GENERATE("verify", "export");
    const Ran ran = run_tram(nullptr, {"audit", verb, (directory.path() / "none").string()});
    CHECK(ran.exit_code == 1);
    CHECK(ran.out.empty());
    CHECK(ran.err.starts_with("error: not_found: "));
    CHECK(run_tram(nullptr, {"audit", verb, directory.path().string()}).exit_code == 2);
}

TEST_CASE("audit export prints every entry", "[cli]") {
    const Log log;
    const Ran table = run_tram(nullptr, {"audit", "export", log.file()});
    CHECK(table.exit_code == 0);
    REQUIRE(table.lines().size() == 4);
    CHECK(table.lines().at(0) ==
          "NO  TIME                    WHO           ACT             TO WHAT            DETAIL");
    CHECK(table.lines().at(1) ==
          " 1  2001-09-09T01:46:40Z    uid 0 (root)  device.init     dtn://18904-ks07/  tls sign");
    CHECK(table.lines().at(2).find("2025-06-15T15:06:40Z ?") != std::string::npos);
    const auto array = json::parse(run_tram(nullptr, {"audit", "export", log.file(), "-o", "json"}).out);
    REQUIRE(array.as_array().size() == 3);
    CHECK(array.at(2).at("hash") == log.head().hash.c_str());
}

TEST_CASE("audit export leaves out what is older, but nothing of a clock that was not trusted", "[cli]") {
    const Log log;
    const auto [since, count] = GENERATE(table<std::string, std::size_t>({{"2001-09-09", 3},
                                                                          {"2001-09-10", 2},
                                                                          {"2026-09-21T14:13:20Z", 2},
                                                                          {"2026-09-21T14:13:21Z", 1},
                                                                          {"99999 d", 3},
                                                                          {"0 s", 1}}));
    CAPTURE(since);
    // The newest entry may lie ahead of this machine's clock.
    if (since == "0 s" && std::time(nullptr) < 1'790'000'000) return;
    const auto array =
        json::parse(run_tram(nullptr, {"audit", "export", log.file(), "-o", "json", "--since", since}).out);
    CHECK(array.as_array().size() == count);
}

TEST_CASE("audit export of a broken log prints what is good and fails", "[cli]") {
    const Log log;
    log.replace(changed(log.contents(), "device.approve", "device.APPROVE"));
    const Ran ran = run_tram(nullptr, {"audit", "export", log.file(), "-o", "json"});
    CHECK(ran.exit_code == 2);
    CHECK(json::parse(ran.out).as_array().size() == 2);
    CHECK(ran.err.starts_with("error: corrupt: line 2 was changed"));
}

TEST_CASE("audit refuses options that cannot be meant", "[cli]") {
    const auto arguments = GENERATE(
        std::vector<std::string>{"audit"}, std::vector<std::string>{"audit", "verify", "--head", "abc"},
        std::vector<std::string>{"audit", "verify", "--head", "xyz0000000000000"},
        std::vector<std::string>{"audit", "verify", "--head", std::string(65, 'a')},
        std::vector<std::string>{"audit", "verify", "a", "b"},
        std::vector<std::string>{"audit", "export", "--since", "yesterday"},
        std::vector<std::string>{"audit", "export", "--since", "2026-1-1"});
    CAPTURE(arguments);
    const Ran ran = run_tram(nullptr, arguments);
    CHECK(ran.exit_code == 64);
    CHECK(ran.out.empty());
    CHECK_FALSE(ran.err.empty());
}
