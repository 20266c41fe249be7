#include "daemon/tramd/daemon.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <csignal>
#include <filesystem>
#include <spdlog/spdlog.h>
#include <utility>

#include "daemon/tramd/place.h"
#include "daemon/tramd/settings.h"
#include "daemon/tramd/version.h"

namespace tram::tramd {

namespace {

namespace asio = boost::asio;

constexpr Duration kStopGrace{5'000};
constexpr std::chrono::seconds kSpaceInterval{5};
/// What the store takes for a while on top of the bundles: they stand in its log until its memtables (16 MiB)
/// are written once more as files, and it keeps a group of commits (8 MiB) clear of its reserve.
constexpr std::uint64_t kStoreOverheadBytes = 48ULL << 20;

}  // namespace

struct Daemon::Loop {
    asio::io_context io{1};
    asio::signal_set signals{io};
    asio::steady_timer timer{io};
    asio::steady_timer space_timer{io};
};

Daemon::Daemon(config::Config config) : config_{std::move(config)}, loop_{std::make_unique<Loop>()} {}

Daemon::~Daemon() = default;

Result<void> Daemon::start() {
    started_ = Clock::now().monotonic;
    auto credentials = load_credentials(config_);
    if (!credentials) return std::unexpected{std::move(credentials.error())};
    auto options = node_options(config_, security_options(config_, *credentials));
    if (!options) return std::unexpected{std::move(options.error())};
    if (auto opened = open_store(); !opened) return opened;
    auto chance = draw_chance();
    if (!chance) return std::unexpected{std::move(chance.error())};
    options->place = place_of(config_.store.directory);
    options->chance = std::move(*chance);
    node_ = std::make_unique<node::Node>(std::move(*options));
    if (credentials->identity) node_->restore_trust(credentials->identity->trust);
    no_identity_ = credentials->why_none;
    attempt_errors_.resize(config_.peers.size());
    checks_ = std::make_unique<CheckPool>(loop_->io, [this](std::vector<node::input::Checked> answers) {
        for (const node::input::Checked& checked : answers)
            input(checked);
        settle();
    });

    if (auto restored = restore(); !restored) return restored;

    api_ = std::make_unique<api::Server>(
        loop_->io, api_options(config_), *node_,
        api::Server::Shell{.inject = [this](node::Input in) { request(std::move(in)); },
                           .facts = [this] { return facts(); },
                           .burst_done = [this] { settle(); }});
    if (auto ready = api_->start(); !ready) return ready;
    if (auto ready = open_links(std::move(*credentials)); !ready) return ready;
    watch_signals();
    watch_space();
    std::string ports;
    for (const std::uint16_t port : links_->listening_ports())
        ports += " " + std::to_string(port);
    spdlog::info("{} is ready: {} bundles stored, router {}, identity {}, listening on TCP port{}, API at {}",
                 config_.node.id, node_->custody().inventory().entries().size(),
                 node_->forwarding().router().name(), node_->identity_state(),
                 ports.empty() ? " none" : ports, config_.api.endpoint);
    return {};
}

Result<void> Daemon::open_links(Credentials credentials) {
    links::LinkOptions options = link_options(config_);
    if (options.discovery) {
        const auto chance = draw_chance();
        if (!chance) return std::unexpected{chance.error()};
        std::copy_n(chance->data(), options.discovery->instance.size(), options.discovery->instance.begin());
    }
    if (credentials.identity) {
        if (options.discovery) options.discovery->roots = root_hints(*credentials.identity);
        const auto check = [this](const std::vector<Bytes>& chain) {
            auto peer = node_->accept_chain(chain, Clock::now());
            // What the chain brought is passed on when the handshake is not in the middle of something.
            unsettled_ = true;
            asio::post(loop_->io, [this] { settle(); });
            return peer;
        };
        options.tls = links::TlsOptions{.chain = tls_chain(*credentials.identity),
                                        .seed = std::move(credentials.identity->tls_seed),
                                        .check = check};
    } else if (!config_.security.open) {
        spdlog::critical("{}", no_identity_);
        options.listen.clear();
        options.peers.clear();
        options.discovery.reset();
    }
    links_ = std::make_unique<links::LinkManager>(loop_->io, std::move(options),
                                                  static_cast<links::LinkListener&>(*this));
    return links_->start();
}

Result<void> Daemon::open_store() {
    const std::filesystem::path parent = config_.store.directory.parent_path();
    std::error_code trouble;
    std::filesystem::create_directories(parent, trouble);
    if (trouble) {
        return fail(ErrorCode::kIo,
                    "cannot make the directory " + parent.string() + " for the store: " + trouble.message());
    }
    // Other users of the machine must not read what is stored, nor who writes to whom.
    if (std::filesystem::create_directory(config_.store.directory, trouble)) {
        std::filesystem::permissions(config_.store.directory, std::filesystem::perms::owner_all, trouble);
    }
    auto opened =
        StoreDriver::open(loop_->io, store_options(config_),
                          {.persisted =
                               [this](store::Ticket up_to) {
                                   input(node::input::Persisted{up_to});
                                   settle();
                               },
                           .failed = [this](const Error& error) { store_failed(error); },
                           .loaded =
                               [this](std::vector<std::pair<store::BundleKey, Result<Bytes>>> found) {
                                   for (auto& [key, wire] : found)
                                       input(node::input::Loaded{key, std::move(wire)});
                                   settle();
                               }});
    if (!opened) return std::unexpected{std::move(opened.error())};
    store_ = std::move(*opened);
    return {};
}

Result<void> Daemon::restore() {
    const auto damage = store_->store().scan({.bundle =
                                                  [this](store::BundleRecord record) {
                                                      node_->restore(std::move(record));
                                                      return true;
                                                  },
                                              .tombstone =
                                                  [this](store::Tombstone tombstone) {
                                                      node_->restore(std::move(tombstone));
                                                      return true;
                                                  },
                                              .state =
                                                  [this](const std::string& name, ByteView value) {
                                                      node_->restore_state(name, value);
                                                      return true;
                                                  }});
    if (!damage) return std::unexpected{damage.error()};
    for (const store::Damage& found : *damage) {
        spdlog::error("stored data is damaged and was set aside: {}: {}; check the disk", found.where,
                      found.what);
    }
    for (const Error& unusable : node_->start(Clock::now()))
        spdlog::warn("cannot be used: {}: {}", code_name(unusable.code), unusable.message);
    return {};
}

int Daemon::run() {
    loop_->io.run();
    return exit_code_;
}

void Daemon::input(const node::Input& input) {
    node_->step(input, Clock::now());
    unsettled_ = true;
}

void Daemon::settle() {
    // Carrying out an effect can be the next input: a Transmit or a hand-over that fails at once.
    while (std::exchange(unsettled_, false)) {
        for (node::Effect& effect : node_->take_effects()) {
            std::visit([this](auto& what) { carry_out(what); }, effect);
        }
    }
    checks_->begin();
    arm_timer();
}

void Daemon::arm_timer() {
    const auto next = stopping_ ? std::nullopt : node_->next_timeout();
    if (next == timer_at_) return;
    timer_at_ = next;
    loop_->timer.cancel();
    if (!next) return;
    loop_->timer.expires_at(std::chrono::steady_clock::time_point{next->time_since_epoch()});
    loop_->timer.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        timer_at_.reset();
        input(node::input::Tick{});
        settle();
    });
}

