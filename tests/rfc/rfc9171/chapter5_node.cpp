// RFC 9171 5.2 to 5.7 and 5.9 to 5.12 at a whole node.
#include <catch2/catch.hpp>

#include "node_shell.h"

namespace tram::rfc9171 {
namespace {

using bpv7::Assertion;
using bpv7::ReportReason;

constexpr node::LinkId kFrom = 1;
constexpr node::LinkId kTo = 2;

/// Reports go to a place of their own, so that they are told apart from the bundle.
Primary relayed(std::uint64_t flags = 0) {
    return Primary{.flags = flags, .destination = dtn("//far/in"), .report_to = dtn("//watch/reports")};
}
Primary local(std::uint64_t flags = 0) {
    return Primary{.flags = flags, .destination = dtn("//here/inbox"), .report_to = dtn("//watch/reports")};
}

std::optional<bpv7::HopCount> hops_of(const bpv7::Bundle& bundle) {
    const auto* block = bundle.find(bpv7::block_type::kHopCount);
    if (block == nullptr) return std::nullopt;
    const auto hops = bpv7::decode_hop_count(block->data);
    REQUIRE(hops);
    return *hops;
}

std::optional<std::uint64_t> age_of(const bpv7::Bundle& bundle) {
    const auto* block = bundle.find(bpv7::block_type::kBundleAge);
    if (block == nullptr) return std::nullopt;
    const auto age = bpv7::decode_bundle_age(block->data);
    REQUIRE(age);
    return *age;
}

node::Submission submission(std::string_view to) {
    node::Submission out;
    out.destination = *bpv7::Eid::parse(to);
    out.payload = Bytes::copy_of(as_bytes("hello"));
    return out;
}

TEST_CASE("5.2: the source of a bundle we make is an endpoint of this node", "[rfc9171][5.2][node]") {
    Shell shell;
    shell.peer_up(kTo, "dtn://carrier/");
    auto wanted = submission("dtn://far/in");
    SECTION("the node itself") {}
    SECTION("one of its endpoints") {
        wanted.source = *bpv7::Eid::parse("dtn://here/app");
    }
    shell.step(node::input::Submit{1, wanted});
    const auto sent = shell.forwarded();
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].primary.source.node_id().to_string() == "dtn://here/");
    CHECK(sent[0].primary.destination.to_string() == "dtn://far/in");
    CHECK(as_text(sent[0].payload()) == "hello");
    CHECK(bpv7::decode(shell.transmits[0].wire, {.limits = {}, .strict = true}));
}

TEST_CASE("5.2: another node's endpoint or a group is no source", "[rfc9171][5.2][node]") {
    Shell shell;
    shell.peer_up(kTo, "dtn://carrier/");
    auto wanted = submission("dtn://far/in");
    wanted.source = *bpv7::Eid::parse(GENERATE("dtn://other/app", "dtn://here/~group", "ipn:5.1"));
    shell.step(node::input::Submit{1, wanted});
    CHECK(shell.transmits.empty());
    REQUIRE(shell.replies.size() == 1);
    CHECK_FALSE(shell.replies[0].outcome);
}

TEST_CASE("4.2.7: two bundles we make never share source and creation timestamp", "[rfc9171][4.2.7][node]") {
    Shell shell{Shell::defaults(), GENERATE(true, false)};
    shell.peer_up(kTo, "dtn://carrier/");
    for (node::RequestId i = 1; i <= 20; ++i) {
        shell.step(node::input::Submit{i, submission("dtn://far/in")});
    }
    const auto sent = shell.forwarded();
    REQUIRE(sent.size() == 20);
    for (std::size_t i = 0; i < sent.size(); ++i) {
        for (std::size_t j = 0; j < i; ++j)
            CHECK_FALSE(sent[i].id() == sent[j].id());
    }
}

