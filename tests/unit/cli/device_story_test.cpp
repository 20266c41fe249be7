// tram device: how somebody becomes a member, from the first key to the daemon being told.
#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <sys/stat.h>
#include <thread>

#include "daemon/enrol/authority.h"
#include "daemon/enrol/identity_directory.h"
#include "tests/unit/cli/machine.h"

using namespace tram;
using namespace tram::cli;
using namespace tram::cli::test;
using tram::api::pb::Request;
namespace json = boost::json;

TEST_CASE("standalone makes root, authority and a device that may take part", "[cli][device]") {
    const Machine machine;
    const Ran ran = machine.device({"init", "--standalone", "18904-srv"});
    CHECK(ran.err.empty());
    REQUIRE(ran.exit_code == 0);
    const auto identity = enrol::load_identity(machine.path("identity"));
    REQUIRE(identity);
    CHECK(identity->node_id == "dtn://18904-srv/");
    CHECK(identity->sealing_key != nullptr);
    CHECK(enrol::list_issued(machine.path("authority"))->size() == 3);
    CHECK(enrol::list_issued(machine.path("root"))->size() == 1);
    CHECK(machine.acts() == std::vector<std::string>{"device.init", "device.accept"});
    CHECK(machine.acts("authority/audit.log") ==
          std::vector<std::string>{"authority.init", "authority.accept", "device.approve"});
    CHECK(machine.acts("root/audit.log") == std::vector<std::string>{"root.init", "device.approve"});
    // What to move away comes root first; what to do next are commands.
    CHECK(ran.out.starts_with("dtn://18904-srv/ is ready, certified until 20"));
    CHECK(contains(ran.out, "\n  1. " + machine.path("root") + " first: "));
    CHECK(contains(ran.out, "\n  2. " + machine.path("authority") + ": "));
    CHECK(contains(ran.out, "\ntram device init 18904-ks07 "));
    CHECK(contains(ran.out, "\ntram device approve FILE --authority " + machine.path("authority") + " "));
}

TEST_CASE("standalone takes the node id in full", "[cli][device]") {
    const Machine machine;
    const Ran ran = machine.device({"init", "--standalone", "dtn://18904-srv/", "-o", "json"});
    REQUIRE(ran.exit_code == 0);
    const auto object = json::parse(ran.out);
    CHECK(object.at("node_id") == "dtn://18904-srv/");
    CHECK(object.at("root") == machine.path("root").c_str());
    CHECK(object.at("root_check_groups").as_string().size() == 41);
}

TEST_CASE("standalone does not touch what is there", "[cli][device]") {
    const Machine machine;
    const std::string there = GENERATE("root", "authority", "identity");
    std::filesystem::create_directory(machine.path(there));
    write(machine.path(there + "/x"), "mine");
    const Ran ran = machine.device({"init", "--standalone", "18904-srv"});
    CHECK(ran.exit_code == 1);
    CHECK(ran.err.starts_with("error: duplicate: there is something in " + machine.path(there)));
    CHECK(contents(machine.path(there + "/x")) == "mine");
    for (const char* other : {"root", "authority", "identity"})
        CHECK(std::filesystem::exists(machine.path(other)) == (other == there));
}

TEST_CASE("standalone that cannot be finished leaves no keys", "[cli][device]") {
    const Machine machine;
    // The last entry that a device needs cannot be written: its log is a directory.
    std::filesystem::create_directory(machine.path("audit.log"));
    const Ran ran = machine.device({"init", "--standalone", "18904-srv"});
    CHECK(ran.exit_code == 2);
    CHECK(ran.err.starts_with("error: io: "));
    for (const char* each : {"root", "authority", "identity"})
        CHECK_FALSE(std::filesystem::exists(machine.path(each)));
}

