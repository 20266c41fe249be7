// What is not signed as it must be never gets into the store, and everybody hears why.
#include <catch2/catch.hpp>
#include <functional>

#include "proto/bpsec/rfc9173.h"
#include "proto/bpsec/security_block.h"
#include "proto/bpv7/status_report.h"
#include "tests/unit/node/desk.h"

namespace tram::node::testing {

namespace {

constexpr LinkId kLink = 7;

/// A server that knows the kiosk, and a laptop that brings bundles.
struct Office {
    Commune commune;
    Device server = commune.enrol("dtn://18904-srv/");
    Device kiosk = commune.enrol("dtn://18904-ks07/");
    Desk desk;

    explicit Office(const std::function<void(NodeOptions&)>& change = {})
        : desk{options(change), trust(commune, server, kiosk)} {
        desk.peer_up(kLink, "dtn://18904-lt01/");
    }
    static identity::TrustBundle trust(const Commune& commune, const Device& server, const Device& kiosk) {
        identity::TrustBundle known = commune.trust(server);
        known.certificates.push_back(kiosk.signing);
        known.certificates.push_back(kiosk.tls);
        return known;
    }
    [[nodiscard]] NodeOptions options(const std::function<void(NodeOptions&)>& change) const {
        NodeOptions made = server.options();
        if (change) change(made);
        return made;
    }
    [[nodiscard]] Sheet sheet() const { return {.source = "dtn://18904-ks07/in"}; }

