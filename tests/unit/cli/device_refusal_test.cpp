// tram device: what is refused, and that nothing was done then.
#include <catch2/catch.hpp>

#include "daemon/enrol/authority.h"
#include "daemon/enrol/identity_directory.h"
#include "tests/unit/cli/machine.h"

using namespace tram;
using namespace tram::cli;
using namespace tram::cli::test;

namespace {

std::size_t issued(const Machine& machine) {
    const auto all = enrol::list_issued(machine.path("authority"));
    REQUIRE(all);
    return all->size();
}

}  // namespace

TEST_CASE("approve refuses check groups that are not those of the request", "[cli][device]") {
    const Server server;
    const Machine kiosk;
    const Machine other;
    init(kiosk, "18904-ks07");
    init(other, "18904-ks07");
    const std::string right = groups_in(kiosk.device({"request"}).out);
    const std::string foreign = groups_in(other.device({"request"}).out);
    std::string mistyped = right;
    mistyped[0] = mistyped[0] == 'A' ? 'B' : 'A';
    // Keys are others each time, so what is generated is which of them.
    const std::size_t which = GENERATE(0U, 1U, 2U, 3U, 4U);
    const std::string wrong =
        std::vector<std::string>{foreign, mistyped, right.substr(0, 20), "no", ""}.at(which);
    CAPTURE(wrong);
    const bool typed = GENERATE(false, true);
    std::vector<std::string> arguments = {"approve", kiosk.path("identity/request.pem"), "--out",
                                          kiosk.path("g")};
    if (!typed && wrong.empty()) return;
    if (!typed) arguments.insert(arguments.end(), {"--groups", wrong});
    const Ran ran = server.device(arguments, {.input = wrong + "\n", .in_terminal = typed});
    CHECK(ran.exit_code == 1);
    CHECK(ran.out.empty());
    CHECK(contains(ran.err, "nothing was done"));
    CHECK(issued(server) == 3);
    CHECK(server.acts("authority/audit.log").size() == 3);
    CHECK_FALSE(std::filesystem::exists(kiosk.path("g")));
}

TEST_CASE("approve asks on a terminal, and needs an answer without one", "[cli][device]") {
    const Server server;
    const Machine kiosk;
    init(kiosk, "18904-ks07");
    const std::vector<std::string> arguments = {"approve", kiosk.path("identity/request.pem"), "--out",
                                                kiosk.path("g")};
    const Ran alone = server.device(arguments);
    CHECK(alone.exit_code == 64);
    CHECK(contains(alone.err, "--groups"));
    CHECK(server.device(arguments, {.in_terminal = true}).exit_code == 1);  // the input ends
    CHECK(issued(server) == 3);
    std::string small = groups_in(kiosk.device({"request"}).out);
    for (char& c : small)
        c = static_cast<char>(std::tolower(c));
    const std::string answer = GENERATE(false, true) ? "yes" : small;
    CHECK(server.device(arguments, {.input = answer + "\n", .in_terminal = true}).exit_code == 0);
    CHECK(issued(server) == 5);
}

TEST_CASE("approve tells when a name has certificates already", "[cli][device]") {
    const Server server;
    const Machine kiosk;
    init(kiosk, "18904-ks07");
    const std::string grant = server.approve(kiosk);
    const std::string request = kiosk.path("identity/request.pem");
    SECTION("the same keys are renewed") {
        const Ran ran = server.device({"approve", request, "--yes", "--out", grant});
        CHECK(ran.exit_code == 0);
        CHECK(contains(ran.err, "this renews them"));
        CHECK(issued(server) == 7);
        CHECK(kiosk.device({"accept", grant, "--yes"}).exit_code == 0);
    }
    SECTION("other keys are a warning") {
        const Machine thief;
        init(thief, "18904-ks07");
        const Ran ran =
            server.device({"approve", thief.path("identity/request.pem"), "--out", thief.path("g")});
        CHECK(contains(ran.err, "! other keys of that name are certified until"));
        CHECK(contains(ran.err, "tram device revoke dtn://18904-ks07/"));
    }
    SECTION("after a revocation it is a new device") {
        REQUIRE(server.device({"revoke", "18904-ks07", "--yes"}).exit_code == 1);  // no daemon to tell
        const Ran ran = server.device({"approve", request, "--yes", "--out", grant});
        CHECK(ran.exit_code == 0);
        CHECK_FALSE(contains(ran.err, "certified until 2"));
    }
}

