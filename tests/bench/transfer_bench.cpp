// Bundles of 1 MiB through one session, with and without TLS, beside the same bytes through bare OpenSSL and
// through a bare socket. All in one thread, both ends in this process, over the loopback interface.
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <optional>
#include <string>
#include <utility>

#include "daemon/links/link_manager.h"
#include "tests/bench/bare_tls.h"
#include "tests/bench/bench.h"
#include "tests/bench/reference.h"

namespace tram::bench {

namespace {

using boost::asio::ip::tcp;

constexpr std::size_t kBundleBytes = 1U << 20;
constexpr std::size_t kUnderWay = 8;
constexpr std::chrono::seconds kPatience{30};
const std::string kSource = "dtn://18904-lt01/";
const std::string kSink = "dtn://18904-srv/";

/// Sends a bundle whenever fewer than kUnderWay are under way, or takes and accepts what comes.
class End final : public links::LinkListener {
  public:
    std::optional<links::LinkId> link;
    std::uint64_t acknowledged_count = 0;
    links::LinkManager* manager = nullptr;

    void link_up(const links::LinkUp& up) override { link = up.link; }
    void received(links::LinkId from, tcpcl::TransferId transfer, Bytes) override {
        manager->accept(from, transfer);
    }
    void acknowledged(links::LinkId, tcpcl::TransferId) override { ++acknowledged_count; }
    void refused(links::LinkId, tcpcl::TransferId, tcpcl::RefuseReason) override {}
    void link_ending(links::LinkId) override {}
    void link_down(links::LinkId, const std::optional<Error>&) override { link.reset(); }
    void attempt_failed(const std::string&, std::optional<std::size_t>, const Error&) override {}
    void burst_done() override {}
};

/// A session between two link managers.
class Session {
  public:
    explicit Session(const Credentials* credentials)
        : listener_{io_, options_of(kSink, kSource, credentials, ""), sink_},
          bundle_{random_bytes(kBundleBytes)} {
        sink_.manager = &listener_;
        if (!listener_.start()) return;
        const std::string address = "127.0.0.1:" + std::to_string(listener_.listening_ports().front());
        caller_.emplace(io_, options_of(kSource, kSink, credentials, address), source_);
        if (!caller_->start()) return;
        const auto end = Clock::now() + kPatience;
        while (!(source_.link && sink_.link) && Clock::now() < end)
            io_.run_for(std::chrono::milliseconds{1});
    }
    [[nodiscard]] bool up() const { return source_.link.has_value() && sink_.link.has_value(); }

    /// For one slice: how many bundles were acknowledged.
    void run(Tally& tally) {
        const auto before = source_.acknowledged_count;
        const auto begin = Clock::now();
        while (up() && Clock::now() < begin + kSlice) {
            while (sent_ < source_.acknowledged_count + kUnderWay && caller_->send(*source_.link, bundle_))
                ++sent_;
            io_.run_one();
        }
        tally.bundles += source_.acknowledged_count - before;
        tally.time += Clock::now() - begin;
    }

  private:
    static links::LinkOptions options_of(const std::string& node_id, const std::string& peer,
                                         const Credentials* credentials, const std::string& call) {
        links::LinkOptions options;
        options.session.node_id = node_id;
        if (credentials != nullptr) options.tls = identity_of(*credentials, peer);
        if (call.empty()) {
            options.listen = {"127.0.0.1:0"};
        } else {
            options.peers = {{peer, call}};
        }
        return options;
    }

    boost::asio::io_context io_{1};
    End sink_;
    End source_;
    links::LinkManager listener_;
    std::optional<links::LinkManager> caller_;
    Bytes bundle_;
    std::uint64_t sent_ = 0;
};

/// Two connected sockets, with TLS on them or not; one writes what the other reads.
class BarePipe {
  public:
    explicit BarePipe(SSL_CTX* context) : bytes_{random_bytes(kBundleBytes)}, scratch_(256U << 10) {
        tcp::acceptor acceptor{io_, {boost::asio::ip::address_v4::loopback(), 0}};
        writer_.connect(acceptor.local_endpoint());
        acceptor.accept(reader_);
        for (tcp::socket* socket : {&writer_, &reader_}) {
            socket->non_blocking(true);
            socket->set_option(tcp::no_delay{true});
        }
        if (context == nullptr) return;
        near_.reset(SSL_new(context));
        far_.reset(SSL_new(context));
        SSL_set_fd(near_.get(), writer_.native_handle());
        SSL_set_fd(far_.get(), reader_.native_handle());
        SSL_set_connect_state(near_.get());
        SSL_set_accept_state(far_.get());
        bool done = false;
        while (!done) {
            const int near = SSL_do_handshake(near_.get());
            done = SSL_do_handshake(far_.get()) == 1 && near == 1;
        }
    }

    void run(Tally& tally) {
        const auto begin = Clock::now();
        while (Clock::now() < begin + kSlice) {
            written_ += write(bytes_.view().subspan(written_ % kBundleBytes));
            read_ += read();
            for (; read_ >= kBundleBytes; read_ -= kBundleBytes)
                ++tally.bundles;
        }
        tally.time += Clock::now() - begin;
    }

  private:
    std::size_t write(ByteView bytes) {
        boost::system::error_code blocked;
        if (!near_) return writer_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), blocked);
        const int count = SSL_write(near_.get(), bytes.data(), static_cast<int>(bytes.size()));
        return count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    std::size_t read() {
        boost::system::error_code blocked;
        if (!far_) return reader_.read_some(boost::asio::buffer(scratch_), blocked);
        const int count = SSL_read(far_.get(), scratch_.data(), static_cast<int>(scratch_.size()));
        return count > 0 ? static_cast<std::size_t>(count) : 0;
    }

    boost::asio::io_context io_;
    tcp::socket writer_{io_};
    tcp::socket reader_{io_};
    Handle<SSL> near_;
    Handle<SSL> far_;
    Bytes bytes_;
    Buffer scratch_;
    std::size_t written_ = 0;
    std::size_t read_ = 0;
};

Result<void> measure(const char* name, const Credentials* credentials, double seconds,
                     const MeasureSink& sink) {
    Session ours{credentials};
    if (!ours.up()) return fail(ErrorCode::kUnavailable, "the session did not come up");
    const Handle<SSL_CTX> context{credentials == nullptr ? nullptr : bare_context(*credentials)};
    BarePipe bare{context.get()};
    Tally our_tally;
    Tally bare_tally;
    while (our_tally.time.count() < seconds) {
        ours.run(our_tally);
        bare.run(bare_tally);
    }
    if (!ours.up()) return fail(ErrorCode::kUnavailable, "the session ended");
    constexpr double kMegabytes = kBundleBytes / 1e6;
    sink({name, kBundleBytes, our_tally.per_second() * kMegabytes, "MB/s",
          bare_tally.per_second() * kMegabytes});
    return {};
}

}  // namespace

Result<void> bench_transfers(const SecurityBenchOptions& options, const MeasureSink& sink) {
    const Credentials credentials;
    if (auto done = measure("tls_transfer", &credentials, options.seconds, sink); !done) return done;
    return measure("plain_transfer", nullptr, options.seconds, sink);
}

}  // namespace tram::bench
