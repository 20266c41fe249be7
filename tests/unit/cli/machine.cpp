#include "tests/unit/cli/machine.h"

#include <boost/json/parse.hpp>
#include <boost/json/string.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "daemon/audit/audit_log.h"

namespace tram::cli::test {

Machine::Machine() {
    write(path("tram.toml"),
          "[security]\nidentity = \"" + path("identity") + "\"\naudit = \"" + path("audit.log") + "\"\n");
}

Ran Machine::device(std::vector<std::string> arguments, const Setting& setting) const {
    std::vector<std::string> all = {"device"};
    if (daemon == nullptr) all = {"--api", "ipc://" + path("none"), "device"};
    const std::string verb = arguments.front();
    all.insert(all.end(), arguments.begin(), arguments.end());
    if (verb != "list") all.insert(all.end(), {"--config", path("tram.toml")});
    return run_tram(daemon, all, setting);
}

std::vector<std::string> Machine::acts(const std::string& log) const {
    std::vector<std::string> result;
    if (!std::filesystem::exists(path(log))) return result;
    const auto verdict = audit::verify(path(log), [&](const std::string& line) {
        result.emplace_back(boost::json::parse(line).at("act").as_string());
    });
    REQUIRE(verdict);
    CHECK_FALSE(verdict->broken);
    return result;
}

std::string contents(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream{file, std::ios::binary} << text;
}

std::string groups_in(const std::string& printed) {
    static constexpr std::string_view kTitle = "check groups  ";
    const std::size_t begin = printed.find(kTitle);
    REQUIRE(begin != std::string::npos);
    return printed.substr(begin + kTitle.size(), 6 * 7 - 1);
}

identity::TrustBundle bundle_in(const std::filesystem::path& file) {
    auto bundle = identity::trust_from_pem(contents(file));
    REQUIRE(bundle);
    return *bundle;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

Server::Server() {
    const Ran ran = device({"init", "--standalone", "18904-srv"});
    CAPTURE(ran.err);
    REQUIRE(ran.exit_code == 0);
}

std::string Server::approve(const Machine& machine) const {
    const std::string grant = machine.path("grant.pem");
    const Ran ran = device({"approve", machine.path("identity/request.pem"), "--yes", "--out", grant});
    CAPTURE(ran.err);
    REQUIRE(ran.exit_code == 0);
    return grant;
}

void init(const Machine& machine, const std::string& node, bool sealing) {
    std::vector<std::string> arguments = {"init", node};
    if (sealing) arguments.emplace_back("--sealing");
    const Ran ran = machine.device(arguments);
    CAPTURE(ran.err);
    REQUIRE(ran.exit_code == 0);
}

}  // namespace tram::cli::test
