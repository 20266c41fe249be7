// What the daemon does about the node's effects.
#include <spdlog/spdlog.h>
#include <utility>

#include "daemon/tramd/daemon.h"
#include "proto/base/check.h"

namespace tram::tramd {

namespace {

// A peer that sends rubbish must not fill the disk with log lines, nor hide behind one kind of them another.
constexpr std::uint64_t kRefusalsLoggedMax = 20;
constexpr Duration kRefusalWindow{10'000};

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

/// The code that a reason begins with, "bad_crc: ...".
std::optional<ErrorCode> code_in(std::string_view reason) {
    const std::string_view name = reason.substr(0, reason.find(':'));
    for (std::size_t code = 0; code < kErrorCodes; ++code) {
        if (code_name(static_cast<ErrorCode>(code)) == name) return static_cast<ErrorCode>(code);
    }
    return std::nullopt;
}

}  // namespace

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
        const bool too_large = sent.error().code == ErrorCode::kTooLarge;
        input(node::input::Declined{transmit.link, transmit.key,
                                    too_large ? node::Refusal::kNotAcceptable : node::Refusal::kTerminating});
    }
}

void Daemon::carry_out(node::effect::Reply& reply) {
    api_->reply(std::move(reply));
}

void Daemon::carry_out(node::effect::Disconnect& disconnect) {
    audit_own("session.end", disconnect.why.message, std::string{code_name(disconnect.why.code)});
    links_->close(disconnect.link, disconnect.why);
}

void Daemon::carry_out(node::effect::Notify& notify) {
    log(notify);
    if (notify.what == node::effect::Notify::What::kTrust)
        audit_own("trust.change", notify.peer.empty() ? config_.node.id : notify.peer, notify.detail);
    if (notify.what == node::effect::Notify::What::kRevoked)
        audit_own("revocation.enforce", notify.peer, notify.detail);
    const bool about_us = notify.what == node::effect::Notify::What::kTrust ||
                          notify.what == node::effect::Notify::What::kRevoked ||
                          notify.what == node::effect::Notify::What::kClock;
    if (!about_us && api_->has_subscribers()) api_->publish(notify);
}

void Daemon::log(const node::effect::Notify& notify) {
    using What = node::effect::Notify::What;
    switch (notify.what) {
        case What::kPeerUp: spdlog::info("{} is here ({})", notify.peer, notify.detail); return;
        case What::kPeerDown:
            spdlog::info("{} is gone{}{}", notify.peer, notify.detail.empty() ? "" : ": ", notify.detail);
            return;
        case What::kTrust:
            spdlog::info("trust: {}{}{}", notify.detail, notify.peer.empty() ? "" : ", from ", notify.peer);
            return;
        case What::kRevoked: spdlog::warn("{} is revoked: {}", notify.peer, notify.detail); return;
        case What::kClock:
            if (notify.detail.empty()) {
                spdlog::info("the wall clock is believed");
            } else {
                spdlog::warn("the wall clock is not believed: {}", notify.detail);
            }
            return;
        case What::kStored:
        case What::kForwarded:
        case What::kDelivered:
        case What::kReassembled:
        case What::kReported:
        case What::kRepeated:
        case What::kEvicted:
            if (!spdlog::should_log(spdlog::level::debug)) return;
            spdlog::debug("bundle {} {} {} {}", node::bundle_text(notify.bundle),
                          node::what_name(notify.what), notify.peer, notify.detail);
            return;
        case What::kExpired:
        case What::kCancelled:
        case What::kRefused:
        case What::kHeld:
        case What::kCorrupt: break;
    }
    if (!may_log_refusal(code_in(notify.detail))) return;
    spdlog::warn("bundle {} {}{}{}{}{}",
                 notify.bundle.empty() ? "(not decodable)" : node::bundle_text(notify.bundle),
                 node::what_name(notify.what), notify.peer.empty() ? "" : ", peer ", notify.peer,
                 notify.detail.empty() ? "" : ": ", notify.detail);
}

bool Daemon::may_log_refusal(std::optional<ErrorCode> code) {
    RefusalLog& lines = refusal_logs_[code ? static_cast<std::size_t>(*code) : kErrorCodes];
    const Instant now = Clock::now().monotonic;
    if (now - lines.since > kRefusalWindow) {
        if (lines.count > kRefusalsLoggedMax) {
            spdlog::warn("{} more lines about {} were left out", lines.count - kRefusalsLoggedMax,
                         code ? code_name(*code) : "other refusals");
        }
        lines = {.since = now, .count = 0};
    }
    return ++lines.count <= kRefusalsLoggedMax;
}

}  // namespace tram::tramd
