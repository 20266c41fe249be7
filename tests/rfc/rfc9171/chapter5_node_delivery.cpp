// RFC 9171 5.1, 5.7 to 5.12 and 6.2 at a whole node: delivery, fragments, reports, cancelling.
#include <catch2/catch.hpp>

#include "node_shell.h"

namespace tram::rfc9171 {
namespace {

using bpv7::Assertion;
using bpv7::ReportReason;

constexpr node::LinkId kFrom = 1;
constexpr node::LinkId kTo = 2;

Primary to(std::string_view ssp, std::uint64_t flags = 0) {
    return Primary{.flags = flags, .destination = dtn(ssp), .report_to = dtn("//watch/reports")};
}

/// The part [from, from + length) of a 26-letter application data unit.
Buffer part(std::size_t from, std::size_t length, std::string_view ssp, std::uint64_t flags = 0) {
    auto primary = to(ssp, flags | 1);
    primary.fragment = {{from, 26}};
    const std::string_view letters = "abcdefghijklmnopqrstuvwxyz";
    return bundle(primary.wire(), {payload(letters.substr(from, length)).wire()});
}

TEST_CASE("5.1: status reports are generated only when that is enabled", "[rfc9171][5.1][node]") {
    auto options = Shell::defaults();
    options.status_reports = false;
    Shell shell{options};
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle(to("//far/in", 0x74000)));
    shell.confirm(kTo);
    CHECK(shell.reports().empty());
}

TEST_CASE("5.1: 'the generation of status reports MUST be disabled by default'", "[rfc9171][5.1][node]") {
    CHECK_FALSE(node::NodeOptions{}.status_reports);
}

TEST_CASE("5.7: a fragment is not delivered before the whole unit is there", "[rfc9171][5.7][5.9][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.arrive(kFrom, part(10, 16, "//here/inbox"));
    CHECK_FALSE(shell.fetch("dtn://here/inbox"));
    shell.arrive(kFrom, part(0, 5, "//here/inbox"));
    CHECK_FALSE(shell.fetch("dtn://here/inbox"));
    shell.arrive(kFrom, part(3, 9, "//here/inbox"));
    const auto over = shell.fetch("dtn://here/inbox");
    REQUIRE(over);
    CHECK(as_text(over->payload) == "abcdefghijklmnopqrstuvwxyz");
    CHECK_FALSE(over->id.fragment);
    shell.acknowledge(over->token);
    CHECK_FALSE(shell.fetch("dtn://here/inbox"));
    CHECK(shell.stored().empty());  // 'Reassembly pending' is removed from every other fragment
}

TEST_CASE("5.7 step 2: delivery is deferred until an application asks", "[rfc9171][5.7][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.arrive(kFrom, bundle(to("//here/inbox")));
    shell.pass(Duration{600'000});
    const auto over = shell.fetch("dtn://here/inbox");
    REQUIRE(over);
    CHECK(over->destination.to_string() == "dtn://here/inbox");
}

TEST_CASE("5.7 step 2: bundles are delivered in the order in which they came", "[rfc9171][5.7][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    for (std::uint64_t i = 0; i < 3; ++i) {
        auto primary = to("//here/inbox");
        primary.sequence = 100 - i;
        shell.arrive(kFrom, bundle(primary));
    }
    for (std::uint64_t i = 0; i < 3; ++i) {
        const auto over = shell.fetch("dtn://here/inbox");
        REQUIRE(over);
        CHECK(over->id.timestamp.sequence == 100 - i);
        shell.acknowledge(over->token);
    }
}

TEST_CASE("5.7 step 3: a delivery report, when asked for, as soon as it has been delivered",
          "[rfc9171][5.7][node]") {
    const bool asked = GENERATE(true, false);
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle(to("//here/inbox", asked ? 0x20000 : 0)));
    CHECK(shell.reports(Assertion::kDelivered).empty());
    const auto over = shell.fetch("dtn://here/inbox");
    REQUIRE(over);
    shell.acknowledge(over->token);
    const auto reports = shell.reports(Assertion::kDelivered);
    REQUIRE(reports.size() == (asked ? 1 : 0));
    if (asked) CHECK(reports[0].reason == ReportReason::kNoInformation);
}

TEST_CASE("5.8: a bundle too large for the next hop is fragmented, unless it must not be",
          "[rfc9171][5.8][node]") {
    const bool forbidden = GENERATE(false, true);
    const std::string content(50'000, 'x');
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.arrive(kFrom, bundle(to("//far/in", forbidden ? 0x4 : 0).wire(), {payload(content).wire()}));
    shell.peer_up(kTo, "dtn://carrier/", 8'000);
    std::size_t covered = 0;
    for (std::size_t i = 0; i < shell.transmits.size(); ++i) {
        CHECK(shell.transmits[i].wire.size() <= 8'000);
        const auto fragment = shell.transmitted(i);
        REQUIRE(fragment.primary.fragment);
        CHECK(fragment.primary.fragment->offset == covered);
        CHECK(fragment.primary.fragment->total_length == 50'000);
        covered += fragment.payload().size();
    }
    CHECK(covered == (forbidden ? 0 : 50'000));
    CHECK_FALSE(shell.stored().empty());
}

TEST_CASE("5.9: fragments for others travel on as they are", "[rfc9171][5.9][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, part(0, 10, "//far/in"));
    const auto sent = shell.forwarded();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].primary.fragment->total_length == 26);
}

TEST_CASE("5.10: no deletion report when nobody asked", "[rfc9171][5.10][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle_with({{99, 2, 0x04, 0, hex("aa")}}, to("//far/in", 0x34000)));
    CHECK(shell.reports(Assertion::kDeleted).empty());
    CHECK(shell.forwarded().empty());
}

TEST_CASE("5.12: a cancelled bundle is deleted for the reason 'Transmission canceled'",
          "[rfc9171][5.12][5.10][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.arrive(kFrom, bundle(to("//far/in", 0x40000)));
    REQUIRE(shell.stored().size() == 1);
    shell.step(node::input::Cancel{1, shell.stored()[0]});
    shell.peer_up(kTo, "dtn://carrier/");
    CHECK(shell.forwarded().empty());
    const auto deleted = shell.reports(Assertion::kDeleted);
    REQUIRE(deleted.size() == 1);
    CHECK(deleted[0].reason == ReportReason::kTransmissionCancelled);
}

TEST_CASE("6.2: a status report is an administrative record bundle to the report-to endpoint",
          "[rfc9171][6.1][6.2][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle(to("//here/inbox", 0x4000)));
    REQUIRE(shell.transmits.size() >= 1);
    const auto carrier = shell.transmitted(0);
    CHECK(carrier.primary.has(bpv7::bundle_flag::kAdministrativeRecord));
    CHECK((carrier.primary.flags & 0x74000) == 0);
    CHECK(carrier.primary.destination.to_string() == "dtn://watch/reports");
    CHECK(carrier.primary.source.to_string() == "dtn://here/");
    for (const auto& block : carrier.blocks) {
        CHECK_FALSE(block.has(bpv7::block_flag::kReportIfUnprocessable));
    }
    const auto report = bpv7::decode_status_report(carrier.payload(), {});
    REQUIRE(report);
    CHECK(report->subject.source.to_string() == "dtn://a/out");
    CHECK(report->subject.timestamp.sequence == 7);
    CHECK_FALSE(report->subject.fragment);
}

TEST_CASE("6.2: a report about a fragment contains its offset and length", "[rfc9171][6.2][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, part(4, 9, "//far/in", 0x4000));
    const auto reports = shell.reports();
    REQUIRE(reports.size() == 1);
    REQUIRE(reports[0].subject.fragment);
    CHECK(reports[0].subject.fragment->offset == 4);
    CHECK(reports[0].subject.fragment->length == 9);
}

TEST_CASE("6.1.1: the time of a status is given exactly when the subject asked for it",
          "[rfc9171][6.1.1][node]") {
    const bool asked = GENERATE(true, false);
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle(to("//far/in", asked ? 0x4040 : 0x4000)));
    const auto reports = shell.reports();
    REQUIRE(reports.size() == 1);
    const auto& item = reports[0].item(Assertion::kReceived);
    CHECK(item.time.has_value() == asked);
    if (asked) CHECK(item.time->milliseconds == kWallStart);
}

TEST_CASE("5.1: no report about an administrative record, even a lost one", "[rfc9171][5.1][4.2.3][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle_with({{10, 2, 0, 0, array({num(1), num(1)})}}, to("//far/in", 0x02)));
    CHECK(shell.transmits.empty());
}

TEST_CASE("3.1, 5.11: a bundle is acknowledged only when it is stored for good", "[rfc9171][5.11][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.durable = false;
    const auto transfer = shell.arrive(kFrom, bundle(to("//far/in")));
    CHECK_FALSE(shell.accepted(transfer));
    shell.durable = true;
    shell.settle();
    shell.step(node::input::Tick{});
    CHECK(shell.accepted(transfer));
}

TEST_CASE("4.2.7: the same bundle again is not delivered again", "[rfc9171][4.2.7][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.arrive(kFrom, bundle(to("//here/inbox")));
    const auto over = shell.fetch("dtn://here/inbox");
    REQUIRE(over);
    shell.acknowledge(over->token);
    const auto again = shell.arrive(kFrom, bundle(to("//here/inbox")));
    CHECK((shell.accepted(again) || shell.refused(again)));
    CHECK_FALSE(shell.fetch("dtn://here/inbox"));
}

TEST_CASE("RFC 9758: a bundle to or from the LocalNode of somebody else is not carried", "[rfc9758][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    auto primary = to("//far/in");
    SECTION("destination") {
        primary.destination = ipn2(0xffff'ffff, 7);
    }
    SECTION("source") {
        primary.source = ipn2(0xffff'ffff, 7);
    }
    shell.arrive(kFrom, bundle(primary));
    CHECK(shell.forwarded().empty());
}

}  // namespace
}  // namespace tram::rfc9171
