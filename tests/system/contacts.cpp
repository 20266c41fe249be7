// tram-contacts: an attachment that is much larger than one contact can carry. Two real daemons in networks
// of their own, a radio of 1 Mbit/s between them that is there for some seconds and then cut in the middle,
// nothing configured. Checks in how many contacts it arrives, and how much more than itself was sent.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>

#include "tests/system/harness/daemon_process.h"
#include "tests/system/harness/messages.h"
#include "tests/system/harness/network.h"
#include "tests/system/harness/program.h"
#include "tests/system/harness/province.h"
#include "tests/system/harness/workload.h"

namespace tram::harness {
namespace {

constexpr int kLeftOut = 77;
constexpr std::uint64_t kChunkBytes = 64U << 10;
/// Ethernet, IPv4, and TCP with timestamps.
constexpr std::uint64_t kHeaderBytes = 14 + 20 + 32;
constexpr const char* kKiosk = "dtn://18904-ks07/";
constexpr const char* kServer = "dtn://18904-srv/";
constexpr const char* kInbox = "dtn://18904-srv/inbox";

struct Options {
    std::uint64_t size = 20'000'000;
    std::uint64_t contact_s = 30;
    std::uint64_t bits_per_s = 1'000'000;
    double overhead = 1.05;  ///< payload of TCP, of the size, besides a chunk for each cut
    double air_overhead =
        1.07;  ///< the same for everything on the air, headers of Ethernet, IP and TCP included
    std::uint64_t contacts_max = 0;
};

void must(bool holds, const std::string& what) {
    if (!holds) throw std::runtime_error{what};
}

/// What left a shaped interface, headers included, each packet as it goes on the air.
struct Sent {
    std::uint64_t bytes = 0;
    std::uint64_t packets = 0;
    [[nodiscard]] std::uint64_t payload() const { return bytes - std::min(bytes, packets * kHeaderBytes); }
};

Sent sent_by(const Namespace& machine) {
    const ProgramOutput shown =
        run_program({"tc", "-n", machine.name(), "-s", "qdisc", "show", "dev", "radio"});
    // " Sent 1234 bytes 12 pkt (dropped ..."
    const std::size_t at = shown.text.find("Sent ");
    must(shown.status == 0 && at != std::string::npos, "tc tells no figures");
    std::istringstream words{shown.text.substr(at)};
    Sent sent;
    std::string word;
    words >> word >> sent.bytes >> word >> sent.packets;
    return sent;
}

void shape(const Namespace& machine, std::uint64_t bits_per_s) {
    must(run_program({"tc", "-n", machine.name(), "qdisc", "replace", "dev", "radio", "root", "tbf", "rate",
                      std::to_string(bits_per_s) + "bit", "burst", "8kb", "latency", "100ms"})
                 .status == 0,
         "tc cannot limit the rate");
}

bool connected(DaemonProcess& daemon) {
    const pb::StatusReply status = daemon.status();
    return std::ranges::any_of(status.peers(), [](const pb::Peer& peer) { return peer.connected(); });
}

struct Pair {
    explicit Pair(Province& province)
        : server{directory, "server", settings(province, kServer)},
          kiosk{directory, "kiosk", settings(province, kKiosk)} {
        kiosk.enter(at_kiosk.name());
        server.enter(at_server.name());
        at_kiosk.ip({"addr", "add", "10.77.0.1/24", "dev", "radio"});
        at_server.ip({"addr", "add", "10.77.0.2/24", "dev", "radio"});
        // So that headers are of one size.
        at_kiosk.set("ipv6/conf/radio/disable_ipv6", "1");
        at_server.set("ipv6/conf/radio/disable_ipv6", "1");
        must(kiosk.start_and_wait() && server.start_and_wait(), "tramd does not start");
    }
    static config::Config settings(Province& province, const std::string& node_id) {
        config::Config config = province.enrol(node_id, node_id == kServer);
        config.links = config::Links{};
        config.discovery.enabled = true;
        return config;
    }

