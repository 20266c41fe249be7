#include "proto/bpv7/status_report.h"

#include <utility>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::bpv7 {

namespace {

constexpr std::uint64_t kAssertions = 4;
constexpr std::uint64_t kStatusItemsMax = 16;

void write_item(cbor::Writer& out, const StatusReport::Item& item) {
    const bool timed = item.asserted && item.time;
    out.open_array(timed ? 2 : 1);
    out.write_bool(item.asserted);
    if (timed) out.write_unsigned(item.time->milliseconds);
}

StatusReport::Item read_item(cbor::Reader& in) {
    StatusReport::Item item;
    const std::uint64_t items = in.open_array(1, 2);
    item.asserted = in.read_bool();
    if (items == 2) {
        if (!item.asserted) in.fail(ErrorCode::kMalformed, "a time without an assertion (RFC 9171 6.1.1)");
        item.time = DtnTime{in.read_unsigned()};
    }
    return item;
}

void read_status(cbor::Reader& in, StatusReport& report) {
    // "At least four": what a later version may add is passed over.
    const std::uint64_t items = in.open_array(kAssertions, kStatusItemsMax);
    for (StatusReport::Item& item : report.items)
        item = read_item(in);
    for (std::uint64_t i = kAssertions; i < items; ++i)
        in.skip();
}

}  // namespace

std::string_view reason_text(ReportReason reason) {
    switch (reason) {
        case ReportReason::kNoInformation: return "no additional information";
        case ReportReason::kLifetimeExpired: return "lifetime expired";
        case ReportReason::kForwardedUnidirectional: return "forwarded over a one-way link";
        case ReportReason::kTransmissionCancelled: return "transmission cancelled";
        case ReportReason::kDepletedStorage: return "storage full";
        case ReportReason::kDestinationUnavailable: return "destination endpoint unavailable";
        case ReportReason::kNoKnownRoute: return "no known route to the destination";
        case ReportReason::kNoTimelyContact: return "no contact in time on the route";
        case ReportReason::kBlockUnintelligible: return "block not intelligible";
        case ReportReason::kHopLimitExceeded: return "hop limit exceeded";
        case ReportReason::kTrafficPared: return "traffic pared";
        case ReportReason::kBlockUnsupported: return "block not supported";
    }
    return "unknown reason";
}

Bytes encode_status_report(const StatusReport& report) {
    cbor::Writer out{128};
    const BundleId& subject = report.subject;
    out.open_array(2);
    out.write_unsigned(kStatusReportRecord);
    out.open_array(subject.fragment ? 6 : 4);
    out.open_array(kAssertions);
    for (const StatusReport::Item& item : report.items)
        write_item(out, item);
    out.write_unsigned(static_cast<std::uint64_t>(report.reason));
    subject.source.encode(out);
    out.open_array(2);
    out.write_unsigned(subject.timestamp.time.milliseconds);
    out.write_unsigned(subject.timestamp.sequence);
    if (subject.fragment) {
        out.write_unsigned(subject.fragment->offset);
        out.write_unsigned(subject.fragment->length);
    }
    return Bytes{out.take()};
}

Result<StatusReport> decode_status_report(ByteView payload, const Limits& limits) {
    cbor::Reader in{payload, limits.cbor_depth_max};
    StatusReport report;
    in.open_array(2, 2);
    const std::uint64_t type = in.read_unsigned();
    if (in.ok() && type != kStatusReportRecord) {
        return fail(ErrorCode::kNotFound,
                    "an administrative record of type " + std::to_string(type) + ", not a status report");
    }
    const std::uint64_t items = in.open_array(4, 6);
    if (items == 5) in.fail(ErrorCode::kMalformed, "a report has 4 items, or 6 for a fragment");
    read_status(in, report);
    report.reason = static_cast<ReportReason>(in.read_unsigned());
    report.subject.source = Eid::decode(in, limits);
    in.open_array(2, 2);
    report.subject.timestamp.time.milliseconds = in.read_unsigned();
    report.subject.timestamp.sequence = in.read_unsigned();
    if (items == 6) {
        const std::uint64_t offset = in.read_unsigned();
        report.subject.fragment = BundleId::Fragment{.offset = offset, .length = in.read_unsigned()};
    }
    if (in.ok() && !in.at_end()) in.fail(ErrorCode::kMalformed, "bytes after the record");
    if (!in.ok()) return fail(in.error()->code, "status report (RFC 9171 6.1.1): " + in.error()->message);
    return report;
}

bool report_wanted(const PrimaryBlock& primary, Assertion which) {
    if (primary.has(bundle_flag::kAdministrativeRecord) || primary.report_to.is_none()) return false;
    // A bundle without source cannot be identified, so nothing can be said about it (4.2.3).
    if (primary.source.is_none()) return false;
    switch (which) {
        case Assertion::kReceived: return primary.has(bundle_flag::kReportReception);
        case Assertion::kForwarded: return primary.has(bundle_flag::kReportForwarding);
        case Assertion::kDelivered: return primary.has(bundle_flag::kReportDelivery);
        case Assertion::kDeleted: return primary.has(bundle_flag::kReportDeletion);
    }
    return false;
}

}  // namespace tram::bpv7
