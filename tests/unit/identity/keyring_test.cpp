#include "proto/identity/keyring.h"

#include <catch2/catch.hpp>

#include "tests/identities.h"

using namespace tram;
using namespace tram::identity;
using namespace tram::test;

namespace {

constexpr auto kUntrusted = std::nullopt;  // the clock is not trusted

template <typename T>
ErrorCode code_of(const Result<T>& result) {
    REQUIRE_FALSE(result);
    CHECK_FALSE(result.error().message.empty());
    return result.error().code;
}

// A province with one commune and two devices; the keyring knows the root and the authority.
struct World {
    Authority root = make_root();
    Authority commune = make_authority(root, "18904");
    Device kiosk = make_device(commune, "dtn://18904-ks07/");
    Device server = make_device(commune, "dtn://18904-srv/");
    Keyring keyring;

    World() {
        REQUIRE(keyring.add_root(root.certificate));
        REQUIRE(keyring.add(commune.certificate).value());
    }
    void add(const Device& device) {
        REQUIRE(keyring.add(device.tls));
        REQUIRE(keyring.add(device.signing));
        REQUIRE(keyring.add(device.sealing));
    }
    [[nodiscard]] RevocationList list(std::uint64_t number, std::vector<Bytes> serials) const {
        return make_revocation_list(commune.key, commune.certificate, number, kNow, std::move(serials));
    }
};

// Signs like an authority that does not keep to the rules: issue_certificate() would refuse.
Certificate forge(CertificateForm form, const Authority& by) {
    Certificate pretended = by.certificate;
    const bool for_authority = form.usage == Usage::kAuthority;
    pretended.usage = for_authority ? Usage::kRoot : Usage::kAuthority;
    pretended.eid = for_authority ? "" : commune_eid(commune_of(form.eid));
    return issue(std::move(form), by.key, &pretended);
}

}  // namespace

TEST_CASE("keyring takes a chain from the root down, each certificate once", "[identity]") {
    World world;
    CHECK(world.keyring.add(world.kiosk.tls).value());
    CHECK_FALSE(world.keyring.add(world.kiosk.tls).value());
    CHECK_FALSE(world.keyring.add(world.root.certificate).value());
    CHECK(world.keyring.add_root(world.root.certificate));
    CHECK(world.keyring.roots().size() == 1);
    CHECK(world.keyring.certificates().size() == 2);
    CHECK(world.keyring.certificates().front()->usage == Usage::kAuthority);
    CHECK(world.keyring.find(world.kiosk.tls.id)->eid == "dtn://18904-ks07/");
    CHECK(world.keyring.find(world.root.certificate.id) != nullptr);
    CHECK(world.keyring.find(world.server.tls.id) == nullptr);
    CHECK_FALSE(world.keyring.empty());
    CHECK(Keyring{}.empty());
}

TEST_CASE("keyring believes nobody without a chain to its own roots", "[identity]") {
    const World world;
    Keyring other;
    const Authority stranger = make_root("another province");
    REQUIRE(other.add_root(stranger.certificate));
    CHECK(code_of(other.add(world.root.certificate)) == ErrorCode::kUnknownAuthority);
    CHECK(code_of(other.add(world.commune.certificate)) == ErrorCode::kUnknownAuthority);
    CHECK(code_of(other.add(world.kiosk.tls)) == ErrorCode::kUnknownAuthority);
    CHECK(code_of(other.add_root(world.commune.certificate)) == ErrorCode::kCertificateMisused);
    CHECK(other.certificates().empty());
}

TEST_CASE("keyring notices a root of the same name and key identifier with another key", "[identity]") {
    World world;
    // A thief can copy a name and a key identifier, but has to sign with an own key.
    Authority thief{key_of("thief"), world.root.certificate};
    thief.certificate.public_key = thief.key.public_key();
    const Certificate forged = forge({.usage = Usage::kAuthority,
                                      .eid = "dtn://18904/",
                                      .name = "x",
                                      .public_key = thief.key.public_key()},
                                     thief);
    CHECK(code_of(world.keyring.add(forged)) == ErrorCode::kBadSignature);
    CHECK(world.keyring.find(forged.id) == nullptr);
}

