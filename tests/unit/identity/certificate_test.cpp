#include "proto/identity/certificate.h"

#include <catch2/catch.hpp>
#include <openssl/evp.h>

#include "tests/unit/identity/odd_certificates.h"

using namespace tram;
using namespace tram::identity;
using namespace tram::test;

namespace {

constexpr const char* kEidType = "otherName:1.3.6.1.5.5.7.8.11;IA5STRING:";

Certificate accepted(const OddForm& form) {
    auto read = read_certificate(make_odd(form));
    INFO((read ? "" : read.error().message));
    REQUIRE(read);
    return std::move(*read);
}

ErrorCode refusal(ByteView der) {
    const auto read = read_certificate(der);
    REQUIRE_FALSE(read);
    UNSCOPED_INFO(read.error().message);
    CHECK(read.error().message.size() > 10);
    return read.error().code;
}

ErrorCode refusal(const OddForm& form) {
    return refusal(make_odd(form));
}

OddForm with(OddForm form, const std::string& extension, const std::string& value) {
    form.extensions[extension] = value;
    return form;
}

OddForm without(OddForm form, const std::string& extension) {
    form.extensions.erase(extension);
    return form;
}

}  // namespace

TEST_CASE("certificates say what they are for", "[identity]") {
    const Authority root = make_root("Province");
    const Authority authority = make_authority(root, "18904");
    const Device device = make_device(authority, "dtn://18904-ks07/");

    CHECK(root.certificate.usage == Usage::kRoot);
    CHECK(root.certificate.eid.empty());
    CHECK(root.certificate.name == "Province");
    CHECK(root.certificate.key_id == root.certificate.issuer_key_id);
    CHECK(authority.certificate.usage == Usage::kAuthority);
    CHECK(authority.certificate.eid == "dtn://18904/");
    CHECK(authority.certificate.issuer == root.certificate.subject);
    CHECK(device.tls.usage == Usage::kTls);
    CHECK(device.signing.usage == Usage::kSign);
    CHECK(device.sealing.usage == Usage::kSeal);
    CHECK(device.tls.eid == "dtn://18904-ks07/");
    CHECK(device.tls.public_key == device.tls_key.public_key());
    CHECK(device.tls.issuer_key_id == authority.certificate.key_id);
    CHECK(device.tls.key_id.size() == 20);
    CHECK(device.tls.serial.size() == 16);
    CHECK(device.tls.not_before == kBegin);
    CHECK(device.tls.not_after == kEnd);
    CHECK(device.tls.id == cose::certificate_id(device.tls.der));
    CHECK(is_signed_by(device.tls, authority.key.public_key()));
    CHECK_FALSE(is_signed_by(device.tls, root.key.public_key()));
}

TEST_CASE("certificates of other makers are read by the same rules", "[identity]") {
    CHECK(accepted(tls_form()).usage == Usage::kTls);
    CHECK(accepted(sign_form()).usage == Usage::kSign);
    CHECK(accepted(seal_form()).usage == Usage::kSeal);
    CHECK(accepted(authority_form()).usage == Usage::kAuthority);
    const Certificate root = accepted(root_form());
    CHECK(root.usage == Usage::kRoot);
    CHECK(is_signed_by(root, root.public_key));
    CHECK(accepted(without(root_form(), "authorityKeyIdentifier")).name == "somebody");
    CHECK(accepted(with(root_form(), "basicConstraints", "critical,CA:TRUE,pathlen:1")).name == "somebody");
    CHECK(accepted(with(tls_form(), "nsComment", "not critical")).name == "somebody");
    CHECK(accepted(without(tls_form(), "basicConstraints")).usage == Usage::kTls);
    OddForm unnamed = tls_form();
    unnamed.common_name.clear();
    CHECK(accepted(unnamed).name.empty());
    CHECK(usage_name(Usage::kSeal) == "seal");
}