TEST_CASE("standalone goes on where it was killed", "[cli][device]") {
    const Machine machine;
    REQUIRE(machine.device({"init", "--standalone", "18904-srv"}).exit_code == 0);
    const std::string key = contents(machine.path("root/authority.key"));
    write(machine.path("root/unfinished"), "");
    SECTION("before the device was certified, with new keys") {
        std::filesystem::remove(machine.path("identity/trust.pem"));
        if (GENERATE(true, false)) {
            std::filesystem::remove_all(machine.path("identity"));
            std::filesystem::remove(machine.path("authority/chain.pem"));
        }
        const Ran ran = machine.device({"init", "--standalone", "18904-srv"});
        CHECK(ran.exit_code == 0);
        CHECK(contents(machine.path("root/authority.key")) != key);
    }
    SECTION("after that, with the keys that are there") {
        const Ran ran = machine.device({"init", "--standalone", "18904-srv"});
        CHECK(ran.exit_code == 0);
        CHECK(contains(ran.out, "check groups of the root"));
        CHECK(contents(machine.path("root/authority.key")) == key);
    }
    SECTION("but takes no keys away that may be in use") {
        std::filesystem::remove(machine.path("identity/sign.key"));
        const Ran ran = machine.device({"init", "--standalone", "18904-srv"});
        CHECK(ran.exit_code == 1);
        CHECK(contents(machine.path("root/authority.key")) == key);
        return;
    }
    CHECK(enrol::load_identity(machine.path("identity")));
    CHECK_FALSE(std::filesystem::exists(machine.path("root/unfinished")));
    CHECK(machine.device({"init", "--standalone", "18904-srv"}).exit_code == 1);
}

TEST_CASE("of two that make keys at once, one does it and the other takes nothing away", "[cli][device]") {
    const Machine machine;
    const bool alone = GENERATE(true, false);
    std::array<int, 2> codes{-1, -1};
    {
        std::jthread first{
            [&] { codes[0] = machine.device({"init", "--standalone", "18904-srv"}).exit_code; }};
        std::jthread second{[&] {
            codes[1] = alone ? machine.device({"init", "--standalone", "18904-srv"}).exit_code
                             : machine.device({"init", "18904-ks07"}).exit_code;
        }};
    }
    CHECK(std::min(codes[0], codes[1]) == 0);
    CHECK(std::max(codes[0], codes[1]) == 1);
    CHECK(std::filesystem::exists(machine.path("identity/request.pem")));
    if (codes[0] == 0 || alone) CHECK(enrol::load_identity(machine.path("identity")));
}

TEST_CASE("nothing is done that cannot be noted", "[cli][device]") {
    const Machine machine;
    std::filesystem::create_directory(machine.path("audit.log"));
    CHECK(machine.device({"init", "18904-ks07"}).exit_code == 2);
    CHECK_FALSE(std::filesystem::exists(machine.path("identity")));
    std::filesystem::create_directories(machine.path("root/audit.log"));
    CHECK(machine.device({"init", "--root", "r"}).exit_code == 2);
    CHECK_FALSE(std::filesystem::exists(machine.path("root/authority.key")));
}