TEST_CASE("keyring keeps to who may certify whom", "[identity]") {
    World world;
    const auto key = key_of("somebody").public_key();

    SECTION("an authority certifies no authority") {
        const auto made =
            forge({.usage = Usage::kAuthority, .eid = "dtn://18905/", .name = "n", .public_key = key},
                  world.commune);
        CHECK(code_of(world.keyring.add(made)) == ErrorCode::kCertificateMisused);
    }
    SECTION("a root certifies no device") {
        const auto made =
            forge({.usage = Usage::kTls, .eid = "dtn://18904-x/", .public_key = key}, world.root);
        CHECK(code_of(world.keyring.add(made)) == ErrorCode::kCertificateMisused);
    }
    SECTION("a device certifies nothing") {
        REQUIRE(world.keyring.add(world.kiosk.signing));
        const Authority leaf{key_of("dtn://18904-ks07/ sign"), world.kiosk.signing};
        const auto device = forge({.usage = Usage::kTls, .eid = "dtn://18904-x/", .public_key = key}, leaf);
        CHECK(code_of(world.keyring.add(device)) == ErrorCode::kCertificateMisused);
        const auto authority =
            forge({.usage = Usage::kAuthority, .eid = "dtn://18904/", .name = "n", .public_key = key}, leaf);
        CHECK(code_of(world.keyring.add(authority)) == ErrorCode::kCertificateMisused);
    }
    SECTION("a commune certifies its own devices only") {
        const std::string foreign = GENERATE("dtn://18905-ks07/", "dtn://00000-srv/");
        const auto made = forge({.usage = Usage::kTls, .eid = foreign, .public_key = key}, world.commune);
        CHECK(code_of(world.keyring.add(made)) == ErrorCode::kWrongCommune);
    }
    CHECK(world.keyring.find(world.commune.certificate.id) != nullptr);
}

TEST_CASE("keyring believes signatures of signing certificates of the right node only", "[identity]") {
    World world;
    world.add(world.kiosk);
    const auto& ring = world.keyring;
    CHECK(ring.signer(world.kiosk.signing.id, "dtn://18904-ks07/", kNow) ==
          world.kiosk.signing_key.public_key());
    CHECK(code_of(ring.signer(world.kiosk.signing.id, "dtn://18904-srv/", kNow)) == ErrorCode::kWrongNodeId);
    CHECK(code_of(ring.signer(world.kiosk.tls.id, "dtn://18904-ks07/", kNow)) ==
          ErrorCode::kCertificateMisused);
    CHECK(code_of(ring.signer(world.kiosk.sealing.id, "dtn://18904-ks07/", kNow)) ==
          ErrorCode::kCertificateMisused);
    CHECK(code_of(ring.signer(world.commune.certificate.id, "dtn://18904/", kNow)) ==
          ErrorCode::kCertificateMisused);
    CHECK(code_of(ring.signer(world.server.signing.id, "dtn://18904-srv/", kNow)) ==
          ErrorCode::kUnknownSigner);
}

TEST_CASE("keyring asks dates only when the clock is trusted", "[identity]") {
    World world;
    world.add(world.kiosk);
    const auto& ring = world.keyring;
    const auto& certificate = world.kiosk.signing;
    CHECK(ring.usable(certificate, kBegin));
    CHECK(ring.usable(certificate, kEnd));
    CHECK(code_of(ring.usable(certificate, kBegin - 1)) == ErrorCode::kCertificateTooEarly);
    CHECK(code_of(ring.usable(certificate, kEnd + 1)) == ErrorCode::kCertificateExpired);
    CHECK(ring.usable(certificate, kUntrusted));
    CHECK(code_of(ring.signer(certificate.id, certificate.eid, kEnd + 1)) == ErrorCode::kCertificateExpired);
    CHECK(ring.signer(certificate.id, certificate.eid, kUntrusted));
    CHECK(code_of(ring.sealing(certificate.eid, kEnd + 1)) == ErrorCode::kCertificateExpired);
    CHECK(ring.sealing(certificate.eid, kUntrusted));
    CHECK(code_of(ring.usable(world.server.tls, kNow)) == ErrorCode::kUnknownAuthority);
}