TEST_CASE("certificates whose usages contradict each other are refused", "[identity]") {
    struct Case {
        const char* what;
        OddForm form;
    };
    const auto test = GENERATE(values<Case>({
        {"TLS that may certify", with(tls_form(), "basicConstraints", "critical,CA:TRUE")},
        {"TLS with a path length", with(tls_form(), "basicConstraints", "critical,CA:FALSE,pathlen:0")},
        {"TLS with non-repudiation", with(tls_form(), "keyUsage", "digitalSignature,nonRepudiation")},
        {"TLS with key agreement", with(tls_form(), "keyUsage", "digitalSignature,keyAgreement")},
        {"TLS that signs certificates", with(tls_form(), "keyUsage", "digitalSignature,keyCertSign")},
        {"TLS without usage", without(tls_form(), "keyUsage")},
        {"TLS without purpose", without(tls_form(), "extendedKeyUsage")},
        {"TLS not for bundles", with(tls_form(), "extendedKeyUsage", "serverAuth,clientAuth")},
        {"TLS for servers only", with(tls_form(), "extendedKeyUsage", "serverAuth,1.3.6.1.5.5.7.3.35")},
        {"TLS for clients only", with(tls_form(), "extendedKeyUsage", "clientAuth,1.3.6.1.5.5.7.3.35")},
        {"any purpose", with(tls_form(), "extendedKeyUsage", "anyExtendedKeyUsage,1.3.6.1.5.5.7.3.35")},
        {"code signing too", with(sign_form(), "extendedKeyUsage", "codeSigning,1.3.6.1.5.5.7.3.35")},
        {"signing for TLS servers", with(sign_form(), "extendedKeyUsage", "serverAuth,1.3.6.1.5.5.7.3.35")},
        {"signing with one bit", with(sign_form(), "keyUsage", "nonRepudiation")},
        {"signing that agrees keys", with(sign_form(), "keyUsage", "keyAgreement")},
        {"sealing that signs", with(seal_form(), "keyUsage", "digitalSignature,nonRepudiation")},
        {"sealing for TLS",
         with(seal_form(), "extendedKeyUsage", "serverAuth,clientAuth,1.3.6.1.5.5.7.3.35")},
        {"sealing that may certify", with(seal_form(), "basicConstraints", "critical,CA:TRUE,pathlen:0")},
        {"authority of any length", with(authority_form(), "basicConstraints", "critical,CA:TRUE")},
        {"authority over authorities", with(authority_form(), "basicConstraints", "CA:TRUE,pathlen:1")},
        {"authority that does TLS", with(authority_form(), "extendedKeyUsage", "serverAuth,clientAuth")},
        {"authority that signs bundles", with(authority_form(), "extendedKeyUsage", "1.3.6.1.5.5.7.3.35")},
        {"authority without lists", with(authority_form(), "keyUsage", "keyCertSign")},
        {"authority that is a node",
         with(authority_form(), "subjectAltName", std::string{kEidType} + "dtn://18904-ks07/")},
        {"root of length 0", with(root_form(), "basicConstraints", "critical,CA:TRUE,pathlen:0")},
        {"root that signs", with(root_form(), "keyUsage", "keyCertSign,cRLSign,digitalSignature")},
        {"unknown critical extension", with(tls_form(), "nsComment", "critical,whatever")},
        {"name constraints", with(authority_form(), "nameConstraints", "critical,permitted;DNS:a.b")},
    }));
    INFO(test.what);
    CHECK(refusal(test.form) == ErrorCode::kCertificateMisused);
}

