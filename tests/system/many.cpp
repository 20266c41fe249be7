// tram-many: a daemon with very many queued bundles. Checks that a listing shows each bundle once, before and
// after a restart, and prints how long a restart takes and how much memory is used.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>

#include "tests/system/harness/daemon_process.h"
#include "tests/system/harness/program.h"
#include "tests/system/harness/workload.h"

namespace tram::harness {
namespace {

constexpr std::uint64_t kPayloadBytes = 1'024;
constexpr std::uint32_t kPageSize = 1'000;

void must(bool holds, const std::string& what) {
    if (!holds) throw std::runtime_error{what};
}

/// Pages through the listing: the ids of all bundles. Throws when one comes twice or out of order.
std::set<std::string> list_all(ApiClient& client) {
    std::set<std::string> ids;
    std::uint64_t after = 0;
    std::uint64_t last = 0;
    do {
        pb::Request request;
        request.mutable_list_bundles()->set_page_size(kPageSize);
        request.mutable_list_bundles()->set_after_key(after);
        const auto answer = client.call(request);
        must(answer.has_value(), "the listing fails");
        const pb::ListBundlesReply& page = answer->reply.list_bundles();
        for (const pb::Bundle& bundle : page.bundles()) {
            must(bundle.key() > std::exchange(last, bundle.key()), "the listing is out of order");
            must(ids.insert(bundle.bundle_id()).second, bundle.bundle_id() + " is listed twice");
        }
        after = page.next_after_key();
    } while (after != 0);
    return ids;
}

std::set<std::string> ids_of(const Digests& sent) {
    std::set<std::string> ids;
    for (const auto& [id, digest] : sent)
        ids.insert(id);
    return ids;
}

struct Restart {
    std::int64_t ms = 0;
    std::uint64_t peak_kib = 0;
};

/// From execution to the first answer of the API.
Restart start(DaemonProcess& daemon) {
    const auto began = SteadyClock::now();
    must(daemon.start_and_wait(), "tramd does not start\n" + daemon.log());
    return {elapsed_ms(began), peak_memory_kib(daemon.pid())};
}

double mib(std::uint64_t kib) {
    return static_cast<double>(kib) / 1024.0;
}

/// Fills a daemon with `count` bundles for a peer that is not there.
void run(std::uint64_t count, bool with_cli) {
    const TestDirectory directory;
    DaemonProcess daemon{directory, "daemon", fast_config("dtn://village/")};
    const Restart empty = start(daemon);
    const auto filling = SteadyClock::now();
    ApiClient client{daemon.api()};
    const auto sent =
        ids_of(submit(client, {"dtn://commune/inbox", count, 0, [](auto) { return kPayloadBytes; }}));
    const std::int64_t fill_ms = elapsed_ms(filling);
    const std::uint64_t filled_kib = peak_memory_kib(daemon.pid());

    const auto listing = SteadyClock::now();
    must(list_all(client) == sent, "the listing is not what was handed in");
    const std::int64_t list_ms = elapsed_ms(listing);

    const auto asking = SteadyClock::now();
    must(daemon.stored() == count, "the status counts other bundles");
    const std::int64_t status_ms = elapsed_ms(asking);

    must(daemon.stop() == std::optional{0}, "tramd does not stop in order");
    const Restart orderly = start(daemon);
    must(list_all(client) == sent, "the listing after a restart is not what was handed in");
    daemon.kill();
    const Restart crashed = start(daemon);
    must(list_all(client) == sent, "the listing after a crash is not what was handed in");

    std::printf(
        "many: bundles %llu, handed in %.0f/s, listed in %lld ms, status in %lld ms, start %lld ms empty, "
        "%lld ms after SIGTERM, %lld ms after SIGKILL, peak memory of tramd %.1f MiB empty, %.1f filling, "
        "%.1f and %.1f after restarts",
        static_cast<unsigned long long>(count),
        1000.0 * static_cast<double>(count) / static_cast<double>(std::max<std::int64_t>(fill_ms, 1)),
        static_cast<long long>(list_ms), static_cast<long long>(status_ms), static_cast<long long>(empty.ms),
        static_cast<long long>(orderly.ms), static_cast<long long>(crashed.ms), mib(empty.peak_kib),
        mib(filled_kib), mib(orderly.peak_kib), mib(crashed.peak_kib));
    if (with_cli) {
        const ProgramOutput output =
            run_program({TRAM_PATH, "--api", daemon.api(), "bundle", "list", "-o", "name"});
        must(output.status == 0, "tram bundle list fails");
        const auto lines = std::ranges::count(output.text, '\n');
        must(static_cast<std::uint64_t>(lines) == count,
             "tram bundle list shows " + std::to_string(lines) + " lines");
        std::printf(", of `tram bundle list` %.1f MiB", mib(output.peak_memory_kib));
    }
    std::printf("\n");
}

}  // namespace
}  // namespace tram::harness

int main(int argc, char** argv) {
    CLI::App app{"tram-many: many queued bundles; prints figures"};
    std::vector<std::uint64_t> counts{10'000, 100'000};
    app.add_option("--count", counts, "Bundles; may be given more than once")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        for (const std::uint64_t count : counts)
            tram::harness::run(count, true);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "tram-many: %s\n", error.what());
        return 1;
    }
    return 0;
}
