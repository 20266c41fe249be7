// `tram device accept`: this device, or an authority, takes what was granted to it; and lists that were
// carried here.
#include <algorithm>
#include <boost/json/object.hpp>
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/config_file.h"
#include "daemon/cli/device.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/output.h"
#include "daemon/enrol/files.h"
#include "daemon/enrol/identity_directory.h"
#include "proto/identity/check_groups.h"

namespace tram::cli {

using api::pb::Reply;
using api::pb::Request;
using identity::TrustBundle;
using identity::Usage;

namespace {

struct AcceptOptions {
    std::string config;
    std::string file;
    std::string authority;
    Agreement agreement;
    bool from_mesh = false;
    bool no_daemon = false;
};

const identity::Certificate* root_of(const TrustBundle& bundle) {
    const auto root = std::ranges::find(bundle.certificates, Usage::kRoot, &identity::Certificate::usage);
    return root == bundle.certificates.end() ? nullptr : &*root;
}

/// A grant names its device; what was learned elsewhere (lists, authorities, offices) does not.
bool is_grant(const TrustBundle& bundle) {
    return std::ranges::any_of(bundle.certificates, [](const identity::Certificate& each) {
        return each.usage == Usage::kTls || each.usage == Usage::kSign;
    });
}

/// The first time, a person compares the root: everything else is believed because of it. Later only groups
/// that were given are compared.
std::optional<int> root_compared(Context& context, const AcceptOptions& options, const TrustBundle& bundle,
                                 const std::filesystem::path& known) {
    const identity::Certificate* root = root_of(bundle);
    if (root == nullptr) return std::nullopt;
    if (enrol::is_there(known)) {
        return options.agreement.groups.empty() ? std::nullopt
                                                : compared(context, options.agreement, root->der);
    }
    context.err << printable(context.say(Message::kFirstRoot, root->name), context.ascii) << "\n"
                << printable(context.say(Message::kCheckGroups, identity::check_groups(root->der)),
                             context.ascii)
                << "\n";
    return compared(context, options.agreement, root->der);
}

std::string described(const TrustBundle& bundle) {
    std::string text =
        fmt::format("{} certificates, {} lists", bundle.certificates.size(), bundle.lists.size());
    if (const auto* root = root_of(bundle)) text += "; root " + identity::check_groups(root->der);
    return text;
}

struct Accepted {
    std::string subject;
    bool grant = true;  ///< else only lists and certificates of others
    TrustBundle bundle;
    std::optional<Told> told;
};

void print_accepted(Context& context, const Accepted& accepted) {
    switch (context.format) {
        case Format::kName: context.out << accepted.subject << "\n"; return;
        case Format::kJson:
            write_json_line(context.out,
                            boost::json::object{{"accepted", accepted.subject},
                                                {"grant", accepted.grant},
                                                {"certificates", accepted.bundle.certificates.size()},
                                                {"lists", accepted.bundle.lists.size()},
                                                {"daemon_told", accepted.told && accepted.told->there &&
                                                                    !accepted.told->refused}});
            return;
        case Format::kTable: break;
    }
    if (accepted.grant) {
        print_line(context, context.say(Message::kAccepted, accepted.subject));
    } else {
        print_line(context, context.say(Message::kLearned, accepted.bundle.certificates.size(),
                                        accepted.bundle.lists.size()));
    }
    if (!accepted.told) return;
    print_told(context, *accepted.told);
    if (accepted.grant && accepted.told->there) print_line(context, context.say(Message::kRestartDaemon));
}

int accept_for_authority(Context& context, const Places& site, const AcceptOptions& options,
                         TrustBundle bundle) {
    const std::filesystem::path directory = options.authority;
    if (const auto there = authority_there(context, directory); !there) return report(context, there.error());
    if (const auto stop = root_compared(context, options, bundle, directory / "chain.pem")) return *stop;
    const Deed deed{directory / "audit.log", "authority.accept", directory.string(), described(bundle),
                    site.clock_trusted};
    const auto done = noted(deed, [&] { return enrol::accept_authority_grant(directory, bundle); });
    if (!done) return report(context, done.error());
    print_accepted(context, {directory.string(), true, std::move(bundle), std::nullopt});
    return kExitFine;
}

int accept_here(Context& context, const Places& site, const AcceptOptions& options, TrustBundle bundle) {
    const auto request = enrol::read_device_request(site.identity);
    if (!request) return report(context, failure_of(request.error()));
    if (const auto stop = root_compared(context, options, bundle, site.identity / "roots.pem")) return *stop;
    Accepted accepted{request->eid, is_grant(bundle), std::move(bundle), std::nullopt};
    const Deed deed{site.audit, "device.accept", request->eid, described(accepted.bundle),
                    site.clock_trusted};
    const auto done = noted(deed, [&] {
        return accepted.grant ? enrol::accept_grant(site.identity, accepted.bundle)
                              : enrol::add_trust(site.identity, accepted.bundle);
    });
    if (!done) return report(context, done.error());
    int exit_code = kExitFine;
    if (!options.no_daemon) {
        accepted.told = tell_daemon(context, accepted.bundle);
        if (accepted.told->refused) exit_code = report(context, *accepted.told->refused);
    }
    print_accepted(context, accepted);
    return exit_code;
}

int accept_file(Context& context, const Places& site, const AcceptOptions& options) {
    const auto contents = read_input(context, options.file, identity::kTrustBundleBytesMax);
    if (!contents) return report(context, contents.error());
    auto bundle = identity::trust_from_pem(as_text(*contents));
    if (!bundle) {
        Failure failure = failure_of(bundle.error());
        failure.message = options.file + ": " + failure.message;
        return report(context, failure);
    }
    if (!options.authority.empty()) return accept_for_authority(context, site, options, std::move(*bundle));
    return accept_here(context, site, options, std::move(*bundle));
}

/// Takes every grant that has come to this device over the mesh.
int accept_from_mesh(Context& context, const Places& site, const AcceptOptions& options) {
    const auto own = enrol::read_device_request(site.identity);
    if (!own) return report(context, failure_of(own.error()));
    if (!enrol::is_there(site.identity / "roots.pem")) {
        return report(context,
                      failed(ErrorCode::kNoCertificate, context.say(Message::kFirstGrantByHand)).error());
    }
    ApiClient client{context};
    int exit_code = kExitFine;
    for (std::size_t taken = 0;; ++taken) {
        Request request;
        request.mutable_receive_bundle()->set_endpoint(own->eid + "tram/grant");
        const auto answer = client.call(request, Reply::kReceiveBundle);
        if (!answer) return report(context, answer.error());
        const auto& found = answer->reply.receive_bundle();
        if (!found.found()) {
            if (taken == 0) context.err << context.say(Message::kNoGrantWaiting) << "\n";
            return exit_code;
        }
        auto bundle = identity::decode_trust(answer->payload_view());
        const int ended = bundle ? accept_here(context, site, options, std::move(*bundle))
                                 : report(context, failure_of(bundle.error()));
        exit_code = std::max(exit_code, ended);
        if (exit_code == kExitCritical) return exit_code;  // nothing wrong with the grant: it stays
        // What cannot be used would be handed out for ever.
        Request done;
        done.mutable_acknowledge_bundle()->set_token(found.token());
        if (const auto acknowledged = client.call(done, Reply::kDone); !acknowledged) {
            return report(context, acknowledged.error());
        }
    }
}

int accept(Context& context, const AcceptOptions& options) {
    const auto site = places(context, options.config);
    if (!site) return report(context, site.error());
    return options.from_mesh ? accept_from_mesh(context, *site, options)
                             : accept_file(context, *site, options);
}

}  // namespace

void add_device_accept(CLI::App& device, Context& context, Action& action) {
    auto options = std::make_shared<AcceptOptions>();
    auto* verb = device.add_subcommand(
        "accept", "install what was granted to this device, or a revocation list that was carried here");
    auto* what = verb->add_option_group("what");
    what->add_option("FILE", options->file,
                     "what 'tram device approve' or 'revoke' wrote; - for standard input");
    auto* mesh = what->add_flag("--from-mesh", options->from_mesh, "what came over the mesh for this device");
    what->require_option(1);
    verb->add_option("--authority", options->authority, "for the authority in this directory instead")
        ->type_name("DIR")
        ->excludes(mesh);
    verb->add_option("--groups", options->agreement.groups,
                     "the check groups of the root, as they were read to you")
        ->type_name("TEXT");
    verb->add_flag("--yes", options->agreement.yes, "the root was compared: do not ask");
    verb->add_flag("--no-daemon", options->no_daemon, "do not tell the daemon here");
    add_config_option(*verb, options->config);
    verb->callback(
        [=, &context, &action] { action = [options, &context] { return accept(context, *options); }; });
}

}  // namespace tram::cli
