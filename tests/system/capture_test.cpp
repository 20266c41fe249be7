// An independent reader of the wire: tshark dissects a session between two daemons.
#include "tests/system/harness/capture.h"

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/system/harness/daemon_process.h"
#include "tests/system/harness/workload.h"

namespace tram::harness {
namespace {

const std::string kVillage = "dtn://village/";
const std::string kVillageInbox = "dtn://village/inbox";
const std::string kCommune = "ipn:977.0";
const std::string kCommuneInbox = "ipn:977.1";
constexpr std::array<std::size_t, 4> kSizes{0, 1, 1'024, 204'800};
constexpr std::uint64_t kRounds = 3;
constexpr std::uint64_t kBundlesEachWay = kSizes.size() * kRounds;
constexpr std::uint64_t kSegmentBytes = 16'384;

// RFC 9174, table 2.
constexpr std::uint64_t kXferSegment = 1;
constexpr std::uint64_t kXferAck = 2;
constexpr std::uint64_t kXferRefuse = 3;
constexpr std::uint64_t kKeepalive = 4;
constexpr std::uint64_t kSessTerm = 5;
constexpr std::uint64_t kMsgReject = 6;
constexpr std::uint64_t kSessInit = 7;

config::Config talkative(const std::string& node_id) {
    config::Config config = fast_config(node_id);
    config.links.keepalive_s = 1;
    config.links.segment_bytes_max = kSegmentBytes;
    config.bundles.status_reports = true;
    config.routing.router = config::RouterKind::kDirect;
    return config;
}

std::uint64_t count_of(const std::vector<std::string>& values, std::uint64_t wanted) {
    return static_cast<std::uint64_t>(std::ranges::count_if(
        values, [&](const std::string& text) { return std::stoull(text, nullptr, 0) == wanted; }));
}

/// Hands in one bundle of each size, `kRounds` times, asking for a report when it is delivered.
void submit_sizes(DaemonProcess& daemon, const std::string& destination) {
    ApiClient client{daemon.api()};
    pb::Request request = send_request(destination);
    request.mutable_send_bundle()->set_report_delivery(true);
    for (std::uint64_t number = 0; number < kBundlesEachWay; ++number) {
        const Buffer payload = make_payload(number, kSizes.at(number % kSizes.size()));
        REQUIRE(client.call(request, payload));
    }
}

bool collected_all(DaemonProcess& daemon, const std::string& endpoint) {
    ApiClient client{daemon.api()};
    Mailbox mailbox;
    return wait_until([&] {
        collect(client, endpoint, mailbox);
        return mailbox.received.size() == kBundlesEachWay;
    });
}

bool reports_came(DaemonProcess& daemon) {
    return wait_until([&] {
        const pb::StatusReply status = daemon.status();
        const auto found = std::ranges::find(status.counters(), "reports_received", &pb::Counter::name);
        return found != status.counters().end() && found->value() == kBundlesEachWay;
    });
}

/// Runs the session and captures it to `file`; the port, or nothing when capturing is not possible here.
std::optional<std::uint16_t> capture_session(const TestDirectory& directory,
                                             const std::filesystem::path& file) {
    DaemonProcess commune{directory, "commune", talkative(kCommune)};
    DaemonProcess village{directory, "village", talkative(kVillage)};
    village.config().peers = {{kCommune, commune.address()}};
    const std::uint16_t port = commune.port();
    Capture capture{file, port};
    if (!capture.obstacle().empty()) {
        // CI sets TRAM_REQUIRE_TSHARK, so that this is never skipped unnoticed.
        if (std::getenv("TRAM_REQUIRE_TSHARK") != nullptr) FAIL(capture.obstacle());
        WARN("skipped: " + capture.obstacle());
        return std::nullopt;
    }
    REQUIRE(commune.start_and_wait());
    REQUIRE(village.start_and_wait());
    submit_sizes(village, kCommuneInbox);
    submit_sizes(commune, kVillageInbox);
    REQUIRE(collected_all(commune, kCommuneInbox));
    REQUIRE(collected_all(village, kVillageInbox));
    REQUIRE(reports_came(village));
    REQUIRE(reports_came(commune));
    const Dissection so_far{file, port};
    REQUIRE(wait_until([&] { return count_of(so_far.values("tcpcl.v4.mhdr.type"), kKeepalive) > 0; },
                       kPatience, milliseconds{500}));
    REQUIRE(village.stop() == std::optional{0});
    REQUIRE(commune.stop() == std::optional{0});
    REQUIRE(capture.finish());
    return port;
}

/// Blocks whose CRC tshark does not find good.
std::int64_t bad_checksums(const Dissection& dissection) {
    return std::ranges::count_if(dissection.values("bpv7.crc_status"),
                                 [](const std::string& status) { return status != "1"; });
}

/// A copy of `file` in which the first `original` is replaced.
std::filesystem::path broken_copy(const std::filesystem::path& file, const std::string& original,
                                  const std::string& replacement) {
    std::ostringstream text;
    text << std::ifstream{file, std::ios::binary}.rdbuf();
    std::string bytes = text.str();
    const std::size_t at = bytes.find(original);
    REQUIRE(at != std::string::npos);
    bytes.replace(at, original.size(), replacement);
    std::filesystem::path copy = file;
    copy += ".broken";
    std::ofstream{copy, std::ios::binary} << bytes;
    return copy;
}

TEST_CASE("tshark finds bundles and messages in a session and nothing wrong", "[system][capture]") {
    const TestDirectory directory;
    const std::filesystem::path file = directory.path() / "session.pcapng";
    const auto port = capture_session(directory, file);
    if (!port) return;
    const Dissection session{file, *port};

    CHECK(session.faults() == std::vector<std::string>{});

    const auto bundles = session.values("bpv7.primary.dst_uri");
    // Each bundle is followed by the report of its delivery in the other direction.
    CHECK(bundles.size() == 4 * kBundlesEachWay);
    CHECK(std::ranges::count(bundles, kCommuneInbox) == std::int64_t{kBundlesEachWay});
    CHECK(std::ranges::count(bundles, kVillageInbox) == std::int64_t{kBundlesEachWay});
    CHECK(session.values("bpv7.admin_rec.type_code").size() == 2 * kBundlesEachWay);

    CHECK(session.values("bpv7.crc_status").size() > 4 * kBundlesEachWay);
    CHECK(bad_checksums(session) == 0);

    const auto types = session.values("tcpcl.v4.mhdr.type");
    CHECK(session.values("tcpcl.contact_hdr.version").size() == 2);
    CHECK(count_of(types, kSessInit) == 2);
    CHECK(count_of(types, kSessTerm) == 2);
    CHECK(count_of(types, kKeepalive) >= 1);
    CHECK(count_of(types, kXferRefuse) == 0);
    CHECK(count_of(types, kMsgReject) == 0);
    const std::uint64_t large = 2 * kRounds;
    CHECK(count_of(types, kXferSegment) >= 4 * kBundlesEachWay + large * (204'800 / kSegmentBytes));
    CHECK(count_of(types, kXferAck) == count_of(types, kXferSegment));

    SECTION("and it does find what is wrong in the same session with one byte changed") {
        const auto with = [&](const std::string& original, const std::string& replacement) {
            return Dissection{broken_copy(file, original, replacement), *port};
        };
        CHECK(with("dtn!\x04", "dtn?\x04").faults().size() > 0);  // the magic of a contact header
        const std::string number_zeros(7, '\0');
        CHECK(with("\x01\x03" + number_zeros, "\x0e\x03" + number_zeros).faults().size() >
              0);                                                         // a message type
        CHECK(with("\x9f\x89\x07", "\x9f\x82\x07").faults().size() > 0);  // the length of a primary block
        CHECK(bad_checksums(with("//village/inbox", "//village/inbux")) == 1);
    }
}

}  // namespace
}  // namespace tram::harness
