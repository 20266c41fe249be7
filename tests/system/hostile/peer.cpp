#include "tests/system/hostile/peer.h"

#include <utility>
#include <variant>

namespace tram::hostile {

namespace {

using harness::SteadyClock;

constexpr milliseconds kStep{20};

Instant now() {
    return Instant{std::chrono::duration_cast<Duration>(SteadyClock::now().time_since_epoch())};
}

tcpcl::SessionOptions session_options(const PeerTerms& terms) {
    tcpcl::SessionOptions options;
    options.node_id = terms.node_id;
    options.can_tls = terms.tls.has_value();
    options.extensions = terms.extensions;
    return options;
}

tcpcl::Role role_of(Side side) {
    return side == Side::kCaller ? tcpcl::Role::kActive : tcpcl::Role::kPassive;
}

}  // namespace

Peer::Peer(Connection connection, Side side, PeerTerms terms)
    : connection_{std::move(connection)},
      side_{side},
      terms_{std::move(terms)},
      session_{role_of(side), session_options(terms_), now()} {}

bool Peer::establish() {
    (void)run_until([this] { return established_; });
    return established_;
}

Answer Peer::send(const Bytes& bundle) {
    const auto transfer = session_.send_transfer(bundle);
    if (!transfer) return {Answer::Fate::kGone};
    (void)run_until([&] { return answers_.contains(*transfer); });
    const auto found = answers_.find(*transfer);
    if (found != answers_.end()) return found->second;
    return {ended_ ? Answer::Fate::kGone : Answer::Fate::kSilence};
}

bool Peer::run_until(const std::function<bool()>& condition, milliseconds wait) {
    const auto end = SteadyClock::now() + wait;
    flush();
    while (!condition()) {
        if (ended_ || SteadyClock::now() >= end) return false;
        step(kStep);
    }
    return true;
}

bool Peer::wait_for_end() {
    return run_until([this] { return ended_; });
}

std::string Peer::ending() const {
    if (const auto alert = connection_.alert()) return "alert " + std::to_string(*alert);
    if (failure_) return "ended: " + std::string{code_name(failure_->code)};
    return ended_ ? "closed" : "silence";
}

void Peer::step(milliseconds wait) {
    const auto input = connection_.receive(wait);
    if (input && input->empty()) {
        session_.connection_lost(now());
        ended_ = true;
    } else if (input) {
        session_.receive(*input, now());
    }
    drain();
    flush();
}

void Peer::flush() {
    while (true) {
        const ByteView output = session_.bytes_to_send();
        if (output.empty()) return;
        // What the peer said before it closed is still to be read.
        (void)connection_.send(output);
        session_.mark_sent(output.size());
    }
}

void Peer::drain() {
    while (auto event = session_.poll_event())
        std::visit([this](const auto& what) { on(what); }, *event);
}

void Peer::on(const tcpcl::event::TlsRequired& /*event*/) {
    flush();
    if (connection_.start_tls(side_, *terms_.tls)) session_.tls_established(now());
}

void Peer::on(const tcpcl::event::Established& /*event*/) {
    established_ = true;
}

void Peer::on(const tcpcl::event::Received& event) {
    received_.push_back(event.bundle);
    session_.accept_transfer(event.transfer);
}

void Peer::on(const tcpcl::event::Acknowledged& event) {
    answers_[event.transfer] = {Answer::Fate::kAccepted};
}

void Peer::on(const tcpcl::event::Refused& event) {
    answers_[event.transfer] = {Answer::Fate::kRefused, event.reason};
}

void Peer::on(const tcpcl::event::Rejected& /*event*/) {}

void Peer::on(const tcpcl::event::Terminating& /*event*/) {}

void Peer::on(const tcpcl::event::Ended& event) {
    if (!ended_) failure_ = event.failure;
}

}  // namespace tram::hostile
