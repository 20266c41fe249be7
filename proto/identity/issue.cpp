#include "proto/identity/issue.h"

#include <algorithm>

#include "proto/base/check.h"
#include "proto/identity/openssl_types.h"

namespace tram::identity {

namespace {

constexpr std::size_t kKeyIdBytes = 20;
constexpr UnixTime kLatest = 253'402'300'799;  // 9999-12-31T23:59:59Z, the last that GeneralizedTime can say

// OpenSSL fails here only when memory is exhausted or when we call it wrongly.
void must(int result) {
    TRAM_CHECK(result == 1);
}

template <typename Pointer>
Pointer made(typename Pointer::pointer object) {
    TRAM_CHECK(object != nullptr);
    return Pointer{object};
}

bool certifies_others(Usage usage) {
    return usage == Usage::kRoot || usage == Usage::kAuthority;
}

Result<void> check_form(const CertificateForm& form) {
    const auto refuse = [](const char* why) { return fail(ErrorCode::kInvalidArgument, why); };
    switch (form.usage) {
        case Usage::kRoot:
            if (!form.eid.empty() || form.name.empty()) return refuse("a root has a name for people only");
            break;
        case Usage::kAuthority:
            if (!is_commune_eid(form.eid)) {
                return refuse("an authority's name is that of its commune, such as dtn://18904/");
            }
            break;
        case Usage::kTls:
        case Usage::kSign:
        case Usage::kSeal:
            if (!is_certifiable_node_id(form.eid)) {
                return refuse("a device's name begins with its commune, such as dtn://18904-ks07/");
            }
            break;
    }
    if (!is_display_name(form.name)) {
        return refuse("a name is at most 64 bytes of text without control characters");
    }
    const bool serial =
        form.serial.size() == kSerialBytes && form.serial.data()[0] >= 1 && form.serial.data()[0] <= 127;
    if (!serial) return refuse("a serial number has 16 bytes, the first of them 1 to 127");
    if (form.not_before < 0 || form.not_after > kLatest || form.not_before > form.not_after) {
        return refuse("a certificate's end comes after its beginning, and before the year 10000");
    }
    return {};
}

Result<void> check_issuer(const CertificateForm& form, const cose::SigningKey& key,
                          const Certificate* issuer) {
    const auto refuse = [](const char* why) { return fail(ErrorCode::kInvalidArgument, why); };
    if (issuer == nullptr) {
        if (form.usage == Usage::kRoot && form.public_key == key.public_key()) return {};
        return refuse("only a root signs itself, and with its own key");
    }
    if (issuer->public_key != key.public_key()) return refuse("the key is not that of the issuer");
    if (issuer->usage == Usage::kRoot) {
        if (form.usage == Usage::kAuthority) return {};
        return refuse("the province's root certifies authorities of communes and nothing else");
    }
    if (issuer->usage != Usage::kAuthority || certifies_others(form.usage)) {
        return refuse("an authority certifies devices and nothing else, and a device certifies nothing");
    }
    if (commune_of(issuer->eid) != commune_of(form.eid)) {
        return fail(ErrorCode::kWrongCommune,
                    issuer->eid + " cannot certify " + form.eid + ": the device belongs to another commune");
    }
    return {};
}

ObjectPtr object(const char* dotted) {
    return made<ObjectPtr>(OBJ_txt2obj(dotted, 1));
}

Bytes key_id_of(ByteView public_key) {
    const CertificateId digest = cose::certificate_id(public_key);  // SHA-256 of any bytes
    return Bytes::copy_of(ByteView{digest}.first(kKeyIdBytes));
}

OctetsPtr octets(ByteView bytes) {
    auto out = made<OctetsPtr>(ASN1_OCTET_STRING_new());
    must(ASN1_OCTET_STRING_set(out.get(), bytes.data(), static_cast<int>(bytes.size())));
    return out;
}

// The common name, and the EID as user id: so no device has the same name as its authority.
NamePtr subject_of(const CertificateForm& form) {
    auto name = made<NamePtr>(X509_NAME_new());
    const auto add = [&](int nid, const std::string& text) {
        if (text.empty()) return;
        must(X509_NAME_add_entry_by_NID(name.get(), nid, MBSTRING_UTF8,
                                        reinterpret_cast<const std::uint8_t*>(text.data()),
                                        static_cast<int>(text.size()), -1, 0));
    };
    add(NID_commonName, form.name);
    add(NID_userId, form.eid);
    return name;
}

void set_names(X509* certificate, const CertificateForm& form, const Certificate* issuer) {
    const NamePtr subject = subject_of(form);
    must(X509_set_subject_name(certificate, subject.get()));
    if (issuer == nullptr) {
        must(X509_set_issuer_name(certificate, subject.get()));
        return;
    }
    const std::uint8_t* position = issuer->subject.data();
    const auto name =
        made<NamePtr>(d2i_X509_NAME(nullptr, &position, static_cast<long>(issuer->subject.size())));
    must(X509_set_issuer_name(certificate, name.get()));
}

void set_key_and_serial(X509* certificate, const CertificateForm& form) {
    const int kind = form.usage == Usage::kSeal ? EVP_PKEY_X25519 : EVP_PKEY_ED25519;
    const auto key = made<PkeyPtr>(
        EVP_PKEY_new_raw_public_key(kind, nullptr, form.public_key.data(), form.public_key.size()));
    must(X509_set_pubkey(certificate, key.get()));
    must(ASN1_STRING_set(X509_get_serialNumber(certificate), form.serial.data(),
                         static_cast<int>(form.serial.size())));
}

void add_extension(X509* certificate, int nid, void* value, bool critical) {
    must(X509_add1_ext_i2d(certificate, nid, value, critical ? 1 : 0, X509V3_ADD_DEFAULT));
}

void add_constraints(X509* certificate, Usage usage) {
    auto constraints = made<BasicConstraintsPtr>(BASIC_CONSTRAINTS_new());
    if (certifies_others(usage)) {
        constraints->ca = 1;
        constraints->pathlen = ASN1_INTEGER_new();
        must(ASN1_INTEGER_set_int64(constraints->pathlen, usage == Usage::kRoot ? 1 : 0));
    }
    add_extension(certificate, NID_basic_constraints, constraints.get(), true);
}

// The table in certificate.h.
void add_usages(X509* certificate, Usage usage) {
    constexpr int kDigitalSignature = 0;
    constexpr int kNonRepudiation = 1;
    constexpr int kKeyAgreement = 4;
    constexpr int kKeyCertSign = 5;
    constexpr int kCrlSign = 6;
    auto bits = made<BitsPtr>(ASN1_BIT_STRING_new());
    const auto set = [&](int number) { must(ASN1_BIT_STRING_set_bit(bits.get(), number, 1)); };
    auto purposes = made<ExtendedUsagePtr>(EXTENDED_KEY_USAGE_new());
    const auto push = [&](ASN1_OBJECT* purpose) {
        TRAM_CHECK(sk_ASN1_OBJECT_push(purposes.get(), purpose) > 0);
    };
    switch (usage) {
        case Usage::kRoot:
        case Usage::kAuthority:
            set(kKeyCertSign);
            set(kCrlSign);
            break;
        case Usage::kTls:
            set(kDigitalSignature);
            push(OBJ_nid2obj(NID_server_auth));
            push(OBJ_nid2obj(NID_client_auth));
            break;
        case Usage::kSign:
            set(kDigitalSignature);
            set(kNonRepudiation);
            break;
        case Usage::kSeal: set(kKeyAgreement); break;
    }
    add_extension(certificate, NID_key_usage, bits.get(), true);
    if (certifies_others(usage)) return;
    push(object(kBundleSecurity).release());
    add_extension(certificate, NID_ext_key_usage, purposes.get(), false);
}

void add_alternative_name(X509* certificate, const std::string& eid) {
    ASN1_STRING* text = ASN1_STRING_type_new(V_ASN1_IA5STRING);
    must(ASN1_STRING_set(text, eid.data(), static_cast<int>(eid.size())));
    ASN1_TYPE* value = ASN1_TYPE_new();
    TRAM_CHECK(value != nullptr);
    ASN1_TYPE_set(value, V_ASN1_IA5STRING, text);
    GENERAL_NAME* name = GENERAL_NAME_new();
    must(GENERAL_NAME_set0_othername(name, object(kBundleEid).release(), value));
    auto names = made<GeneralNamesPtr>(GENERAL_NAMES_new());
    TRAM_CHECK(sk_GENERAL_NAME_push(names.get(), name) > 0);
    add_extension(certificate, NID_subject_alt_name, names.get(), false);
}

void add_key_ids(X509* certificate, const CertificateForm& form, const Certificate* issuer) {
    const Bytes own = key_id_of(form.public_key);
    add_extension(certificate, NID_subject_key_identifier, octets(own).get(), false);
    auto authority = made<AuthorityKeyIdPtr>(AUTHORITY_KEYID_new());
    authority->keyid = octets(issuer == nullptr ? own : issuer->key_id).release();
    add_extension(certificate, NID_authority_key_identifier, authority.get(), false);
}

// Signs outside of OpenSSL, so that the private key stays where cose::SigningKey guards it. OpenSSL gives
// access to these fields for that purpose, as pointers to const although the certificate is not.
void sign(X509* certificate, const cose::SigningKey& key) {
    const ASN1_BIT_STRING* signature = nullptr;
    const X509_ALGOR* outer = nullptr;
    X509_get0_signature(&signature, &outer, certificate);
    for (const X509_ALGOR* algorithm : {X509_get0_tbs_sigalg(certificate), outer}) {
        must(X509_ALGOR_set0(const_cast<X509_ALGOR*>(algorithm), OBJ_nid2obj(NID_ED25519), V_ASN1_UNDEF,
                             nullptr));
    }
    std::uint8_t* to_be_signed = nullptr;
    const int length = i2d_re_X509_tbs(certificate, &to_be_signed);
    TRAM_CHECK(length > 0);
    cose::Signature made_signature = key.sign({to_be_signed, static_cast<std::size_t>(length)});
    OPENSSL_free(to_be_signed);
    auto* writable = const_cast<ASN1_BIT_STRING*>(signature);
    must(ASN1_BIT_STRING_set(writable, made_signature.data(), static_cast<int>(made_signature.size())));
    writable->flags &= ~0x0fL;  // all bits of the last byte count, trailing zeros too
    writable->flags |= ASN1_STRING_FLAG_BITS_LEFT;
}

Buffer to_der(X509* certificate) {
    std::uint8_t* der = nullptr;
    const int length = i2d_X509(certificate, &der);
    TRAM_CHECK(length > 0);
    Buffer out{der, der + length};
    OPENSSL_free(der);
    return out;
}

}  // namespace

Result<Certificate> issue_certificate(const CertificateForm& form, const cose::SigningKey& key,
                                      const Certificate* issuer) {
    const ErrorQueueGuard guard;
    if (auto good = check_form(form); !good) return std::unexpected{std::move(good.error())};
    if (auto good = check_issuer(form, key, issuer); !good) return std::unexpected{std::move(good.error())};

    const auto certificate = made<X509Ptr>(X509_new());
    must(X509_set_version(certificate.get(), X509_VERSION_3));
    set_key_and_serial(certificate.get(), form);
    set_names(certificate.get(), form, issuer);
    TRAM_CHECK(ASN1_TIME_set(X509_getm_notBefore(certificate.get()), form.not_before) != nullptr);
    TRAM_CHECK(ASN1_TIME_set(X509_getm_notAfter(certificate.get()), form.not_after) != nullptr);
    add_constraints(certificate.get(), form.usage);
    add_usages(certificate.get(), form.usage);
    if (!form.eid.empty()) add_alternative_name(certificate.get(), form.eid);
    add_key_ids(certificate.get(), form, issuer);
    sign(certificate.get(), key);

    auto read = read_certificate(to_der(certificate.get()));
    TRAM_CHECK(read.has_value());
    return read;
}

}  // namespace tram::identity
