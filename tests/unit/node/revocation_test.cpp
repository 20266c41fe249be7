// A device that was reported lost: from that moment it gets nothing, brings nothing, and what it made before
// waits for a person.
#include <catch2/catch.hpp>

#include "tests/unit/node/desk.h"

namespace tram::node::testing {

namespace {

struct Office {
    Commune commune;
    Device server = commune.enrol("dtn://18904-srv/");
    Device kiosk = commune.enrol("dtn://18904-ks07/");
    Device laptop = commune.enrol("dtn://18904-lt01/");
    Desk desk{server.options(), known()};

    [[nodiscard]] identity::TrustBundle known() const {
        identity::TrustBundle trust = commune.trust(server);
        for (const Device* device : {&kiosk, &laptop}) {
            trust.certificates.push_back(device->signing);
            trust.certificates.push_back(device->tls);
        }
        return trust;
    }
    /// The operator's word; the answer.
    Result<effect::Reply::Trusted> tell(const identity::TrustBundle& news) {
        desk.replies.clear();
        desk.give(input::Trust{1, identity::encode_trust(news)});
        REQUIRE(desk.replies.size() == 1);
        if (!desk.replies.front().outcome) return std::unexpected{desk.replies.front().outcome.error()};
        return std::get<effect::Reply::Trusted>(*desk.replies.front().outcome);
    }
    void store(std::uint64_t sequence, const Device& by, LinkId link = 7) {
        const TransferId transfer =
            desk.arrive(link, signed_wire({.source = by.node_id + "out", .sequence = sequence}, by));
        desk.settle();
        REQUIRE(desk.accepted(transfer));
    }
    [[nodiscard]] std::size_t held() const {
        return static_cast<std::size_t>(
            std::ranges::count_if(desk.node->custody().inventory().entries(),
                                  [](const auto& entry) { return entry.second.record.held; }));
    }
};

}  // namespace

TEST_CASE("a revocation ends sessions, holds bundles and refuses new ones", "[node][revocation]") {
    Office office;
    office.desk.peer_up(7, "dtn://18904-lt01/");
    office.desk.peer_up(8, "dtn://18904-ks07/");
    office.store(1, office.laptop);
    office.store(2, office.laptop);
    office.store(3, office.kiosk, 8);

    const auto told = office.tell({.certificates = {}, .lists = {office.commune.revoke({office.laptop})}});
    REQUIRE(told);
    CHECK(told->new_lists == 1);
    CHECK(told->new_certificates == 0);
    CHECK(told->sessions_ended == 1);
    CHECK(told->bundles_held == 2);
    CHECK(office.held() == 2);
    CHECK(office.desk.stored() == 3);
    REQUIRE(office.desk.disconnects.size() == 1);
    CHECK(office.desk.disconnects[0].link == 7);
    CHECK(office.desk.disconnects[0].why.code == ErrorCode::kCertificateRevoked);
    CHECK(office.desk.last_notice(effect::Notify::What::kHeld).starts_with("certificate_revoked: "));
    CHECK(office.desk.last_notice(effect::Notify::What::kRevoked) == "2 of its bundles here are now held");

    // Another carrier brings what the laptop signed.
    const TransferId transfer =
        office.desk.arrive(8, signed_wire({.source = "dtn://18904-lt01/out", .sequence = 9}, office.laptop));
    office.desk.settle();
    CHECK(office.desk.refusal(transfer) == Refusal::kNotAcceptable);
    CHECK(office.desk.refused(ErrorCode::kCertificateRevoked) == 1);

    const auto again = office.desk.node->accept_chain(office.laptop.chain, office.desk.now());
    REQUIRE_FALSE(again);
    CHECK(again.error().code == ErrorCode::kCertificateRevoked);
}

TEST_CASE("nothing is forwarded to a device that is revoked", "[node][revocation]") {
    Office office;
    office.desk.peer_up(7, "dtn://18904-lt01/");
    office.tell({.certificates = {}, .lists = {office.commune.revoke({office.laptop})}});
    Submission submission;
    submission.destination = *bpv7::Eid::parse("dtn://18904-lt01/in");
    office.desk.give(input::Submit{2, submission});
    CHECK(office.desk.transmitted(7).empty());
    // A plain peer has nothing but its name.
    office.desk.give(input::PeerDown{7, ""});
    office.desk.peer_up(9, "dtn://18904-lt01/", false);
    CHECK(office.desk.transmitted(9).empty());
    CHECK(office.desk.disconnects.back().link == 9);
}

TEST_CASE("what is held because of a revocation can be released, and stays released", "[node][revocation]") {
    Office office;
    office.desk.peer_up(7, "dtn://18904-lt01/");
    office.store(1, office.laptop);
    office.tell({.certificates = {}, .lists = {office.commune.revoke({office.laptop})}});
    REQUIRE(office.held() == 1);
    const BundleKey key = office.desk.node->custody().inventory().entries().begin()->first;
    office.desk.give(input::Hold{5, key, false});
    CHECK(office.held() == 0);
    SECTION("when the next list comes") {
        office.tell({.certificates = {}, .lists = {office.commune.revoke({office.kiosk})}});
        CHECK(office.held() == 0);
    }
    SECTION("after a restart") {
        office.desk.restart(office.server.options(), office.known());
        CHECK(office.desk.node->trust().is_revoked("dtn://18904-lt01/"));
        CHECK(office.held() == 0);
    }
}

TEST_CASE("a list that came into the identity directory is enforced at the next start, once",
          "[node][revocation]") {
    Office office;
    office.desk.peer_up(7, "dtn://18904-lt01/");
    office.store(1, office.laptop);
    identity::TrustBundle trust = office.known();
    trust.lists.push_back(office.commune.revoke({office.laptop}));
    office.desk.restart(office.server.options(), trust);
    CHECK(office.held() == 1);
    office.desk.give(input::Hold{5, office.desk.node->custody().inventory().entries().begin()->first, false});
    office.desk.restart(office.server.options(), trust);
    CHECK(office.held() == 0);
    SECTION("and is not forgotten when the directory is older again") {
        office.desk.restart(office.server.options(), office.known());
        CHECK(office.desk.node->trust().is_revoked("dtn://18904-lt01/"));
    }
}

TEST_CASE("a revocation that was not durable is enforced when it comes again", "[node][revocation]") {
    Office office;
    office.desk.peer_up(7, "dtn://18904-lt01/");
    office.store(1, office.laptop);
    office.desk.durable = false;
    const identity::TrustBundle news{.certificates = {}, .lists = {office.commune.revoke({office.laptop})}};
    office.desk.give(input::Trust{1, identity::encode_trust(news)});
    CHECK(office.desk.replies.empty());  // it is promised to nobody yet
    office.desk.restart(office.server.options(), office.known());
    CHECK(office.held() == 0);
    office.desk.durable = true;
    const auto told = office.tell(news);
    REQUIRE(told);
    CHECK(told->bundles_held == 1);
    CHECK(office.held() == 1);
}

TEST_CASE("a device with new certificates is trusted again", "[node][revocation]") {
    Office office;
    office.tell({.certificates = {}, .lists = {office.commune.revoke({office.laptop})}});
    const Device renewed = office.commune.enrol("dtn://18904-lt01/", 1);
    CHECK(office.desk.node->accept_chain(renewed.chain, office.desk.now()));
    office.desk.peer_up(7, "dtn://18904-lt01/");
    CHECK(office.desk.disconnects.empty());
    const auto told = office.tell({.certificates = {renewed.signing}, .lists = {}});
    REQUIRE(told);
    CHECK(told->new_certificates == 1);
    office.store(1, renewed);
    const TransferId old =
        office.desk.arrive(7, signed_wire({.source = "dtn://18904-lt01/out", .sequence = 2}, office.laptop));
    CHECK(office.desk.refusal(old) == Refusal::kNotAcceptable);
}

TEST_CASE("the operator hears why nothing of what was given was taken", "[node][revocation]") {
    Office office;
    const identity::RevocationList first = office.commune.revoke({office.laptop});
    REQUIRE(office.tell({.certificates = {}, .lists = {office.commune.revoke({office.kiosk})}}));
    SECTION("an older list") {
        const auto told = office.tell({.certificates = {}, .lists = {first}});
        REQUIRE_FALSE(told);
        CHECK(told.error().code == ErrorCode::kOutdated);
    }
    SECTION("a list of somebody else") {
        Commune elsewhere{"elsewhere"};
        const auto told = office.tell({.certificates = {}, .lists = {elsewhere.revoke({office.kiosk})}});
        REQUIRE_FALSE(told);
        CHECK(told.error().code == ErrorCode::kUnknownAuthority);
    }
    SECTION("a root: those come with the identity alone") {
        const auto told = office.tell(Commune{"elsewhere"}.trust());
        REQUIRE_FALSE(told);
        CHECK(told.error().code == ErrorCode::kUnknownAuthority);
    }
    SECTION("rubbish") {
        office.desk.replies.clear();
        office.desk.give(input::Trust{1, Bytes{Buffer{1}}});
        CHECK(office.desk.replies.at(0).outcome.error().code == ErrorCode::kMalformed);
    }
    SECTION("nothing new is no failure") {
        const auto told = office.tell(office.known());
        REQUIRE(told);
        CHECK(told->new_certificates == 0);
    }
}

TEST_CASE("a device learns that it is revoked itself", "[node][revocation]") {
    Office office;
    CHECK(office.desk.node->identity_state() == "good");
    office.tell({.certificates = {}, .lists = {office.commune.revoke({office.server})}});
    CHECK(office.desk.node->identity_state() == "revoked");
}

}  // namespace tram::node::testing
