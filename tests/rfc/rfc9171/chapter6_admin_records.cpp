// RFC 9171 6.1: administrative records and bundle status reports; 5.1: when a report may be made.
#include <catch2/catch.hpp>

#include "proto/bpv7/status_report.h"
#include "wire.h"

namespace tram::rfc9171 {
namespace {

using bpv7::Assertion;
using bpv7::StatusReport;

Buffer item(bool asserted) {
    return array({boolean(asserted)});
}
Buffer item(bool asserted, std::uint64_t time) {
    return array({boolean(asserted), num(time)});
}
const Buffer kNoItems = array({item(false), item(false), item(false), item(false)});
const Buffer kTimestamp = array({num(819'280'839'425), num(7)});

Buffer record(const std::vector<Buffer>& report) {
    return array({num(1), array(report)});
}
/// A legal report: deleted, hop limit exceeded.
std::vector<Buffer> legal() {
    return {array({item(false), item(false), item(false), item(true)}), num(9), dtn("//a/out"), kTimestamp};
}

Result<StatusReport> read(const Buffer& wire) {
    return bpv7::decode_status_report(wire, {});
}

TEST_CASE("6.1: an administrative record is an array of type code and content", "[rfc9171][6.1]") {
    REQUIRE(read(record(legal())));
    CHECK_FALSE(read(array({num(1)})));
    CHECK_FALSE(read(array({num(1), array(legal()), num(0)})));
    CHECK_FALSE(read(array(legal())));
    CHECK_FALSE(read({}));
    CHECK_FALSE(read(join({record(legal()), num(0)})));
    CHECK_FALSE(read(array({text("1"), array(legal())})));
}

TEST_CASE("6.1: record types other than 1 are told apart from status reports", "[rfc9171][6.1]") {
    const auto other = read(array({num(42), num(0)}));
    REQUIRE_FALSE(other);
    CHECK(other.error().code == ErrorCode::kNotFound);
}

TEST_CASE("6.1.1: a report has 4 elements, or 6 when the subject is a fragment", "[rfc9171][6.1.1]") {
    auto items = legal();
    const auto whole = read(record(items));
    REQUIRE(whole);
    CHECK_FALSE(whole->subject.fragment);
    items.push_back(num(100));
    CHECK_FALSE(read(record(items)));
    items.push_back(num(50));
    const auto fragment = read(record(items));
    REQUIRE(fragment);
    REQUIRE(fragment->subject.fragment);
    CHECK(fragment->subject.fragment->offset == 100);
    CHECK(fragment->subject.fragment->length == 50);
    CHECK(to_hex(bpv7::encode_status_report(*fragment)) == to_hex(record(items)));
    items.push_back(num(0));
    CHECK_FALSE(read(record(items)));
    items.resize(3);
    CHECK_FALSE(read(record(items)));
}

TEST_CASE("6.1.1: received, forwarded, delivered, deleted, in this order", "[rfc9171][6.1.1]") {
    const auto which = GENERATE(0, 1, 2, 3);
    std::vector<Buffer> states(4, item(false));
    states[static_cast<std::size_t>(which)] = item(true);
    auto items = legal();
    items[0] = array(states);
    const auto report = read(record(items));
    REQUIRE(report);
    for (int i = 0; i < 4; ++i)
        CHECK(report->item(static_cast<Assertion>(i)).asserted == (i == which));
    CHECK(static_cast<int>(Assertion::kReceived) == 0);
    CHECK(static_cast<int>(Assertion::kForwarded) == 1);
    CHECK(static_cast<int>(Assertion::kDelivered) == 2);
    CHECK(static_cast<int>(Assertion::kDeleted) == 3);
    CHECK(to_hex(bpv7::encode_status_report(*report)) == to_hex(record(items)));
}

TEST_CASE("6.1.1: the status information has 'at least four elements'", "[rfc9171][6.1.1]") {
    auto items = legal();
    items[0] = array({item(false), item(false), item(true)});
    CHECK_FALSE(read(record(items)));
    items[0] = array({item(true), item(false), item(false), item(false), item(true)});
    const auto report = read(record(items));
    REQUIRE(report);
    CHECK(report->item(Assertion::kReceived).asserted);
}

TEST_CASE("6.1.1: a status item has two elements only when asserted with a time, else one",
          "[rfc9171][6.1.1]") {
    auto items = legal();
    items[0] = array({item(true, 819'280'900'000), item(false), item(false), item(false)});
    const auto report = read(record(items));
    REQUIRE(report);
    REQUIRE(report->item(Assertion::kReceived).time);
    CHECK(report->item(Assertion::kReceived).time->milliseconds == 819'280'900'000);
    CHECK_FALSE(report->item(Assertion::kForwarded).time);
    CHECK(to_hex(bpv7::encode_status_report(*report)) == to_hex(record(items)));

    items[0] = array({item(false, 5), item(true), item(false), item(false)});
    CHECK_FALSE(read(record(items)));
    items[0] = array({array({boolean(true), num(1), num(2)}), item(false), item(false), item(false)});
    CHECK_FALSE(read(record(items)));
    items[0] = array({array({}), item(true), item(false), item(false)});
    CHECK_FALSE(read(record(items)));
}

TEST_CASE("6.1.1: a status indicator is a CBOR boolean", "[rfc9171][6.1.1]") {
    auto items = legal();
    const auto indicator = GENERATE(num(1), num(0), Buffer{0xf6}, text("true"));
    items[0] = array({array({indicator}), item(true), item(false), item(false)});
    CHECK_FALSE(read(record(items)));
}

TEST_CASE("6.1.1: our report gives a time only for an asserted item", "[rfc9171][6.1.1]") {
    StatusReport report;
    report.items[0] = {.asserted = true, .time = DtnTime{819'280'900'000}};
    report.subject = {.source = *bpv7::Eid::parse("dtn://a/out"),
                      .timestamp = {.time = {819'280'839'425}, .sequence = 7},
                      .fragment = std::nullopt};
    const auto expected = record({array({item(true, 819'280'900'000), item(false), item(false), item(false)}),
                                  num(0), dtn("//a/out"), kTimestamp});
    CHECK(to_hex(bpv7::encode_status_report(report)) == to_hex(expected));
}

TEST_CASE("6.1.1: the reason codes of table 1", "[rfc9171][6.1.1]") {
    using enum bpv7::ReportReason;
    const std::vector<bpv7::ReportReason> table{
        kNoInformation,         kLifetimeExpired, kForwardedUnidirectional,
        kTransmissionCancelled, kDepletedStorage, kDestinationUnavailable,
        kNoKnownRoute,          kNoTimelyContact, kBlockUnintelligible,
        kHopLimitExceeded,      kTrafficPared,    kBlockUnsupported};
    for (std::size_t code = 0; code < table.size(); ++code) {
        auto items = legal();
        items[1] = num(code);
        const auto report = read(record(items));
        REQUIRE(report);
        CHECK(report->reason == table[code]);
        CHECK_FALSE(bpv7::reason_text(report->reason).empty());
        CHECK(to_hex(bpv7::encode_status_report(*report)) == to_hex(record(items)));
    }
}

TEST_CASE("6.1.1: the list of reason codes 'is neither exhaustive nor exclusive'", "[rfc9171][6.1.1]") {
    auto items = legal();
    items[1] = num(GENERATE(std::uint64_t{12}, std::uint64_t{200}, std::uint64_t{70'000}));
    const auto report = read(record(items));
    REQUIRE(report);
    CHECK(to_hex(bpv7::encode_status_report(*report)) == to_hex(record(items)));
    items[1] = Buffer{0x20};
    CHECK_FALSE(read(record(items)));
}

TEST_CASE("6.1.1: source and timestamp name the subject", "[rfc9171][6.1.1]") {
    const auto report = read(record(legal()));
    REQUIRE(report);
    CHECK(report->subject.source.to_string() == "dtn://a/out");
    CHECK(report->subject.timestamp.time.milliseconds == 819'280'839'425);
    CHECK(report->subject.timestamp.sequence == 7);
    auto items = legal();
    items[2] = ipn3(0, 4, 5);
    const auto other = read(record(items));
    REQUIRE(other);
    CHECK(other->subject.source == bpv7::Eid::ipn(0, 4, 5));
    items[2] = text("dtn://a/out");
    CHECK_FALSE(read(record(items)));
    items = legal();
    items[3] = num(7);
    CHECK_FALSE(read(record(items)));
}

TEST_CASE("4.2.3, 5.10: a report is wanted when its flag asks for it", "[rfc9171][4.2.3][5.1]") {
    const auto flags = [](std::uint64_t value) {
        const auto result = decoded(bundle(Primary{.flags = value}));
        REQUIRE(result);
        return result->bundle.primary;
    };
    const std::vector<std::uint64_t> bits{0x4000, 0x10000, 0x20000, 0x40000};
    for (std::size_t asked = 0; asked < 4; ++asked) {
        for (std::size_t which = 0; which < 4; ++which) {
            CHECK(bpv7::report_wanted(flags(bits[asked]), static_cast<Assertion>(which)) == (asked == which));
        }
    }
}

TEST_CASE("4.2.3, 5.1: nobody reports about administrative records, or to the null endpoint",
          "[rfc9171][4.2.3][5.1]") {
    bpv7::PrimaryBlock primary;
    primary.flags = 0x74000;
    primary.source = *bpv7::Eid::parse("dtn://a/out");
    primary.destination = *bpv7::Eid::parse("dtn://b/in");
    primary.report_to = *bpv7::Eid::parse("dtn://a/");
    REQUIRE(bpv7::report_wanted(primary, Assertion::kReceived));
    SECTION("administrative record") {
        primary.flags |= 0x02;
    }
    SECTION("report to dtn:none") {
        primary.report_to = {};
    }
    SECTION("report to ipn:0.0") {
        primary.report_to = bpv7::Eid::ipn(0, 0, 0);
    }
    SECTION("anonymous source: 'all status report request flag values MUST be zero'") {
        primary.source = {};
    }
    for (int which = 0; which < 4; ++which) {
        CHECK_FALSE(bpv7::report_wanted(primary, static_cast<Assertion>(which)));
    }
}

}  // namespace
}  // namespace tram::rfc9171