TEST_CASE("keyring asks the dates of whoever issued a certificate too", "[identity]") {
    World world;
    const auto key = key_of("somebody").public_key();
    const auto beyond = issue({.usage = Usage::kSign,
                               .eid = "dtn://18904-x/",
                               .public_key = key,
                               .not_before = kBegin - 100 * kDay,
                               .not_after = kEnd + 100 * kDay},
                              world.commune.key, &world.commune.certificate);
    REQUIRE(world.keyring.add(beyond));
    CHECK(world.keyring.usable(beyond, kNow));
    CHECK(code_of(world.keyring.usable(beyond, kEnd + kDay)) == ErrorCode::kCertificateExpired);
    CHECK(code_of(world.keyring.usable(beyond, kBegin - kDay)) == ErrorCode::kCertificateTooEarly);

    // The authority's certificate is renewed for the same key: what it signed before goes on.
    const auto renewed = issue({.usage = Usage::kAuthority,
                                .eid = "dtn://18904/",
                                .name = "authority 18904",
                                .public_key = world.commune.key.public_key(),
                                .not_before = kNow,
                                .not_after = kEnd + 300 * kDay},
                               world.root.key, &world.root.certificate);
    REQUIRE(world.keyring.add(renewed).value());
    CHECK(code_of(world.keyring.usable(beyond, kEnd + kDay)) == ErrorCode::kCertificateExpired);  // the root
    CHECK(world.keyring.usable(beyond, kEnd));
}

TEST_CASE("keyring seals to the newest certificate that is usable", "[identity]") {
    World world;
    const std::string office = "dtn://18904-srv/";
    CHECK(code_of(world.keyring.sealing(office, kNow)) == ErrorCode::kNoSealingKey);
    REQUIRE(world.keyring.add(world.server.tls));
    CHECK(code_of(world.keyring.sealing(office, kNow)) == ErrorCode::kNoSealingKey);

    REQUIRE(world.keyring.add(world.server.sealing));
    const auto newer = issue({.usage = Usage::kSeal,
                              .eid = office,
                              .public_key = sealing_public_key_of("newer"),
                              .not_before = kNow,
                              .not_after = kEnd},
                             world.commune.key, &world.commune.certificate);
    REQUIRE(world.keyring.add(newer));
    CHECK(world.keyring.sealing(office, kNow).value()->id == newer.id);
    CHECK(world.keyring.sealing(office, kUntrusted).value()->id == newer.id);
    CHECK(world.keyring.sealing(office, kNow - 1).value()->id == world.server.sealing.id);
    REQUIRE(world.keyring.add(world.list(1, {newer.serial})));
    CHECK(world.keyring.sealing(office, kNow).value()->id == world.server.sealing.id);
    REQUIRE(world.keyring.add(world.list(2, {newer.serial, world.server.sealing.serial})));
    CHECK(code_of(world.keyring.sealing(office, kNow)) == ErrorCode::kCertificateRevoked);
}

TEST_CASE("keyring takes revocation lists by number", "[identity]") {
    World world;
    world.add(world.kiosk);
    auto& ring = world.keyring;
    const auto& certificate = world.kiosk.signing;
    CHECK_FALSE(ring.node_revoked("dtn://18904-ks07/"));

    CHECK(ring.add(world.list(5, {certificate.serial})).value());
    CHECK(code_of(ring.usable(certificate, kUntrusted)) == ErrorCode::kCertificateRevoked);
    CHECK(code_of(ring.signer(certificate.id, certificate.eid, kNow)) == ErrorCode::kCertificateRevoked);
    CHECK(ring.usable(world.kiosk.tls, kNow));
    CHECK(ring.node_revoked("dtn://18904-ks07/"));
    CHECK_FALSE(ring.node_revoked("dtn://18904-srv/"));  // nothing is known of it

    CHECK_FALSE(ring.add(world.list(5, {certificate.serial})).value());
    CHECK_FALSE(ring.add(world.list(5, {})).value());  // the same number with another content
    CHECK(ring.revoked(certificate));
    CHECK(code_of(ring.add(world.list(4, {}))) == ErrorCode::kOutdated);
    CHECK(ring.add(world.list(6, {})).value());
    CHECK_FALSE(ring.revoked(certificate));
    CHECK(ring.list_of(world.commune.certificate)->number == 6);
    CHECK(ring.list_of(world.root.certificate) == nullptr);
    CHECK(ring.lists().size() == 1);
}

