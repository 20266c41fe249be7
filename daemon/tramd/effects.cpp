// What the daemon does about the node's effects.
#include <spdlog/spdlog.h>
#include <utility>

#include "daemon/tramd/daemon.h"
#include "proto/base/check.h"

namespace tram::tramd {

namespace {

// A peer that sends rubbish must not fill the disk with log lines.
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

void Daemon::carry_out(node::effect::Notify& notify) {
    log(notify);
    if (api_->has_subscribers()) api_->publish(notify);
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
            spdlog::debug("bundle {} {} {} {}", node::bundle_text(notify.bundle),
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
    spdlog::warn("bundle {} {}{}{}{}{}",
                 notify.bundle.empty() ? "(not decodable)" : node::bundle_text(notify.bundle),
                 node::what_name(notify.what), notify.peer.empty() ? "" : ", peer ", notify.peer,
                 notify.detail.empty() ? "" : ": ", notify.detail);
}

}  // namespace tram::tramd
