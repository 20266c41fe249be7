// `tram device approve`: an authority certifies a device, or a root an authority.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <ctime>
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/config_file.h"
#include "daemon/cli/device.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/output.h"
#include "proto/identity/check_groups.h"

namespace tram::cli {

using api::pb::Reply;
using api::pb::Request;

namespace {

constexpr const char* kTextBegin = "TRAM-REQUEST:";
constexpr const char* kGrantLabel = "CERTIFICATE";
constexpr std::uint32_t kGrantUrgency = 4;

struct ApproveOptions {
    std::string config;
    std::string request;
    std::string authority;
    std::string out;
    std::optional<std::uint32_t> months;
    Agreement agreement;
    PassphraseOptions passphrase;
    bool no_daemon = false;
    bool send = false;
};

/// Everything that is known before the decision.
struct Case {
    identity::DeviceRequest request;
    std::filesystem::path authority;
    std::filesystem::path out;
    std::uint32_t months = 0;
    bool clock_trusted = true;
};

Outcome<identity::DeviceRequest> read_request(Context& context, const std::string& what) {
    std::string text = what;
    const bool is_text =
        what.size() > 13 && (what.starts_with(kTextBegin) || what.starts_with("tram-request:"));
    if (!is_text) {
        const auto contents = read_input(context, what, identity::kRequestTextMax);
        if (!contents) return std::unexpected{contents.error()};
        text = as_text(*contents);
    }
    auto request = identity::request_from_text(text);
    if (!request) {
        Failure failure = failure_of(request.error());
        failure.remedy = context.say(Message::kBadRequestRemedy);
        return std::unexpected{std::move(failure)};
    }
    return std::move(*request);
}

Outcome<Case> prepare(Context& context, const ApproveOptions& options) {
    const auto site = places(context, options.config);
    if (!site) return std::unexpected{site.error()};
    auto request = read_request(context, options.request);
    if (!request) return std::unexpected{request.error()};
    if (options.send && request->for_authority()) {
        return failed(ErrorCode::kInvalidArgument, context.say(Message::kSendToAuthority));
    }
    Case result;
    result.request = std::move(*request);
    result.clock_trusted = site->clock_trusted;
    result.authority = options.authority;
    if (options.authority.empty()) {
        result.authority = result.request.for_authority() ? site->root : site->authority;
    }
    if (auto there = authority_there(context, result.authority); !there)
        return std::unexpected{there.error()};
    result.out = options.out.empty() ? grant_file_of(result.request.eid) : options.out;
    if (auto may = may_write(context, result.out, kGrantLabel); !may) return std::unexpected{may.error()};
    const std::uint32_t usual = result.request.for_authority() ? enrol::kAuthorityMonths : 12U;
    result.months = options.months.value_or(usual);
    return result;
}

/// What this authority has issued to the same name and is still good for something.
struct Before {
    bool any = false;
    bool other_keys = false;
    identity::UnixTime ends = 0;
};

Before issued_before(const Case& subject, identity::UnixTime now) {
    const auto issued = enrol::list_issued(subject.authority);
    Before before;
    if (!issued) return before;  // approve() says why
    const identity::DeviceRequest& request = subject.request;
    for (const enrol::Issued& each : *issued) {
        const identity::Certificate& certificate = each.certificate;
        if (certificate.eid != request.eid || each.revoked || certificate.not_after < now) continue;
        const auto& key = certificate.public_key;
        const bool same = key == request.signing_key || (request.tls_key && key == *request.tls_key) ||
                          (request.sealing_key && key == *request.sealing_key);
        before.any = true;
        before.other_keys = before.other_keys || !same;
        before.ends = std::max(before.ends, certificate.not_after);
    }
    return before;
}

/// Shows on standard error who asks for what: the answer is what standard output is for.
void show_case(Context& context, const Case& subject) {
    const auto line = [&]<typename... Args>(Message message, const Args&... args) {
        context.err << printable(context.say(message, args...), context.ascii) << "\n";
    };
    const identity::DeviceRequest& request = subject.request;
    line(Message::kAsksFor, request.eid, wishes(context, request));
    if (!request.name.empty()) line(Message::kCallsItself, request.name);
    line(Message::kForMonths, subject.months, subject.authority.string());
    line(Message::kCheckGroups, identity::check_groups(request.wire));
    const Before before = issued_before(subject, std::time(nullptr));
    if (before.other_keys) {
        line(Message::kOtherKeysBefore, day_of(before.ends), request.eid);
    } else if (before.any) {
        line(Message::kSameKeysBefore, day_of(before.ends));
    }
}

/// The certificates that were made for the request itself.
std::vector<const identity::Certificate*> made_for(const Case& subject, const identity::TrustBundle& grant) {
    std::vector<const identity::Certificate*> made;
    for (const identity::Certificate& each : grant.certificates) {
        const bool of_keys = each.public_key == subject.request.signing_key ||
                             each.public_key == subject.request.tls_key ||
                             each.public_key == subject.request.sealing_key;
        if (of_keys && each.eid == subject.request.eid) made.push_back(&each);
    }
    return made;
}

/// Sends the grant over the mesh to the device; its short id.
Outcome<std::string> send_grant(Context& context, const Case& subject, const identity::TrustBundle& grant) {
    Request request;
    auto& send = *request.mutable_send_bundle();
    send.set_destination(subject.request.eid + "tram/grant");
    send.set_urgency(kGrantUrgency);
    send.set_kind("control");
    const Bytes wire = identity::encode_trust(grant);
    const ByteView view = wire;
    ApiClient client{context};
    const auto answer = client.call(request, Reply::kSendBundle, &view);
    if (!answer) return std::unexpected{answer.error()};
    return answer->reply.send_bundle().short_id();
}

struct Approved {
    identity::TrustBundle grant;
    std::optional<Told> told;
    std::string sent;
};

void print_approved(Context& context, const Case& subject, const Approved& approved) {
    const auto made = made_for(subject, approved.grant);
    switch (context.format) {
        case Format::kName: context.out << subject.out.string() << "\n"; return;
        case Format::kJson: {
            boost::json::array certificates;
            for (const identity::Certificate* each : made) {
                certificates.push_back(boost::json::object{{"usage", usage_name(each->usage)},
                                                           {"certificate_id", to_hex(each->id)},
                                                           {"not_after", each->not_after}});
            }
            boost::json::object object{
                {"approved", subject.request.eid},
                {"check_groups", identity::check_groups(subject.request.wire)},
                {"file", subject.out.string()},
                {"certificates", std::move(certificates)},
                {"daemon_told", approved.told && approved.told->there && !approved.told->refused},
                {"sent", nullptr}};
            if (!approved.sent.empty()) object["sent"] = approved.sent;
            write_json_line(context.out, object);
            return;
        }
        case Format::kTable: break;
    }
    const identity::UnixTime ends = made.empty() ? 0 : made.front()->not_after;
    print_line(context, context.say(Message::kApproved, subject.request.eid, day_of(ends)));
    print_line(context, context.say(Message::kGrantFile, subject.out.string()));
    const std::string name = subject.out.filename().string();
    print_line(context, subject.request.for_authority()
                            ? context.say(Message::kNextAcceptAuthority, name, "DIR")
                            : context.say(Message::kNextAccept, name));
    if (approved.told) print_told(context, *approved.told);
    if (!approved.sent.empty()) print_line(context, context.say(Message::kGrantSent, approved.sent));
}

/// Everything after the decision; the exit status.
int finish(Context& context, const Case& subject, const ApproveOptions& options,
           identity::TrustBundle grant) {
    const std::string pem = identity::trust_to_pem(grant);
    if (const auto written = write_public(context, subject.out, pem, kGrantLabel); !written) {
        return report(context, written.error());
    }
    Approved approved{.grant = std::move(grant), .told = {}, .sent = {}};
    int exit_code = kExitFine;
    if (!options.no_daemon) {
        approved.told = tell_daemon(context, approved.grant);
        if (approved.told->refused) exit_code = report(context, *approved.told->refused);
    }
    if (options.send) {
        auto sent = send_grant(context, subject, approved.grant);
        if (sent) {
            approved.sent = std::move(*sent);
        } else {
            exit_code = report(context, sent.error());
        }
    }
    print_approved(context, subject, approved);
    return exit_code;
}

int approve(Context& context, const ApproveOptions& options) {
    const auto subject = prepare(context, options);
    if (!subject) return report(context, subject.error());
    show_case(context, *subject);
    if (const auto stop = compared(context, options.agreement, subject->request.wire)) return *stop;
    const auto protection = known_passphrase(context, options.passphrase, subject->authority);
    if (!protection) return report(context, protection.error());
    const Deed deed{subject->authority / "audit.log", "device.approve", subject->request.eid,
                    approval_detail(subject->request, subject->months), subject->clock_trusted};
    auto grant = noted(deed, [&] {
        return enrol::approve(subject->authority, subject->request,
                              {.now = std::time(nullptr), .months = subject->months}, protection->key());
    });
    if (!grant) return report(context, grant.error());
    return finish(context, *subject, options, std::move(*grant));
}

}  // namespace

void add_device_approve(CLI::App& device, Context& context, Action& action) {
    auto options = std::make_shared<ApproveOptions>();
    auto* verb = device.add_subcommand("approve", "certify what a device, or an authority, asks for");
    verb->add_option("REQUEST", options->request,
                     "the request's file, - for standard input, or the text of its QR code")
        ->required();
    verb->add_option("--authority", options->authority,
                     "the directory of the authority, or of the root for an authority's request")
        ->type_name("DIR");
    verb->add_option("--months", options->months, "how long it is good (default: 12, an authority 60)")
        ->check(CLI::Range(1U, enrol::kRootMonths))
        ->type_name("1..240");
    verb->add_option("--groups", options->agreement.groups, "the check groups as they were read to you")
        ->type_name("TEXT");
    verb->add_flag("--yes", options->agreement.yes, "the check groups were compared: do not ask");
    verb->add_option("--out", options->out, "where the answer goes (default: NODE.grant.pem)")
        ->type_name("FILE");
    auto* quiet = verb->add_flag("--no-daemon", options->no_daemon, "do not tell the daemon here");
    verb->add_flag("--send", options->send, "also send the answer over the mesh, for a device that renews")
        ->excludes(quiet);
    add_passphrase_options(*verb, options->passphrase, false);
    add_config_option(*verb, options->config);
    verb->callback(
        [=, &context, &action] { action = [options, &context] { return approve(context, *options); }; });
}

}  // namespace tram::cli