void Daemon::watch_space() {
    const std::uint64_t free = store_->store().usage().free_bytes;
    // Without a reserve nobody watches the disk.
    const std::uint64_t reserve =
        config_.store.reserve_bytes == 0 ? 0 : config_.store.reserve_bytes * 2 + kStoreOverheadBytes;
    input(node::input::FreeSpace{free > reserve ? free - reserve : 0});
    settle();
    loop_->space_timer.expires_after(kSpaceInterval);
    loop_->space_timer.async_wait([this](const boost::system::error_code& error) {
        if (!error && !stopping_) watch_space();
    });
}

void Daemon::watch_signals() {
    loop_->signals.add(SIGINT);
    loop_->signals.add(SIGTERM);
    loop_->signals.add(SIGHUP);
    loop_->signals.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        loop_->signals.clear();
        if (signal == SIGHUP) {
            spdlog::warn("the configuration is read at start only: restart tramd to apply changes");
            reload_trust();
            return watch_signals();
        }
        spdlog::info("stopping");
        begin_stop(0);
    });
}

void Daemon::store_failed(const Error& error) {
    if (stopping_) return;
    spdlog::critical(
        "the store cannot write any more: {}. Nothing more is acknowledged; restart tramd when the disk "
        "is in order",
        error.message);
    begin_stop(1);
}

void Daemon::begin_stop(int exit_code) {
    if (std::exchange(stopping_, true)) return;
    exit_code_ = exit_code;
    arm_timer();
    loop_->space_timer.cancel();
    loop_->signals.cancel();
    links_->stop(kStopGrace, [this] {
        settle();
        api_->stop();
        loop_->io.stop();
    });
}

api::ShellFacts Daemon::facts() {
    api::ShellFacts facts;
    facts.version = kVersion;
    facts.uptime_ms = static_cast<std::uint64_t>((Clock::now().monotonic - started_).count());
    const store::Usage usage = store_->store().usage();
    facts.store_bytes = usage.bytes;
    facts.disk_free_bytes = usage.free_bytes;
    facts.no_identity = no_identity_;
    facts.links_refused = links_refused_;
    for (std::size_t i = 0; i < config_.peers.size(); ++i) {
        facts.configured.push_back({config_.peers[i].id, config_.peers[i].address, attempt_errors_[i]});
    }
    add_discovery(facts);
    return facts;
}

void Daemon::add_discovery(api::ShellFacts& facts) {
    const links::DiscoveryState state = links_->discovery();
    facts.discovery = state.on;
    facts.interfaces = state.interfaces;
    facts.interfaces_left_out = state.left_out;
    facts.twin_address = state.twin_address;
    for (const links::DiscoveredNode& node : state.nodes) {
        facts.discovered.push_back(
            {node.node_id, node.address,
             static_cast<std::uint64_t>(std::max(node.heard_ago.count(), Duration::rep{0})),
             node.last_error});
    }
    if (!state.on) return;
    const auto& counters = state.counters;
    facts.counters = {{"beacons_sent", counters.sent},           {"beacons_heard", counters.heard},
                      {"beacons_malformed", counters.malformed}, {"beacons_foreign", counters.foreign},
                      {"beacons_off_link", counters.off_link},   {"beacons_own_name", counters.own_name},
                      {"beacons_no_room", counters.no_room},     {"discovery_calls", counters.calls}};
}

}  // namespace tram::tramd
