// `tram device init --standalone`: everything that a first server needs, on one machine.
#include <algorithm>
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

/// The steps of init, approve and accept, one after the other, each with its entry in its log.
class Steps {
  public:
    Steps(const Places& site, const enrol::KeyProtection& protection)
        : site_{site}, protection_{protection} {}

    Outcome<identity::Certificate> root(const std::string& name) const {
        return noted(deed(site_.root, "root.init", name, {}),
                     [&] { return enrol::create_root(site_.root, name, protection_, now_); });
    }

    Outcome<void> authority(const std::string& commune, const std::string& name) const {
        const std::string eid = identity::commune_eid(commune);
        const auto request = noted(deed(site_.authority, "authority.init", eid, {}), [&] {
            return enrol::create_authority(site_.authority, commune, name, protection_);
        });
        if (!request) return std::unexpected{request.error()};
        const auto grant = approved(site_.root, *request, enrol::kAuthorityMonths);
        if (!grant) return std::unexpected{grant.error()};
        return noted(deed(site_.authority, "authority.accept", eid, {}),
                     [&] { return enrol::accept_authority_grant(site_.authority, *grant); });
    }

    Outcome<enrol::Identity> device(const std::string& node_id) const {
        const Deed init{site_.audit, "device.init", node_id, "standalone; tls sign seal",
                        site_.clock_trusted};
        const auto request =
            noted(init, [&] { return enrol::create_device(site_.identity, node_id, "", true); });
        if (!request) return std::unexpected{request.error()};
        const auto grant = approved(site_.authority, *request, enrol::IssueTerms{}.months);
        if (!grant) return std::unexpected{grant.error()};
        const Deed accept{site_.audit, "device.accept", node_id, "standalone", site_.clock_trusted};
        const auto taken = noted(accept, [&] { return enrol::accept_grant(site_.identity, *grant); });
        if (!taken) return std::unexpected{taken.error()};
        auto loaded = enrol::load_identity(site_.identity);
        if (!loaded) return std::unexpected{failure_of(loaded.error())};
        return std::move(*loaded);
    }

  private:
    [[nodiscard]] Deed deed(const std::filesystem::path& directory, const char* act,
                            const std::string& subject, const std::string& detail) const {
        return {directory / "audit.log", act, subject, detail, site_.clock_trusted};
    }

    [[nodiscard]] Outcome<identity::TrustBundle> approved(const std::filesystem::path& by,
                                                          const identity::DeviceRequest& request,
                                                          std::uint32_t months) const {
        return noted(deed(by, "device.approve", request.eid, approval_detail(request, months)), [&] {
            return enrol::approve(by, request, {.now = now_, .months = months}, protection_);
        });
    }

    const Places& site_;
    const enrol::KeyProtection& protection_;
    identity::UnixTime now_ = std::time(nullptr);
};

Outcome<Made> make_all(const Places& site, const std::string& node_id,
                       const enrol::KeyProtection& protection) {
    const std::string commune{identity::commune_of(node_id)};
    const std::string name = "Tram " + commune;
    const Steps steps{site, protection};
    auto root = steps.root(name);
    if (!root) return std::unexpected{root.error()};
    if (const auto made = steps.authority(commune, name); !made) return std::unexpected{made.error()};
    const auto device = steps.device(node_id);
    if (!device) return std::unexpected{device.error()};
    return Made{std::move(*root), device->tls.not_after};
}

constexpr const char* kUnfinished = "unfinished";

/// There from before the first key until everything is made: what stands beside it nobody has seen.
bool is_unfinished(const Places& site) {
    return enrol::is_there(site.root / kUnfinished) ||
           enrol::is_there(site.root / (std::string{kUnfinished} + ".new"));
}

/// Takes away what was made in part, so that everything can begin anew; the mark goes last.
void remove_unfinished(const Places& site) {
    std::error_code ignored;
    for (const auto& directory : {site.identity, site.authority, site.root})
        std::filesystem::remove_all(directory, ignored);
}

Result<void> mark_unfinished(const Places& site) {
    if (auto made = enrol::make_private_directory(site.root); !made) return made;
    return enrol::write_file(site.root / kUnfinished, {}, enrol::Readers::kAll);
}

/// What an attempt that was interrupted at its very end has made. Otherwise what it left is taken away, but
/// never keys that were certified: somebody may use them by now.
std::optional<Made> finished_before(const Places& site, const std::string& node_id) {
    if (!is_unfinished(site)) return std::nullopt;
    if (!enrol::is_there(site.identity / "trust.pem")) {
        remove_unfinished(site);
        return std::nullopt;
    }
    const auto identity = enrol::load_identity(site.identity);
    if (!identity || identity->node_id != node_id) return std::nullopt;
    const auto& known = identity->trust.certificates;
    const auto root = std::ranges::find(known, identity::Usage::kRoot, &identity::Certificate::usage);
    if (root == known.end()) return std::nullopt;
    return Made{*root, identity->tls.not_after};
}

Outcome<void> nothing_there(const Context& context, const Places& site) {
    for (const auto& directory : {site.root, site.authority, site.identity}) {
        std::error_code failure;
        if (!enrol::is_there(directory) || std::filesystem::is_empty(directory, failure)) continue;
        return failed(ErrorCode::kDuplicate, context.say(Message::kAloneThere, directory.string()),
                      context.say(Message::kAloneThereRemedy));
    }
    return {};
}

Outcome<Made> make_or_remove(const Places& site, const std::string& node_id,
                             const enrol::KeyProtection& protection) {
    if (auto marked = mark_unfinished(site); !marked) {
        remove_unfinished(site);
        return std::unexpected{failure_of(marked.error())};
    }
    auto made = make_all(site, node_id, protection);
    if (!made) remove_unfinished(site);
    return made;
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
    auto made = finished_before(site, node_id);
    if (!made) {
        if (const auto free = nothing_there(context, site); !free) return report(context, free.error());
        const auto protection = new_passphrase(context, passphrase);
        if (!protection) return report(context, protection.error());
        auto fresh = make_or_remove(site, node_id, protection->key());
        if (!fresh) return report(context, fresh.error());
        made = std::move(*fresh);
    }
    print_made(context, site, node_id, *made);
    context.out.flush();
    std::error_code failure;
    std::filesystem::remove(site.root / kUnfinished, failure);
    if (failure) {
        return report(context,
                      failure_of(enrol::io_failure(site.root / kUnfinished, failure.value()).error()));
    }
    return kExitFine;
}

}  // namespace tram::cli
