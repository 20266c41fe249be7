// tram-kill9: SIGKILL at random moments under load.
//
// A chain of three daemons, village -> carrier -> commune. An application hands in bundles at one end as fast
// as they are taken, another receives and acknowledges them at the other end. In every cycle one of the
// daemons, chosen at random, is killed at a random moment and started again. Promises checked at the end:
//   - what the village answered SendBundle for, the commune hands over (lost 0);
//   - what the commune answered AcknowledgeBundle for, it never hands over again (twice 0).
// A request that was under way when its daemon was killed may count either way.
#include <CLI/CLI.hpp>
#include <array>
#include <atomic>
#include <cstdio>
#include <exception>
#include <memory>
#include <mutex>
#include <random>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "tests/system/harness/daemon_process.h"
#include "tests/system/harness/workload.h"

namespace tram::harness {
namespace {

const std::string kInbox = "dtn://commune/inbox";
constexpr std::uint64_t kBacklogMax = 2'000;
constexpr std::size_t kSubmissionsUnderWay = 64;
constexpr std::size_t kFetchesUnderWay = 32;
constexpr milliseconds kGlance{20};
constexpr milliseconds kFetchWait{1'000};

/// A daemon and which of its runs this is: an application has one connection to each run.
struct Station {
    Station(const TestDirectory& directory, const std::string& name, config::Config config)
        : daemon{directory, name, std::move(config)} {}
    /// The present run once it serves; nothing when `stop` came first.
    std::optional<std::uint64_t> await_run(const std::atomic<bool>& stop) const {
        while (!stop) {
            if (serving == run) return serving;
            std::this_thread::sleep_for(milliseconds{1});
        }
        return std::nullopt;
    }

    DaemonProcess daemon;
    std::atomic<std::uint64_t> run{1};      // counted up when it was killed
    std::atomic<std::uint64_t> serving{0};  // the run that answers
    std::uint64_t kills = 0;
};

std::size_t payload_size(std::uint64_t number) {
    return number % 200 == 0 ? 100'000 : 8 + number * 7919 % 4'000;
}

/// What was promised to the applications, by submission number.
class Book {
  public:
    void answered_submission(std::uint64_t number, const std::string& bundle_id) {
        const std::lock_guard lock{mutex_};
        promised_.emplace(number, bundle_id);
    }
    /// A bundle was handed over by run `run` of the daemon.
    void handed_over(const std::string& bundle_id, ByteView payload, std::uint64_t run) {
        const std::lock_guard lock{mutex_};
        const auto number = number_of(payload);
        if (!number || digest_of(payload) != digest_of(make_payload(*number, payload_size(*number)))) {
            ++damaged_;
            return;
        }
        const auto [at, first] = hands_.try_emplace(bundle_id, Hand{*number, run});
        if (!first) {
            ++again_;
            if (at->second.done || at->second.run == run) ++twice_;
            at->second.run = run;
        } else if (!numbers_seen_.insert(*number).second) {
            ++twice_;  // one submission in two bundles
        }
    }
    void answered_acknowledgement(const std::string& bundle_id) {
        const std::lock_guard lock{mutex_};
        const auto hand = hands_.find(bundle_id);
        if (hand != hands_.end()) hand->second.done = true;
    }
    void failed(const std::string& what) {
        const std::lock_guard lock{mutex_};
        ++failures_;
        std::fprintf(stderr, "the API answered: %s\n", what.c_str());
    }

    [[nodiscard]] std::uint64_t promised() const {
        const std::lock_guard lock{mutex_};
        return promised_.size();
    }
    [[nodiscard]] std::uint64_t delivered() const {
        const std::lock_guard lock{mutex_};
        return hands_.size();
    }
    /// Promised bundles that were never handed over. (One whose acknowledgement was under way when the
    /// daemon was killed need not come again.)
    [[nodiscard]] std::uint64_t lost() const {
        const std::lock_guard lock{mutex_};
        std::uint64_t lost = 0;
        for (const auto& [number, bundle_id] : promised_) {
            const auto found = hands_.find(bundle_id);
            if (found == hands_.end() || found->second.number != number) ++lost;
        }
        return lost;
    }
    struct Verdict {
        std::uint64_t again, twice, damaged, failures;
    };
    [[nodiscard]] Verdict verdict() const {
        const std::lock_guard lock{mutex_};
        return {again_, twice_, damaged_, failures_};
    }

  private:
    struct Hand {
        std::uint64_t number;
        std::uint64_t run;
        bool done = false;
    };
    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, std::string> promised_;  // submission number -> bundle id
    std::unordered_map<std::string, Hand> hands_;
    std::unordered_set<std::uint64_t> numbers_seen_;
    std::uint64_t again_ = 0;
    std::uint64_t twice_ = 0;
    std::uint64_t damaged_ = 0;
    std::uint64_t failures_ = 0;
};

/// The application at the village.
class Submitter {
  public:
    Submitter(Station& station, Book& book) : station_{station}, book_{book} {}

    void run(const std::atomic<bool>& stop) {
        while (const auto run = station_.await_run(stop)) {
            ApiClient client{station_.daemon.api(), Reconnect::kNever};
            under_way_.clear();
            while (station_.run == *run && (!stop || !under_way_.empty())) {
                if (!stop) fill(client);
                take(client, kGlance);
            }
            while (take(client, milliseconds{0})) {
            }
        }
    }
    [[nodiscard]] std::uint64_t submitted() const { return next_number_; }

  private:
    void fill(ApiClient& client) {
        while (under_way_.size() < kSubmissionsUnderWay &&
               book_.promised() < book_.delivered() + kBacklogMax) {
            const auto id =
                client.post(send_request(kInbox), make_payload(next_number_, payload_size(next_number_)));
            if (!id) return;
            under_way_.emplace(*id, next_number_++);
        }
    }
    bool take(ApiClient& client, milliseconds wait) {
        const auto answer = client.next(wait);
        if (!answer) return false;
        const auto found = under_way_.extract(answer->reply.id());
        if (answer->reply.has_failure()) {
            book_.failed(answer->reply.failure().message());
        } else if (!found.empty()) {
            book_.answered_submission(found.mapped(), answer->reply.send_bundle().bundle_id());
        }
        return true;
    }

    Station& station_;
    Book& book_;
    std::atomic<std::uint64_t> next_number_{0};
    std::unordered_map<std::uint64_t, std::uint64_t> under_way_;  // request -> number
};

/// The application at the commune.
class Receiver {
  public:
    Receiver(Station& station, Book& book) : station_{station}, book_{book} {}

    void run(const std::atomic<bool>& stop) {
        while (const auto run = station_.await_run(stop)) {
            ApiClient client{station_.daemon.api(), Reconnect::kNever};
            acknowledging_.clear();
            fetches_ = 0;
            while (station_.run == *run && !stop) {
                while (fetches_ < kFetchesUnderWay && client.post(receive_request(kInbox, kFetchWait)))
                    ++fetches_;
                take(client, kGlance, *run);
            }
            while (take(client, milliseconds{0}, *run)) {
            }
        }
    }

  private:
    bool take(ApiClient& client, milliseconds wait, std::uint64_t run) {
        const auto answer = client.next(wait);
        if (!answer) return false;
        const auto acknowledged = acknowledging_.extract(answer->reply.id());
        if (acknowledged.empty()) --fetches_;
        if (answer->reply.has_failure()) {
            book_.failed(answer->reply.failure().message());
        } else if (!acknowledged.empty()) {
            book_.answered_acknowledgement(acknowledged.mapped());
        } else if (answer->reply.receive_bundle().found()) {
            const pb::ReceiveBundleReply& bundle = answer->reply.receive_bundle();
            book_.handed_over(bundle.bundle_id(), answer->payload, run);
            if (const auto id = client.post(acknowledge_request(bundle.token()))) {
                acknowledging_.emplace(*id, bundle.bundle_id());
            }
        }
        return true;
    }

    Station& station_;
    Book& book_;
    std::size_t fetches_ = 0;
    std::unordered_map<std::uint64_t, std::string> acknowledging_;  // request -> bundle id
};

struct Chain {
    Chain() {
        config::Config far = fast_config("dtn://commune/");
        commune = std::make_unique<Station>(directory, "commune", far);
        config::Config middle = fast_config("dtn://carrier/");
        middle.peers = {{"dtn://commune/", commune->daemon.address()}};
        middle.routing.router = config::RouterKind::kDirect;
        carrier = std::make_unique<Station>(directory, "carrier", middle);
        config::Config near = fast_config("dtn://village/");
        near.peers = {{"dtn://carrier/", carrier->daemon.address()}};
        near.routing.router = config::RouterKind::kStatic;
        near.routing.routes = {{"dtn://commune/*", "dtn://carrier/"}};
        village = std::make_unique<Station>(directory, "village", near);
    }
    [[nodiscard]] std::array<Station*, 3> stations() const {
        return {village.get(), carrier.get(), commune.get()};
    }

    TestDirectory directory;
    std::unique_ptr<Station> village, carrier, commune;
};

class Trial {
  public:
    Trial(std::uint64_t cycles, std::uint64_t seed) : cycles_{cycles}, seed_{seed}, random_{seed} {}

    int run() {
        const auto started = SteadyClock::now();
        for (Station* station : chain_.stations())
            start(*station);
        std::jthread submitting{[this] { submitter_.run(stop_submitting_); }};
        std::jthread receiving{[this] { receiver_.run(stop_receiving_); }};
        std::exception_ptr broken;
        try {
            for (std::uint64_t cycle = 0; cycle < cycles_; ++cycle)
                kill_one();
        } catch (const std::exception& error) {
            std::fprintf(stderr, "%s\n", error.what());
            broken = std::current_exception();
        }
        stop_submitting_ = true;
        submitting.join();
        const bool healed = !broken && heal();
        stop_receiving_ = true;
        receiving.join();
        return report(healed, elapsed_ms(started));
    }

  private:
    void must(bool holds, Station& station, const std::string& what) {
        if (!holds)
            throw std::runtime_error{station.daemon.node_id() + " " + what + "\n" + station.daemon.log()};
    }

    void pause(std::uint64_t ms_max) {
        std::this_thread::sleep_for(
            milliseconds{std::uniform_int_distribution<std::uint64_t>{0, ms_max}(random_)});
    }

    void start(Station& station) {
        must(station.daemon.start_and_wait(), station, "does not start");
        station.serving = station.run.load();
    }

    void kill(Station& station) {
        must(station.daemon.running(), station, "ended by itself");
        station.daemon.kill();
        ++station.kills;
        ++station.run;
    }

    void kill_one() {
        Station& victim = *chain_.stations().at(std::uniform_int_distribution<std::size_t>{0, 2}(random_));
        const std::uint64_t before = book_.promised() + book_.delivered();
        must(wait_until([&] { return book_.promised() + book_.delivered() > before; }), victim,
             "waits: nothing moves");
        pause(150);
        kill(victim);
        if (std::bernoulli_distribution{0.2}(random_)) {  // once more, while it recovers
            victim.daemon.start();
            pause(50);
            kill(victim);
        }
        start(victim);
    }

    /// Everything runs: what was handed in arrives, and nothing stays on the way.
    bool heal() {
        return wait_until([this] { return book_.lost() == 0; }, kPatience, milliseconds{50}) &&
               wait_until(
                   [this] {
                       for (Station* station : chain_.stations()) {
                           if (station->daemon.stored() != 0) return false;
                       }
                       return true;
                   },
                   kPatience, milliseconds{50});
    }

    int report(bool healed, std::int64_t took_ms) {
        const Book::Verdict verdict = book_.verdict();
        const std::uint64_t lost = book_.lost();
        std::uint64_t kills = 0;
        for (Station* station : chain_.stations())
            kills += station->kills;
        std::printf(
            "kill9: cycles %llu, kills %llu, submitted %llu, acknowledged %llu, delivered %llu, lost %llu, "
            "delivered twice %llu, damaged %llu, handed over again unacknowledged %llu, API failures %llu, "
            "%.1f s, seed %llu\n",
            as_print(cycles_), as_print(kills), as_print(submitter_.submitted()), as_print(book_.promised()),
            as_print(book_.delivered()), as_print(lost), as_print(verdict.twice), as_print(verdict.damaged),
            as_print(verdict.again), as_print(verdict.failures), static_cast<double>(took_ms) / 1000.0,
            as_print(seed_));
        const bool good = healed && lost + verdict.twice + verdict.damaged + verdict.failures == 0;
        if (good) return 0;
        for (Station* station : chain_.stations()) {
            if (!station->daemon.running()) continue;
            std::fprintf(stderr, "%s\n", station->daemon.status().ShortDebugString().c_str());
        }
        return 1;
    }

    static unsigned long long as_print(std::uint64_t value) { return value; }

    const std::uint64_t cycles_;
    const std::uint64_t seed_;
    std::mt19937_64 random_;
    Chain chain_;
    Book book_;
    Submitter submitter_{*chain_.village, book_};
    Receiver receiver_{*chain_.commune, book_};
    std::atomic<bool> stop_submitting_{false};
    std::atomic<bool> stop_receiving_{false};
};

}  // namespace
}  // namespace tram::harness

int main(int argc, char** argv) {
    CLI::App app{"tram-kill9: kills daemons at random moments under load; nothing may be lost or come twice"};
    std::uint64_t cycles = 200;
    std::uint64_t seed = std::random_device{}();
    app.add_option("--cycles", cycles, "Kills")->capture_default_str();
    app.add_option("--seed", seed, "Seed of victims and moments; printed at the end");
    CLI11_PARSE(app, argc, argv);
    try {
        return tram::harness::Trial{cycles, seed}.run();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "tram-kill9: %s\n", error.what());
        return 2;
    }
}