TEST_CASE("a device's certificate names exactly one node", "[identity]") {
    const std::string eid = kEidType;
    const std::string names = GENERATE_REF(values<std::string>({
        eid + "dtn://18904-ks07/," + eid + "dtn://18904-srv/",
        eid + "dtn://18904-ks07/,DNS:ks07.example",
        "DNS:ks07.example",
        "URI:dtn://18904-ks07/",
        "otherName:1.3.6.1.5.5.7.8.11;UTF8:dtn://18904-ks07/",
        "otherName:1.3.6.1.5.5.7.8.12;IA5STRING:dtn://18904-ks07/",
        eid + "dtn://18904/",
        eid + "dtn://18904-ks07/inbox",
        eid + "ipn:18904.0",
        eid + "dtn:none",
        eid + "dtn://18904-" + std::string(49, 'a') + "/",
        eid + "dtn://18904-" + std::string(200, 'a') + "/",
    }));
    INFO(names);
    CHECK(refusal(with(tls_form(), "subjectAltName", names)) == ErrorCode::kCertificateMisused);
    CHECK(refusal(without(tls_form(), "subjectAltName")) == ErrorCode::kCertificateMisused);
}

TEST_CASE("certificates with other keys or signatures are refused", "[identity]") {
    OddForm form = tls_form();
    SECTION("another kind of key") {
        form.public_key = GENERATE(EVP_PKEY_EC, EVP_PKEY_X448, EVP_PKEY_ED448);
        CHECK(refusal(form) == ErrorCode::kCertificateMisused);
    }
    SECTION("a key for sealing in a TLS certificate, and the reverse") {
        form.public_key = EVP_PKEY_X25519;
        CHECK(refusal(form) == ErrorCode::kCertificateMisused);
        form = seal_form();
        form.public_key = EVP_PKEY_ED25519;
        CHECK(refusal(form) == ErrorCode::kCertificateMisused);
    }
    SECTION("a key with parameters") {
        form.key_parameters = true;
        CHECK(refusal(form) == ErrorCode::kCertificateMisused);
    }
    SECTION("another kind of signature") {
        form.signing_key = GENERATE(EVP_PKEY_EC, EVP_PKEY_ED448);
        CHECK(refusal(form) == ErrorCode::kCertificateMisused);
    }
}

TEST_CASE("fields that make no sense are refused", "[identity]") {
    OddForm form = tls_form();
    SECTION("version") {
        form.version = GENERATE(0L, 1L, 3L);
        CHECK(refusal(form) == ErrorCode::kMalformed);
    }
    SECTION("serial numbers") {
        form.serial = GENERATE(values<Buffer>({Buffer{}, Buffer{0}, Buffer(21, 0x41)}));
        CHECK(refusal(form) == ErrorCode::kMalformed);
    }
    SECTION("times") {
        form.not_before = "20281026073320Z";
        CHECK(refusal(form) == ErrorCode::kMalformed);
    }
    SECTION("names for people") {
        form.common_name = GENERATE(as<std::string>{}, "a\nb", "a\x1b[2J", "\xe2\x80\xae", "\x7f");
        CAPTURE(to_hex(as_bytes(form.common_name)));
        CHECK(refusal(form) == ErrorCode::kMalformed);
    }
    SECTION("key identifiers") {
        const OddForm no_issuer = without(form, "authorityKeyIdentifier");
        CHECK(refusal(without(no_issuer, "subjectKeyIdentifier")) == ErrorCode::kMalformed);
        CHECK(refusal(no_issuer) == ErrorCode::kMalformed);
        CHECK(refusal(with(form, "subjectKeyIdentifier", std::string(66, '1'))) == ErrorCode::kMalformed);
    }
    SECTION("doubled extensions") {
        form.doubled = GENERATE("basicConstraints", "keyUsage", "extendedKeyUsage", "subjectAltName",
                                "subjectKeyIdentifier", "authorityKeyIdentifier");
        CHECK(refusal(form) == ErrorCode::kMalformed);
    }
    SECTION("extensions that cannot be read") {
        const char* extension = GENERATE("basicConstraints", "keyUsage", "extendedKeyUsage", "subjectAltName",
                                         "subjectKeyIdentifier", "authorityKeyIdentifier");
        OddForm odd = with(form, extension, "DER:0102");
        if (extension == std::string{"subjectKeyIdentifier"}) odd = without(odd, "authorityKeyIdentifier");
        CHECK(refusal(odd) == ErrorCode::kMalformed);
    }
}

