#include "proto/identity/certificate.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <tuple>

#include "proto/base/check.h"
#include "proto/identity/openssl_types.h"

namespace tram::identity {

namespace {

constexpr auto kMalformed = ErrorCode::kMalformed;
constexpr auto kMisused = ErrorCode::kCertificateMisused;

// How every certificate signed with Ed25519 ends: the algorithm, the head of a bit string without unused
// bits, and the signature.
constexpr std::array<std::uint8_t, 10> kEd25519End = {0x30, 0x05, 0x06, 0x03, 0x2b,
                                                      0x65, 0x70, 0x03, 0x41, 0x00};
constexpr std::size_t kSignatureEnd = kEd25519End.size() + std::tuple_size_v<cose::Signature>;

// What the usage is told from.
struct Facts {
    bool ca = false;
    std::optional<std::int64_t> path_length;
    std::uint32_t key_usage = 0;
    bool tls_purpose = false;     // server and client authentication
    bool bundle_purpose = false;  // bundle security
    bool names_node = false;      // has a bundleEID
    bool x25519 = false;
};

// A certificate while it is read, step by step.
struct Reading {
    ByteView der;
    const X509* certificate;
    Certificate out;
    Facts facts;
};

ByteView bytes_of(const ASN1_STRING* text) {
    return {ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))};
}

// An algorithm without parameters (RFC 8410 3).
bool is_plain(const X509_ALGOR* algorithm, int nid) {
    const ASN1_OBJECT* object = nullptr;
    int parameters = V_ASN1_UNDEF;
    X509_ALGOR_get0(&object, &parameters, nullptr, algorithm);
    return OBJ_obj2nid(object) == nid && parameters == V_ASN1_UNDEF;
}

bool is_object(const ASN1_OBJECT* object, const char* dotted) {
    const ObjectPtr wanted{OBJ_txt2obj(dotted, 1)};
    return wanted != nullptr && OBJ_cmp(object, wanted.get()) == 0;
}

// Whether writing the certificate anew gives the same bytes. The signature does not protect what stands
// around the signed part.
bool is_der(X509* certificate, ByteView der) {
    // This call makes the next one encode the signed part as well, instead of repeating what it has read.
    if (i2d_re_X509_tbs(certificate, nullptr) <= 0) return false;
    std::uint8_t* again = nullptr;
    const int length = i2d_X509(certificate, &again);
    if (length <= 0) return false;
    const bool same = std::ranges::equal(ByteView{again, static_cast<std::size_t>(length)}, der);
    OPENSSL_free(again);
    return same;
}

Result<X509Ptr> parse(ByteView der) {
    if (der.size() > kCertificateBytesMax) {
        return fail(ErrorCode::kTooLarge, "a certificate has at most 4096 bytes");
    }
    const std::uint8_t* position = der.data();
    X509Ptr certificate{der.empty() ? nullptr : d2i_X509(nullptr, &position, static_cast<long>(der.size()))};
    if (!certificate || position != der.data() + der.size() || !is_der(certificate.get(), der)) {
        return fail(kMalformed, "this is not exactly one X.509 certificate in DER");
    }
    if (X509_get_version(certificate.get()) != X509_VERSION_3) {
        return fail(kMalformed, "the certificate is not of X.509 version 3");
    }
    return certificate;
}

Result<void> check_signature_algorithm(Reading& reading) {
    const X509_ALGOR* algorithm = nullptr;
    const ASN1_BIT_STRING* signature = nullptr;
    X509_get0_signature(&signature, &algorithm, reading.certificate);
    if (!is_plain(algorithm, NID_ED25519) ||
        !is_plain(X509_get0_tbs_sigalg(reading.certificate), NID_ED25519)) {
        return fail(kMisused, "the certificate is not signed with Ed25519");
    }
    const ByteView end = reading.der.last(std::min(reading.der.size(), kSignatureEnd));
    if (!std::ranges::equal(end.first(kEd25519End.size()), kEd25519End)) {
        return fail(kMalformed, "the certificate's signature does not have 64 bytes");
    }
    return {};
}

Result<void> read_key(Reading& reading) {
    const std::uint8_t* key = nullptr;
    int length = 0;
    X509_ALGOR* algorithm = nullptr;
    X509_PUBKEY_get0_param(nullptr, &key, &length, &algorithm, X509_get_X509_PUBKEY(reading.certificate));
    reading.facts.x25519 = is_plain(algorithm, NID_X25519);
    if (!reading.facts.x25519 && !is_plain(algorithm, NID_ED25519)) {
        return fail(kMisused, "the certificate's key is neither Ed25519 nor X25519");
    }
    if (length != static_cast<int>(reading.out.public_key.size())) {
        return fail(kMalformed, "the certificate's key does not have 32 bytes");
    }
    std::copy_n(key, reading.out.public_key.size(), reading.out.public_key.begin());
    return {};
}