    void check_refused(const Bytes& wire, ErrorCode code) {
        const TransferId transfer = desk.arrive(kLink, wire);
        desk.settle();
        INFO(code_name(code));
        CHECK_FALSE(desk.accepted(transfer));
        CHECK(desk.refusal(transfer) == Refusal::kNotAcceptable);
        CHECK(desk.stored() == 0);
        CHECK(desk.refused(code) == 1);
        const std::string said = desk.last_notice(effect::Notify::What::kRefused);
        CHECK(said.starts_with(std::string{code_name(code)} + ": "));
        CHECK(said.size() > code_name(code).size() + 10);
    }
};

using Alter = std::function<void(bpv7::Bundle&)>;

/// A bundle that the kiosk has signed and somebody has altered.
Bytes altered(const Office& office, const Alter& alter) {
    auto decoded = bpv7::decode(signed_wire(office.sheet(), office.kiosk));
    REQUIRE(decoded);
    alter(decoded->bundle);
    return bpv7::encode(decoded->bundle);
}

void give_payload(bpv7::Bundle& bundle, const std::string& text) {
    bundle.blocks.back().data = Bytes::copy_of(as_bytes(text));
}

}  // namespace

TEST_CASE("a bundle that its source has signed is checked, then stored, then acknowledged",
          "[node][security]") {
    Office office;
    office.desk.durable = false;
    const TransferId transfer = office.desk.arrive(kLink, signed_wire(office.sheet(), office.kiosk));
    CHECK(office.desk.checks.size() == 1);
    CHECK(office.desk.stored() == 0);
    office.desk.check_all();
    CHECK(office.desk.stored() == 1);
    CHECK_FALSE(office.desk.accepted(transfer));
    office.desk.sync();
    CHECK(office.desk.accepted(transfer));
}

TEST_CASE("a bundle that was altered after it was signed is refused", "[node][security]") {
    Office office;
    SECTION("nobody signed it") {
        office.check_refused(bpv7::encode(draw(office.sheet())), ErrorCode::kUnsigned);
    }
    SECTION("the payload was altered") {
        office.check_refused(altered(office, [](auto& bundle) { give_payload(bundle, "forged"); }),
                             ErrorCode::kBadSignature);
    }
    SECTION("the urgency was altered") {
        office.check_refused(altered(office,
                                     [](bpv7::Bundle& bundle) {
                                         bundle.set_block(
                                             bpv7::block_type::kClass, 0, bpv7::CrcType::kCrc16,
                                             bpv7::encode_class({.urgency = bpv7::Urgency::kExpress}));
                                     }),
                             ErrorCode::kBadSignature);
    }
    SECTION("the destination was altered") {
        office.check_refused(altered(office,
                                     [](bpv7::Bundle& bundle) {
                                         bundle.primary_wire = {};
                                         bundle.primary.destination = *bpv7::Eid::parse("dtn://18904-srv/x");
                                     }),
                             ErrorCode::kBadSignature);
    }
    SECTION("the payload is that of another bundle of the same source") {
        Sheet other = office.sheet();
        other.sequence = 2;
        other.payload = "another paper";
        const auto valid = bpv7::decode(signed_wire(other, office.kiosk));
        office.check_refused(
            altered(office,
                    [&](bpv7::Bundle& bundle) { bundle.blocks.back() = valid->bundle.blocks.back(); }),
            ErrorCode::kBadSignature);
    }
}

TEST_CASE("a bundle that somebody else has signed is refused", "[node][security]") {
    Office office;
    SECTION("another node signed it in its own name") {
        office.check_refused(altered(office,
                                     [](bpv7::Bundle& bundle) {
                                         bundle.primary_wire = {};
                                         bundle.primary.source = *bpv7::Eid::parse("dtn://18904-srv/in");
                                     }),
                             ErrorCode::kWrongNodeId);
    }
    SECTION("another node signed it in this one's name") {
        office.check_refused(signed_wire({.source = "dtn://18904-ks01/in"}, office.kiosk),
                             ErrorCode::kWrongNodeId);
    }
    SECTION("a device that is not known here signed it") {
        const Device stranger = office.commune.enrol("dtn://18904-ks99/");
        office.check_refused(signed_wire({.source = "dtn://18904-ks99/in"}, stranger),
                             ErrorCode::kUnknownSigner);
    }
    SECTION("a device of another province signed it") {
        const Device stranger = Commune{"elsewhere"}.enrol("dtn://18904-ks07/");
        office.check_refused(signed_wire(office.sheet(), stranger), ErrorCode::kUnknownSigner);
    }
    SECTION("it was signed with the key for TLS") {
        bpv7::Bundle bundle = draw(office.sheet());
        bpsec::sign(bundle, test::key_of("dtn://18904-ks07/0 tls"), office.kiosk.tls.id);
        office.check_refused(bpv7::encode(bundle), ErrorCode::kCertificateMisused);
    }
}

TEST_CASE("a bundle that is signed in another way, or not in time, is refused", "[node][security]") {
    Office office;
    SECTION("the signature leaves the class out") {
        Sheet sheet = office.sheet();
        sheet.with_class = false;
        auto decoded = bpv7::decode(signed_wire(sheet, office.kiosk));
        decoded->bundle.set_block(bpv7::block_type::kClass, 0, bpv7::CrcType::kCrc16, bpv7::encode_class({}));
        office.check_refused(bpv7::encode(decoded->bundle), ErrorCode::kNarrowSignature);
    }
    SECTION("it is secured in another way") {
        bpv7::Bundle bundle = draw(office.sheet());
        bpsec::HmacTerms terms;
        terms.targets = {bpv7::kPayloadBlockNumber};
        terms.source = *bpv7::Eid::parse("dtn://18904-ks07/");
        REQUIRE(bpsec::add_bib_hmac(bundle, terms, Buffer(48, 7)));
        office.check_refused(bpv7::encode(bundle), ErrorCode::kUnsupportedSecurity);
    }
    SECTION("the integrity block is rubbish") {
        office.check_refused(altered(office,
                                     [](bpv7::Bundle& bundle) {
                                         bundle.find(bpv7::block_type::kBlockIntegrity)->data =
                                             Bytes{Buffer{0x81, 0x01, 0xff}};
                                     }),
                             ErrorCode::kMalformed);
    }
    SECTION("it is a fragment, which nobody can have signed") {
        Sheet sheet = office.sheet();
        sheet.flags = bpv7::bundle_flag::kIsFragment;
        bpv7::Bundle bundle = draw(sheet);
        bundle.primary.fragment = bpv7::FragmentPosition{0, 100};
        office.check_refused(bpv7::encode(bundle), ErrorCode::kUnsigned);
    }
    SECTION("its lifetime is over") {
        Sheet sheet = office.sheet();
        sheet.created = DtnTime{kWall_ms - 90'000'000};
        office.check_refused(signed_wire(sheet, office.kiosk), ErrorCode::kExpired);
    }
    SECTION("a bit of it fell over on the way") {
        const Bytes wire = signed_wire(office.sheet(), office.kiosk);
        Buffer damaged{wire.view().begin(), wire.view().end()};
        damaged[damaged.size() - 8] ^= 1;
        office.check_refused(Bytes{std::move(damaged)}, ErrorCode::kBadCrc);
    }
}

TEST_CASE("a signer's certificate must be good at the time, as far as the time is known",
          "[node][security]") {
    const auto [shift, code] = GENERATE(table<identity::UnixTime, ErrorCode>(
        {{-60, ErrorCode::kCertificateExpired}, {+60, ErrorCode::kCertificateTooEarly}}));
    const bool clock = GENERATE(true, false);
    Office office{[](NodeOptions& options) { options.clock_earliest = DtnTime{1}; }};
    // From outside the span that the certificate covers, however the span is put around the clock.
    const Device device = office.commune.enrol(
        "dtn://18904-ks08/", 0, code == ErrorCode::kCertificateExpired ? kWall - 90 * kDay : kWall + shift,
        code == ErrorCode::kCertificateExpired ? kWall + shift : kWall + 90 * kDay);
    office.desk.give(
        input::Trust{1, identity::encode_trust({.certificates = {device.signing}, .lists = {}})});
    if (!clock) office.desk.wall.reset();
    const Sheet sheet{.source = "dtn://18904-ks08/in"};
    if (clock) {
        office.check_refused(signed_wire(sheet, device), code);
    } else {
        const TransferId transfer = office.desk.arrive(kLink, signed_wire(sheet, device));
        office.desk.settle();
        CHECK(office.desk.accepted(transfer));
    }
}

TEST_CASE("sources that are excepted need no signature", "[node][security]") {
    Office office{[](NodeOptions& options) { options.security.unsigned_sources = {"ipn:12.*"}; }};
    const TransferId taken = office.desk.arrive(kLink, bpv7::encode(draw({.source = "ipn:12.3"})));
    const TransferId other = office.desk.arrive(kLink, bpv7::encode(draw({.source = "ipn:13.3"})));
    CHECK(office.desk.checks.empty());
    CHECK(office.desk.accepted(taken));
    CHECK(office.desk.refusal(other) == Refusal::kNotAcceptable);
    CHECK(office.desk.refused(ErrorCode::kUnsigned) == 1);
}

TEST_CASE("no more signatures wait to be checked than agreed", "[node][security]") {
    Office office{[](NodeOptions& options) { options.security.checks_waiting_max = 2; }};
    std::vector<TransferId> transfers;
    for (std::uint64_t i = 1; i <= 3; ++i) {
        Sheet sheet = office.sheet();
        sheet.sequence = i;
        transfers.push_back(office.desk.arrive(kLink, signed_wire(sheet, office.kiosk)));
    }
    CHECK(office.desk.refusal(transfers[2]) == Refusal::kNoResources);
    CHECK(office.desk.refused(ErrorCode::kBusy) == 1);
    office.desk.settle();
    CHECK(office.desk.accepted(transfers[0]));
    CHECK(office.desk.accepted(transfers[1]));
}

TEST_CASE("a bundle that comes by two links at once is stored once", "[node][security]") {
    Office office;
    office.desk.peer_up(8, "dtn://18904-lt02/");
    const Bytes wire = signed_wire(office.sheet(), office.kiosk);
    const TransferId first = office.desk.arrive(kLink, wire);
    const TransferId second = office.desk.arrive(8, wire);
    CHECK(office.desk.checks.size() == 2);
    office.desk.settle();
    CHECK(office.desk.stored() == 1);
    CHECK(office.desk.accepted(first));
    CHECK(office.desk.refusal(second) == Refusal::kCompleted);
    CHECK(office.desk.node->custody().counters().bundles_duplicate == 1);
}

TEST_CASE("a check whose link is gone leads to nothing", "[node][security]") {
    Office office;
    office.desk.arrive(kLink, signed_wire(office.sheet(), office.kiosk));
    office.desk.give(input::PeerDown{kLink, "out of range"});
    office.desk.settle();
    CHECK(office.desk.stored() == 0);
}

TEST_CASE("a crash between check and store loses nothing that was promised", "[node][security]") {
    Office office;
    office.desk.durable = false;
    const Bytes wire = signed_wire(office.sheet(), office.kiosk);
    const TransferId transfer = office.desk.arrive(kLink, wire);
    const bool checked = GENERATE(false, true);
    if (checked) office.desk.check_all();
    CHECK_FALSE(office.desk.accepted(transfer));
    office.desk.restart(office.server.options(), Office::trust(office.commune, office.server, office.kiosk));
    office.desk.durable = true;
    CHECK(office.desk.stored() == 0);
    office.desk.peer_up(kLink, "dtn://18904-lt01/");
    const TransferId again = office.desk.arrive(kLink, wire);
    office.desk.settle();
    CHECK(office.desk.accepted(again));
    CHECK(office.desk.stored() == 1);
}

TEST_CASE("a signer that is revoked while its bundle is checked is refused", "[node][security]") {
    Office office;
    const TransferId transfer = office.desk.arrive(kLink, signed_wire(office.sheet(), office.kiosk));
    office.desk.give(input::Trust{
        1, identity::encode_trust({.certificates = {}, .lists = {office.commune.revoke({office.kiosk})}})});
    office.desk.settle();
    CHECK(office.desk.refusal(transfer) == Refusal::kNotAcceptable);
    CHECK(office.desk.refused(ErrorCode::kCertificateRevoked) == 1);
    CHECK(office.desk.stored() == 0);
}

TEST_CASE("a forged delivery report purges nothing, a signed one does", "[node][security]") {
    Office office;
    Submission submission;
    submission.destination = *bpv7::Eid::parse("dtn://18904-ks07/in");
    submission.report_delivery = true;
    office.desk.give(input::Submit{1, submission});
    REQUIRE(office.desk.stored() == 1);
    bpv7::StatusReport report;
    report.items[static_cast<std::size_t>(bpv7::Assertion::kDelivered)].asserted = true;
    report.subject = *bpv7::BundleId::from_key(
        office.desk.node->custody().inventory().entries().begin()->second.record.id);
    Sheet sheet{.source = "dtn://18904-ks07/", .destination = "dtn://18904-srv/"};
    sheet.flags |= bpv7::bundle_flag::kAdministrativeRecord;
    sheet.payload = as_text(bpv7::encode_status_report(report));
    const auto [signer, purges] =
        GENERATE(table<std::string, bool>({{"", false}, {"lt01", false}, {"ks07", true}}));
    bpv7::Bundle bundle = draw(sheet);
    if (signer == "ks07") bpsec::sign(bundle, *office.kiosk.signing_key, office.kiosk.signing.id);
    if (signer == "lt01") bpsec::sign(bundle, test::key_of("forger"), office.kiosk.signing.id);
    const TransferId transfer = office.desk.arrive(kLink, bpv7::encode(bundle));
    office.desk.settle();
    CHECK(office.desk.accepted(transfer) == purges);
    CHECK(office.desk.stored() == (purges ? 0 : 1));
    CHECK(office.desk.node->custody().counters().reports_received == (purges ? 1 : 0));
}

TEST_CASE("what applications send is signed, and refused without a certificate", "[node][security]") {
    Office office;
    Submission submission;
    submission.destination = *bpv7::Eid::parse("dtn://18904-lt01/in");
    office.desk.give(input::Submit{1, submission});
    const auto sent = office.desk.transmitted(kLink);
    REQUIRE(sent.size() == 1);
    const auto claim = bpsec::read_signature(sent.front(), {});
    REQUIRE(claim);
    CHECK(claim->signer == office.server.signing.id);
    CHECK(bpsec::verify(*claim, sent.front().payload(), office.server.signing_key->public_key()));

    NodeOptions nobody = office.server.options();
    nobody.security.signing_key = nullptr;
    Desk desk{nobody, {}};
    desk.give(input::Submit{1, submission});
    REQUIRE(desk.replies.size() == 1);
    REQUIRE_FALSE(desk.replies.front().outcome);
    CHECK(desk.replies.front().outcome.error().code == ErrorCode::kNoCertificate);
    CHECK(desk.replies.front().outcome.error().message.find("tram device init") != std::string::npos);
    CHECK(desk.node->identity_state() == "none");
}

}  // namespace tram::node::testing