TEST_CASE("times are read in both of their forms", "[identity]") {
    OddForm form = tls_form();
    form.not_before = "700101000000Z";
    form.not_after = "20500101000000Z";
    const Certificate certificate = accepted(form);
    CHECK(certificate.not_before == 0);
    CHECK(certificate.not_after == 2'524'608'000);
}

TEST_CASE("a certificate is one encoding to the last bit", "[identity]") {
    const Authority root = make_root();
    const Authority authority = make_authority(root, "18904");
    const Bytes original = make_device(authority, "dtn://18904-ks07/").tls.der;
    const Buffer good{original.view().begin(), original.view().end()};
    REQUIRE(read_certificate(good));
    REQUIRE(good[1] == 0x82);
    const std::size_t algorithm = good.size() - 74;
    REQUIRE(good[algorithm] == 0x30);
    Buffer bad = good;

    SECTION("bytes behind it") {
        bad.push_back(0);
    }
    SECTION("two of them") {
        append(bad, good);
    }
    SECTION("cut off") {
        bad.resize(GENERATE_REF(0U, 1U, 4U, 100U, good.size() - 1));
    }
    SECTION("a longer length than needed") {
        bad[1] = 0x83;
        bad.insert(bad.begin() + 2, 0);
    }
    SECTION("an indefinite length") {
        bad.erase(bad.begin() + 2, bad.begin() + 4);
        bad[1] = 0x80;
        bad.insert(bad.end(), {0, 0});
    }
    SECTION("parameters of the outer algorithm") {
        bad[algorithm + 1] = 7;
        bad.insert(bad.begin() + static_cast<std::ptrdiff_t>(algorithm) + 7, {5, 0});
        bad[3] = static_cast<std::uint8_t>(bad[3] + 2);
    }
    SECTION("unused bits of the signature") {
        bad[algorithm + 9] = 1;
        bad.back() &= 0xfe;
    }
    SECTION("a signature in parts") {
        bad[algorithm + 7] = 0x23;
        bad.insert(bad.begin() + static_cast<std::ptrdiff_t>(algorithm) + 9, {3, 0x41});
        bad[algorithm + 8] = 0x43;
        bad[3] = static_cast<std::uint8_t>(bad[3] + 2);
    }
    const ErrorCode code = refusal(bad);
    CHECK((code == ErrorCode::kMalformed || code == ErrorCode::kCertificateMisused));
}

TEST_CASE("certificates are small", "[identity]") {
    CHECK(refusal(Buffer(kCertificateBytesMax + 1, 0x30)) == ErrorCode::kTooLarge);
    CHECK(refusal(Buffer(kCertificateBytesMax, 0x30)) == ErrorCode::kMalformed);
    CHECK(refusal(with(tls_form(), "nsComment", std::string(4'000, 'x'))) == ErrorCode::kTooLarge);
}

TEST_CASE("issuing keeps to who may certify whom", "[identity]") {
    const Authority root = make_root();
    const Authority authority = make_authority(root, "18904");
    const cose::SigningKey key = key_of("key");
    const auto attempt = [&](CertificateForm form, const Authority& by, const Certificate* issuer) {
        form.serial = form.serial.empty() ? serial_of("s") : form.serial;
        if (form.not_after == 0) form.not_after = kEnd;
        form.public_key = key.public_key();
        const auto made = issue_certificate(form, by.key, issuer);
        return made ? ErrorCode::kBusy : made.error().code;
    };
    const CertificateForm tls{.usage = Usage::kTls, .eid = "dtn://18904-x/"};
    const CertificateForm above{.usage = Usage::kAuthority, .eid = "dtn://18905/"};
    const auto invalid = ErrorCode::kInvalidArgument;
    CHECK(attempt(tls, authority, &authority.certificate) == ErrorCode::kBusy);  // this one is made
    CHECK(attempt(tls, root, &root.certificate) == invalid);
    CHECK(attempt(tls, root, &authority.certificate) == invalid);  // the key of another
    CHECK(attempt(tls, authority, nullptr) == invalid);
    CHECK(attempt(above, authority, &authority.certificate) == invalid);
    CHECK(attempt(above, root, &root.certificate) == ErrorCode::kBusy);
    CHECK(attempt({.usage = Usage::kTls, .eid = "dtn://18905-x/"}, authority, &authority.certificate) ==
          ErrorCode::kWrongCommune);
    CHECK(attempt({.usage = Usage::kRoot, .name = "r"}, authority, nullptr) == invalid);
    CHECK(attempt({.usage = Usage::kTls, .eid = "dtn://18904/"}, authority, &authority.certificate) ==
          invalid);
    CHECK(attempt({.usage = Usage::kAuthority, .eid = "dtn://18904-x/"}, root, &root.certificate) == invalid);
    CHECK(attempt({.usage = Usage::kRoot, .eid = "dtn://18904/", .name = "r"}, root, nullptr) == invalid);
    CertificateForm form = tls;
    form.name = "a\x7f";
    CHECK(attempt(form, authority, &authority.certificate) == invalid);
    form = tls;
    form.serial = Bytes{Buffer(16, 0)};
    CHECK(attempt(form, authority, &authority.certificate) == invalid);
    form = tls;
    form.not_before = kEnd + 1;
    form.not_after = kEnd;
    CHECK(attempt(form, authority, &authority.certificate) == invalid);
}

TEST_CASE("names that can be certified follow one rule", "[identity]") {
    CHECK(commune_of("dtn://18904/") == "18904");
    CHECK(commune_of("dtn://18904-ks07/") == "18904");
    CHECK(is_certifiable_node_id("dtn://18904-a-b-2/"));
    CHECK(is_certifiable_node_id("dtn://18904-" + std::string(48, 'z') + "/"));
    for (const char* other : {"",
                              "dtn://",
                              "dtn:///",
                              "dtn://1890/",
                              "dtn://189044/",
                              "dtn://1890a/",
                              "dtn://18904",
                              "ipn:1.0",
                              "DTN://18904/",
                              "dtn://18904-/",
                              "dtn://18904--a/",
                              "dtn://18904-a-/",
                              "dtn://18904-A/",
                              "dtn://18904-\xc3\xa1/",
                              "dtn://18904_a/",
                              "dtn://18904ks/",
                              "dtn://189040-ks/",
                              "dtn://18904-a/b/",
                              "dtn://18904-a//",
                              "dtn://18904/~notice",
                              "dtn://-18904/"}) {
        INFO(other);
        CHECK(commune_of(other).empty());
        CHECK_FALSE(is_certifiable_node_id(other));
        CHECK_FALSE(is_commune_eid(other));
    }
    CHECK_FALSE(is_commune_eid("dtn://18904-ks07/"));
    CHECK_FALSE(is_certifiable_node_id("dtn://18904/"));
    CHECK(commune_eid("18904") == "dtn://18904/");
}

TEST_CASE("names for people hold no surprises", "[identity]") {
    for (const char* good : {"", "Xã Đồng Văn", "\xf0\x9f\x9a\x8b", "a b", "\xc2\xa0"})
        CHECK(is_display_name(good));
    CHECK(is_display_name(std::string(64, 'x')));
    CHECK_FALSE(is_display_name(std::string(65, 'x')));
    for (const char* bad :
         {"\n", "\x1b[1m", "\x7f", "\xc2\x85", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\xa8", "\xc0\x80",
          "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3", "\xe2\x82", "\x80", "\xff"}) {
        INFO(to_hex(as_bytes(bad)));
        CHECK_FALSE(is_display_name(bad));
    }
}
