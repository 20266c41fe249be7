#include "daemon/tramd/daemon.h"

#include <algorithm>
#include <csignal>
#include <spdlog/spdlog.h>
#include <utility>

#include "daemon/node/short_id.h"
#include "daemon/tramd/settings.h"
#include "daemon/tramd/version.h"
#include "proto/base/check.h"

namespace tram::tramd {

namespace {

namespace asio = boost::asio;

constexpr Duration kStopGrace{5'000};
constexpr std::chrono::seconds kSpaceInterval{5};
// A peer that sends rubbish must not fill the disk with log lines.
constexpr std::uint64_t kRefusalsLoggedMax = 20;
constexpr Duration kRefusalWindow{10'000};

node::Refusal to_refusal(tcpcl::RefuseReason reason) {
    switch (reason) {
        case tcpcl::RefuseReason::kCompleted: return node::Refusal::kCompleted;
        case tcpcl::RefuseReason::kNoResources: return node::Refusal::kNoResources;
        case tcpcl::RefuseReason::kRetransmit: return node::Refusal::kRetransmit;
        case tcpcl::RefuseReason::kSessionTerminating: return node::Refusal::kTerminating;
        case tcpcl::RefuseReason::kUnknown:
        case tcpcl::RefuseReason::kNotAcceptable:
        case tcpcl::RefuseReason::kExtensionFailure: return node::Refusal::kNotAcceptable;
    }
    return node::Refusal::kNotAcceptable;
}

tcpcl::RefuseReason to_reason(node::Refusal refusal) {
    switch (refusal) {
        case node::Refusal::kCompleted: return tcpcl::RefuseReason::kCompleted;
        case node::Refusal::kNoResources: return tcpcl::RefuseReason::kNoResources;
        case node::Refusal::kRetransmit: return tcpcl::RefuseReason::kRetransmit;
        case node::Refusal::kNotAcceptable: return tcpcl::RefuseReason::kNotAcceptable;
        case node::Refusal::kTerminating: return tcpcl::RefuseReason::kSessionTerminating;
    }
    return tcpcl::RefuseReason::kUnknown;
}

}  // namespace

Daemon::Daemon(config::Config config) : config_{std::move(config)}, clock_{config_.node.clock_trusted} {}

Daemon::~Daemon() = default;

Result<void> Daemon::start() {
    started_ = clock_.now().monotonic;
    auto options = node_options(config_);
    if (!options) return std::unexpected{std::move(options.error())};
    node_ = std::make_unique<node::Node>(std::move(*options));
    attempt_errors_.resize(config_.peers.size());

    auto opened =
        StoreDriver::open(io_, store_options(config_),
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
    if (auto restored = restore(); !restored) return restored;

    links_ = std::make_unique<links::LinkManager>(io_, link_options(config_),
                                                  static_cast<links::LinkListener&>(*this));
    api_ = std::make_unique<api::Server>(io_, api_options(config_), *node_,
                                         api::Server::Shell{.inject = [this](node::Input in) { input(in); },
                                                            .facts = [this] { return facts(); },
                                                            .burst_done = [this] { settle(); }});
    if (auto ready = api_->start(); !ready) return ready;
    if (auto ready = links_->start(); !ready) return ready;
    watch_signals();
    watch_space();
    settle();
    std::string ports;
    for (const std::uint16_t port : links_->listening_ports())
        ports += " " + std::to_string(port);
    spdlog::info("{} is ready: {} bundles stored, router {}, listening on TCP port{}, API at {}",
                 config_.node.id, node_->custody().inventory().entries().size(),
                 node_->forwarding().router().name(), ports.empty() ? " none" : ports, config_.api.endpoint);
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
    node_->start(clock_.now());
    return {};
}

int Daemon::run() {
    io_.run();
    return exit_code_;
}

void Daemon::input(const node::Input& input) {
    node_->step(input, clock_.now());
}

void Daemon::settle() {
    // Carrying out a Transmit can fail at once, which is another input.
    do {
        for (const node::Input& failed : std::exchange(failed_sends_, {}))
            input(failed);
        for (node::Effect& effect : node_->take_effects()) {
            std::visit([this](auto& what) { carry_out(what); }, effect);
        }
    } while (!failed_sends_.empty());
    arm_timer();
}

void Daemon::carry_out(node::effect::Persist& persist) {
    const store::Ticket ticket = store_->commit(std::move(persist.batch));
    TRAM_CHECK(ticket == persist.ticket);
}

void Daemon::carry_out(node::effect::Accept& accept) {
    links_->accept(accept.link, accept.transfer);
}

void Daemon::carry_out(node::effect::Refuse& refuse) {
    links_->refuse(refuse.link, refuse.transfer, to_reason(refuse.refusal));
}

void Daemon::carry_out(node::effect::Load& load) {
    store_->load(std::move(load.keys));
}

void Daemon::carry_out(node::effect::Transmit& transmit) {
    const auto sent = links_->send(transmit.link, std::move(transmit.wire));
    if (sent) {
        transfers_[transmit.link].emplace(*sent, transmit.key);
    } else {
        failed_sends_.emplace_back(node::input::Declined{transmit.link, transmit.key,
                                                         sent.error().code == ErrorCode::kTooLarge
                                                             ? node::Refusal::kNotAcceptable
                                                             : node::Refusal::kTerminating});
    }
}

void Daemon::carry_out(node::effect::Reply& reply) {
    api_->reply(std::move(reply));
}

void Daemon::carry_out(node::effect::Notify& notify) {
    log(notify);
    api_->publish(notify);
}

void Daemon::log(const node::effect::Notify& notify) {
    using What = node::effect::Notify::What;
    switch (notify.what) {
        case What::kPeerUp: spdlog::info("{} is here ({})", notify.peer, notify.detail); return;
        case What::kPeerDown:
            spdlog::info("{} is gone{}{}", notify.peer, notify.detail.empty() ? "" : ": ", notify.detail);
            return;
        case What::kStored:
        case What::kForwarded:
        case What::kDelivered:
        case What::kReassembled:
        case What::kReported:
            if (!spdlog::should_log(spdlog::level::debug)) return;
            spdlog::debug("bundle {} {} {} {}", notify.bundle ? notify.bundle->to_string() : "?",
                          node::what_name(notify.what), notify.peer, notify.detail);
            return;
        case What::kExpired:
        case What::kCancelled:
        case What::kRefused:
        case What::kCorrupt: break;
    }
    const Instant now = clock_.now().monotonic;
    if (now - refusal_window_ > kRefusalWindow) {
        if (refusals_logged_ > kRefusalsLoggedMax) {
            spdlog::warn("{} more such lines were left out", refusals_logged_ - kRefusalsLoggedMax);
        }
        refusal_window_ = now;
        refusals_logged_ = 0;
    }
    if (++refusals_logged_ > kRefusalsLoggedMax) return;
    spdlog::warn("bundle {} {}{}{}{}{}", notify.bundle ? notify.bundle->to_string() : "(not decodable)",
                 node::what_name(notify.what), notify.peer.empty() ? "" : ", peer ", notify.peer,
                 notify.detail.empty() ? "" : ": ", notify.detail);
}

void Daemon::link_up(const links::LinkUp& up) {
    if (up.configured_peer) {
        configured_links_[up.link] = *up.configured_peer;
        attempt_errors_[*up.configured_peer].clear();
    }
    auto peer = bpv7::Eid::parse(up.peer_node_id.empty() ? "dtn:none" : up.peer_node_id);
    if (!peer || !(peer->is_none() || peer->is_node_id())) {
        spdlog::warn("{} announces '{}', which is no node id; it may bring bundles but gets none", up.address,
                     up.peer_node_id);
        peer = bpv7::Eid{};
    }
    input(node::input::PeerUp{up.link, std::move(*peer), up.transfer_mru, up.address});
}

void Daemon::received(links::LinkId link, tcpcl::TransferId transfer, Bytes bundle) {
    input(node::input::Arrived{link, transfer, std::move(bundle)});
}

std::optional<node::BundleKey> Daemon::finish_transfer(links::LinkId link, tcpcl::TransferId transfer) {
    const auto running = transfers_.find(link);
    if (running == transfers_.end()) return std::nullopt;
    const auto found = running->second.extract(transfer);
    return found.empty() ? std::nullopt : std::optional{found.mapped()};
}

void Daemon::acknowledged(links::LinkId link, tcpcl::TransferId transfer) {
    if (const auto key = finish_transfer(link, transfer)) input(node::input::Confirmed{link, *key});
}

void Daemon::refused(links::LinkId link, tcpcl::TransferId transfer, tcpcl::RefuseReason reason) {
    if (const auto key = finish_transfer(link, transfer)) {
        input(node::input::Declined{link, *key, to_refusal(reason)});
    }
}

void Daemon::link_ending(links::LinkId link) {
    input(node::input::PeerEnding{link});
}

void Daemon::link_down(links::LinkId link, const std::optional<Error>& failure) {
    transfers_.erase(link);
    configured_links_.erase(link);
    input(node::input::PeerDown{link, failure ? failure->message : std::string{}});
}

void Daemon::attempt_failed(const std::string& address, std::optional<std::size_t> configured_peer,
                            const Error& failure) {
    if (!configured_peer) {
        spdlog::info("no session with {}: {}", address, failure.message);
        return;
    }
    // A peer out of range is the ordinary case: said once, and again only when the reason changes.
    std::string& last = attempt_errors_[*configured_peer];
    if (last != failure.message) spdlog::info("{} is not in reach: {}", address, failure.message);
    last = failure.message;
}

void Daemon::arm_timer() {
    const auto next = stopping_ ? std::nullopt : node_->next_timeout();
    if (next == timer_at_) return;
    timer_at_ = next;
    timer_.cancel();
    if (!next) return;
    timer_.expires_at(std::chrono::steady_clock::time_point{next->time_since_epoch()});
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) return;
        timer_at_.reset();
        input(node::input::Tick{});
        settle();
    });
}

void Daemon::watch_space() {
    const std::uint64_t free = store_->store().usage().free_bytes;
    const std::uint64_t reserve = config_.store.reserve_bytes * 2;
    input(node::input::FreeSpace{free > reserve ? free - reserve : 0});
    space_timer_.expires_after(kSpaceInterval);
    space_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error && !stopping_) watch_space();
    });
}

void Daemon::watch_signals() {
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    signals_.add(SIGHUP);
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) return;
        signals_.clear();
        if (signal == SIGHUP) {
            spdlog::warn("the configuration is read at start only: restart tramd to apply changes");
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
    space_timer_.cancel();
    signals_.cancel();
    links_->stop(kStopGrace, [this] {
        settle();
        api_->stop();
        io_.stop();
    });
}

api::ShellFacts Daemon::facts() {
    api::ShellFacts facts;
    facts.version = kVersion;
    facts.uptime_ms = static_cast<std::uint64_t>((clock_.now().monotonic - started_).count());
    const store::Usage usage = store_->store().usage();
    facts.store_bytes = usage.bytes;
    facts.disk_free_bytes = usage.free_bytes;
    for (std::size_t i = 0; i < config_.peers.size(); ++i) {
        facts.configured.push_back({config_.peers[i].id, config_.peers[i].address, attempt_errors_[i]});
    }
    return facts;
}

}  // namespace tram::tramd
