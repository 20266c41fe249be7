// A TCPCL peer under the attacker's control: the project's own session over a connection of his.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "proto/tcpcl/session.h"
#include "tests/system/hostile/connection.h"

namespace tram::hostile {

struct PeerTerms {
    std::string node_id;
    std::optional<TlsTerms> tls = {};  ///< nothing: does not offer it
    std::vector<tcpcl::ExtensionItem> extensions = {};
};

/// What became of a bundle that the attacker sent.
struct Answer {
    enum class Fate : std::uint8_t { kSilence, kAccepted, kRefused, kGone };
    Fate fate = Fate::kSilence;
    tcpcl::RefuseReason reason = tcpcl::RefuseReason::kUnknown;  ///< when refused

    friend bool operator==(const Answer&, const Answer&) = default;
};

class Peer {
  public:
    Peer(Connection connection, Side side, PeerTerms terms);

    /// Runs until a session is established (true) or the connection has ended.
    bool establish();
    /// Sends a bundle and runs until its fate is known.
    Answer send(const Bytes& bundle);
    /// Runs until `condition` holds, the connection ends or `wait` is over; whether it holds.
    bool run_until(const std::function<bool()>& condition, milliseconds wait = harness::kPatience);
    /// Runs until the connection has ended: false when it does not.
    bool wait_for_end();

    [[nodiscard]] bool established() const { return established_; }
    /// What the attacker learns of the end: "alert 48" (RFC 8446 6), "ended: wrong_node_id" (what an honest
    /// session makes of SESS_TERM), "closed".
    [[nodiscard]] std::string ending() const;
    /// What the victim sent; the attacker has accepted it.
    [[nodiscard]] const std::vector<Bytes>& received() const { return received_; }

  private:
    void step(milliseconds wait);
    void flush();
    void drain();
    void on(const tcpcl::event::TlsRequired& event);
    void on(const tcpcl::event::Established& event);
    void on(const tcpcl::event::Received& event);
    void on(const tcpcl::event::Acknowledged& event);
    void on(const tcpcl::event::Refused& event);
    void on(const tcpcl::event::Rejected& event);
    void on(const tcpcl::event::Terminating& event);
    void on(const tcpcl::event::Ended& event);

    Connection connection_;
    Side side_;
    PeerTerms terms_;
    tcpcl::Session session_;
    std::map<tcpcl::TransferId, Answer> answers_;
    std::vector<Bytes> received_;
    std::optional<Error> failure_;
    bool established_ = false;
    bool ended_ = false;
};

}  // namespace tram::hostile