TEST_CASE("a kiosk joins a province by files", "[cli][device]") {
    const Machine province;
    const Machine commune;
    const Machine kiosk;
    const Ran root = province.device({"init", "--root", "Tỉnh mẫu", "--directory", province.path("stick")});
    REQUIRE(root.exit_code == 0);
    const std::string root_groups = groups_in(root.out);

    const Ran authority = commune.device({"init", "--authority", "18904", "--name", "Xã mẫu"});
    REQUIRE(authority.exit_code == 0);
    CHECK(contains(authority.out, "dtn://18904/ asks for: certifying the devices of commune 18904"));
    const Ran certified = province.device({"approve", commune.path("authority/request.pem"), "--authority",
                                           province.path("stick"), "--groups", groups_in(authority.out),
                                           "--out", commune.path("18904.grant.pem")});
    CHECK(certified.exit_code == 0);
    CHECK(contains(certified.err, "it calls itself \"Xã mẫu\""));
    const Ran taken = commune.device({"accept", commune.path("18904.grant.pem"), "--authority",
                                      commune.path("authority"), "--groups", root_groups});
    CHECK(taken.exit_code == 0);

    const Ran asked = kiosk.device({"init", "18904-ks07", "--name", "Thôn 7"});
    REQUIRE(asked.exit_code == 0);
    CHECK(contains(asked.out, "dtn://18904-ks07/ asks for: TLS, signing\n"));
    const Ran approved =
        commune.device({"approve", kiosk.path("identity/request.pem"), "--groups", groups_in(asked.out),
                        "--months", "6", "--out", kiosk.path("grant.pem")});
    CHECK(approved.exit_code == 0);
    CHECK(contains(approved.err, "to be certified for 6 months"));
    CHECK(contains(approved.out, "tram device accept grant.pem"));
    const Ran accepted = kiosk.device({"accept", kiosk.path("grant.pem"), "--groups", root_groups});
    CHECK(accepted.exit_code == 0);
    CHECK(contains(accepted.err, "root \"Tỉnh mẫu\""));
    CHECK(groups_in(accepted.err) == root_groups);

    const auto identity = enrol::load_identity(kiosk.path("identity"));
    REQUIRE(identity);
    CHECK(identity->node_id == "dtn://18904-ks07/");
    CHECK(identity->sealing_key == nullptr);
    CHECK(identity->tls.name == "Thôn 7");
    CHECK(kiosk.acts() == std::vector<std::string>{"device.init", "device.accept"});
    CHECK(province.acts("stick/audit.log") == std::vector<std::string>{"root.init", "device.approve"});
    CHECK(commune.acts("authority/audit.log") ==
          std::vector<std::string>{"authority.init", "authority.accept", "device.approve"});
}

TEST_CASE("a request is taken as file, as text, and from standard input", "[cli][device]") {
    const Server server;
    const Machine kiosk;
    init(kiosk, "18904-ks07", true);
    const std::string pem = contents(kiosk.path("identity/request.pem"));
    const std::string text = kiosk.device({"request", "-o", "name"}).lines().at(0);
    CHECK(text.starts_with("TRAM-REQUEST:"));
    // Keys are others each time, so what is generated is which of them.
    const std::size_t which = GENERATE(0U, 1U, 2U, 3U);
    const std::vector<std::string> ways = {kiosk.path("identity/request.pem"), text, "-", "-"};
    const std::string how = ways.at(which);
    const std::string input = which == 2 ? text + "\n" : pem;
    const Ran ran = server.device({"approve", how, "--yes", "--out", kiosk.path("g")}, {.input = input});
    CHECK(ran.exit_code == 0);
    CHECK(contains(ran.err, "dtn://18904-ks07/ asks for: TLS, signing, sealing"));
    CHECK(kiosk.device({"accept", kiosk.path("g"), "--yes"}).exit_code == 0);
    CHECK(enrol::load_identity(kiosk.path("identity"))->sealing_key != nullptr);
}

TEST_CASE("request is shown again, written to a file, and as JSON", "[cli][device]") {
    const Machine kiosk;
    init(kiosk, "18904-ks07");
    const Ran again = kiosk.device({"request", "--out", kiosk.path("again.pem")});
    CHECK(again.exit_code == 0);
    CHECK(contains(again.out, kiosk.path("again.pem")));
    CHECK(contents(kiosk.path("again.pem")) == contents(kiosk.path("identity/request.pem")));
    const auto object = json::parse(kiosk.device({"request", "-o", "json"}).out);
    CHECK(object.at("node_id") == "dtn://18904-ks07/");
    CHECK(object.at("check_groups") == groups_in(again.out).c_str());
    CHECK(object.at("sealing") == false);
    // A file that is something else is not written over.
    write(kiosk.path("other"), "mine");
    CHECK(kiosk.device({"request", "--out", kiosk.path("other")}).exit_code == 1);
    CHECK(contents(kiosk.path("other")) == "mine");
    const Machine empty;
    const Ran none = empty.device({"request"});
    CHECK(none.exit_code == 1);
    CHECK(none.err.starts_with("error: not_found: "));
}

