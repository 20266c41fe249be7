// Sessions over TLS beside the bare library: how many are set up in a second, and what an idle one weighs.
#include <array>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <malloc.h>
#include <memory>
#include <openssl/ssl.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/links/link_manager.h"
#include "tests/bench/bare_tls.h"
#include "tests/bench/bench.h"
#include "tests/bench/reference.h"

namespace tram::bench {

namespace {

constexpr std::size_t kSessions = 400;  // two sockets each, below the usual limit of 1,024 files
constexpr std::chrono::seconds kPatience{60};
constexpr auto kSlicePoll = std::chrono::milliseconds{1};
const std::string kCaller = "dtn://18904-lt01/";
const std::string kListener = "dtn://18904-srv/";

/// Bare OpenSSL: both ends of connections, over memory.
class BareTls {
  public:
    explicit BareTls(const Credentials& credentials) : context_{bare_context(credentials)} {}

    struct Pair {
        Handle<SSL> client;
        Handle<SSL> server;
    };

    [[nodiscard]] std::optional<Pair> connect() const {
        Pair pair{Handle<SSL>{SSL_new(context_.get())}, Handle<SSL>{SSL_new(context_.get())}};
        BIO* near = nullptr;
        BIO* far = nullptr;
        if (BIO_new_bio_pair(&near, 0, &far, 0) != 1) return std::nullopt;
        SSL_set_bio(pair.client.get(), near, near);
        SSL_set_bio(pair.server.get(), far, far);
        SSL_set_connect_state(pair.client.get());
        SSL_set_accept_state(pair.server.get());
        for (int turn = 0; turn < 16; ++turn) {
            const int client = SSL_do_handshake(pair.client.get());
            const int server = SSL_do_handshake(pair.server.get());
            if (client == 1 && server == 1) return pair;
        }
        return std::nullopt;
    }

  private:
    Handle<SSL_CTX> context_;
};

/// One end; counts the sessions that are up.
class End final : public links::LinkListener {
  public:
    std::size_t up = 0;
    std::optional<Error> failure;

    void link_up(const links::LinkUp&) override { ++up; }
    void received(links::LinkId, tcpcl::TransferId, Bytes) override {}
    void acknowledged(links::LinkId, tcpcl::TransferId) override {}
    void refused(links::LinkId, tcpcl::TransferId, tcpcl::RefuseReason) override {}
    void link_ending(links::LinkId) override {}
    void link_down(links::LinkId, const std::optional<Error>&) override {}
    void attempt_failed(const std::string&, std::optional<std::size_t>, const Error& error) override {
        failure = error;
    }
    void burst_done() override {}
};

links::LinkOptions options_of(const std::string& node_id, const std::string& peer,
                              const Credentials* credentials) {
    links::LinkOptions options;
    options.session.node_id = node_id;
    options.sessions_max = kSessions;
    if (credentials != nullptr) options.tls = identity_of(*credentials, peer);
    return options;
}

/// The heap in use. Not resident pages: those of earlier cases would serve later ones again.
std::size_t heap_bytes() {
    return ::mallinfo2().uordblks;
}

struct Outcome {
    double sessions_per_s = 0;
    double kib_per_end = 0;
};

/// Both ends of kSessions sessions in this process, over the loopback interface.
Result<Outcome> set_up(const Credentials* credentials) {
    boost::asio::io_context io;
    End listening;
    End calling;
    links::LinkOptions server = options_of(kListener, kCaller, credentials);
    server.listen = {"127.0.0.1:0"};
    links::LinkManager listener{io, std::move(server), listening};
    if (auto started = listener.start(); !started) return std::unexpected{started.error()};
    links::LinkOptions client = options_of(kCaller, kListener, credentials);
    const std::string address = "127.0.0.1:" + std::to_string(listener.listening_ports().front());
    client.peers.assign(kSessions, {kListener, address});
    links::LinkManager caller{io, std::move(client), calling};

    const std::size_t before = heap_bytes();
    const auto begin = Clock::now();
    if (auto started = caller.start(); !started) return std::unexpected{started.error()};
    while (listening.up < kSessions || calling.up < kSessions) {
        if (calling.failure) return std::unexpected{*calling.failure};
        if (Clock::now() > begin + kPatience) {
            return fail(ErrorCode::kUnavailable, "the sessions did not come up");
        }
        io.run_for(kSlicePoll);
    }
    const Seconds taken = Clock::now() - begin;
    const std::size_t after = heap_bytes();
    return Outcome{kSessions / taken.count(),
                   static_cast<double>(after - std::min(before, after)) / 1024.0 / (2.0 * kSessions)};
}

double bare_kib_per_end(const BareTls& bare) {
    std::vector<BareTls::Pair> pairs;
    pairs.reserve(kSessions);
    const std::size_t before = heap_bytes();
    for (std::size_t i = 0; i < kSessions; ++i) {
        auto pair = bare.connect();
        if (!pair) continue;
        // The pipe between them is no part of a connection.
        SSL_set_bio(pair->client.get(), nullptr, nullptr);
        SSL_set_bio(pair->server.get(), nullptr, nullptr);
        pairs.push_back(std::move(*pair));
    }
    const std::size_t after = heap_bytes();
    return static_cast<double>(after - std::min(before, after)) / 1024.0 / (2.0 * kSessions);
}

}  // namespace

Result<void> bench_tls(const SecurityBenchOptions& options, const MeasureSink& sink) {
    const Credentials credentials;
    const BareTls bare{credentials};
    const auto ours = set_up(&credentials);
    if (!ours) return std::unexpected{ours.error()};
    const double bare_kib = bare_kib_per_end(bare);
    const auto plain = set_up(nullptr);
    if (!plain) return std::unexpected{plain.error()};

    Tally handshakes;
    const auto begin = Clock::now();
    while (handshakes.time.count() < options.seconds) {
        if (!bare.connect()) return fail(ErrorCode::kTlsFailed, "a bare handshake failed");
        ++handshakes.bundles;
        handshakes.time = Clock::now() - begin;
    }
    sink({"tls_session", kSessions, ours->sessions_per_s, "sessions/s", handshakes.per_second()});
    sink({"plain_session", kSessions, plain->sessions_per_s, "sessions/s", 0});
    sink({"tls_memory", kSessions, ours->kib_per_end, "KiB/end", bare_kib});
    sink({"plain_memory", kSessions, plain->kib_per_end, "KiB/end", 0});
    return bench_transfers(options, sink);
}

}  // namespace tram::bench
