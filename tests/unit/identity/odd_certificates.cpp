#include "tests/unit/identity/odd_certificates.h"

#include <openssl/ec.h>
#include <ranges>

#include "proto/identity/openssl_types.h"

namespace tram::test {

namespace {

using identity::NamePtr;
using identity::PkeyPtr;
using identity::X509Ptr;

constexpr const char* kPurposes = "serverAuth,clientAuth,1.3.6.1.5.5.7.3.35";
constexpr const char* kKiosk = "otherName:1.3.6.1.5.5.7.8.11;IA5STRING:dtn://18904-ks07/";

PkeyPtr make_key(int kind) {
    if (kind == EVP_PKEY_EC) return PkeyPtr{EVP_EC_gen("P-256")};
    Buffer seed = seed_of("odd key");
    if (kind == EVP_PKEY_X448) seed.resize(56);
    if (kind == EVP_PKEY_ED448) seed.resize(57);
    return PkeyPtr{
        EVP_PKEY_new_raw_private_key(kind == 0 ? EVP_PKEY_ED25519 : kind, nullptr, seed.data(), seed.size())};
}

void add_extension(X509* certificate, const std::string& name, const std::string& value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
    const identity::OpensslPtr<X509_EXTENSION, X509_EXTENSION_free> made{
        X509V3_EXT_nconf(nullptr, &context, name.c_str(), value.c_str())};
    TRAM_CHECK(made != nullptr);
    TRAM_CHECK(X509_add_ext(certificate, made.get(), -1) == 1);
}

OddForm device_form(const char* usage, const char* purposes) {
    return {.extensions = {{"basicConstraints", "critical,CA:FALSE"},
                           {"keyUsage", usage},
                           {"extendedKeyUsage", purposes},
                           {"subjectAltName", kKiosk},
                           {"subjectKeyIdentifier", "hash"},
                           {"authorityKeyIdentifier", "keyid:always"}}};
}

}  // namespace

OddForm tls_form() {
    return device_form("critical,digitalSignature", kPurposes);
}

OddForm sign_form() {
    return device_form("critical,digitalSignature,nonRepudiation", "1.3.6.1.5.5.7.3.35");
}

OddForm seal_form() {
    OddForm form = device_form("critical,keyAgreement", "1.3.6.1.5.5.7.3.35");
    form.public_key = EVP_PKEY_X25519;
    return form;
}

OddForm authority_form() {
    return {.extensions = {{"basicConstraints", "critical,CA:TRUE,pathlen:0"},
                           {"keyUsage", "critical,keyCertSign,cRLSign"},
                           {"subjectAltName", "otherName:1.3.6.1.5.5.7.8.11;IA5STRING:dtn://18904/"},
                           {"subjectKeyIdentifier", "hash"},
                           {"authorityKeyIdentifier", "keyid:always"}}};
}

OddForm root_form() {
    OddForm form = authority_form();
    form.extensions["basicConstraints"] = "critical,CA:TRUE";
    form.extensions.erase("subjectAltName");
    return form;
}

Buffer make_odd(const OddForm& form) {
    const X509Ptr certificate{X509_new()};
    X509_set_version(certificate.get(), form.version);
    ASN1_STRING_set(X509_get_serialNumber(certificate.get()), form.serial.data(),
                    static_cast<int>(form.serial.size()));
    const NamePtr name{X509_NAME_new()};
    if (!form.common_name.empty()) {
        TRAM_CHECK(X509_NAME_add_entry_by_NID(name.get(), NID_commonName, V_ASN1_UTF8STRING,
                                              reinterpret_cast<const std::uint8_t*>(form.common_name.data()),
                                              static_cast<int>(form.common_name.size()), -1, 0) == 1);
    }
    X509_set_subject_name(certificate.get(), name.get());
    X509_set_issuer_name(certificate.get(), name.get());
    ASN1_TIME_set_string(X509_getm_notBefore(certificate.get()), form.not_before.c_str());
    ASN1_TIME_set_string(X509_getm_notAfter(certificate.get()), form.not_after.c_str());
    const PkeyPtr key = make_key(form.public_key);
    X509_set_pubkey(certificate.get(), key.get());
    if (form.key_parameters) {
        X509_ALGOR* algorithm = nullptr;
        X509_PUBKEY_get0_param(nullptr, nullptr, nullptr, &algorithm,
                               X509_get_X509_PUBKEY(certificate.get()));
        X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_ED25519), V_ASN1_NULL, nullptr);
    }
    // The authority's key identifier is copied from the subject's, which must be there first.
    const auto last_first = std::views::reverse(form.extensions);
    for (const auto& [extension, value] : last_first) {
        add_extension(certificate.get(), extension, value);
        if (extension == form.doubled) add_extension(certificate.get(), extension, value);
    }
    const PkeyPtr signer = make_key(form.signing_key);
    const EVP_MD* digest = form.signing_key == EVP_PKEY_EC ? EVP_sha256() : nullptr;
    TRAM_CHECK(X509_sign(certificate.get(), signer.get(), digest) > 0);
    std::uint8_t* der = nullptr;
    const int length = i2d_X509(certificate.get(), &der);
    Buffer out{der, der + length};
    OPENSSL_free(der);
    return out;
}

}  // namespace tram::test
