#include "proto/bpv7/status_report.h"

#include <catch2/catch.hpp>

using namespace tram;
using namespace tram::bpv7;

namespace {

BundleId subject() {
    return {.source = Eid::parse("ipn:12.7").value(),
            .timestamp = {.time = {1000}, .sequence = 5},
            .fragment = {}};
}

Result<StatusReport> decode_hex(std::string_view hex) {
    const auto bytes = from_hex(hex);
    REQUIRE(bytes);
    return decode_status_report(*bytes, {});
}

}  // namespace

TEST_CASE("a status report has the bytes of RFC 9171 6.1.1", "[bpv7][rfc9171]") {
    StatusReport report;
    report.subject = subject();
    report.items[static_cast<std::size_t>(Assertion::kDeleted)] = {.asserted = true, .time = DtnTime{2000}};
    report.reason = ReportReason::kHopLimitExceeded;
    const std::string expected =
        "82 01"           // administrative record of type 1
        "84"              // report of four items
        "84"              // status information
        "81 f4"           // not received
        "81 f4"           // not forwarded
        "81 f4"           // not delivered
        "82 f5 1907d0"    // deleted, at 2000
        "09"              // hop limit exceeded
        "82 02 82 0c 07"  // source ipn:12.7
        "82 1903e8 05";   // timestamp 1000, sequence 5
    CHECK(to_hex(encode_status_report(report)) == to_hex(*from_hex(expected)));
}

TEST_CASE("status reports come back as they were sent", "[bpv7][rfc9171]") {
    const int asserted = GENERATE(range(0, 16));
    const bool timed = GENERATE(false, true);
    const bool fragment = GENERATE(false, true);
    StatusReport report;
    report.subject = subject();
    if (fragment) report.subject.fragment = BundleId::Fragment{.offset = 300, .length = 70'000};
    for (std::size_t i = 0; i < 4; ++i) {
        report.items[i].asserted = (asserted >> i & 1) != 0;
        if (timed && report.items[i].asserted) report.items[i].time = DtnTime{i + 1};
    }
    report.reason = static_cast<ReportReason>(asserted);  // also codes without a name
    const auto again = decode_status_report(encode_status_report(report), {});
    REQUIRE(again);
    CHECK(again->subject == report.subject);
    CHECK(again->reason == report.reason);
    for (std::size_t i = 0; i < 4; ++i) {
        CHECK(again->items[i].asserted == report.items[i].asserted);
        CHECK(again->items[i].time == report.items[i].time);
    }
}

TEST_CASE("status information may have more than four items", "[bpv7][rfc9171]") {
    const auto report = decode_hex("82 01 84 85 81f5 81f4 81f4 81f4 82f51864 00 82 02 82 0c 07 82 01 02");
    REQUIRE(report);
    CHECK(report->item(Assertion::kReceived).asserted);
}

TEST_CASE("records that are no status reports are refused", "[bpv7][rfc9171]") {
    struct Case {
        std::string hex;
        ErrorCode code;
    };
    const auto one = GENERATE(values<Case>({
        {"82 02 80", ErrorCode::kNotFound},  // another record type
        {"81 01", ErrorCode::kMalformed},    // no content
        {"82 01 85 84 81f4 81f4 81f4 81f4 00 820100 820102 00", ErrorCode::kMalformed},  // five items
        {"82 01 84 83 81f4 81f4 81f4 00 820100 820102", ErrorCode::kMalformed},          // three assertions
        {"82 01 84 84 82f401 81f4 81f4 81f4 00 820100 820102",
         ErrorCode::kMalformed},  // time without assertion
        {"82 01 84 84 8101 81f4 81f4 81f4 00 820100 820102", ErrorCode::kMalformed},  // number, not Boolean
        {"82 01 84 84 81f4 81f4 81f4 81f4 00 820100 820102 00", ErrorCode::kMalformed},  // bytes after it
        {"82 01 84 84 81f4 81f4 81f4 81f4 00 820100 8201", ErrorCode::kTruncated},
        {"", ErrorCode::kTruncated},
    }));
    INFO(one.hex);
    const auto report = decode_hex(one.hex);
    REQUIRE_FALSE(report);
    CHECK(report.error().code == one.code);
}

TEST_CASE("a report is made only where RFC 9171 wants one", "[bpv7][rfc9171]") {
    PrimaryBlock primary;
    primary.source = Eid::parse("dtn://b/out").value();
    primary.report_to = Eid::parse("dtn://a/").value();
    struct Case {
        Assertion which;
        std::uint64_t flag;
    };
    const auto one = GENERATE(values<Case>({{Assertion::kReceived, bundle_flag::kReportReception},
                                            {Assertion::kForwarded, bundle_flag::kReportForwarding},
                                            {Assertion::kDelivered, bundle_flag::kReportDelivery},
                                            {Assertion::kDeleted, bundle_flag::kReportDeletion}}));
    primary.flags = ~one.flag & ~bundle_flag::kAdministrativeRecord;
    CHECK_FALSE(report_wanted(primary, one.which));
    primary.flags = one.flag;
    CHECK(report_wanted(primary, one.which));
    primary.flags |= bundle_flag::kAdministrativeRecord;
    CHECK_FALSE(report_wanted(primary, one.which));
    primary.flags = one.flag;
    primary.report_to = Eid{};
    CHECK_FALSE(report_wanted(primary, one.which));
    primary.report_to = Eid::parse("dtn://a/").value();
    primary.source = Eid{};
    CHECK_FALSE(report_wanted(primary, one.which));
}

TEST_CASE("every reason code has words of its own", "[bpv7]") {
    for (std::uint64_t a = 0; a <= 12; ++a) {
        for (std::uint64_t b = 0; b < a; ++b) {
            CHECK(reason_text(static_cast<ReportReason>(a)) != reason_text(static_cast<ReportReason>(b)));
        }
    }
}
