// Several nodes with identities: signers become known on the way, and revocations go ahead of bundles.
#include <catch2/catch.hpp>

#include "tests/unit/node/mesh.h"
#include "tests/unit/node/seeds.h"

namespace tram::node::testing {

namespace {

constexpr std::size_t kKiosk = 0;
constexpr std::size_t kLaptop = 1;
constexpr std::size_t kServer = 2;
const std::string kInbox = "dtn://18904-srv/in";

struct Village {
    Commune commune;
    Device kiosk = commune.enrol("dtn://18904-ks07/");
    Device laptop = commune.enrol("dtn://18904-lt01/");
    Device server = commune.enrol("dtn://18904-srv/");

    /// Each knows itself and the commune, nobody another device.
    [[nodiscard]] std::vector<Member> members() const {
        std::vector<Member> made;
        for (const Device* device : {&kiosk, &laptop, &server})
            made.emplace_back(*device, commune.trust(*device));
        return made;
    }
};

void revoke_at(Mesh& mesh, std::size_t host, const identity::RevocationList& list) {
    mesh.host(host).give(
        input::Trust{900'000, identity::encode_trust({.certificates = {}, .lists = {list}})});
    mesh.host(host).settle();
    mesh.settle();
}

bool knows(Mesh& mesh, std::size_t host, const identity::Certificate& certificate) {
    return mesh.host(host).node().trust().keyring().find(certificate.id) != nullptr;
}

}  // namespace

TEST_CASE("a signer that the next hop has never met becomes known through the exchange", "[node][trust]") {
    const Village village;
    Mesh mesh{village.members(), 5};
    mesh.submit(kKiosk, kInbox);
    mesh.settle();
    REQUIRE(mesh.connect(kKiosk, kLaptop));
    mesh.settle();
    CHECK(mesh.host(kLaptop).stored() == 1);
    CHECK(knows(mesh, kLaptop, village.kiosk.signing));
    mesh.disconnect(kKiosk, kLaptop);
    CHECK_FALSE(knows(mesh, kServer, village.kiosk.signing));

    REQUIRE(mesh.connect(kLaptop, kServer));
    mesh.settle();
    CHECK(knows(mesh, kServer, village.kiosk.signing));
    CHECK(mesh.host(kServer).refused(ErrorCode::kUnknownSigner) == 0);
    mesh.drain(kServer, kInbox);
    mesh.settle();
    CHECK(mesh.delivered.size() == 1);
}

TEST_CASE("a neighbour that takes no part gets and brings bundles of signers that are known",
          "[node][trust]") {
    const Village village;
    auto members = village.members();
    members[kLaptop].tram = false;
    members[kLaptop].trust.certificates.push_back(village.kiosk.signing);
    members[kServer].trust.certificates.push_back(village.kiosk.signing);
    Mesh mesh{std::move(members), 5};
    mesh.submit(kKiosk, kInbox);
    mesh.settle();
    REQUIRE(mesh.connect(kKiosk, kLaptop));
    REQUIRE(mesh.connect(kLaptop, kServer));
    mesh.settle();
    mesh.drain(kServer, kInbox);
    mesh.settle();
    CHECK(mesh.delivered.size() == 1);
}

TEST_CASE("a node of another province is not let in by either", "[node][trust]") {
    const Village village;
    const Commune elsewhere{"elsewhere", "00901"};
    const Device stranger = elsewhere.enrol("dtn://00901-lt01/");
    auto members = village.members();
    members.emplace_back(stranger, elsewhere.trust(stranger));
    Mesh mesh{std::move(members), 5};
    CHECK_FALSE(mesh.connect(kServer, 3));
    CHECK_FALSE(mesh.connect(3, kServer));
    CHECK_FALSE(knows(mesh, kServer, stranger.tls));
}

TEST_CASE("a revocation runs through the mesh ahead of bundles and is enforced everywhere", "[node][trust]") {
    Village village;
    Mesh mesh{village.members(), 5};
    REQUIRE(mesh.connect(kKiosk, kLaptop));
    mesh.submit(kKiosk, kInbox);
    mesh.settle();
    mesh.disconnect(kKiosk, kLaptop);
    CHECK(mesh.host(kLaptop).stored() == 1);

    // The kiosk is stolen while the laptop is on its way with a bundle of it.
    revoke_at(mesh, kServer, village.commune.revoke({village.kiosk}));
    REQUIRE(mesh.connect(kLaptop, kServer));
    mesh.settle();
    CHECK(mesh.host(kServer).stored() == 0);
    REQUIRE(mesh.host(kLaptop).stored() == 1);
    CHECK(mesh.host(kLaptop).node().custody().inventory().entries().begin()->second.record.held);
    CHECK_FALSE(mesh.connect(kKiosk, kLaptop));
    CHECK(mesh.delivered.empty());
}

TEST_CASE("a session with a device ends when the news comes from another neighbour", "[node][trust]") {
    Village village;
    Mesh mesh{village.members(), 5};
    REQUIRE(mesh.connect(kKiosk, kLaptop));
    REQUIRE(mesh.connect(kLaptop, kServer));
    mesh.settle();
    REQUIRE(mesh.connected(kKiosk, kLaptop));
    revoke_at(mesh, kServer, village.commune.revoke({village.kiosk}));
    mesh.step();
    CHECK_FALSE(mesh.connected(kKiosk, kLaptop));
    REQUIRE(mesh.host(kLaptop).disconnects.size() == 1);
    CHECK(mesh.host(kLaptop).disconnects.front().why.code == ErrorCode::kCertificateRevoked);
    CHECK(mesh.host(kLaptop).node().trust().is_revoked("dtn://18904-ks07/"));
}

TEST_CASE("with signatures, too, what was answered arrives once through crashes and cut contacts",
          "[node][security]") {
    const std::uint32_t seeds = seeds_to_try(12);
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        const Village village;
        Mesh mesh{village.members(), seed};
        for (int i = 0; i < 80; ++i) {
            switch (mesh.random()() % 8) {
                case 0: mesh.submit(kKiosk, kInbox); break;
                case 1: mesh.connect(kKiosk, kLaptop); break;
                case 2: mesh.connect(kLaptop, kServer); break;
                case 3: mesh.connect(kKiosk, kServer); break;
                case 4: mesh.disconnect(kKiosk, kLaptop); break;
                case 5: mesh.disconnect(kLaptop, kServer); break;
                case 6:
                    if (mesh.random()() % 3 == 0) mesh.crash(mesh.random()() % 3);
                    break;
                default:
                    for (int k = 0; k < 6; ++k)
                        mesh.step();
                    break;
            }
        }
        mesh.connect(kKiosk, kLaptop);
        mesh.connect(kLaptop, kServer);
        mesh.connect(kKiosk, kServer);
        for (int i = 0; i < 40; ++i) {
            mesh.settle();
            mesh.drain(kServer, kInbox);
        }
        mesh.settle();
        INFO("seed " << seed);
        for (const std::uint64_t number : mesh.answered) {
            INFO("submission " << number);
            REQUIRE(mesh.delivered[number] == 1);
        }
        for (std::size_t host = 0; host < 3; ++host) {
            CHECK(mesh.host(host).refused(ErrorCode::kUnknownSigner) == 0);
            CHECK(mesh.host(host).refused(ErrorCode::kBadSignature) == 0);
        }
    }
}

}  // namespace tram::node::testing