TEST_CASE("numbers of lists begin again with a new key of the same commune", "[identity]") {
    World world;
    world.add(world.kiosk);
    auto& ring = world.keyring;
    // Whoever stole the old key used up its numbers.
    REQUIRE(ring.add(world.list(~0ULL, {})).value());
    const Authority successor = make_authority(world.root, "18904", "new authority");
    REQUIRE(ring.add(successor.certificate).value());
    const Device device = make_device(successor, "dtn://18904-new/");
    REQUIRE(ring.add(device.tls).value());
    const auto list = make_revocation_list(successor.key, successor.certificate, 1, kNow,
                                           {device.tls.serial, world.kiosk.tls.serial});
    CHECK(ring.add(list).value());
    CHECK(ring.revoked(device.tls));
    CHECK_FALSE(ring.revoked(world.kiosk.tls));  // of the old key
    CHECK(ring.lists().size() == 2);
}

TEST_CASE("a key with two communes has two series of lists", "[identity]") {
    World world;
    world.add(world.kiosk);
    const auto second = issue({.usage = Usage::kAuthority,
                               .eid = "dtn://18905/",
                               .name = "authority 18904",
                               .public_key = world.commune.key.public_key()},
                              world.root.key, &world.root.certificate);
    REQUIRE(world.keyring.add(second).value());
    REQUIRE(world.keyring.add(world.list(1, {world.kiosk.tls.serial})).value());
    CHECK(world.keyring.add(make_revocation_list(world.commune.key, second, 2, kNow, {})).value());
    CHECK(world.keyring.revoked(world.kiosk.tls));
}

TEST_CASE("keyring refuses lists of whoever has no say", "[identity]") {
    World world;
    world.add(world.kiosk);
    const Authority other = make_authority(world.root, "18905");
    auto& ring = world.keyring;
    const std::vector<Bytes> serials = {world.server.tls.serial};

    const auto of_stranger = make_revocation_list(other.key, other.certificate, 1, kNow, serials);
    CHECK(code_of(ring.add(of_stranger)) == ErrorCode::kUnknownAuthority);

    Certificate pretended = other.certificate;
    pretended.eid = "dtn://18904/";
    REQUIRE(ring.add(other.certificate));
    const auto of_neighbour = make_revocation_list(other.key, pretended, 1, kNow, serials);
    CHECK(code_of(ring.add(of_neighbour)) == ErrorCode::kWrongCommune);

    pretended = world.kiosk.signing;
    pretended.usage = Usage::kAuthority;
    pretended.eid = "dtn://18904/";
    const auto of_device = make_revocation_list(world.kiosk.signing_key, pretended, 1, kNow, serials);
    CHECK(code_of(ring.add(of_device)) == ErrorCode::kCertificateMisused);

    const auto forged = make_revocation_list(other.key, world.commune.certificate, 1, kNow, serials);
    CHECK(code_of(ring.add(forged)) == ErrorCode::kBadSignature);
    CHECK(ring.lists().empty());
}

