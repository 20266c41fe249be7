#include "daemon/node/reports.h"

#include <utility>

#include "proto/bpv7/codec.h"

namespace tram::node {

namespace {

bpv7::Bundle report_bundle(Custody& custody, const ReportSubject& subject, bpv7::Assertion which,
                           bpv7::ReportReason reason) {
    using namespace bpv7;
    StatusReport report;
    StatusReport::Item& item = report.items[static_cast<std::size_t>(which)];
    item.asserted = true;
    if ((subject.flags & bundle_flag::kReportStatusTime) != 0)
        item.time = custody.now().wall.value_or(DtnTime{});
    report.reason = reason;
    report.subject = subject.id;

    Bundle bundle;
    bundle.primary.flags = bundle_flag::kAdministrativeRecord | bundle_flag::kMustNotFragment;
    bundle.primary.destination = subject.report_to;
    bundle.primary.source = custody.options().node_id;
    bundle.primary.timestamp = custody.next_timestamp();
    bundle.primary.lifetime_ms = subject.lifetime_ms;
    bundle.blocks.push_back(
        {block_type::kPayload, kPayloadBlockNumber, 0, CrcType::kCrc32c, encode_status_report(report)});
    bundle.set_block(block_type::kBundleAge, 0, CrcType::kCrc16, encode_bundle_age(0));
    bundle.set_block(block_type::kHopCount, 0, CrcType::kCrc16,
                     encode_hop_count({custody.options().hop_limit, 0}));
    ClassBlock klass;
    klass.kind = Kind::kReceipt;
    bundle.set_block(block_type::kClass, 0, CrcType::kCrc16, encode_class(klass));
    return bundle;
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
    const bpv7::Bundle bundle = report_bundle(custody, subject, which, reason);
    custody.store(bundle, bpv7::encode(bundle),
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