TEST_CASE("request shows its QR code where there is room, and its text where not", "[cli][device]") {
    const Machine kiosk;
    init(kiosk, "18904-ks07", true);
    const std::string text = kiosk.device({"request", "-o", "name"}).lines().at(0);
    const auto shows = [&](const std::vector<std::string>& more, const Setting& setting) {
        std::vector<std::string> arguments = {"request"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return kiosk.device(arguments, setting).out;
    };
    const auto is_code = [](const std::string& out) { return contains(out, "█▀") || contains(out, "####"); };
    CHECK_FALSE(is_code(shows({}, {})));
    CHECK(is_code(shows({"--qr"}, {})));
    CHECK(is_code(shows({}, {.out_terminal = true, .columns = 80})));
    CHECK(
        contains(shows({}, {.out_terminal = true, .columns = 80, .color = true}), "\033[38;5;16;48;5;231m"));
    const std::string narrow = shows({}, {.out_terminal = true, .columns = 60});
    CHECK_FALSE(is_code(narrow));
    CHECK(contains(narrow, "columns of a QR code"));
    CHECK(contains(narrow, text));
    const std::string ascii = shows({"--ascii"}, {.out_terminal = true, .columns = 200});
    CHECK(contains(ascii, "####"));
    CHECK_FALSE(contains(ascii, "█"));
    CHECK(contains(shows({"--ascii"}, {.out_terminal = true, .columns = 80}), text));
}

TEST_CASE("keys are never written over", "[cli][device]") {
    const Machine machine;
    init(machine, "18904-ks07");
    const std::string key = contents(machine.path("identity/tls.key"));
    const Ran again = machine.device({"init", "18904-ks08"});
    CHECK(again.exit_code == 1);
    CHECK(again.err.starts_with("error: duplicate: "));
    CHECK(contents(machine.path("identity/tls.key")) == key);
    CHECK(machine.acts().back() == "device.init.failed");
    REQUIRE(machine.device({"init", "--root", "r"}).exit_code == 0);
    CHECK(machine.device({"init", "--root", "r"}).exit_code == 1);
}

TEST_CASE("everything is said in Vietnamese too", "[cli][device]") {
    const Setting vietnamese{.language = Language::kVietnamese};
    const Machine server;
    const Machine kiosk;
    CHECK(contains(server.device({"init", "--standalone", "18904-srv"}, vietnamese).out, "đã sẵn sàng"));
    CHECK(contains(kiosk.device({"init", "18904-ks07", "--qr"}, vietnamese).out, "đề nghị: TLS, ký"));
    const std::string grant = kiosk.path("g");
    const Ran approved =
        server.device({"approve", kiosk.path("identity/request.pem"), "--yes", "--out", grant}, vietnamese);
    CHECK(contains(approved.out, "đã duyệt dtn://18904-ks07/"));
    CHECK(contains(kiosk.device({"accept", grant, "--yes"}, vietnamese).out, "đã nhận chứng thư"));
    CHECK(contains(server.device({"list", "--authority", server.path("authority")}, vietnamese).out,
                   "CÒN HẠN"));
    CHECK(contains(server.device({"revoke", "18904-ks07", "--yes"}, vietnamese).out, "đã thu hồi 2"));
    CHECK(contains(server.device({"init", "--root", "x", "--directory", server.path("r")}, vietnamese).out,
                   "nhóm kiểm tra"));
    CHECK(contains(
        server.device({"init", "--authority", "18905", "--directory", server.path("a")}, vietnamese).out,
        "mang request.pem lên tỉnh"));
}
