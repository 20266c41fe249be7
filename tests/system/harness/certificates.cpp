#include "tests/system/harness/certificates.h"

#include <cstdio>
#include <ctime>
#include <memory>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace tram::harness {

namespace {

using identity::Usage;

constexpr std::size_t kSeedBytes = 32;
constexpr std::size_t kKeyIdBytes = 20;
constexpr const char* kBundleEid = "1.3.6.1.5.5.7.8.11";       // RFC 9174 4.4.2.1
constexpr const char* kBundleSecurity = "1.3.6.1.5.5.7.3.35";  // RFC 9174 4.4.2

template <auto kFree>
struct Free {
    template <typename T>
    void operator()(T* object) const {
        kFree(object);
    }
};
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using ObjectPtr = std::unique_ptr<ASN1_OBJECT, Free<ASN1_OBJECT_free>>;

void must(bool good) {
    if (!good) throw std::runtime_error{"OpenSSL refused to make a certificate"};
}

KeyPtr private_key(ByteView seed, bool for_sealing) {
    const int kind = for_sealing ? EVP_PKEY_X25519 : EVP_PKEY_ED25519;
    KeyPtr key{EVP_PKEY_new_raw_private_key(kind, nullptr, seed.data(), seed.size())};
    must(key != nullptr);
    return key;
}

Buffer key_id(EVP_PKEY* key) {
    Buffer raw(kSeedBytes);
    std::size_t size = raw.size();
    must(EVP_PKEY_get_raw_public_key(key, raw.data(), &size) == 1);
    const auto digest = cose::certificate_id(raw);  // SHA-256
    return {digest.begin(), digest.begin() + kKeyIdBytes};
}

bool certifies(Usage usage) {
    return usage == Usage::kRoot || usage == Usage::kAuthority;
}

void add(X509* certificate, int nid, void* value, bool critical = false) {
    must(X509_add1_ext_i2d(certificate, nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT) == 1);
}

void add_constraints(X509* certificate, const CertificateTerms& terms) {
    const std::unique_ptr<BASIC_CONSTRAINTS, Free<BASIC_CONSTRAINTS_free>> constraints{
        BASIC_CONSTRAINTS_new()};
    if (certifies(terms.usage) || terms.may_certify) {
        constraints->ca = 1;
        constraints->pathlen = ASN1_INTEGER_new();
        must(ASN1_INTEGER_set(constraints->pathlen, terms.usage == Usage::kRoot ? 1 : 0) == 1);
    }
    add(certificate, NID_basic_constraints, constraints.get(), true);
}

std::vector<int> key_usage_bits(Usage usage) {
    switch (usage) {
        case Usage::kRoot:
        case Usage::kAuthority: return {5, 6};
        case Usage::kTls: return {0};
        case Usage::kSign: return {0, 1};
        case Usage::kSeal: return {4};
    }
    return {};
}

void add_usages(X509* certificate, Usage usage) {
    const std::unique_ptr<ASN1_BIT_STRING, Free<ASN1_BIT_STRING_free>> bits{ASN1_BIT_STRING_new()};
    for (const int bit : key_usage_bits(usage))
        must(ASN1_BIT_STRING_set_bit(bits.get(), bit, 1) == 1);
    add(certificate, NID_key_usage, bits.get(), true);
    if (certifies(usage)) return;
    const std::unique_ptr<EXTENDED_KEY_USAGE, Free<EXTENDED_KEY_USAGE_free>> purposes{
        sk_ASN1_OBJECT_new_null()};
    if (usage == Usage::kTls) {
        must(sk_ASN1_OBJECT_push(purposes.get(), OBJ_nid2obj(NID_server_auth)) > 0);
        must(sk_ASN1_OBJECT_push(purposes.get(), OBJ_nid2obj(NID_client_auth)) > 0);
    }
    must(sk_ASN1_OBJECT_push(purposes.get(), OBJ_txt2obj(kBundleSecurity, 1)) > 0);
    add(certificate, NID_ext_key_usage, purposes.get());
}

void add_names(X509* certificate, const std::vector<std::string>& eids) {
    if (eids.empty()) return;
    const std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>> names{sk_GENERAL_NAME_new_null()};
    for (const std::string& eid : eids) {
        ASN1_STRING* text = ASN1_STRING_type_new(V_ASN1_IA5STRING);
        must(ASN1_STRING_set(text, eid.data(), static_cast<int>(eid.size())) == 1);
        ASN1_TYPE* value = ASN1_TYPE_new();
        ASN1_TYPE_set(value, V_ASN1_IA5STRING, text);
        GENERAL_NAME* name = GENERAL_NAME_new();
        must(GENERAL_NAME_set0_othername(name, OBJ_txt2obj(kBundleEid, 1), value) == 1);
        must(sk_GENERAL_NAME_push(names.get(), name) > 0);
    }
    add(certificate, NID_subject_alt_name, names.get());
}

void add_key_ids(X509* certificate, const Buffer& own, const Buffer& issuer) {
    const auto octets = [](const Buffer& bytes) {
        ASN1_OCTET_STRING* string = ASN1_OCTET_STRING_new();
        must(ASN1_OCTET_STRING_set(string, bytes.data(), static_cast<int>(bytes.size())) == 1);
        return string;
    };
    const std::unique_ptr<ASN1_OCTET_STRING, Free<ASN1_OCTET_STRING_free>> subject{octets(own)};
    add(certificate, NID_subject_key_identifier, subject.get());
    const std::unique_ptr<AUTHORITY_KEYID, Free<AUTHORITY_KEYID_free>> authority{AUTHORITY_KEYID_new()};
    authority->keyid = octets(issuer);
    add(certificate, NID_authority_key_identifier, authority.get());
}

void add_comment(X509* certificate, std::size_t size) {
    if (size == 0) return;
    const std::unique_ptr<ASN1_IA5STRING, Free<ASN1_IA5STRING_free>> comment{ASN1_IA5STRING_new()};
    const std::string text(size, 'x');
    must(ASN1_STRING_set(comment.get(), text.data(), static_cast<int>(text.size())) == 1);
    add(certificate, NID_netscape_comment, comment.get());
}

X509Ptr parse(ByteView der) {
    const std::uint8_t* position = der.data();
    X509Ptr certificate{d2i_X509(nullptr, &position, static_cast<long>(der.size()))};
    must(certificate != nullptr);
    return certificate;
}

Bytes to_der(X509* certificate) {
    std::uint8_t* der = nullptr;
    const int length = i2d_X509(certificate, &der);
    must(length > 0);
    Buffer out{der, der + length};
    OPENSSL_free(der);
    return Bytes{std::move(out)};
}

void set_basics(X509* certificate, const CertificateTerms& terms, EVP_PKEY* key) {
    must(X509_set_version(certificate, X509_VERSION_3) == 1);
    must(X509_set_pubkey(certificate, key) == 1);
    Buffer serial = random_seed();
    serial.resize(16);
    serial[0] = static_cast<std::uint8_t>(1 + serial[0] % 127);
    must(ASN1_STRING_set(X509_get_serialNumber(certificate), serial.data(),
                         static_cast<int>(serial.size())) == 1);
    const std::int64_t now = std::time(nullptr);
    must(ASN1_TIME_set(X509_getm_notBefore(certificate), now + terms.begins_in_s) != nullptr);
    must(ASN1_TIME_set(X509_getm_notAfter(certificate), now + terms.ends_in_s) != nullptr);
    X509_NAME* subject = X509_get_subject_name(certificate);
    const auto add_entry = [&](int nid, const std::string& text) {
        must(X509_NAME_add_entry_by_NID(subject, nid, MBSTRING_UTF8,
                                        reinterpret_cast<const std::uint8_t*>(text.data()),
                                        static_cast<int>(text.size()), -1, 0) == 1);
    };
    add_entry(NID_commonName, terms.name);
    if (!terms.eids.empty()) add_entry(NID_userId, terms.eids.front());
}

}  // namespace