TEST_CASE("keyring counts serials only for certificates of the authority that lists them", "[identity]") {
    World world;
    world.add(world.kiosk);
    const Authority other = make_authority(world.root, "18905");
    REQUIRE(world.keyring.add(other.certificate));
    const auto list = make_revocation_list(
        other.key, other.certificate, 1, kNow,
        {world.kiosk.tls.serial, world.kiosk.signing.serial, world.commune.certificate.serial});
    CHECK(world.keyring.add(list).value());
    CHECK_FALSE(world.keyring.revoked(world.kiosk.tls));
    CHECK_FALSE(world.keyring.revoked(world.commune.certificate));
    CHECK(world.keyring.usable(world.kiosk.signing, kNow));

    // Nor can an authority revoke itself.
    REQUIRE(world.keyring.add(world.list(1, {world.commune.certificate.serial})));
    CHECK(world.keyring.usable(world.commune.certificate, kNow));
}

TEST_CASE("a root revokes an authority and everything below it", "[identity]") {
    World world;
    world.add(world.kiosk);
    const Authority other = make_authority(world.root, "18905");
    REQUIRE(world.keyring.add(other.certificate));
    const auto list = make_revocation_list(world.root.key, world.root.certificate, 1, kNow,
                                           {world.commune.certificate.serial});
    CHECK(list.authority == "root:" + to_hex(world.root.certificate.key_id));
    CHECK(world.keyring.add(list).value());
    CHECK(world.keyring.list_of(world.root.certificate) != nullptr);
    CHECK(code_of(world.keyring.usable(world.commune.certificate, kNow)) == ErrorCode::kCertificateRevoked);
    CHECK(code_of(world.keyring.usable(world.kiosk.tls, kNow)) == ErrorCode::kCertificateRevoked);
    CHECK(world.keyring.node_revoked("dtn://18904-ks07/"));
    CHECK(world.keyring.usable(other.certificate, kNow));
    CHECK(code_of(world.keyring.add(world.server.tls)) == ErrorCode::kCertificateRevoked);
    CHECK(code_of(world.keyring.add(world.list(9, {}))) == ErrorCode::kCertificateRevoked);

    // A certificate that the root made for the stolen key, before it knew, does not bring it back.
    const auto renewed = issue({.usage = Usage::kAuthority,
                                .eid = "dtn://18904/",
                                .name = "authority 18904",
                                .public_key = world.commune.key.public_key(),
                                .not_before = kNow,
                                .not_after = kEnd},
                               world.root.key, &world.root.certificate);
    REQUIRE(world.keyring.add(renewed).value());
    CHECK(code_of(world.keyring.usable(world.kiosk.tls, kNow)) == ErrorCode::kCertificateRevoked);
}

TEST_CASE("keyring checks what a TLS peer sends", "[identity]") {
    World world;
    Keyring ring;
    REQUIRE(ring.add_root(world.root.certificate));
    const Bytes own = world.kiosk.tls.der;
    const Bytes above = world.commune.certificate.der;

    SECTION("a chain with or without the root") {
        const bool with_root = GENERATE(true, false);
        std::vector<Bytes> chain = {own, above};
        if (with_root) chain.push_back(world.root.certificate.der);
        CHECK(ring.accept_chain(chain, kNow).value()->eid == "dtn://18904-ks07/");
        CHECK(ring.certificates().size() == 2);
        CHECK(ring.accept_chain({own}, kNow).value()->eid == "dtn://18904-ks07/");
        CHECK(code_of(ring.accept_chain({own}, kEnd + 1)) == ErrorCode::kCertificateExpired);
        REQUIRE(ring.add(world.list(1, {world.kiosk.tls.serial})));
        CHECK(code_of(ring.accept_chain(chain, kUntrusted)) == ErrorCode::kCertificateRevoked);
    }
    SECTION("nothing, too much, and garbage") {
        CHECK(code_of(ring.accept_chain({}, kNow)) == ErrorCode::kNoCertificate);
        CHECK(code_of(ring.accept_chain(std::vector<Bytes>(9, own), kNow)) == ErrorCode::kTooLarge);
        CHECK(code_of(ring.accept_chain({Bytes{Buffer{1, 2, 3}}}, kNow)) == ErrorCode::kMalformed);
        CHECK(code_of(ring.accept_chain({own}, kNow)) == ErrorCode::kUnknownAuthority);
    }
    SECTION("garbage above a good certificate explains why its issuer is not known") {
        CHECK(code_of(ring.accept_chain({own, Bytes{Buffer{1, 2, 3}}}, kNow)) == ErrorCode::kMalformed);
    }
    SECTION("another root") {
        const Authority stranger = make_root("another province");
        const Authority false_commune = make_authority(stranger, "18904");
        const Device device = make_device(false_commune, "dtn://18904-ks07/");
        CHECK(code_of(ring.accept_chain(
                  {device.tls.der, false_commune.certificate.der, stranger.certificate.der}, kNow)) ==
              ErrorCode::kUnknownAuthority);
        CHECK(ring.certificates().empty());
    }
    SECTION("a certificate for signing") {
        CHECK(code_of(ring.accept_chain({world.kiosk.signing.der, above}, kNow)) ==
              ErrorCode::kCertificateMisused);
        CHECK(code_of(ring.accept_chain({above}, kNow)) == ErrorCode::kCertificateMisused);
    }
}

