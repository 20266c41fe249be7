// The shell around the node: carries inputs to it and does what its effects say.
//
// One thread runs the io_context with links, API and node. The store and the checking of signatures have
// their own threads; their answers are posted here. Every burst of inputs ends in settle(), which carries out
// the effects and sets the timer.
#pragma once

#include <array>
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
#include "daemon/tramd/check_pool.h"
#include "daemon/tramd/clock.h"
#include "daemon/tramd/credentials.h"
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
    Result<void> open_links(Credentials credentials);
    /// An input that a local application asked for: some of them are written to the audit log first.
    void request(node::Input asked);
    /// Errors: those of audit::append(); what was to be done must not be done then.
    Result<void> audit(const std::string& actor, const std::string& act, const std::string& subject,
                       const std::string& detail);
    void audit_own(const std::string& act, const std::string& subject, const std::string& detail);
    void reload_trust();
    void input(const node::Input& input);
    void settle();
    void carry_out(node::effect::Check& check) { checks_->add(std::move(check)); }
    void carry_out(node::effect::Disconnect& disconnect);
    void carry_out(node::effect::Persist& persist);
    void carry_out(node::effect::Accept& accept);
    void carry_out(node::effect::Refuse& refuse);
    void carry_out(node::effect::Load& load);
    void carry_out(node::effect::Transmit& transmit);
    void carry_out(node::effect::Reply& reply);
    void carry_out(node::effect::Notify& notify);
    void log(const node::effect::Notify& notify);
    /// Whether one more line about refusals for this reason may be logged now.
    bool may_log_refusal(std::optional<ErrorCode> code);
    std::optional<node::BundleKey> finish_transfer(links::LinkId link, tcpcl::TransferId transfer);
    void arm_timer();
    void watch_signals();
    void watch_space();
    void store_failed(const Error& error);
    void begin_stop(int exit_code);
    api::ShellFacts facts();
    void add_discovery(api::ShellFacts& facts);

    config::Config config_;
    struct Loop;
    std::unique_ptr<Loop> loop_;  // outlives everything that runs on it
    std::optional<Instant> timer_at_;
    std::unique_ptr<StoreDriver> store_;
    std::unique_ptr<CheckPool> checks_;
    std::unique_ptr<node::Node> node_;
    std::unique_ptr<links::LinkManager> links_;
    std::unique_ptr<api::Server> api_;
    std::unordered_map<links::LinkId, std::unordered_map<tcpcl::TransferId, node::BundleKey>> transfers_;
    std::string no_identity_;                  // why there is none, and what to do
    std::vector<std::string> attempt_errors_;  // by configured peer
    std::array<std::uint64_t, kErrorCodes> links_refused_{};
    std::unordered_map<links::LinkId, std::size_t> configured_links_;
    bool unsettled_ = true;  // the node may have effects
    Instant started_{};
    bool stopping_ = false;
    int exit_code_ = 0;
    struct RefusalLog {
        Instant since{};
        std::uint64_t count = 0;
    };
    std::array<RefusalLog, kErrorCodes + 1> refusal_logs_{};  // the last one: without a code
};

}  // namespace tram::tramd