TEST_CASE("approve of what the authority cannot certify is noted as failed", "[cli][device]") {
    const Server server;
    const Machine other;
    const std::string out = other.path("g");
    SECTION("a device of another commune") {
        init(other, "18905-ks07");
        const Ran ran = server.device({"approve", other.path("identity/request.pem"), "--yes", "--out", out});
        CHECK(ran.exit_code == 1);
        CHECK(ran.err.find("error: wrong_commune: ") != std::string::npos);
    }
    SECTION("an authority, by an authority") {
        REQUIRE(other.device({"init", "--authority", "18905"}).exit_code == 0);
        const Ran ran = server.device({"approve", other.path("authority/request.pem"), "--yes", "--authority",
                                       server.path("authority"), "--out", out});
        CHECK(ran.exit_code == 64);
        CHECK(contains(ran.err, "the province's root approves it"));
    }
    CHECK(server.acts("authority/audit.log").back() == "device.approve.failed");
    CHECK(issued(server) == 3);
    CHECK_FALSE(std::filesystem::exists(out));
}

TEST_CASE("approve needs a request and an authority", "[cli][device]") {
    const Server server;
    const Machine kiosk;
    init(kiosk, "18904-ks07");
    const std::string request = kiosk.path("identity/request.pem");
    write(kiosk.path("junk"), "hello");
    std::string forged = contents(request);
    const std::size_t middle = forged.size() / 2;
    forged[middle] = forged[middle] == 'A' ? 'B' : 'A';
    write(kiosk.path("forged"), forged);
    const auto [name, code, exit_code] = GENERATE(table<std::string, std::string, int>({
        {"none", "not_found", 1},
        {"junk", "malformed", 1},
        {"forged", "", 1},
        {"TRAM-REQUEST:AAAA", "", 1},
        {"identity", "io", 2},
    }));
    const std::string file = name.starts_with("TRAM") ? name : kiosk.path(name);
    CAPTURE(file);
    const Ran ran = server.device({"approve", file, "--yes", "--out", kiosk.path("g")});
    CHECK(ran.exit_code == exit_code);
    CHECK(contains(ran.err, "error: " + code));
    CHECK_FALSE(std::filesystem::exists(kiosk.path("g")));
    const Ran nowhere = kiosk.device({"approve", request, "--yes"});
    CHECK(nowhere.exit_code == 1);
    CHECK(contains(nowhere.err, "there is no root or authority in " + kiosk.path("authority")));
    CHECK(contains(nowhere.err, "--authority DIR"));
}

TEST_CASE("approve writes over an older grant and nothing else", "[cli][device]") {
    const Server server;
    const Machine kiosk;
    init(kiosk, "18904-ks07");
    const std::string grant = server.approve(kiosk);
    const std::string first = contents(grant);
    CHECK(server.approve(kiosk) == grant);
    CHECK(contents(grant) != first);
    write(grant, "mine");
    const Ran ran = server.device({"approve", kiosk.path("identity/request.pem"), "--yes", "--out", grant});
    CHECK(ran.exit_code == 1);
    CHECK(contains(ran.err, "error: duplicate: "));
    CHECK(contents(grant) == "mine");
    CHECK(issued(server) == 7);
}

