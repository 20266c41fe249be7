// Bundle status reports made by this node (RFC 9171 5.1, 6.1.1, 6.2).
#pragma once

#include "daemon/node/custody.h"
#include "proto/bpv7/status_report.h"

namespace tram::node {

/// Whom a report is about, as far as it matters for making one.
struct ReportSubject {
    bpv7::BundleId id;
    bpv7::Eid report_to;
    std::uint64_t flags = 0;
    std::uint64_t lifetime_ms = 0;
};

/// Stores a report when the subject asks for it, the rules allow it and reports are enabled. The report is
/// an ordinary bundle to the report-to endpoint; one to this very node is left out.
void report_on(Custody& custody, const ReportSubject& subject, bpv7::Assertion which,
               bpv7::ReportReason reason);
void report_on(Custody& custody, const store::BundleRecord& record, bpv7::Assertion which,
               bpv7::ReportReason reason);
void report_on(Custody& custody, const bpv7::Bundle& bundle, bpv7::Assertion which,
               bpv7::ReportReason reason);

}  // namespace tram::node