Result<void> read_serial(Reading& reading) {
    const ASN1_INTEGER* serial = X509_get0_serialNumber(reading.certificate);
    const ByteView magnitude = bytes_of(serial);
    const bool positive =
        ASN1_STRING_type(serial) == V_ASN1_INTEGER && !magnitude.empty() && magnitude[0] != 0;
    if (!positive || magnitude.size() > kSerialBytesMax) {
        return fail(kMalformed, "the certificate's serial number is not positive or has more than 20 bytes");
    }
    reading.out.serial = Bytes::copy_of(magnitude);
    return {};
}

// UTCTime or GeneralizedTime to the second, in UTC (RFC 5280 4.1.2.5).
std::optional<UnixTime> read_time(const ASN1_TIME* asn1) {
    const ByteView text = bytes_of(asn1);
    const std::size_t length = ASN1_STRING_type(asn1) == V_ASN1_UTCTIME ? 13 : 15;
    std::tm parts{};
    if (text.size() != length || text.back() != 'Z' || ASN1_TIME_to_tm(asn1, &parts) != 1) {
        return std::nullopt;
    }
    const std::chrono::sys_days day = std::chrono::year{parts.tm_year + 1900} /
                                      std::chrono::month{static_cast<unsigned>(parts.tm_mon + 1)} /
                                      std::chrono::day{static_cast<unsigned>(parts.tm_mday)};
    const auto moment = day + std::chrono::hours{parts.tm_hour} + std::chrono::minutes{parts.tm_min} +
                        std::chrono::seconds{parts.tm_sec};
    return moment.time_since_epoch().count();
}

Result<void> read_times(Reading& reading) {
    const auto begin = read_time(X509_get0_notBefore(reading.certificate));
    const auto end = read_time(X509_get0_notAfter(reading.certificate));
    if (!begin || !end || *begin > *end) {
        return fail(kMalformed,
                    "the certificate's times cannot be read or its end comes before its beginning");
    }
    reading.out.not_before = *begin;
    reading.out.not_after = *end;
    return {};
}

Result<Bytes> name_bytes(const X509_NAME* name) {
    const std::uint8_t* der = nullptr;
    std::size_t length = 0;
    if (X509_NAME_get0_der(name, &der, &length) != 1) {
        return fail(kMalformed, "a name in the certificate cannot be read");
    }
    return Bytes::copy_of({der, length});
}

Result<void> read_names(Reading& reading) {
    const X509_NAME* subject = X509_get_subject_name(reading.certificate);
    auto subject_der = name_bytes(subject);
    auto issuer_der = name_bytes(X509_get_issuer_name(reading.certificate));
    if (!subject_der) return std::unexpected{subject_der.error()};
    if (!issuer_der) return std::unexpected{issuer_der.error()};
    reading.out.subject = std::move(*subject_der);
    reading.out.issuer = std::move(*issuer_der);

    const int position = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (position < 0) return {};
    std::uint8_t* utf8 = nullptr;
    const int length =
        ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, position)));
    if (length >= 0) {
        reading.out.name = std::string{as_text({utf8, static_cast<std::size_t>(length)})};
        OPENSSL_free(utf8);
    }
    if (length < 0 || !is_display_name(reading.out.name)) {
        return fail(kMalformed, "the certificate's common name is longer than 64 bytes or cannot be shown");
    }
    return {};
}

// One extension, or nothing. OpenSSL reports a doubled one like one that cannot be read.
template <typename Pointer>
Result<Pointer> extension(const X509* certificate, int nid) {
    int critical = -1;
    Pointer value{
        static_cast<typename Pointer::pointer>(X509_get_ext_d2i(certificate, nid, &critical, nullptr))};
    const bool absent = critical == -1;
    if (!value && !absent) {
        return fail(kMalformed, "an extension of the certificate is doubled or cannot be read");
    }
    return value;
}

