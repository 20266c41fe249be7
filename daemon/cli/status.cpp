// `tram status`: the verdict first, then the peers, then what to do.
#include <algorithm>
#include <ctime>
#include <iterator>
#include <ostream>
#include <vector>

#include "daemon/cli/api_client.h"
#include "daemon/cli/api_json.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/device_site.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"
#include "daemon/cli/status_security.h"

namespace tram::cli {

namespace {

using api::pb::Reply;
using api::pb::Request;
using api::pb::StatusReply;

/// Where the daemon stops taking messages of others, and any at all.
constexpr std::uint64_t kStoreWarningPercent = 85;
constexpr std::uint64_t kStoreCriticalPercent = 95;

struct Verdict {
    int exit_code = kExitFine;
    std::string identity;
    std::vector<std::string> warnings;

    [[nodiscard]] std::string_view word() const {
        if (exit_code == kExitCritical) return "CRIT";
        return exit_code == kExitWarning ? "WARN" : "OK";
    }
    [[nodiscard]] std::string_view color() const {
        if (exit_code == kExitCritical) return "31";
        return exit_code == kExitWarning ? "33" : "32";
    }
};

Verdict judge(const Context& context, const StatusReply& status) {
    Verdict verdict;
    verdict.warnings.assign(status.warnings().begin(), status.warnings().end());
    const std::uint64_t used = percent(status.store_bytes(), status.store_quota_bytes());
    if (used >= kStoreWarningPercent && verdict.warnings.empty()) {
        const bool full = used >= kStoreCriticalPercent;
        verdict.warnings.push_back(context.say(full ? Message::kStoreFull : Message::kStoreNearlyFull, used));
    }
    if (used >= kStoreCriticalPercent) {
        verdict.exit_code = kExitCritical;
    } else if (!verdict.warnings.empty()) {
        verdict.exit_code = kExitWarning;
    }
    SecurityVerdict security = judge_security(context, status, std::time(nullptr));
    verdict.exit_code = std::max(verdict.exit_code, security.exit_code);
    verdict.identity = std::move(security.identity);
    std::ranges::move(security.warnings, std::back_inserter(verdict.warnings));
    return verdict;
}

void print_peers(Context& context, const StatusReply& status) {
    Table table{context.out,
                {{context.say(Message::kPeer)},
                 {context.say(Message::kLastMet)},
                 {context.say(Message::kOut), Align::kRight},
                 {context.say(Message::kBytes), Align::kRight},
                 {context.say(Message::kOldest), Align::kRight}},
                context.ascii};
    for (const auto& peer : status.peers()) {
        std::string met = context.say(Message::kNever);
        if (peer.connected()) {
            met = context.say(Message::kNow);
        } else if (peer.ever_met()) {
            met = human_duration(peer.last_met_ms());
        }
        table.add({node_label(peer.node_id().empty() ? peer.address() : peer.node_id()), met,
                   std::to_string(peer.queued_bundles()),
                   peer.queued_bytes() == 0 ? "0" : human_size(peer.queued_bytes()),
                   peer.queued_bundles() == 0 ? "-" : human_duration(peer.oldest_ms())});
    }
    table.flush();
}

void print_table(Context& context, const StatusReply& status, const Verdict& verdict) {
    std::string word{verdict.word()};
    if (context.color) word = "\033[" + std::string{verdict.color()} + "m" + word + "\033[0m";
    const std::string node = printable(node_label(status.node_id()), context.ascii);
    const auto clock = status.clock_trusted() ? Message::kClockTrusted : Message::kClockUntrusted;
    context.out << context.say(Message::kStatusLine, word + "  " + node,
                               percent(status.store_bytes(), status.store_quota_bytes()),
                               human_size(status.store_quota_bytes()), context.say(clock))
                << "\n";
    if (!verdict.identity.empty()) print_line(context, verdict.identity);
    context.out << context.say(Message::kStatusBundles, status.bundles(), human_size(status.bundle_bytes()),
                               status.waiting_forward(), status.waiting_delivery(), status.held())
                << "\n"
                << context.say(Message::kStatusOldest,
                               status.bundles() == 0 ? "-" : human_duration(status.oldest_bundle_ms()),
                               human_duration(status.uptime_ms()), printable(status.router(), context.ascii))
                << "\n";
    if (status.unreceipted() != 0) {
        print_line(context, context.say(Message::kStatusUnreceipted, status.unreceipted(),
                                        human_duration(status.oldest_unreceipted_ms())));
    }
    if (status.discovery().heard() != 0) {
        std::string where;
        for (const std::string& interface : status.discovery().interfaces())
            where += (where.empty() ? "" : ", ") + interface;
        print_line(context, context.say(Message::kStatusDiscovery, where, status.discovery().heard()));
    }
    print_peers(context, status);
    for (const std::string& warning : verdict.warnings) {
        context.out << "! " << printable(warning, context.ascii) << "\n";
    }
}

int show_status(Context& context) {
    ApiClient client{context};
    Request request;
    request.mutable_status();
    const auto answer = client.call(request, Reply::kStatus);
    if (!answer) return report(context, answer.error());
    const StatusReply& status = answer->reply.status();
    const Verdict verdict = judge(context, status);
    switch (context.format) {
        case Format::kTable: print_table(context, status, verdict); break;
        case Format::kName: context.out << verdict.word() << "\n"; break;
        case Format::kJson: {
            boost::json::object object{{"verdict", verdict.word()}};
            for (auto& member : to_json(status))
                object.insert(member);
            write_json_line(context.out, object);
            break;
        }
    }
    return verdict.exit_code;
}

}  // namespace

void add_status(CLI::App& app, Context& context, Action& action) {
    auto* status = app.add_subcommand("status", "the verdict on this node, its store and its peers");
    status->callback([&] { action = [&context] { return show_status(context); }; });
}

}  // namespace tram::cli
