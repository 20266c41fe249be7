#include "daemon/cli/status_security.h"

#include <algorithm>
#include <ranges>
#include <string_view>
#include <utility>

#include "daemon/cli/device_site.h"
#include "daemon/cli/format.h"

namespace tram::cli {

using api::pb::StatusReply;

namespace {

constexpr std::int64_t kRenewalNotice_s = 30 * 86'400;
constexpr std::size_t kReasonsShown = 3;

/// The daemon has said it in its own words already.
bool said(const StatusReply& status, std::string_view part) {
    return std::ranges::any_of(status.warnings(), [&](const std::string& warning) {
        return warning.find(part) != std::string::npos;
    });
}

void judge_identity(const Context& context, const StatusReply& status, std::int64_t now,
                    SecurityVerdict& verdict) {
    const std::string& state = status.identity();
    const std::int64_t ends = status.certificate_ends();
    const auto warn = [&](int exit_code, const std::string& text) {
        verdict.exit_code = std::max(verdict.exit_code, exit_code);
        if (!said(status, "tram device")) verdict.warnings.push_back(text);
    };
    if (state == "open") {
        verdict.identity = context.say(Message::kIdentityOpen);
    } else if (state == "none") {
        verdict.identity = context.say(Message::kIdentityNone);
        warn(kExitCritical, context.say(Message::kIdentityNoneNext));
    } else if (state == "revoked") {
        verdict.identity = context.say(Message::kIdentityRevoked);
        warn(kExitCritical, context.say(Message::kIdentityRevokedNext));
    } else if (state == "expired") {
        verdict.identity = context.say(Message::kIdentityEnded, day_of(ends));
        warn(kExitWarning, context.say(Message::kIdentityEndsNext, day_of(ends)));
    } else if (state == "good") {
        verdict.identity = context.say(Message::kIdentityGood, day_of(ends));
        if (status.clock_trusted() && ends - now < kRenewalNotice_s) {
            warn(kExitWarning, context.say(Message::kIdentityEndsNext, day_of(ends)));
        }
    }
}

void judge_clock(const Context& context, const StatusReply& status, SecurityVerdict& verdict) {
    if (status.clock_trusted() || status.clock_reason().empty()) return;
    verdict.exit_code = std::max(verdict.exit_code, kExitWarning);
    if (said(status, status.clock_reason())) return;
    verdict.warnings.push_back(context.say(Message::kClockReason, status.clock_reason()));
}

/// Whether the code stands for somebody who was kept out.
bool is_security(std::string_view code) {
    for (auto i = static_cast<std::size_t>(ErrorCode::kNoTls); i < kErrorCodes; ++i) {
        if (code == code_name(static_cast<ErrorCode>(i))) return true;
    }
    return false;
}

struct Refusals {
    std::uint64_t bundles = 0;
    std::uint64_t sessions = 0;
    std::vector<std::pair<std::string, std::uint64_t>> reasons;
};

Refusals refusals_in(const StatusReply& status) {
    Refusals result;
    for (const auto& counter : status.counters()) {
        const std::string_view name = counter.name();
        const std::size_t dot = name.find('.');
        if (dot == std::string_view::npos || counter.value() == 0 || !is_security(name.substr(dot + 1)))
            continue;
        const std::string_view what = name.substr(0, dot);
        if (what == "refused") result.bundles += counter.value();
        if (what == "links_refused") result.sessions += counter.value();
        const std::string code{name.substr(dot + 1)};
        const auto known =
            std::ranges::find(result.reasons, code, &std::pair<std::string, std::uint64_t>::first);
        if (known == result.reasons.end()) {
            result.reasons.emplace_back(code, counter.value());
        } else {
            known->second += counter.value();
        }
    }
    std::ranges::stable_sort(result.reasons, std::greater{}, &std::pair<std::string, std::uint64_t>::second);
    return result;
}

void judge_refusals(const Context& context, const StatusReply& status, SecurityVerdict& verdict) {
    const Refusals refused = refusals_in(status);
    if (refused.reasons.empty()) return;
    std::string reasons;
    for (const auto& [code, count] : refused.reasons | std::views::take(kReasonsShown))
        reasons += fmt::format("{}{} {}", reasons.empty() ? "" : ", ", code, count);
    if (refused.reasons.size() > kReasonsShown) reasons += ", ...";
    verdict.exit_code = std::max(verdict.exit_code, kExitWarning);
    verdict.warnings.push_back(
        context.say(Message::kSecurityRefusals, refused.bundles, refused.sessions, reasons));
}

}  // namespace

SecurityVerdict judge_security(const Context& context, const StatusReply& status, std::int64_t now) {
    SecurityVerdict verdict;
    judge_identity(context, status, now, verdict);
    judge_clock(context, status, verdict);
    judge_refusals(context, status, verdict);
    return verdict;
}

}  // namespace tram::cli