    TestDirectory directory;
    Namespace at_kiosk;
    Namespace at_server;
    Wire radio{at_server, at_kiosk, "radio"};
    DaemonProcess server;
    DaemonProcess kiosk;
};

/// One contact of fixed length, or until `got` is there.
void meet(Pair& pair, const Options& options, std::optional<Buffer>& got) {
    ApiClient at_server{pair.server.api()};
    const auto end = SteadyClock::now() + seconds{options.contact_s};
    pair.radio.plug_in();
    (void)wait_until(
        [&] {
            auto message = fetch_message(at_server, kInbox, milliseconds{0});
            if (message && message->head.found()) got = std::move(message->content);
            return got.has_value();
        },
        std::chrono::duration_cast<milliseconds>(end - SteadyClock::now()), milliseconds{100});
    pair.radio.pull_out();
    must(wait_until([&] { return !connected(pair.kiosk) && !connected(pair.server); }, milliseconds{5'000}),
         "a session outlives its network");
}

void run(const Options& options) {
    const TestDirectory files;
    Province province{files.path() / "province", "Province"};
    Pair pair{province};
    shape(pair.at_kiosk, options.bits_per_s);
    shape(pair.at_server, options.bits_per_s);
    const Buffer content = make_payload(1, options.size);
    ApiClient at_kiosk{pair.kiosk.api()};
    const auto queued = send_message(at_kiosk, {.destination = kInbox}, content);
    must(queued.has_value(), "the message is not taken: " + (queued ? "" : queued.error().message));

    // Networks take a second of each contact to come up.
    const std::uint64_t whole = options.size * 8 * 11 / 10 / options.bits_per_s;
    const std::uint64_t few = whole / (options.contact_s - 1) + 2;
    const std::uint64_t contacts_max = options.contacts_max == 0 ? few : options.contacts_max;
    std::uint64_t contacts = 0;
    std::optional<Buffer> got;
    std::uint64_t before = 0;
    while (!got && contacts < contacts_max) {
        ++contacts;
        meet(pair, options, got);
        const Sent sent = sent_by(pair.at_kiosk);
        std::printf("contact %llu: %.2f MB sent, %llu bundles arrived so far\n",
                    static_cast<unsigned long long>(contacts), static_cast<double>(sent.bytes - before) / 1e6,
                    static_cast<unsigned long long>(pair.server.stored()));
        before = sent.bytes;
    }
    const Sent sent = sent_by(pair.at_kiosk);
    const Sent back = sent_by(pair.at_server);
    const auto bound = [&](double overhead) {
        return overhead * static_cast<double>(options.size) +
               static_cast<double>((contacts - 1) * kChunkBytes);
    };
    std::printf(
        "contacts: %llu bytes in %llu contacts of %llu s at %llu bit/s; sent %llu bytes on the air, %llu of "
        "them "
        "payload of TCP (%.4f and %.4f of the size), bounds %.0f and %.0f; back %llu bytes\n",
        static_cast<unsigned long long>(options.size), static_cast<unsigned long long>(contacts),
        static_cast<unsigned long long>(options.contact_s),
        static_cast<unsigned long long>(options.bits_per_s), static_cast<unsigned long long>(sent.bytes),
        static_cast<unsigned long long>(sent.payload()),
        static_cast<double>(sent.bytes) / static_cast<double>(options.size),
        static_cast<double>(sent.payload()) / static_cast<double>(options.size), bound(options.air_overhead),
        bound(options.overhead), static_cast<unsigned long long>(back.bytes));
    must(got.has_value(), "it has not arrived");
    must(*got == content, "what arrived is not what was sent");
    must(static_cast<double>(sent.payload()) <= bound(options.overhead),
         "more was sent than the bound allows");
    must(static_cast<double>(sent.bytes) <= bound(options.air_overhead),
         "more was on the air than the bound allows");
}

}  // namespace
}  // namespace tram::harness

int main(int argc, char** argv) {
    CLI::App app{"tram-contacts: a large attachment over short contacts on a slow radio; prints figures"};
    tram::harness::Options options;
    app.add_option("--size", options.size, "Bytes of the attachment")->capture_default_str();
    app.add_option("--contact", options.contact_s, "Seconds of each contact")
        ->check(CLI::Range(2, 3'600))
        ->capture_default_str();
    app.add_option("--rate", options.bits_per_s, "Bits a second of the radio")->capture_default_str();
    app.add_option("--overhead", options.overhead, "Of the size, at most, besides a chunk for each cut")
        ->capture_default_str();
    app.add_option("--air-overhead", options.air_overhead,
                   "The same with the headers of Ethernet, IP and TCP")
        ->capture_default_str();
    app.add_option("--contacts-max", options.contacts_max, "0: as many as the rate needs, and two");
    CLI11_PARSE(app, argc, argv);
    if (const auto why_not = tram::harness::why_no_namespaces()) {
        std::printf("left out: %s\n", why_not->c_str());
        return tram::harness::kLeftOut;
    }
    try {
        tram::harness::run(options);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "tram-contacts: %s\n", error.what());
        return 1;
    }
    return 0;
}
