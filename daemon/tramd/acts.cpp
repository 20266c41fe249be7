// Administrative acts: written to the audit log before they are done.
#include <optional>
#include <spdlog/spdlog.h>
#include <utility>

#include "daemon/audit/audit_log.h"
#include "daemon/node/short_id.h"
#include "daemon/registry/areas.h"
#include "daemon/tramd/daemon.h"
#include "proto/admin/dates.h"
#include "proto/admin/message.h"
#include "proto/admin/names.h"
#include "proto/admin/visit_plan.h"
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

std::string area_text(const std::string& area) {
    const auto parsed = registry::parse_area(area);
    return parsed ? registry::area_text(*parsed) : "no area";
}

std::string document_text(const Bytes& message) {
    const auto head = admin::decode_head(message);
    const auto number = head ? admin::DocumentNumber::parse(head->document_number())
                             : Result<admin::DocumentNumber>{std::unexpected{head.error()}};
    return number ? number->text() : "no document number";
}

std::string plan_text(const Bytes& message) {
    const auto read = admin::decode_message(message);
    const auto plan = read ? admin::plan_of(*read) : Result<admin::VisitPlan>{std::unexpected{read.error()}};
    if (!plan) return "no plan";
    return "xa:" + plan->commune + ", " + admin::print_day(plan->first_day) + " to " +
           admin::print_day(plan->last_day) + ", visits: " + std::to_string(plan->visits.size());
}

struct Act {
    node::RequestId request = 0;
    std::string name;
    std::string subject;
    std::string detail{};
};

/// What is to be written of an input before it is done; most are no administrative acts.
std::optional<Act> act_of(const node::Input& asked, const node::Node& node) {
    namespace input = node::input;
    const auto bundle = [&](node::BundleKey key) {
        const node::Entry* entry = node.custody().inventory().find(key);
        return entry != nullptr ? node::short_id(entry->record.id) : "gone";
    };
    if (const auto* cancel = std::get_if<input::Cancel>(&asked))
        return Act{cancel->request, "bundle.cancel", bundle(cancel->key)};
    if (const auto* hold = std::get_if<input::Hold>(&asked))
        return Act{hold->request, hold->held ? "bundle.hold" : "bundle.release", bundle(hold->key)};
    if (const auto* trust = std::get_if<input::Trust>(&asked))
        return Act{trust->request, "trust.add", node.options().node_id.to_string(), size_text(trust->wire)};
    if (const auto* reveal = std::get_if<input::RevealRequest>(&asked))
        return Act{reveal->request, "request.reveal", number_text(reveal->local_number)};
    if (const auto* accept = std::get_if<input::AcceptDossier>(&asked))
        return Act{accept->request, "dossier.accept", number_text(accept->local_number)};
    if (const auto* handed = std::get_if<input::HandOverResult>(&asked))
        return Act{handed->request, "result.hand_over", number_text(handed->local_number)};
    if (const auto* publish = std::get_if<input::PublishNotice>(&asked))
        return Act{publish->request, "notice.publish", document_text(publish->message)};
    if (const auto* plan = std::get_if<input::PublishPlan>(&asked))
        return Act{plan->request, "visit.plan", plan_text(plan->message)};
    if (const auto* join = std::get_if<input::JoinArea>(&asked))
        return Act{join->request, "area.join", area_text(join->area)};
    if (const auto* leave = std::get_if<input::LeaveArea>(&asked))
        return Act{leave->request, "area.leave", area_text(leave->area)};
    return std::nullopt;
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
    if (const auto act = act_of(asked, *node_)) {
        if (auto written = audit(kApplication, act->name, act->subject, act->detail); !written) {
            api_->reply({act->request, std::unexpected{std::move(written.error())}});
            return;
        }
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