TEST_CASE("a passphrase protects root and authority", "[cli][device]") {
    const Machine server;
    write(server.path("pass"), "mật khẩu dài\nsecond line\n");
    write(server.path("wrong"), "mật khẩu ngắn\n");
    write(server.path("empty"), "\n");
    REQUIRE(server.device({"init", "--standalone", "18904-srv", "--passphrase-file", server.path("pass")})
                .exit_code == 0);
    CHECK(contains(contents(server.path("authority/authority.key")), "ENCRYPTED"));
    CHECK(contains(contents(server.path("root/authority.key")), "ENCRYPTED"));
    CHECK(enrol::load_identity(server.path("identity")).has_value());
    const Machine kiosk;
    init(kiosk, "18904-ks07");
    std::vector<std::string> approve = {"approve", kiosk.path("identity/request.pem"), "--yes", "--out",
                                        kiosk.path("g")};
    SECTION("the right one, from a file") {
        approve.insert(approve.end(), {"--passphrase-file", server.path("pass")});
        CHECK(server.device(approve).exit_code == 0);
    }
    SECTION("the right one, typed") {
        const Ran ran = server.device(approve, {.input = "mật khẩu dài\n", .in_terminal = true});
        CHECK(ran.exit_code == 0);
        CHECK(contains(ran.err, "Passphrase of the key in "));
    }
    SECTION("a wrong one") {
        approve.insert(approve.end(), {"--passphrase-file", server.path("wrong")});
        const Ran ran = server.device(approve);
        CHECK(ran.exit_code == 1);
        CHECK(contains(ran.err, "error: forbidden: "));
        CHECK(server.acts("authority/audit.log").back() == "device.approve.failed");
    }
    SECTION("an empty one") {
        approve.insert(approve.end(), {"--passphrase-file", server.path("empty")});
        CHECK(server.device(approve).exit_code == 64);
    }
    SECTION("none, and nobody to ask") {
        const Ran ran = server.device(approve);
        CHECK(ran.exit_code == 1);
        CHECK(contains(ran.err, "--passphrase-file FILE"));
    }
    SECTION("revoking needs it too") {
        CHECK(server.device({"revoke", "18904-srv", "--yes"}).exit_code == 1);
        CHECK(server
                  .device({"revoke", "18904-srv", "--yes", "--out", server.path("l"), "--passphrase-file",
                           server.path("wrong")})
                  .exit_code == 1);
        CHECK_FALSE(std::filesystem::exists(server.path("l")));
    }
}

TEST_CASE("a new passphrase is typed twice", "[cli][device]") {
    const Machine machine;
    const auto [typed, exit_code] = GENERATE(table<std::string, int>(
        {{"secret\nsecret\n", 0}, {"secret\nSecret\n", 64}, {"\n\n", 64}, {"secret\n", 64}, {"", 64}}));
    CAPTURE(typed);
    const Ran ran =
        machine.device({"init", "--root", "r", "--encrypt"}, {.input = typed, .in_terminal = true});
    CHECK(ran.exit_code == exit_code);
    CHECK(std::filesystem::exists(machine.path("root/authority.key")) == (exit_code == 0));
    CHECK_FALSE(contains(ran.out + ran.err, "secret"));
    CHECK(machine.device({"init", "--root", "r", "--encrypt", "--directory", machine.path("other")})
              .exit_code == 64);
}