Buffer random_seed() {
    Buffer seed(kSeedBytes);
    must(RAND_bytes(seed.data(), static_cast<int>(seed.size())) == 1);
    return seed;
}

Certified certify(const CertificateTerms& terms, const Certified* issuer) {
    Certified made{{}, terms.seed.value_or(random_seed())};
    const KeyPtr key = private_key(made.seed, terms.usage == Usage::kSeal && !terms.ed25519);
    const KeyPtr signer =
        issuer == nullptr ? private_key(made.seed, false) : private_key(issuer->seed, false);
    const X509Ptr certificate{X509_new()};
    set_basics(certificate.get(), terms, key.get());
    const X509Ptr above = issuer == nullptr ? nullptr : parse(issuer->der);
    must(X509_set_issuer_name(certificate.get(),
                              X509_get_subject_name(above ? above.get() : certificate.get())) == 1);
    add_constraints(certificate.get(), terms);
    add_usages(certificate.get(), terms.usage);
    add_names(certificate.get(), terms.eids);
    add_key_ids(certificate.get(), key_id(key.get()), key_id(signer.get()));
    add_comment(certificate.get(), terms.comment_bytes);
    must(X509_sign(certificate.get(), signer.get(), nullptr) > 0);
    made.der = to_der(certificate.get());
    return made;
}

Bytes with_forged_signature(ByteView der) {
    Buffer forged{der.begin(), der.end()};
    forged.back() ^= 1;  // the signature's last byte, which is a certificate's last as well
    return Bytes{std::move(forged)};
}

Buffer read_key_file(const std::string& file) {
    const std::unique_ptr<FILE, Free<std::fclose>> in{std::fopen(file.c_str(), "r")};
    if (!in) throw std::runtime_error{"cannot read " + file};
    const KeyPtr key{PEM_read_PrivateKey(in.get(), nullptr, nullptr, nullptr)};
    Buffer seed(kSeedBytes);
    std::size_t size = seed.size();
    must(key && EVP_PKEY_get_raw_private_key(key.get(), seed.data(), &size) == 1);
    return seed;
}

}  // namespace tram::harness
