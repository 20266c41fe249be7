// `tram device revoke`: a device is lost. Takes away its certificates, tells the daemon here, and reports
// what the device took along.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <ctime>
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/api_json.h"
#include "daemon/cli/config_file.h"
#include "daemon/cli/device.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"
#include "daemon/enrol/trust_files.h"

namespace tram::cli {

using api::pb::DeviceHoldingsReply;
using api::pb::Reply;
using api::pb::Request;

namespace {

constexpr const char* kListLabel = "TRAM REVOCATION LIST";
constexpr const char* kOwnList = "revoked.pem";

struct RevokeOptions {
    std::string config;
    std::string node;
    std::string authority;
    std::string out;
    PassphraseOptions passphrase;
    bool dry_run = false;
    bool yes = false;
    bool no_daemon = false;
};

/// What is to be revoked.
struct Case {
    std::string eid;
    std::filesystem::path authority;
    std::size_t certificates = 0;  ///< that are not revoked yet
    bool clock_trusted = true;
};

Outcome<Case> prepare(Context& context, const RevokeOptions& options) {
    const auto site = places(context, options.config);
    if (!site) return std::unexpected{site.error()};
    auto eid = any_eid(context, options.node);
    if (!eid) return std::unexpected{eid.error()};
    Case result{.eid = std::move(*eid), .authority = options.authority, .clock_trusted = site->clock_trusted};
    if (options.authority.empty()) {
        result.authority = identity::is_commune_eid(result.eid) ? site->root : site->authority;
    }
    if (auto there = authority_there(context, result.authority); !there)
        return std::unexpected{there.error()};
    if (!options.out.empty()) {
        if (auto may = may_write(context, options.out, kListLabel); !may) return std::unexpected{may.error()};
    }
    const auto issued = enrol::list_issued(result.authority);
    if (!issued) return std::unexpected{failure_of(issued.error())};
    const auto of_node = [&](const enrol::Issued& each) { return each.certificate.eid == result.eid; };
    if (std::ranges::none_of(*issued, of_node)) {
        return failed(ErrorCode::kNotFound, context.say(Message::kNeverIssued, result.eid),
                      context.say(Message::kNeverIssuedRemedy, result.authority.string()));
    }
    result.certificates = static_cast<std::size_t>(std::ranges::count_if(
        *issued, [&](const enrol::Issued& each) { return of_node(each) && !each.revoked; }));
    return result;
}

/// What happened, as far as it has.
struct Outcomes {
    std::optional<identity::RevocationList> list;
    std::optional<Told> told;
    std::optional<DeviceHoldingsReply> holdings;
};

/// What the device was handed here. Nothing when no daemon runs.
Outcome<std::optional<DeviceHoldingsReply>> holdings_of(Context& context, const std::string& eid) {
    Request request;
    request.mutable_device_holdings()->set_node_id(eid);
    ApiClient client{context};
    auto answer = client.call(request, Reply::kDeviceHoldings);
    if (answer) return std::optional{std::move(*answer->reply.mutable_device_holdings())};
    if (answer.error().code == code_name(ErrorCode::kUnavailable)) return std::nullopt;
    return std::unexpected{answer.error()};
}

void print_holdings(Context& context, const std::string& eid, const DeviceHoldingsReply& holdings) {
    const std::string yes = context.say(Message::kYes);
    const std::string no = context.say(Message::kNo);
    print_line(context, context.say(Message::kHoldings, eid, holdings.total(), holdings.without_receipt()));
    Table table{context.out,
                {{context.say(Message::kId)},
                 {context.say(Message::kKind)},
                 {context.say(Message::kTo)},
                 {context.say(Message::kHandedOver), Align::kRight},
                 {context.say(Message::kReceipt)},
                 {context.say(Message::kCopyHere)}},
                context.ascii};
    for (const auto& holding : holdings.holdings()) {
        table.add({holding.short_id(), holding.kind(), holding.destination(),
                   context.say(Message::kAgo, human_duration(holding.ago_ms())), holding.receipt() ? yes : no,
                   holding.copy_here() ? yes : no});
    }
    table.flush();
    const auto shown = static_cast<std::uint64_t>(holdings.holdings_size());
    if (shown < holdings.total())
        print_line(context, context.say(Message::kHoldingsMore, holdings.total() - shown));
    const auto lost = std::ranges::count_if(
        holdings.holdings(), [](const auto& holding) { return !holding.receipt() && !holding.copy_here(); });
    if (lost > 0) print_line(context, "! " + context.say(Message::kHoldingsLost, lost));
    if (holdings.from_device().empty()) return;
    print_line(context, context.say(Message::kFromDevice, eid, holdings.from_device_size()));
    for (const auto& bundle : holdings.from_device()) {
        print_line(context, fmt::format("  {}  {}  {}  {}", bundle.short_id(), bundle.kind(),
                                        bundle.destination(), human_size(bundle.size())));
    }
    print_line(context, context.say(Message::kFromDeviceNext));
}

void print_json(Context& context, const Case& subject, const RevokeOptions& options,
                const Outcomes& outcomes) {
    boost::json::object object{{options.dry_run ? "would" : "done", "revoked"},
                               {"node_id", subject.eid},
                               {"certificates", subject.certificates},
                               {"list", nullptr},
                               {"file", nullptr},
                               {"daemon", nullptr},
                               {"holdings", nullptr}};
    if (outcomes.list) object["list"] = outcomes.list->number;
    if (!options.out.empty() && !options.dry_run) object["file"] = options.out;
    if (outcomes.told && outcomes.told->there && !outcomes.told->refused) {
        object["daemon"] = to_json(outcomes.told->reply);
    }
    if (outcomes.holdings) object["holdings"] = to_json(*outcomes.holdings);
    write_json_line(context.out, object);
}

void print_revoked(Context& context, const Case& subject, const RevokeOptions& options,
                   const Outcomes& outcomes) {
    if (context.format == Format::kJson) return print_json(context, subject, options, outcomes);
    if (context.format == Format::kName) {
        context.out << subject.eid << "\n";
        return;
    }
    if (options.dry_run) {
        print_line(context, context.say(Message::kWouldRevoke, subject.certificates, subject.eid));
    } else {
        const bool anew = subject.certificates > 0;
        print_line(context, anew ? context.say(Message::kRevoked, subject.certificates, subject.eid,
                                               outcomes.list->number, outcomes.list->authority)
                                 : context.say(Message::kRevokedAlready, subject.eid, outcomes.list->number,
                                               outcomes.list->authority));
    }
    if (outcomes.told && outcomes.told->there && !outcomes.told->refused) {
        print_line(context, context.say(Message::kDaemonRevoked, outcomes.told->reply.sessions_ended(),
                                        outcomes.told->reply.bundles_held()));
    }
    if (outcomes.holdings) print_holdings(context, subject.eid, *outcomes.holdings);
    if (options.dry_run) return;
    const std::string file = options.out.empty() ? (subject.authority / kOwnList).string() : options.out;
    const bool spreads = outcomes.told && outcomes.told->there && !outcomes.told->refused;
    print_line(context, context.say(spreads ? Message::kListSpreads : Message::kListToCarry, file));
}

/// Asks the daemon what it knows; false when it answered with a failure, which was told.
bool add_holdings(Context& context, const Case& subject, Outcomes& outcomes) {
    auto holdings = holdings_of(context, subject.eid);
    if (holdings) {
        outcomes.holdings = std::move(*holdings);
        return true;
    }
    report(context, holdings.error());
    return false;
}

int dry_run(Context& context, const Case& subject, const RevokeOptions& options) {
    Outcomes outcomes;
    const bool good = options.no_daemon || add_holdings(context, subject, outcomes);
    print_revoked(context, subject, options, outcomes);
    return good ? kExitFine : kExitWarning;
}

/// The list that revokes the device: made now, or by an attempt that may not have got any further.
Outcome<identity::RevocationList> revoked(const Case& subject, const Protection& protection) {
    if (subject.certificates > 0) {
        const Deed deed{subject.authority / "audit.log", "device.revoke", subject.eid,
                        fmt::format("{} certificates", subject.certificates), subject.clock_trusted};
        return noted(deed, [&] {
            return enrol::revoke(subject.authority, subject.eid, std::time(nullptr), protection.key());
        });
    }
    auto lists = enrol::read_trust_file(subject.authority / kOwnList);
    if (!lists) return std::unexpected{failure_of(lists.error())};
    return std::move(lists->lists.front());
}

/// Asks for what it takes to make a list; for one that is there already, nothing. Sets `stop` when the person
/// does not want to.
Outcome<Protection> agreed(Context& context, const Case& subject, const RevokeOptions& options,
                           std::optional<int>& stop) {
    if (subject.certificates == 0) return Protection{{}};
    const std::string label = node_label(subject.eid);
    const auto question = context.say(Message::kConfirmRevoke, subject.certificates, subject.eid, label);
    stop = confirmed(context, options.yes, question, label);
    if (stop) return Protection{{}};
    return known_passphrase(context, options.passphrase, subject.authority);
}

int revoke(Context& context, const RevokeOptions& options) {
    const auto subject = prepare(context, options);
    if (!subject) return report(context, subject.error());
    if (options.dry_run) return dry_run(context, *subject, options);
    std::optional<int> stop;
    const auto protection = agreed(context, *subject, options, stop);
    if (stop) return *stop;
    if (!protection) return report(context, protection.error());
    auto list = revoked(*subject, *protection);
    if (!list) return report(context, list.error());
    Outcomes outcomes;
    outcomes.list = std::move(*list);
    int exit_code = kExitFine;
    const identity::TrustBundle news{{}, {*outcomes.list}};
    if (!options.out.empty()) {
        const auto written = write_public(context, options.out, identity::trust_to_pem(news), kListLabel);
        if (!written) exit_code = report(context, written.error());
    }
    if (!options.no_daemon) {
        outcomes.told = tell_daemon(context, news);
        if (outcomes.told->refused) report(context, *outcomes.told->refused);
        // A list that nobody enforces yet needs somebody's attention.
        if (!outcomes.told->there || outcomes.told->refused) exit_code = std::max(exit_code, kExitWarning);
        if (outcomes.told->there && !add_holdings(context, *subject, outcomes)) {
            exit_code = std::max(exit_code, kExitWarning);
        }
    }
    print_revoked(context, *subject, options, outcomes);
    return exit_code;
}

}  // namespace

void add_device_revoke(CLI::App& device, Context& context, Action& action) {
    auto options = std::make_shared<RevokeOptions>();
    auto* verb = device.add_subcommand("revoke", "take away the certificates of a device that is lost");
    verb->add_option("NODE", options->node, "18904-lt01, or the commune of an authority: 18904")->required();
    verb->add_option("--authority", options->authority, "the directory of the authority, or of the root")
        ->type_name("DIR");
    verb->add_option("--out", options->out, "also write the list to a file, to carry it to other nodes")
        ->type_name("FILE");
    verb->add_flag("--dry-run", options->dry_run, "say what would be revoked, and what the device holds");
    verb->add_flag("--yes", options->yes, "do not ask");
    verb->add_flag("--no-daemon", options->no_daemon, "do not tell the daemon here");
    add_passphrase_options(*verb, options->passphrase, false);
    add_config_option(*verb, options->config);
    verb->callback(
        [=, &context, &action] { action = [options, &context] { return revoke(context, *options); }; });
}

}  // namespace tram::cli
