// The shell around the node: carries inputs to it and does what its effects say.
//
// One thread runs the io_context with links, API and node. The store has its own threads; their answers are
// posted here. Every burst of inputs ends in settle(), which carries out the effects and sets the timer.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "config/config.h"
#include "daemon/api/server.h"
#include "daemon/links/link_manager.h"
#include "daemon/node/node.h"
#include "daemon/tramd/clock.h"
#include "daemon/tramd/store_driver.h"

namespace tram::tramd {

class Daemon final : private links::LinkListener {
  public:
    explicit Daemon(config::Config config);
    ~Daemon() override;

    /// Opens the store, restores the node, opens API and links. Errors name what to do.
    Result<void> start();
    /// Runs until a signal asks to stop or the store fails; the exit code of the process.
    int run();

  private:
    // What links tell.
    void link_up(const links::LinkUp& up) override;
    void received(links::LinkId link, tcpcl::TransferId transfer, Bytes bundle) override;
    void acknowledged(links::LinkId link, tcpcl::TransferId transfer) override;
    void refused(links::LinkId link, tcpcl::TransferId transfer, tcpcl::RefuseReason reason) override;
    void link_ending(links::LinkId link) override;
    void link_down(links::LinkId link, const std::optional<Error>& failure) override;
    void attempt_failed(const std::string& address, std::optional<std::size_t> configured_peer,
                        const Error& failure) override;
    void burst_done() override { settle(); }

    Result<void> open_store();
    Result<void> restore();
    void input(const node::Input& input);
    void settle();
    template <typename T>
    void carry_out(T&) {}
    void carry_out(node::effect::Persist& persist);
    void carry_out(node::effect::Accept& accept);
    void carry_out(node::effect::Refuse& refuse);
    void carry_out(node::effect::Load& load);
    void carry_out(node::effect::Transmit& transmit);
    void carry_out(node::effect::Reply& reply);
    void carry_out(node::effect::Notify& notify);
    void log(const node::effect::Notify& notify);
    std::optional<node::BundleKey> finish_transfer(links::LinkId link, tcpcl::TransferId transfer);
    void arm_timer();
    void watch_signals();
    void watch_space();
    void store_failed(const Error& error);
    void begin_stop(int exit_code);
    api::ShellFacts facts();

    config::Config config_;
    Clock clock_;
    struct Loop;
    std::unique_ptr<Loop> loop_;  // outlives everything that runs on it
    std::optional<Instant> timer_at_;
    std::unique_ptr<StoreDriver> store_;
    std::unique_ptr<node::Node> node_;
    std::unique_ptr<links::LinkManager> links_;
    std::unique_ptr<api::Server> api_;
    std::unordered_map<links::LinkId, std::unordered_map<tcpcl::TransferId, node::BundleKey>> transfers_;
    std::vector<std::string> attempt_errors_;  // by configured peer
    std::unordered_map<links::LinkId, std::size_t> configured_links_;
    bool unsettled_ = true;  // the node may have effects
    Instant started_{};
    bool stopping_ = false;
    int exit_code_ = 0;
    std::uint64_t refusals_logged_ = 0;
    Instant refusal_window_{};
};

}  // namespace tram::tramd