TEST_CASE("4.2.7, 4.4.2: without a clock, creation time zero and a bundle age block",
          "[rfc9171][4.2.7][4.4.2][node]") {
    Shell shell{Shell::defaults(), false};
    shell.peer_up(kTo, "dtn://carrier/");
    shell.step(node::input::Submit{1, submission("dtn://far/in")});
    const auto sent = shell.forwarded();
    REQUIRE(sent.size() == 1);
    CHECK_FALSE(sent[0].primary.timestamp.time.known());
    CHECK(age_of(sent[0]));
}

TEST_CASE("4.4.1: a bundle at its source has no previous node block until it is forwarded",
          "[rfc9171][4.4.1][node]") {
    Shell shell;
    shell.peer_up(kTo, "dtn://carrier/");
    shell.step(node::input::Submit{1, submission("dtn://far/in")});
    const auto sent = shell.forwarded();
    REQUIRE(sent.size() == 1);
    const auto* block = sent[0].find(bpv7::block_type::kPreviousNode);
    if (block != nullptr) {
        CHECK(bpv7::decode_previous_node(block->data, {})->to_string() == "dtn://here/");
    }
}

TEST_CASE("5.3: a bundle for an endpoint of this node is delivered and not forwarded",
          "[rfc9171][5.3][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle(local()));
    const auto over = shell.fetch("dtn://here/inbox");
    REQUIRE(over);
    CHECK(as_text(over->payload) == "hello");
    CHECK(shell.forwarded().empty());
}

TEST_CASE("5.3: a member of a group delivers and forwards", "[rfc9171][5.3][node]") {
    auto options = Shell::defaults();
    options.groups = {*bpv7::Eid::parse("dtn://18904/~notice")};
    Shell shell{options};
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle(Primary{.destination = dtn("//18904/~notice")}));
    CHECK(shell.fetch("dtn://18904/~notice"));
    CHECK(shell.forwarded().size() == 1);
}

TEST_CASE("5.4, 4.3.1: what is forwarded has the primary block and payload as they came",
          "[rfc9171][5.4][4.3.1][node]") {
    auto primary = relayed(std::uint64_t{1} << 30U);
    primary.source = ipn3(0, 5, 6);  // legal, and not how everybody would write it
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle_with({{99, 2, 0x01, 1, hex("aabb")}}, primary));
    const auto sent = shell.forwarded();
    REQUIRE(sent.size() == 1);
    CHECK(to_hex(sent[0].primary_wire) == to_hex(primary.wire()));
    CHECK(as_text(sent[0].payload()) == "hello");
    REQUIRE(sent[0].find(99) != nullptr);
    CHECK(to_hex(sent[0].find(99)->data) == "aabb");
    CHECK(sent[0].find(99)->flags == 0x01);
}

TEST_CASE("5.4 step 4: the previous node block is removed and ours inserted", "[rfc9171][5.4][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle_with({{6, 2, 0, 0, dtn("//a/")}}, relayed()));
    const auto sent = shell.forwarded();
    REQUIRE(sent.size() == 1);
    const auto* block = sent[0].find(bpv7::block_type::kPreviousNode);
    REQUIRE(block != nullptr);
    CHECK(bpv7::decode_previous_node(block->data, {})->to_string() == "dtn://here/");
}

