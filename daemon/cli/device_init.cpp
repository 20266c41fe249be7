// `tram device init`: keys, and a request to whoever certifies them.
#include <boost/json/object.hpp>
#include <ctime>
#include <memory>
#include <ostream>

#include "daemon/cli/config_file.h"
#include "daemon/cli/device.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"
#include "daemon/enrol/files.h"
#include "daemon/enrol/identity_directory.h"
#include "proto/identity/check_groups.h"
#include "proto/identity/names.h"

namespace tram::cli {

namespace {

struct InitOptions {
    std::string config;
    std::string node;
    std::string standalone;
    std::string root;
    std::string authority;
    std::string directory;
    std::string name;
    PassphraseOptions passphrase;
    bool sealing = false;
    bool qr = false;
};

int init_device(Context& context, const Places& site, const InitOptions& options) {
    const auto eid = device_eid(context, options.node);
    if (!eid) return report(context, eid.error());
    const Deed deed{site.audit, "device.init", *eid, options.sealing ? "tls sign seal" : "tls sign",
                    site.clock_trusted};
    const auto request =
        noted(deed, [&] { return enrol::create_device(site.identity, *eid, options.name, options.sealing); });
    if (!request) return report(context, request.error());
    print_request(context, *request, site.identity / "request.pem", options.qr);
    if (context.format != Format::kTable) return kExitFine;
    print_steps(
        context, Message::kNextSteps,
        {context.say(Message::kNextBringRequest, "request.pem"), context.say(Message::kNextReadGroups),
         context.say(Message::kNextAccept, grant_file_of(*eid))});
    return kExitFine;
}

int init_root(Context& context, const Places& site, const InitOptions& options) {
    const std::filesystem::path directory =
        options.directory.empty() ? site.root : std::filesystem::path{options.directory};
    const auto protection = new_passphrase(context, options.passphrase);
    if (!protection) return report(context, protection.error());
    const Deed deed{directory / "audit.log", "root.init", options.root, {}, site.clock_trusted};
    const auto root = noted(deed, [&] {
        return enrol::create_root(directory, options.root, protection->key(), std::time(nullptr));
    });
    if (!root) return report(context, root.error());
    const std::string groups = identity::check_groups(root->der);
    switch (context.format) {
        case Format::kName: context.out << directory.string() << "\n"; return kExitFine;
        case Format::kJson:
            write_json_line(context.out, boost::json::object{{"root", options.root},
                                                             {"directory", directory.string()},
                                                             {"check_groups", groups},
                                                             {"not_after", root->not_after}});
            return kExitFine;
        case Format::kTable: break;
    }
    print_line(context,
               context.say(Message::kRootMade, options.root, directory.string(), day_of(root->not_after)));
    print_line(context, context.say(Message::kCheckGroups, groups));
    print_steps(
        context, Message::kNextSteps,
        {context.say(Message::kNextBackUpRoot, directory.string()), context.say(Message::kNextWriteGroups),
         context.say(Message::kNextApproveAuthority, directory.string())});
    return kExitFine;
}

int init_authority(Context& context, const Places& site, const InitOptions& options) {
    const auto eid = authority_eid(context, options.authority);
    if (!eid) return report(context, eid.error());
    const std::filesystem::path directory =
        options.directory.empty() ? site.authority : std::filesystem::path{options.directory};
    const auto protection = new_passphrase(context, options.passphrase);
    if (!protection) return report(context, protection.error());
    const std::string commune{identity::commune_of(*eid)};
    const Deed deed{directory / "audit.log", "authority.init", *eid, {}, site.clock_trusted};
    const auto request = noted(
        deed, [&] { return enrol::create_authority(directory, commune, options.name, protection->key()); });
    if (!request) return report(context, request.error());
    print_request(context, *request, directory / "request.pem", options.qr);
    if (context.format != Format::kTable) return kExitFine;
    print_steps(
        context, Message::kNextSteps,
        {context.say(Message::kNextBringToProvince, "request.pem"), context.say(Message::kNextReadGroups),
         context.say(Message::kNextAcceptAuthority, grant_file_of(*eid), directory.string())});
    return kExitFine;
}

/// Of two that make keys at once, the second must neither mix its own with those of the first nor take them
/// away. A directory that was named is its maker's business.
Result<std::optional<enrol::DirectoryLock>> lock_state(const Places& site, const InitOptions& options) {
    if (!options.directory.empty()) return std::nullopt;
    const std::filesystem::path above = site.identity.parent_path();
    const std::filesystem::path state = above.empty() ? "." : above;
    if (!enrol::is_there(state)) {
        if (auto made = enrol::make_private_directory(state); !made)
            return std::unexpected{std::move(made.error())};
    }
    auto lock = enrol::DirectoryLock::take(state);
    if (!lock) return std::unexpected{std::move(lock.error())};
    return std::optional{std::move(*lock)};
}

int init(Context& context, const InitOptions& options) {
    const auto site = places(context, options.config);
    if (!site) return report(context, site.error());
    const auto lock = lock_state(*site, options);
    if (!lock) return report(context, failure_of(lock.error()));
    if (!options.root.empty()) return init_root(context, *site, options);
    if (!options.authority.empty()) return init_authority(context, *site, options);
    if (!options.node.empty()) return init_device(context, *site, options);
    const auto eid = device_eid(context, options.standalone);
    if (!eid) return report(context, eid.error());
    return init_standalone(context, *site, *eid, options.passphrase);
}

}  // namespace

void add_device_init(CLI::App& device, Context& context, Action& action) {
    auto options = std::make_shared<InitOptions>();
    auto* init_verb = device.add_subcommand(
        "init", "make keys: for this device, a commune's authority, or a province's root");
    auto* who = init_verb->add_option_group("who");
    auto* node = who->add_option("NODE", options->node, "this device: 18904-ks07 or dtn://18904-ks07/");
    auto* alone = who->add_option("--standalone", options->standalone,
                                  "root, authority and this device in one go: a first working server");
    auto* root = who->add_option("--root", options->root, "the province's root, with a name for people");
    auto* authority = who->add_option("--authority", options->authority, "the authority of a commune: 18904");
    alone->type_name("NODE");
    root->type_name("NAME");
    authority->type_name("COMMUNE");
    who->require_option(1);
    auto* directory = init_verb->add_option(
        "--directory", options->directory, "where the root or authority goes (default: beside the identity)");
    directory->type_name("DIR")->excludes(node)->excludes(alone);
    auto* name = init_verb->add_option("--name", options->name, "a name for people, such as a village's");
    name->type_name("TEXT")->excludes(alone)->excludes(root);
    auto* sealing =
        init_verb->add_flag("--sealing", options->sealing, "an office: this device opens sealed messages");
    sealing->excludes(alone)->excludes(root)->excludes(authority);
    add_passphrase_options(*init_verb, options->passphrase, true);
    init_verb->get_option("--encrypt")->excludes(node);
    init_verb->get_option("--passphrase-file")->excludes(node);
    init_verb->add_flag("--qr", options->qr, "the QR code, even when the output is no terminal");
    add_config_option(*init_verb, options->config);
    init_verb->callback(
        [=, &context, &action] { action = [options, &context] { return init(context, *options); }; });
}

}  // namespace tram::cli
