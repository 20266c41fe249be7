// Throughput of one carrier: source -> tramd -> sink over loopback TCPCLv4 sessions.
#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <optional>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "daemon/links/link_manager.h"
#include "proto/bpv7/codec.h"
#include "tests/bench/bench.h"
#include "tests/bench/reference.h"

extern char** environ;

namespace tram::bench {

namespace {

// How long the carrier may take to come up, and to pass on the last bundles.
constexpr auto kPatience = std::chrono::seconds{30};
constexpr std::uint64_t kReferenceBatch = 128;

/// tramd as a child process; killed at the end.
class Carrier {
  public:
    Carrier(const std::filesystem::path& program, const std::filesystem::path& config,
            const std::filesystem::path& log) {
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT, 0644);
        std::string name = program.string();
        std::string flag = "--config";
        std::string file = config.string();
        std::array<char*, 4> arguments{name.data(), flag.data(), file.data(), nullptr};
        if (::posix_spawn(&child_, name.c_str(), &actions, nullptr, arguments.data(), environ) != 0)
            child_ = -1;
        posix_spawn_file_actions_destroy(&actions);
    }
    ~Carrier() {
        if (child_ <= 0) return;
        ::kill(child_, SIGKILL);
        ::waitpid(child_, nullptr, 0);
    }
    Carrier(const Carrier&) = delete;
    Carrier& operator=(const Carrier&) = delete;

    [[nodiscard]] bool alive() { return child_ > 0 && ::waitpid(child_, nullptr, WNOHANG) == 0; }

  private:
    pid_t child_ = -1;
};

/// One end of the measurement: a node that listens and is called by the carrier.
class End : public links::LinkListener {
  public:
    End(boost::asio::io_context& io, const std::string& node_id) : links_{io, options(node_id), *this} {}

    Result<void> start() { return links_.start(); }
    [[nodiscard]] std::uint16_t port() const { return links_.listening_ports().front(); }
    [[nodiscard]] bool is_up() const { return link_.has_value(); }
    [[nodiscard]] std::uint64_t received_count() const { return received_; }
    [[nodiscard]] std::uint64_t refused_count() const { return refused_; }
    void send(Bytes wire) { (void)links_.send(*link_, std::move(wire)); }

    void link_up(const links::LinkUp& up) override { link_ = up.link; }
    void received(links::LinkId link, tcpcl::TransferId transfer, Bytes) override {
        ++received_;
        links_.accept(link, transfer);
    }
    void acknowledged(links::LinkId, tcpcl::TransferId) override {}
    void refused(links::LinkId, tcpcl::TransferId, tcpcl::RefuseReason) override { ++refused_; }
    void link_ending(links::LinkId) override {}
    void link_down(links::LinkId, const std::optional<Error>&) override { link_.reset(); }
    void attempt_failed(const std::string&, std::optional<std::size_t>, const Error&) override {}
    void burst_done() override {}

  private:
    static links::LinkOptions options(const std::string& node_id) {
        links::LinkOptions made;
        made.session.node_id = node_id;
        made.listen = {"127.0.0.1:0"};
        return made;
    }