Result<void> check_critical_extensions(Reading& reading) {
    for (int i = 0; i < X509_get_ext_count(reading.certificate); ++i) {
        X509_EXTENSION* each = X509_get_ext(reading.certificate, i);
        switch (OBJ_obj2nid(X509_EXTENSION_get_object(each))) {
            case NID_basic_constraints:
            case NID_key_usage:
            case NID_ext_key_usage:
            case NID_subject_alt_name: continue;
            default: break;
        }
        if (X509_EXTENSION_get_critical(each) != 0) {
            return fail(kMisused, "the certificate has a critical extension that is not known here");
        }
    }
    return {};
}

Result<void> read_constraints(Reading& reading) {
    const auto constraints = extension<BasicConstraintsPtr>(reading.certificate, NID_basic_constraints);
    if (!constraints) return std::unexpected{constraints.error()};
    if (!*constraints) return {};
    reading.facts.ca = (*constraints)->ca != 0;
    if ((*constraints)->pathlen != nullptr) {
        std::int64_t length = -1;
        if (ASN1_INTEGER_get_int64(&length, (*constraints)->pathlen) != 1) length = -1;
        reading.facts.path_length = length;
    }
    return {};
}

Result<void> read_usages(Reading& reading) {
    const auto bits = extension<BitsPtr>(reading.certificate, NID_key_usage);
    if (!bits) return std::unexpected{bits.error()};
    for (int i = 0; *bits && i < 9; ++i) {
        if (ASN1_BIT_STRING_get_bit(bits->get(), i) != 0) reading.facts.key_usage |= 1U << i;
    }
    const auto purposes = extension<ExtendedUsagePtr>(reading.certificate, NID_ext_key_usage);
    if (!purposes) return std::unexpected{purposes.error()};
    bool server = false;
    bool client = false;
    for (int i = 0; *purposes && i < sk_ASN1_OBJECT_num(purposes->get()); ++i) {
        const ASN1_OBJECT* purpose = sk_ASN1_OBJECT_value(purposes->get(), i);
        const int nid = OBJ_obj2nid(purpose);
        if (nid == NID_server_auth) {
            server = true;
        } else if (nid == NID_client_auth) {
            client = true;
        } else if (is_object(purpose, kBundleSecurity)) {
            reading.facts.bundle_purpose = true;
        } else {
            return fail(kMisused, "the certificate has a purpose that is not known here");
        }
    }
    if (server != client) return fail(kMisused, "the certificate is good for one end of a TLS link only");
    reading.facts.tls_purpose = server;
    return {};
}

Result<void> read_key_ids(Reading& reading) {
    const auto own = extension<OctetsPtr>(reading.certificate, NID_subject_key_identifier);
    if (!own) return std::unexpected{own.error()};
    const auto issuer = extension<AuthorityKeyIdPtr>(reading.certificate, NID_authority_key_identifier);
    if (!issuer) return std::unexpected{issuer.error()};
    if (*own) reading.out.key_id = Bytes::copy_of(bytes_of(own->get()));
    if (*issuer && (*issuer)->keyid != nullptr) {
        reading.out.issuer_key_id = Bytes::copy_of(bytes_of((*issuer)->keyid));
    }
    if (reading.out.key_id.empty() ||
        std::max(reading.out.key_id.size(), reading.out.issuer_key_id.size()) > kKeyIdBytesMax) {
        return fail(kMalformed, "the certificate has no key identifier, or one of more than 32 bytes");
    }
    return {};
}

Result<void> read_alternative_names(Reading& reading) {
    const auto names = extension<GeneralNamesPtr>(reading.certificate, NID_subject_alt_name);
    if (!names) return std::unexpected{names.error()};
    if (!*names) return {};
    const GENERAL_NAME* only =
        sk_GENERAL_NAME_num(names->get()) == 1 ? sk_GENERAL_NAME_value(names->get(), 0) : nullptr;
    ASN1_OBJECT* type = nullptr;
    ASN1_TYPE* value = nullptr;
    const bool bundle_eid = only != nullptr && GENERAL_NAME_get0_otherName(only, &type, &value) == 1 &&
                            is_object(type, kBundleEid) && ASN1_TYPE_get(value) == V_ASN1_IA5STRING;
    if (!bundle_eid) {
        return fail(kMisused, "the certificate must have exactly one alternative name, its bundleEID");
    }
    const ByteView text = bytes_of(value->value.ia5string);
    if (text.size() > kCertifiedEidMax) return fail(kMisused, "the certificate's bundleEID is too long");
    reading.out.eid = std::string{as_text(text)};
    reading.facts.names_node = true;
    return {};
}

