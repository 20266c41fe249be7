// The daemon's API socket as applications and operators meet it.
#include <catch2/catch.hpp>
#include <filesystem>
#include <string>

#include "tests/system/harness/daemon_process.h"
#include "tests/system/harness/workload.h"

namespace tram::harness {
namespace {

TEST_CASE("every one of many requests under way is answered", "[system][api]") {
    constexpr std::uint64_t kRequests = 20'000;
    const TestDirectory directory;
    DaemonProcess daemon{directory, "daemon", fast_config("dtn://village/")};
    REQUIRE(daemon.start_and_wait());
    ApiClient client{daemon.api()};
    const Buffer payload = make_payload(1, 100);

    // No answer is read before the last request is out.
    for (std::uint64_t posted = 0; posted < kRequests; ++posted) {
        REQUIRE(
            wait_until([&] { return client.post(send_request("dtn://commune/inbox"), payload).has_value(); },
                       kPatience, milliseconds{1}));
    }
    REQUIRE(wait_until([&] { return daemon.stored() == kRequests; }));

    std::uint64_t answers = 0;
    while (const auto answer = client.next(seconds{5})) {
        CHECK(answer->reply.has_send_bundle());
        if (++answers == kRequests) break;
    }
    CHECK(answers == kRequests);
}

TEST_CASE("ages are those of now while nothing happens", "[system][api]") {
    const TestDirectory directory;
    DaemonProcess daemon{directory, "daemon", fast_config("dtn://village/")};
    REQUIRE(daemon.start_and_wait());
    ApiClient client{daemon.api()};
    REQUIRE(client.post(send_request("dtn://commune/inbox"), make_payload(1, 100)));
    REQUIRE(wait_until([&] { return daemon.stored() == 1; }));
    const auto before = daemon.status().oldest_bundle_ms();
    CHECK(wait_until([&] { return daemon.status().oldest_bundle_ms() > before; }, seconds{1}));
}

TEST_CASE("the store is not for other users of the machine", "[system][api]") {
    const TestDirectory directory;
    DaemonProcess daemon{directory, "daemon", fast_config("dtn://village/")};
    REQUIRE(daemon.start_and_wait());
    CHECK(std::filesystem::status(daemon.config().store.directory).permissions() ==
          std::filesystem::perms::owner_all);
}

TEST_CASE("a second daemon does not take the API socket of a running one", "[system][api]") {
    const TestDirectory directory;
    DaemonProcess first{directory, "first", fast_config("dtn://village/")};
    DaemonProcess second{directory, "second", fast_config("dtn://commune/")};
    REQUIRE(first.start_and_wait());

    second.config().api = first.config().api;
    second.start();
    REQUIRE(wait_until([&] { return !second.running(); }));

    CHECK(second.stop() == std::optional{1});
    CHECK(second.log().find("another program answers at " + first.api()) != std::string::npos);
    CHECK(first.status().node_id() == "dtn://village/");
}

TEST_CASE("a daemon that was killed starts again on the socket it left behind", "[system][api]") {
    const TestDirectory directory;
    DaemonProcess daemon{directory, "daemon", fast_config("dtn://village/")};
    REQUIRE(daemon.start_and_wait());
    daemon.kill();
    CHECK(daemon.start_and_wait());
}

}  // namespace
}  // namespace tram::harness