TEST_CASE("the time floor only rises, and by signed dates only", "[identity]") {
    World world;
    auto& ring = world.keyring;
    CHECK(ring.time_floor() == kBegin);
    const auto issued_at = [&](UnixTime begin, const Authority& by) {
        return forge({.usage = Usage::kTls,
                      .eid = "dtn://18904-x/",
                      .public_key = key_of("x").public_key(),
                      .not_before = begin,
                      .not_after = begin + 1},
                     by);
    };
    REQUIRE(ring.add(issued_at(kNow, world.commune)));
    CHECK(ring.time_floor() == kNow);
    REQUIRE(ring.add(issued_at(kBegin + 1, world.commune)));
    CHECK(ring.time_floor() == kNow);
    CHECK_FALSE(ring.add(issued_at(kNow + kDay, make_authority(make_root("x"), "18904", "y"))));
    CHECK(ring.time_floor() == kNow);

    const auto listed_at = [&](std::uint64_t number, UnixTime issued) {
        return make_revocation_list(world.commune.key, world.commune.certificate, number, issued, {});
    };
    REQUIRE(ring.add(listed_at(1, kNow + kDay)));
    CHECK(ring.time_floor() == kNow + kDay);
    REQUIRE(ring.add(listed_at(2, kNow - kDay)));
    CHECK(ring.time_floor() == kNow + kDay);
    REQUIRE(ring.add(listed_at(3, kEnd + 1000 * kDay)));  // no further than its own certificate
    CHECK(ring.time_floor() == kEnd);
}

TEST_CASE("one authority cannot fill the keyring", "[identity]") {
    const World world;
    const Authority other = make_authority(world.root, "18905");
    const auto certify = [&](const Authority& by, int i) {
        const std::string commune{commune_of(by.certificate.eid)};
        const std::string name = "dtn://" + commune + "-n" + std::to_string(i) + "/";
        return issue({.usage = Usage::kTls, .eid = name, .public_key = key_of(name).public_key()}, by.key,
                     &by.certificate);
    };
    Keyring ring{KeyringLimits{.roots_max = 1, .certificates_max = 8, .certificates_of_key_max = 4}};
    REQUIRE(ring.add_root(world.root.certificate));
    CHECK(code_of(ring.add_root(make_root("one more").certificate)) == ErrorCode::kFull);
    REQUIRE(ring.add(world.commune.certificate));
    REQUIRE(ring.add(other.certificate));
    for (int i = 0; i < 4; ++i)
        REQUIRE(ring.add(certify(world.commune, i)));
    CHECK(code_of(ring.add(certify(world.commune, 4))) == ErrorCode::kFull);
    CHECK_FALSE(ring.add(certify(world.commune, 3)).value());  // it is there already
    CHECK(ring.add(certify(other, 0)).value());
    CHECK(ring.add(certify(other, 1)).value());
    CHECK(code_of(ring.add(certify(other, 2))) == ErrorCode::kFull);
    CHECK(ring.certificates().size() == 8);
}