constexpr std::uint32_t bit(int number) {
    return 1U << number;
}
// Numbers of the bits in RFC 5280 4.2.1.3.
constexpr std::uint32_t kDigitalSignature = bit(0);
constexpr std::uint32_t kNonRepudiation = bit(1);
constexpr std::uint32_t kKeyAgreement = bit(4);
constexpr std::uint32_t kCertSignAndCrlSign = bit(5) | bit(6);

Result<Usage> authority_usage(const Facts& facts, const Certificate& certificate) {
    const bool fits = facts.key_usage == kCertSignAndCrlSign && !facts.tls_purpose && !facts.bundle_purpose &&
                      !facts.x25519;
    if (!fits) return fail(kMisused, "the certificate may certify others and has another usage as well");
    if (!facts.names_node) {
        const bool self_issued =
            std::ranges::equal(certificate.subject.view(), certificate.issuer.view()) &&
            (certificate.issuer_key_id.empty() || certificate.issuer_key_id == certificate.key_id);
        if (!self_issued || (facts.path_length && *facts.path_length < 1)) {
            return fail(kMisused,
                        "an authority's certificate must name its commune, and a root's be its own");
        }
        return Usage::kRoot;
    }
    if (!is_commune_eid(certificate.eid)) {
        return fail(kMisused, "an authority's certificate must name a commune, such as dtn://18904/");
    }
    if (facts.path_length != 0)
        return fail(kMisused, "an authority may certify devices only (path length 0)");
    return Usage::kAuthority;
}

Result<Usage> device_usage(const Facts& facts, const Certificate& certificate) {
    if (facts.path_length || !facts.names_node || !is_certifiable_node_id(certificate.eid)) {
        return fail(kMisused, "a device's certificate must name one node, such as dtn://18904-ks07/");
    }
    if (!facts.bundle_purpose) return fail(kMisused, "the certificate is not meant for bundles");
    if (facts.x25519) {
        if (facts.key_usage == kKeyAgreement && !facts.tls_purpose) return Usage::kSeal;
    } else if (facts.tls_purpose) {
        if (facts.key_usage == kDigitalSignature) return Usage::kTls;
    } else if (facts.key_usage == (kDigitalSignature | kNonRepudiation)) {
        return Usage::kSign;
    }
    return fail(kMisused, "the certificate's usages contradict each other");
}

Result<void> decide_usage(Reading& reading) {
    const auto usage = reading.facts.ca ? authority_usage(reading.facts, reading.out)
                                        : device_usage(reading.facts, reading.out);
    if (!usage) return std::unexpected{usage.error()};
    reading.out.usage = *usage;
    if (*usage != Usage::kRoot && reading.out.issuer_key_id.empty()) {
        return fail(kMalformed, "the certificate does not say whose key signed it");
    }
    return {};
}

}  // namespace

std::string_view usage_name(Usage usage) {
    switch (usage) {
        case Usage::kRoot: return "root";
        case Usage::kAuthority: return "authority";
        case Usage::kTls: return "tls";
        case Usage::kSign: return "sign";
        case Usage::kSeal: return "seal";
    }
    return "";
}

Result<Certificate> read_certificate(ByteView der) {
    const ErrorQueueGuard guard;
    auto parsed = parse(der);
    if (!parsed) return std::unexpected{parsed.error()};
    Reading reading{der, parsed->get(), {}, {}};
    constexpr std::array kSteps = {check_signature_algorithm,
                                   read_key,
                                   read_serial,
                                   read_times,
                                   read_names,
                                   check_critical_extensions,
                                   read_constraints,
                                   read_usages,
                                   read_key_ids,
                                   read_alternative_names,
                                   decide_usage};
    for (const auto step : kSteps) {
        if (auto done = step(reading); !done) return std::unexpected{std::move(done.error())};
    }
    reading.out.der = Bytes::copy_of(der);
    reading.out.id = cose::certificate_id(der);
    return std::move(reading.out);
}

// read_certificate() has seen that the encoding has one form only, so the signed part need not be searched:
// parsing again would take longer than verifying.
bool is_signed_by(const Certificate& certificate, const cose::PublicKey& issuer_key) {
    const ByteView der = certificate.der;
    TRAM_CHECK(der.size() > 4 + kSignatureEnd);
    const std::size_t head = der[1] < 0x80 ? 2 : 2U + (der[1] & 0x7fU);
    cose::Signature signature{};
    std::ranges::copy(der.last(signature.size()), signature.begin());
    return cose::verify(issuer_key, der.subspan(head, der.size() - head - kSignatureEnd), signature);
}

}  // namespace tram::identity