TEST_CASE("5.4 step 4: the bundle age grows by the time spent here", "[rfc9171][5.4][4.4.2][node]") {
    Shell shell{Shell::defaults(), GENERATE(true, false)};
    shell.peer_up(kFrom, "dtn://a/");
    shell.arrive(kFrom, bundle_with({{7, 2, 0, 0, num(5'000)}}, relayed()));
    shell.pass(Duration{70'000});
    shell.peer_up(kTo, "dtn://carrier/");
    const auto sent = shell.forwarded();
    REQUIRE(sent.size() == 1);
    CHECK(age_of(sent[0]) == 75'000U);
}

TEST_CASE("4.4.3: the hop count grows by one, the limit stays", "[rfc9171][4.4.3][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle_with({{10, 2, 0, 0, array({num(30), num(4)})}}, relayed()));
    const auto sent = shell.forwarded();
    REQUIRE(sent.size() == 1);
    CHECK(hops_of(sent[0])->limit == 30);
    CHECK(hops_of(sent[0])->count == 5);
}

TEST_CASE("4.4.3: a bundle whose hop count exceeds its limit is deleted with that reason",
          "[rfc9171][4.4.3][5.10][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    const auto count = GENERATE(std::uint64_t{3}, std::uint64_t{4});  // at the limit it may not go further
    shell.arrive(kFrom, bundle_with({{10, 2, 0, 0, array({num(3), num(count)})}}, relayed(0x40000)));
    CHECK(shell.forwarded().empty());
    const auto deleted = shell.reports(Assertion::kDeleted);
    REQUIRE(deleted.size() == 1);
    CHECK(deleted[0].reason == ReportReason::kHopLimitExceeded);
}

TEST_CASE("4.4.3: a bundle that reaches its destination at the hop limit is delivered",
          "[rfc9171][4.4.3][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.arrive(kFrom, bundle_with({{10, 2, 0, 0, array({num(3), num(3)})}}, local()));
    CHECK(shell.fetch("dtn://here/inbox"));
}

TEST_CASE("5.4.1: a bundle that cannot be forwarded now waits until it can", "[rfc9171][5.4.1][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    CHECK(shell.accepted(shell.arrive(kFrom, bundle(relayed()))));
    CHECK(shell.forwarded().empty());
    CHECK(shell.stored().size() == 1);
    shell.peer_up(kTo, "dtn://carrier/");
    CHECK(shell.forwarded().size() == 1);
}

TEST_CASE("5.4 step 5: a link that broke leads to another attempt", "[rfc9171][5.4][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.arrive(kFrom, bundle(relayed()));
    shell.peer_up(kTo, "dtn://carrier/");
    REQUIRE(shell.forwarded().size() == 1);
    shell.step(node::input::PeerDown{kTo, "broke"});
    shell.peer_up(3, "dtn://carrier/");
    CHECK(shell.forwarded().size() == 2);
}

TEST_CASE("5.4 step 5: a forwarding report, when asked for, says 'no additional information'",
          "[rfc9171][5.4][node]") {
    const bool asked = GENERATE(true, false);
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle(relayed(asked ? 0x10000 : 0)));
    shell.confirm(kTo);
    const auto reports = shell.reports(Assertion::kForwarded);
    REQUIRE(reports.size() == (asked ? 1 : 0));
    if (asked) CHECK(reports[0].reason == ReportReason::kNoInformation);
}

TEST_CASE("5.5: a bundle whose age exceeds its lifetime is deleted as 'Lifetime expired'",
          "[rfc9171][5.5][5.10][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    SECTION("while it is here") {
        shell.arrive(kFrom, bundle(relayed(0x40000)));
        REQUIRE(shell.stored().size() == 1);
        shell.pass(Duration{3'600'001});
    }
    SECTION("when it comes, by its creation time") {
        shell.wall = DtnTime{kWallStart + 3'600'000};
        shell.arrive(kFrom, bundle(relayed(0x40000)));
    }
    SECTION("when it comes, by its age, without a clock anywhere") {
        shell.wall.reset();
        auto primary = relayed(0x40000);
        primary.time = 0;
        shell.arrive(kFrom, bundle_with({{7, 2, 0, 0, num(3'600'001)}}, primary));
    }
    shell.peer_up(kTo, "dtn://carrier/");
    CHECK(shell.forwarded().empty());
    const auto deleted = shell.reports(Assertion::kDeleted);
    REQUIRE(deleted.size() == 1);
    CHECK(deleted[0].reason == ReportReason::kLifetimeExpired);
}

TEST_CASE("5.5: without an accurate clock the age comes from the bundle age block alone",
          "[rfc9171][5.5][node]") {
    Shell shell{Shell::defaults(), false};
    shell.peer_up(kFrom, "dtn://a/");
    auto primary = relayed();
    primary.time = 1;  // nearly 26 years before the clocked case; no reason to expire here
    shell.arrive(kFrom, bundle_with({{7, 2, 0, 0, num(3'000'000)}}, primary));
    shell.peer_up(kTo, "dtn://carrier/");
    CHECK(shell.forwarded().size() == 1);
    shell.pass(Duration{600'001});
    shell.peer_up(3, "dtn://late/");
    CHECK(shell.forwarded().size() == 1);
}

TEST_CASE("5.6 step 2: a reception report, when asked for, says 'No additional information'",
          "[rfc9171][5.6][node]") {
    const bool asked = GENERATE(true, false);
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle(relayed(asked ? 0x4000 : 0)));
    const auto reports = shell.reports(Assertion::kReceived);
    REQUIRE(reports.size() == (asked ? 1 : 0));
    if (asked) CHECK(reports[0].reason == ReportReason::kNoInformation);
}

TEST_CASE("5.6 step 3: a malformed bundle or one with a wrong CRC is not stored", "[rfc9171][5.6][node]") {
    auto wire = bundle(Primary{}.wire(), {payload("hello", 2).wire()});
    SECTION("wrong CRC") {
        wire[wire.size() - 3] ^= 1;
    }
    SECTION("cut") {
        wire.resize(wire.size() / 2);
    }
    SECTION("no bundle at all") {
        wire = hex("00");
    }
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    const auto transfer = shell.arrive(kFrom, wire);
    CHECK(shell.refused(transfer));
    CHECK_FALSE(shell.accepted(transfer));
    CHECK(shell.stored().empty());
    CHECK(shell.transmits.empty());
}

TEST_CASE("5.6 step 4: a block we cannot process, without flags, stays in the bundle",
          "[rfc9171][5.6][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle_with({{99, 2, 0x00, 0, hex("aa")}}, relayed(0x44000)));
    REQUIRE(shell.forwarded().size() == 1);
    CHECK(shell.forwarded()[0].find(99) != nullptr);
}

TEST_CASE("5.6 step 4: 'then the BPA MUST remove this block from the bundle'", "[rfc9171][5.6][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle_with({{99, 2, 0x10, 0, hex("aa")}, {98, 3, 0x00, 0, hex("bb")}}, relayed()));
    REQUIRE(shell.forwarded().size() == 1);
    CHECK(shell.forwarded()[0].find(99) == nullptr);
    CHECK(shell.forwarded()[0].find(98) != nullptr);
}

TEST_CASE("5.6 step 4: 'then the BPA MUST delete the bundle for the reason \"Block unsupported\"'",
          "[rfc9171][5.6][5.10][node]") {
    const auto flags = GENERATE(std::uint64_t{0x04}, std::uint64_t{0x14});  // deletion wins over discarding
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle_with({{99, 2, flags, 0, hex("aa")}}, relayed(0x40000)));
    CHECK(shell.forwarded().empty());
    const auto deleted = shell.reports(Assertion::kDeleted);
    REQUIRE(deleted.size() == 1);
    CHECK(deleted[0].reason == ReportReason::kBlockUnsupported);
}

TEST_CASE("5.6 step 4: a block may ask to be reported as unsupported", "[rfc9171][5.6][node]") {
    Shell shell;
    shell.peer_up(kFrom, "dtn://a/");
    shell.peer_up(kTo, "dtn://carrier/");
    shell.arrive(kFrom, bundle_with({{99, 2, 0x02, 0, hex("aa")}}, relayed()));
    const auto reports = shell.reports(Assertion::kReceived);
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].reason == ReportReason::kBlockUnsupported);
    CHECK(shell.forwarded().size() == 1);
}

}  // namespace
}  // namespace tram::rfc9171
