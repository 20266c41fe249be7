// Disks that are copied and backups that are put back: no local number is given twice, and an office has each
// request once.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <string>

#include "proto/admin/names.h"
#include "tests/system/harness/daemon_process.h"
#include "tests/system/harness/messages.h"
#include "tests/system/harness/program.h"
#include "tests/system/harness/province.h"
#include "tests/system/harness/requests.h"

namespace tram::harness {
namespace {

namespace fs = std::filesystem;

const std::string kKiosk = "dtn://18904-ks07/";
const std::string kServer = "dtn://18904-srv/";
const std::string kRequests = kServer + "requests";

/// A kiosk that calls a server.
struct Commune {
    Commune() {
        REQUIRE(server.start_and_wait());
        kiosk.config().peers = {{.id = kServer, .address = server.address()}};
    }
    void copy(const fs::path& from, const fs::path& to) {
        REQUIRE(run_program({"cp", "-a", "--no-target-directory", from, to}).status == 0);
    }
    /// A second machine with everything that the kiosk has on its disk.
    config::Config settings_of_copy(const std::string& name) {
        copy(directory.path() / "kiosk", directory.path() / name);
        copy(province.files_of(kKiosk), directory.path() / name / "identity");
        config::Config config = kiosk.config();
        config.security.identity = directory.path() / name / "identity";
        config.security.audit = directory.path() / name / "audit";
        return config;
    }
    std::string file(DaemonProcess& at, const std::string& who) {
        ApiClient client{at.api()};
        const auto number = file_request(client, new_request(who), "key of " + who);
        INFO((number ? "" : number.error().message) << at.log());
        REQUIRE(number);
        return *number;
    }
    /// Takes what arrives until the server has all that `from` has for it: who asked, by local number.
    std::multimap<std::string, std::string> collect(DaemonProcess& from) {
        const auto has_given_all = [&] {
            const pb::StatusReply status = from.status();
            return std::ranges::any_of(status.peers(), [](const pb::Peer& peer) {
                return peer.node_id() == kServer && peer.connected() && peer.queued_bundles() == 0;
            });
        };
        ApiClient client{server.api()};
        std::multimap<std::string, std::string> got;
        REQUIRE(wait_until([&] {
            const bool all = has_given_all();
            const auto message = fetch_message(client, kRequests, milliseconds{200});
            INFO((message ? "" : message.error().message));
            REQUIRE(message);
            if (!message->head.found()) return all;
            const auto request = message_in(message->content);
            got.emplace(request.head().local_number(), request.request().subject().fields(0).value().text());
            return false;
        }));
        return got;
    }

    /// The dossiers that the server's node knows of, without what applications have taken.
    std::multimap<std::string, std::string> received() {
        ApiClient client{server.api()};
        pb::Request request;
        request.mutable_list_requests()->set_box("received");
        const auto reply = client.call(request);
        REQUIRE(reply);
        std::multimap<std::string, std::string> all;
        for (const pb::FiledRequest& each : reply->reply.list_requests().requests())
            all.emplace(each.local_number(), each.parts() == 0 ? each.from() : "not alone");
        return all;
    }

    TestDirectory directory;
    Province province{directory.path() / "province", "Yen Bai"};
    DaemonProcess server{directory, "server", province.enrol(kServer, true)};
    DaemonProcess kiosk{directory, "kiosk", province.enrol(kKiosk)};
};

using Dossiers = std::multimap<std::string, std::string>;

TEST_CASE("a kiosk whose disk was copied and the copy give different numbers, and file once under a key",
          "[system][clone]") {
    Commune commune;
    REQUIRE(commune.kiosk.start_and_wait());
    const std::string before = commune.file(commune.kiosk, "before");
    REQUIRE(commune.kiosk.stop() == std::optional{0});
    DaemonProcess copy{commune.directory, "copy", commune.settings_of_copy("copy")};

    REQUIRE(commune.kiosk.start_and_wait());
    const std::string original = commune.file(commune.kiosk, "original");
    CHECK(commune.file(commune.kiosk, "before") == before);
    Dossiers all = commune.collect(commune.kiosk);
    REQUIRE(commune.kiosk.stop() == std::optional{0});

    REQUIRE(copy.start_and_wait());
    const std::string copied = commune.file(copy, "copy");
    CHECK(commune.file(copy, "before") == before);
    all.merge(commune.collect(copy));

    INFO(original << " " << copied);
    CHECK(original != copied);
    CHECK(all == Dossiers{{before, "before"}, {original, "original"}, {copied, "copy"}});
    CHECK(commune.received() == Dossiers{{before, kKiosk}, {original, kKiosk}, {copied, kKiosk}});
}

TEST_CASE("a number is not given again after a backup was put back", "[system][clone]") {
    Commune commune;
    REQUIRE(commune.kiosk.start_and_wait());
    const std::string before = commune.file(commune.kiosk, "before");
    REQUIRE(commune.kiosk.stop() == std::optional{0});
    const fs::path store = commune.kiosk.config().store.directory;
    const fs::path backup = commune.directory.path() / "backup";
    commune.copy(store, backup);

    REQUIRE(commune.kiosk.start_and_wait());
    const std::string lost = commune.file(commune.kiosk, "lost");
    Dossiers all = commune.collect(commune.kiosk);
    REQUIRE(commune.kiosk.stop() == std::optional{0});

    SECTION("as another directory") {
        fs::rename(store, commune.directory.path() / "broken");
        commune.copy(backup, store);
    }
    SECTION("into the same directory") {
        for (const auto& entry : fs::directory_iterator{store})
            fs::remove_all(entry.path());
        commune.copy(backup, store);
    }
    REQUIRE(commune.kiosk.start_and_wait());
    const std::string after = commune.file(commune.kiosk, "after");
    CHECK(commune.file(commune.kiosk, "before") == before);
    all.merge(commune.collect(commune.kiosk));

    INFO(lost << " " << after);
    CHECK(lost != after);
    CHECK(all == Dossiers{{before, "before"}, {lost, "lost"}, {after, "after"}});
    CHECK(commune.received() == Dossiers{{before, kKiosk}, {lost, kKiosk}, {after, kKiosk}});
}

TEST_CASE("a kiosk that is only started again goes on counting", "[system][clone]") {
    Commune commune;
    REQUIRE(commune.kiosk.start_and_wait());
    const auto first = admin::LocalNumber::parse(commune.file(commune.kiosk, "first"));
    REQUIRE(first);
    SECTION("stopped") {
        REQUIRE(commune.kiosk.stop() == std::optional{0});
    }
    SECTION("killed") {
        commune.kiosk.kill();
    }
    REQUIRE(commune.kiosk.start_and_wait());
    const auto second = admin::LocalNumber::parse(commune.file(commune.kiosk, "second"));
    REQUIRE(second);
    CHECK(second->epoch().is_first());
    CHECK(second->number() == first->number() + 1);
}

}  // namespace
}  // namespace tram::harness
