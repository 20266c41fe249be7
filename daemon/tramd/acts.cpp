// Administrative acts: written to the audit log before they are done.
#include <spdlog/spdlog.h>
#include <utility>

#include "daemon/audit/audit_log.h"
#include "daemon/node/short_id.h"
#include "daemon/tramd/daemon.h"
#include "proto/admin/names.h"
#include "proto/identity/trust_bundle.h"

namespace tram::tramd {

namespace {

// Who asks is not known over the socket; its file permissions say who may.
constexpr const char* kApplication = "api";
constexpr const char* kDaemon = "tramd";

std::string size_text(const Bytes& wire) {
    const auto bundle = identity::decode_trust(wire);
    if (!bundle) return "not readable";
    return std::to_string(bundle->certificates.size()) + " certificates, " +
           std::to_string(bundle->lists.size()) + " revocation lists";
}

/// Nothing but a local number gets into the log, whatever an application wrote.
std::string number_text(const std::string& local_number) {
    return admin::LocalNumber::parse(local_number) ? local_number : "no local number";
}

}  // namespace

Result<void> Daemon::audit(const std::string& actor, const std::string& act, const std::string& subject,
                           const std::string& detail) {
    if (config_.security.open) return {};
    const auto head =
        audit::append(config_.security.audit, {.act = act,
                                               .subject = subject,
                                               .detail = detail,
                                               .actor = actor,
                                               .clock_trusted = node_->custody().now().wall.has_value()});
    if (head) return {};
    return fail(head.error().code,
                "not done, because the audit log cannot be written: " + head.error().message);
}

void Daemon::audit_own(const std::string& act, const std::string& subject, const std::string& detail) {
    if (const auto written = audit(kDaemon, act, subject, detail); !written)
        spdlog::error("{} {}: {}", act, subject, written.error().message);
}

void Daemon::request(node::Input asked) {
    const auto name = [&](node::BundleKey key) {
        const node::Entry* entry = node_->custody().inventory().find(key);
        return entry != nullptr ? node::short_id(entry->record.id) : "gone";
    };
    Result<void> written;
    node::RequestId request = 0;
    if (const auto* cancel = std::get_if<node::input::Cancel>(&asked)) {
        request = cancel->request;
        written = audit(kApplication, "bundle.cancel", name(cancel->key), "");
    } else if (const auto* hold = std::get_if<node::input::Hold>(&asked)) {
        request = hold->request;
        written = audit(kApplication, hold->held ? "bundle.hold" : "bundle.release", name(hold->key), "");
    } else if (const auto* trust = std::get_if<node::input::Trust>(&asked)) {
        request = trust->request;
        written = audit(kApplication, "trust.add", config_.node.id, size_text(trust->wire));
    } else if (const auto* reveal = std::get_if<node::input::RevealRequest>(&asked)) {
        request = reveal->request;
        written = audit(kApplication, "request.reveal", number_text(reveal->local_number), "");
    } else if (const auto* accept = std::get_if<node::input::AcceptDossier>(&asked)) {
        request = accept->request;
        written = audit(kApplication, "dossier.accept", number_text(accept->local_number), "");
    } else if (const auto* handed = std::get_if<node::input::HandOverResult>(&asked)) {
        request = handed->request;
        written = audit(kApplication, "result.hand_over", number_text(handed->local_number), "");
    }
    if (!written) {
        api_->reply({request, std::unexpected{std::move(written.error())}});
        return;
    }
    input(asked);
}

// A new grant, or lists that were copied there. The keys in use stay those of the start.
void Daemon::reload_trust() {
    if (config_.security.open) return;
    const auto identity = enrol::load_identity(config_.security.identity);
    if (!identity) {
        spdlog::warn("the identity was not read again: {}", identity.error().message);
        return;
    }
    if (identity->signing.id != node_->options().security.signer) {
        spdlog::warn("this device has new certificates: restart tramd to use them");
    }
    audit_own("trust.reload", config_.security.identity.string(),
              std::to_string(identity->trust.certificates.size()) + " certificates, " +
                  std::to_string(identity->trust.lists.size()) + " revocation lists");
    input(node::input::Trust{0, identity::encode_trust(identity->trust)});
    settle();
}

}  // namespace tram::tramd