    links::LinkManager links_;
    std::optional<links::LinkId> link_;
    std::uint64_t received_ = 0;
    std::uint64_t refused_ = 0;
};

Bytes bundle_for(std::uint64_t sequence, const Bytes& payload) {
    using namespace bpv7;
    Bundle bundle;
    bundle.primary.flags = bundle_flag::kMustNotFragment;
    bundle.primary.destination = *Eid::parse("dtn://sink/in");
    bundle.primary.source = *Eid::parse("dtn://source/");
    bundle.primary.timestamp.sequence = sequence;
    bundle.primary.lifetime_ms = 86'400'000;
    bundle.blocks.push_back({block_type::kPayload, kPayloadBlockNumber, 0, CrcType::kCrc32c, payload});
    bundle.set_block(block_type::kBundleAge, 0, CrcType::kCrc16, encode_bundle_age(0));
    bundle.set_block(block_type::kHopCount, 0, CrcType::kCrc16, encode_hop_count({32, 0}));
    return encode(bundle);
}

void write_config(const std::filesystem::path& file, const std::filesystem::path& directory,
                  const End& source, const End& sink) {
    std::ofstream out{file};
    out << "[node]\nid = \"dtn://carrier/\"\n[security]\nopen = true\n[store]\ndirectory = \""
        << (directory / "store").string() << "\"\n[api]\nendpoint = \"ipc://" << (directory / "api").string()
        << "\"\nevents = \"ipc://" << (directory / "events").string()
        << "\"\n[links]\nlisten = []\n[routing]\nrouter = \"direct\"\n";
    for (const auto& [id, port] : {std::pair{"dtn://source/", source.port()}, {"dtn://sink/", sink.port()}}) {
        out << "[[peer]]\nid = \"" << id << "\"\naddress = \"127.0.0.1:" << port << "\"\n";
    }
}

template <typename Condition>
bool run_until(boost::asio::io_context& io, Clock::time_point end, Condition holds) {
    while (!holds()) {
        if (Clock::now() > end) return false;
        io.restart();
        io.run_one_for(std::chrono::milliseconds{100});
    }
    return true;
}

Result<double> bare_inserts(const ForwardBenchOptions& options, std::size_t size) {
    const ScratchDirectory scratch{options.directory};
    Reference reference{size, kReferenceBatch};
    if (auto opened = reference.open(scratch.path()); !opened) return std::unexpected{opened.error()};
    Tally tally;
    while (tally.time.count() < options.seconds / 4) {
        if (auto ran = reference.run(tally); !ran) return std::unexpected{ran.error()};
    }
    return tally.per_second();
}

Result<Row> measure(const ForwardBenchOptions& options, std::size_t size, std::uint64_t window) {
    const auto reference = bare_inserts(options, size);
    if (!reference) return std::unexpected{reference.error()};
    const ScratchDirectory scratch{options.directory};
    if (scratch.path().empty())
        return fail(ErrorCode::kIo, "cannot make a directory in " + options.directory.string());
    boost::asio::io_context io{1};
    End source{io, "dtn://source/"};
    End sink{io, "dtn://sink/"};
    if (auto started = source.start(); !started) return std::unexpected{started.error()};
    if (auto started = sink.start(); !started) return std::unexpected{started.error()};
    write_config(scratch.path() / "tram.toml", scratch.path(), source, sink);
    Carrier carrier{options.daemon, scratch.path() / "tram.toml", scratch.path() / "log"};
    if (!run_until(io, Clock::now() + kPatience, [&] { return source.is_up() && sink.is_up(); })) {
        return fail(ErrorCode::kUnavailable, "tramd did not come up: " + options.daemon.string());
    }
    const Bytes payload = random_bytes(size);
    std::uint64_t sent = 0;
    const auto begin = Clock::now();
    const auto end = begin + std::chrono::duration_cast<Clock::duration>(Seconds{options.seconds});
    const bool drained = run_until(io, end + kPatience, [&] {
        if (!source.is_up() || !sink.is_up()) return true;
        while (Clock::now() < end && sent - sink.received_count() < window)
            source.send(bundle_for(sent++, payload));
        return Clock::now() >= end && sink.received_count() == sent;
    });
    const Seconds took = Clock::now() - begin;
    if (!drained || !carrier.alive() || sink.received_count() != sent || source.refused_count() != 0) {
        return fail(ErrorCode::kUnavailable, "the carrier took " + std::to_string(sent) +
                                                 " bundles and passed on " +
                                                 std::to_string(sink.received_count()));
    }
    const double rate = static_cast<double>(sent) / took.count();
    return Row{"forward", size, window, rate, rate * static_cast<double>(size) / 1e6, *reference};
}

}  // namespace

Result<void> bench_forward(const ForwardBenchOptions& options, const RowSink& sink) {
    constexpr std::array<std::pair<std::size_t, std::uint64_t>, 3> kCases{
        {{1'024, 8'192}, {10'240, 2'048}, {1U << 20, 48}}};
    for (const auto& [size, window] : kCases) {
        const auto row = measure(options, size, window);
        if (!row) return std::unexpected{row.error()};
        sink(*row);
    }
    return {};
}

}  // namespace tram::bench
