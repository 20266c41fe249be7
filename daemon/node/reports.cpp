#include "daemon/node/reports.h"

#include <utility>

#include "daemon/node/own_bundle.h"

namespace tram::node {

namespace {

OwnTerms report_terms(Custody& custody, const ReportSubject& subject, bpv7::Assertion which,
                      bpv7::ReportReason reason) {
    using namespace bpv7;
    StatusReport report;
    StatusReport::Item& item = report.items[static_cast<std::size_t>(which)];
    item.asserted = true;
    if ((subject.flags & bundle_flag::kReportStatusTime) != 0)
        item.time = custody.now().wall.value_or(DtnTime{});
    report.reason = reason;
    report.subject = subject.id;

    OwnTerms terms;
    terms.flags = bundle_flag::kAdministrativeRecord;
    terms.destination = subject.report_to;
    terms.source = custody.options().node_id;
    terms.lifetime_ms = subject.lifetime_ms;
    terms.hops = {custody.options().hop_limit, 0};
    terms.klass.kind = Kind::kReceipt;
    terms.payload = encode_status_report(report);
    return terms;
}

}  // namespace

void report_on(Custody& custody, const ReportSubject& subject, bpv7::Assertion which,
               bpv7::ReportReason reason) {
    bpv7::PrimaryBlock primary;
    primary.flags = subject.flags;
    primary.report_to = subject.report_to;
    primary.source = subject.id.source;
    if (!custody.options().status_reports || !bpv7::report_wanted(primary, which)) return;
    if (subject.report_to.node_id() == custody.options().node_id) return;
    auto made = make_own_bundle(custody, report_terms(custody, subject, which, reason));
    if (!made) return;  // a node without a certificate says nothing
    custody.store(made->bundle, std::move(made->wire),
                  {.received_from = std::nullopt, .deliver_here = false, .forward = true});
    ++custody.counters().reports_sent;
}

void report_on(Custody& custody, const store::BundleRecord& record, bpv7::Assertion which,
               bpv7::ReportReason reason) {
    // Most bundles ask for nothing: look at the flags before anything is parsed.
    constexpr std::uint64_t kAnyReport =
        bpv7::bundle_flag::kReportReception | bpv7::bundle_flag::kReportForwarding |
        bpv7::bundle_flag::kReportDelivery | bpv7::bundle_flag::kReportDeletion;
    if ((record.flags & kAnyReport) == 0) return;
    auto id = bpv7::BundleId::from_key(record.id);
    auto report_to = bpv7::Eid::parse(record.report_to);
    if (id && report_to)
        report_on(custody, {std::move(*id), std::move(*report_to), record.flags, record.lifetime_ms}, which,
                  reason);
}

void report_on(Custody& custody, const bpv7::Bundle& bundle, bpv7::Assertion which,
               bpv7::ReportReason reason) {
    if (!bpv7::report_wanted(bundle.primary, which)) return;
    report_on(custody,
              {bundle.id(), bundle.primary.report_to, bundle.primary.flags, bundle.primary.lifetime_ms},
              which, reason);
}

}  // namespace tram::node