TEST_CASE("accept takes only what is for this device and from its root", "[cli][device]") {
    const Server server;
    const Machine kiosk;
    const Machine laptop;
    init(kiosk, "18904-ks07");
    init(laptop, "18904-lt01");
    const std::string grant = server.approve(kiosk);
    SECTION("the first root must be compared") {
        const Ran alone = kiosk.device({"accept", grant});
        CHECK(alone.exit_code == 64);
        const Ran other =
            kiosk.device({"accept", grant, "--groups", groups_in(kiosk.device({"request"}).out)});
        CHECK(other.exit_code == 1);
        CHECK(kiosk.device({"accept", grant}, {.input = "no\n", .in_terminal = true}).exit_code == 1);
        CHECK(enrol::load_identity(kiosk.path("identity")).error().code == ErrorCode::kNoCertificate);
        CHECK(kiosk.device({"accept", grant}, {.input = "yes\n", .in_terminal = true}).exit_code == 0);
        // From now on it is known; groups that are given all the same must fit.
        CHECK(kiosk.device({"accept", grant}).exit_code == 0);
        CHECK(
            kiosk.device({"accept", grant, "--groups", groups_in(kiosk.device({"request"}).out)}).exit_code ==
            1);
    }
    SECTION("of another device") {
        const Ran ran = laptop.device({"accept", grant, "--yes"});
        CHECK(ran.exit_code == 1);
        CHECK(contains(ran.err, "error: wrong_node_id: "));
        CHECK(laptop.acts().back() == "device.accept.failed");
    }
    SECTION("of another root") {
        REQUIRE(kiosk.device({"accept", grant, "--yes"}).exit_code == 0);
        const Server forger;
        const Ran ran = kiosk.device({"accept", forger.approve(kiosk), "--yes"});
        CHECK(ran.exit_code == 1);
        CHECK(contains(ran.err, "error: unknown_authority: "));
    }
    SECTION("no grant at all") {
        write(kiosk.path("junk"), "hello");
        CHECK(contains(kiosk.device({"accept", kiosk.path("junk")}).err,
                       "error: malformed: " + kiosk.path("junk")));
        CHECK(kiosk.device({"accept", kiosk.path("none")}).exit_code == 1);
        const Machine empty;
        CHECK(contains(empty.device({"accept", grant, "--yes"}).err, "error: not_found: "));
    }
    SECTION("for an authority that is not there") {
        const Ran ran = kiosk.device({"accept", grant, "--yes", "--authority", kiosk.path("none")});
        CHECK(ran.exit_code == 1);
        CHECK(contains(ran.err, "there is no root or authority in " + kiosk.path("none")));
    }
}

TEST_CASE("device refuses options that cannot be meant", "[cli][device]") {
    using Arguments = std::vector<std::string>;
    const Machine machine;
    const auto arguments = GENERATE(
        Arguments{"init"}, Arguments{"init", "ks07"}, Arguments{"init", "18904-KS07"},
        Arguments{"init", "dtn://18904-ks07"}, Arguments{"init", "dtn://18904-ks07/inbox"},
        Arguments{"init", "--standalone", "18904"}, Arguments{"init", "18904-a", "--standalone", "18904-b"},
        Arguments{"init", "--root", "a", "--authority", "18904"}, Arguments{"init", "--authority", "1890"},
        Arguments{"init", "--authority", "18904-ks07"}, Arguments{"init", "18904-a", "--directory", "d"},
        Arguments{"init", "--standalone", "18904-a", "--directory", "d"},
        Arguments{"init", "18904-a", "--encrypt"}, Arguments{"init", "18904-a", "--passphrase-file", "f"},
        Arguments{"init", "--root", "a", "--sealing"}, Arguments{"init", "--root", "a", "--name", "b"},
        Arguments{"init", "--standalone", "18904-a", "--sealing"},
        Arguments{"init", "18904-a", "--name", std::string(65, 'x')},
        Arguments{"init", "18904-a", "--name", "a\nb"}, Arguments{"approve"},
        Arguments{"approve", "r", "--months", "0"}, Arguments{"approve", "r", "--months", "241"},
        Arguments{"approve", "r", "--send", "--no-daemon"}, Arguments{"accept"},
        Arguments{"accept", "f", "--from-mesh"}, Arguments{"accept", "--from-mesh", "--authority", "d"},
        Arguments{"revoke"}, Arguments{"revoke", "ks07"}, Arguments{"request", "x"}, Arguments{"nonsense"});
    CAPTURE(arguments);
    const Ran ran = machine.device(arguments);
    CHECK(ran.exit_code == 64);
    CHECK(ran.out.empty());
    CHECK_FALSE(ran.err.empty());
    CHECK_FALSE(std::filesystem::exists(machine.path("root")));
}
