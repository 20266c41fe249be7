// A real daemon against everything that an outsider, a thief or an enrolled device can try.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "tests/system/hostile/cases.h"

namespace tram::hostile {
namespace {

bool holds(const std::filesystem::path& directory, const std::string& text) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator{directory}) {
        if (!entry.is_regular_file()) continue;
        std::ostringstream bytes;
        bytes << std::ifstream{entry.path(), std::ios::binary}.rdbuf();
        if (bytes.str().find(text) != std::string::npos) return true;
    }
    return false;
}

/// A device of the commune, as it should be, brings the server a sealed message.
void bring_a_message(Stage& stage) {
    config::Config config = stage.province().settings_of(kHonest);
    config.peers = {{kVictim, stage.victim().address()}};
    harness::DaemonProcess kiosk{stage.directory(), "kiosk", config};
    REQUIRE(kiosk.start_and_wait());
    ApiClient api{kiosk.api()};
    const Buffer content(200'000, 'x');
    // The kiosk was enrolled before the server was: it learns whom to seal for when they meet.
    auto sent = harness::send_message(api, {.destination = kVictimInbox}, content);
    (void)harness::wait_until(
        [&] {
            if (!sent && sent.error().message.starts_with("no_sealing_key"))
                sent = harness::send_message(api, {.destination = kVictimInbox}, content);
            return sent.has_value();
        },
        harness::seconds{30});
    INFO((sent ? "" : sent.error().message));
    REQUIRE(sent);
    const auto message = harness::fetch_message(stage.api(), kVictimInbox, harness::seconds{30});
    INFO((message ? "" : message.error().message) << kiosk.log());
    REQUIRE(message);
    REQUIRE(message->head.found());
    CHECK(message->head.sender() == kHonest);
    CHECK(message->head.sealed());
    CHECK(message->content == content);
    // The receipt goes to who sent it, and ends what it kept.
    CHECK(harness::wait_until([&] { return kiosk.status().unreceipted() == 0; }));
    CHECK(harness::wait_until([&] { return stage.status().bundles() == 0; }));
}

TEST_CASE("what the attackers use lets the honest in", "[system][hostile]") {
    Stage stage;
    for (const auto& cases : {honest_links(), honest_bundles(), honest_messages(), honest_trust()}) {
        for (const Case& each : cases) {
            INFO(each.name);
            CHECK(each.attack(stage) == each.learned);
            INFO("log: " << stage.victim().log());
            CHECK(stage.status().bundles() == 0);
        }
    }
    bring_a_message(stage);
    CHECK(stage.status().bundles() == 0);
}

TEST_CASE("nothing that attackers send is stored, and each attack is told by its reason",
          "[system][hostile]") {
    Stage stage;
    play(stage, stage.victim(), link_cases());
    play(stage, stage.victim(), bundle_cases());
    play(stage, stage.victim(), trust_cases());
    play(stage, stage.victim(), message_cases());

    bring_a_message(stage);
    CHECK(stage.status().bundles() == 0);
    CHECK(stage.status().bundle_bytes() == 0);
    REQUIRE(stage.victim().stop() == std::optional{0});
    CHECK_FALSE(holds(stage.directory().path() / "victim", kRotten));
    REQUIRE(stage.victim().start_and_wait());
    CHECK(stage.victim().stored() == 0);
}

}  // namespace
}  // namespace tram::hostile
