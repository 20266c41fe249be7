// `tram device init --standalone`: everything that a first server needs, on one machine.
#include <boost/json/object.hpp>
#include <ctime>
#include <ostream>

#include "daemon/cli/device.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"
#include "daemon/enrol/files.h"
#include "daemon/enrol/identity_directory.h"
#include "proto/identity/check_groups.h"
#include "proto/identity/names.h"

namespace tram::cli {

namespace {

/// What was made, to say it.
struct Made {
    identity::Certificate root;
    identity::UnixTime device_ends = 0;
};

Result<Made> make_all(const Places& site, const std::string& node_id, const enrol::KeyProtection& protection,
                      identity::UnixTime now) {
    const std::string commune{identity::commune_of(node_id)};
    auto root = enrol::create_root(site.root, "Tram " + commune, protection, now);
    if (!root) return std::unexpected{std::move(root.error())};
    const auto office = enrol::create_authority(site.authority, commune, "Tram " + commune, protection);
    if (!office) return std::unexpected{office.error()};
    const auto of_office = enrol::approve(site.root, *office, {now, enrol::kAuthorityMonths}, protection);
    if (!of_office) return std::unexpected{of_office.error()};
    if (auto taken = enrol::accept_authority_grant(site.authority, *of_office); !taken) {
        return std::unexpected{std::move(taken.error())};
    }
    const auto device = enrol::create_device(site.identity, node_id, "", true);
    if (!device) return std::unexpected{device.error()};
    const auto of_device = enrol::approve(site.authority, *device, {.now = now}, protection);
    if (!of_device) return std::unexpected{of_device.error()};
    if (auto taken = enrol::accept_grant(site.identity, *of_device); !taken) {
        return std::unexpected{std::move(taken.error())};
    }
    const auto loaded = enrol::load_identity(site.identity);
    if (!loaded) return std::unexpected{loaded.error()};
    return Made{std::move(*root), loaded->tls.not_after};
}

/// Takes away what this call has made, so that the next one can begin anew. Nobody has seen these keys.
void remove_new(const Places& site) {
    std::error_code ignored;
    for (const auto& directory : {site.root, site.authority, site.identity})
        std::filesystem::remove_all(directory, ignored);
}

void print_made(Context& context, const Places& site, const std::string& node_id, const Made& made) {
    const std::string groups = identity::check_groups(made.root.der);
    switch (context.format) {
        case Format::kName: context.out << node_id << "\n"; return;
        case Format::kJson:
            write_json_line(context.out, boost::json::object{{"node_id", node_id},
                                                             {"root", site.root.string()},
                                                             {"authority", site.authority.string()},
                                                             {"identity", site.identity.string()},
                                                             {"root_check_groups", groups},
                                                             {"not_after", made.device_ends}});
            return;
        case Format::kTable: break;
    }
    const std::string root = site.root.string();
    const std::string authority = site.authority.string();
    const std::string commune{identity::commune_of(node_id)};
    print_line(context, context.say(Message::kAloneReady, node_id, day_of(made.device_ends)));
    Table keys{
        context.out,
        {{context.say(Message::kKeys)}, {context.say(Message::kWhere)}, {context.say(Message::kMeaning)}},
        context.ascii};
    keys.add({"root", root, context.say(Message::kAloneRoot)});
    keys.add({"authority", authority, context.say(Message::kAloneAuthority, commune)});
    keys.add({"identity", site.identity.string(), context.say(Message::kAloneIdentity, node_id)});
    keys.flush();
    print_line(context, context.say(Message::kAloneGroups, groups));
    print_steps(
        context, Message::kAloneBackUp,
        {context.say(Message::kAloneBackUpRoot, root), context.say(Message::kAloneBackUpAuthority, authority),
         context.say(Message::kAloneBackUpIdentity, site.identity.string())});
    Table next{
        context.out, {{context.say(Message::kNextTitle)}, {context.say(Message::kMeaning)}}, context.ascii};
    next.add({"tramd", context.say(Message::kAloneStart)});
    next.add({"tram device init " + commune + "-ks07", context.say(Message::kAloneSecond)});
    next.add({"tram device approve FILE --authority " + authority, context.say(Message::kAloneApprove)});
    next.add({"tram device accept " + commune + "-ks07.grant.pem", context.say(Message::kAloneAccept)});
    next.flush();
}

}  // namespace

int init_standalone(Context& context, const Places& site, const std::string& node_id,
                    const PassphraseOptions& passphrase) {
    for (const auto& directory : {site.root, site.authority, site.identity}) {
        std::error_code failure;
        if (enrol::is_there(directory) && !std::filesystem::is_empty(directory, failure)) {
            return report(context,
                          failed(ErrorCode::kDuplicate, context.say(Message::kAloneThere, directory.string()),
                                 context.say(Message::kAloneThereRemedy))
                              .error());
        }
    }
    const auto protection = new_passphrase(context, passphrase);
    if (!protection) return report(context, protection.error());
    const Deed deed{site.audit, "device.init", node_id, "standalone: root, authority, tls sign seal",
                    site.clock_trusted};
    const auto made =
        noted(deed, [&] { return make_all(site, node_id, protection->key(), std::time(nullptr)); });
    if (!made) {
        remove_new(site);
        return report(context, made.error());
    }
    // Their own logs begin with what they have done already.
    const Deed of_root{site.root / "audit.log", "device.approve",
                       identity::commune_eid(identity::commune_of(node_id)), "standalone",
                       site.clock_trusted};
    const Deed of_authority{site.authority / "audit.log", "device.approve", node_id,
                            "standalone, tls sign seal", site.clock_trusted};
    for (const Deed& done : {of_root, of_authority}) {
        if (const auto written = note(done); !written) return report(context, written.error());
    }
    print_made(context, site, node_id, *made);
    return kExitFine;
}

}  // namespace tram::cli
