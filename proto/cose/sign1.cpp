#include "proto/cose/sign1.h"

#include <algorithm>
#include <sodium.h>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "proto/base/check.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::cose {

namespace {

constexpr std::uint64_t kSign1Tag = 18;
constexpr std::int64_t kEdDsa = -8;    // RFC 9053 2.2
constexpr std::int64_t kSha256 = -16;  // RFC 9054 3.2

// Header labels: RFC 9052 3.1, RFC 9360 2.
constexpr std::int64_t kAlgorithm = 1;
constexpr std::int64_t kCritical = 2;
constexpr std::int64_t kLastCommon = 7;  // labels 1 to 7 are known to every implementation
constexpr std::int64_t kX5t = 34;

constexpr std::size_t kHeaderBytesMax = 16U << 10;
constexpr std::size_t kHeadersMax = 16;
constexpr std::size_t kLabelBytesMax = 64;
constexpr std::size_t kHashBytesMax = 64;

/// Integer or text (RFC 9052 1.4). Texts are views into the message.
using Label = std::variant<std::int64_t, std::string_view>;

Label read_label(cbor::Reader& in) {
    if (in.peek() == cbor::Type::kText) return in.read_text(kLabelBytesMax);
    return in.read_integer();
}

struct Headers {
    std::vector<Label> labels;
    std::vector<Label> critical;
    Label algorithm = std::string_view{};
    Label hash = std::string_view{};
    ByteView certificate_hash;

    [[nodiscard]] bool has(const Label& label) const {
        return std::ranges::find(labels, label) != labels.end();
    }
};

void read_critical(cbor::Reader& in, Headers& headers) {
    const std::uint64_t count = in.open_array(1, kHeadersMax);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i)
        headers.critical.push_back(read_label(in));
}

void read_x5t(cbor::Reader& in, Headers& headers) {
    in.open_array(2, 2);
    headers.hash = read_label(in);
    headers.certificate_hash = in.read_bytes(kHashBytesMax);
}

/// Reads one of the two header maps; labels must not repeat, over both maps (RFC 9052 3).
void read_headers(cbor::Reader& in, Headers& headers, bool is_protected) {
    const std::uint64_t pairs = in.open_map(kHeadersMax);
    for (std::uint64_t i = 0; i < pairs && in.ok(); ++i) {
        const Label label = read_label(in);
        if (in.ok() && headers.has(label)) in.fail(ErrorCode::kMalformed, "a COSE header occurs twice");
        headers.labels.push_back(label);
        if (label == Label{kCritical}) {
            if (!is_protected) in.fail(ErrorCode::kMalformed, "the list of critical headers is unprotected");
            read_critical(in, headers);
        } else if (is_protected && label == Label{kAlgorithm}) {
            headers.algorithm = read_label(in);
        } else if (is_protected && label == Label{kX5t}) {
            read_x5t(in, headers);
        } else {
            in.skip();
        }
    }
}

Headers read_protected(cbor::Reader& outer, ByteView bytes) {
    Headers headers;
    if (!outer.ok() || bytes.empty()) return headers;
    cbor::Reader in{bytes};
    read_headers(in, headers, true);
    if (in.ok() && !in.at_end()) in.fail(ErrorCode::kMalformed, "bytes after the protected header");
    if (!in.ok()) outer.fail(in.error()->code, "protected header: " + in.error()->message);
    return headers;
}

Result<void> check_headers(const Headers& headers, std::size_t protected_labels) {
    for (const Label& label : headers.critical) {
        const auto begin = headers.labels.begin();
        const auto end = begin + static_cast<std::ptrdiff_t>(protected_labels);
        if (std::find(begin, end, label) == end) {
            return fail(ErrorCode::kMalformed,
                        "a COSE message calls a header critical that its protected header lacks "
                        "(RFC 9052 3.1)");
        }
        const auto* number = std::get_if<std::int64_t>(&label);
        const bool known = number && ((*number >= kAlgorithm && *number <= kLastCommon) || *number == kX5t);
        if (!known) {
            return fail(ErrorCode::kUnsupportedSecurity,
                        "a COSE message has a critical header that is not known here (RFC 9052 3.1)");
        }
    }
    if (headers.algorithm != Label{kEdDsa}) {
        return fail(ErrorCode::kUnsupportedSecurity,
                    "a COSE signature by another algorithm than EdDSA is not spoken here");
    }
    if (headers.hash != Label{kSha256}) {
        return fail(ErrorCode::kUnsupportedSecurity,
                    "a COSE signature does not name its certificate by SHA-256 in the protected header");
    }
    return {};
}

Result<Sign1> failure(const cbor::Reader& in) {
    return fail(ErrorCode::kMalformed, "not a COSE_Sign1 (RFC 9052 4.2): " + in.error()->message);
}

Buffer protected_header(const CertificateId& signer) {
    cbor::Writer out{48};
    out.open_map(2);
    out.write_integer(kAlgorithm);
    out.write_integer(kEdDsa);
    out.write_integer(kX5t);
    out.open_array(2);
    out.write_integer(kSha256);
    out.write_bytes(signer);
    return out.take();
}

Buffer signature_structure(ByteView header, ByteView external_aad, ByteView payload) {
    static constexpr std::string_view kContext = "Signature1";
    cbor::Writer out{kContext.size() + header.size() + external_aad.size() + payload.size() + 32};
    out.open_array(4);
    out.write_text(kContext);
    out.write_bytes(header);
    out.write_bytes(external_aad);
    out.write_bytes(payload);
    return out.take();
}

}  // namespace

CertificateId certificate_id(ByteView der) {
    CertificateId id;
    static_assert(std::tuple_size_v<CertificateId> == crypto_hash_sha256_BYTES);
    crypto_hash_sha256(id.data(), der.data(), der.size());
    return id;
}

Bytes sign1(const SigningKey& key, const CertificateId& signer, ByteView external_aad, ByteView payload,
            Payload how) {
    const Buffer header = protected_header(signer);
    const Signature signature = key.sign(signature_structure(header, external_aad, payload));
    const bool attached = how == Payload::kAttached;
    cbor::Writer out{header.size() + signature.size() + (attached ? payload.size() : 0) + 32};
    out.open_array(4);
    out.write_bytes(header);
    out.open_map(0);
    if (attached) {
        out.write_bytes(payload);
    } else {
        out.write_null();
    }
    out.write_bytes(signature);
    return Bytes{out.take()};
}

Result<Sign1> decode_sign1(ByteView message) {
    cbor::Reader in{message};
    if (in.peek() == cbor::Type::kTag && in.read_tag() != kSign1Tag)
        in.fail(ErrorCode::kMalformed, "another tag than 18");
    in.open_array(4, 4);
    const ByteView header = in.read_bytes(kHeaderBytesMax);
    Headers headers = read_protected(in, header);
    const std::size_t protected_labels = headers.labels.size();
    read_headers(in, headers, false);
    ByteView payload;
    const bool detached = in.at_null();
    if (!detached) payload = in.read_bytes(message.size());
    const ByteView signature = in.read_bytes(message.size());
    if (in.ok() && !in.at_end()) in.fail(ErrorCode::kMalformed, "bytes after the message");
    if (!in.ok()) return failure(in);
    if (auto good = check_headers(headers, protected_labels); !good)
        return std::unexpected{std::move(good.error())};

    Sign1 result;
    if (headers.certificate_hash.size() != result.signer.size() ||
        signature.size() != result.signature.size()) {
        return fail(ErrorCode::kMalformed, "not a COSE_Sign1 of EdDSA: a hash of " +
                                               std::to_string(headers.certificate_hash.size()) +
                                               " bytes and a signature of " +
                                               std::to_string(signature.size()) + ", expected 32 and 64");
    }
    result.protected_header = Bytes::copy_of(header);
    if (!detached) result.payload = Bytes::copy_of(payload);
    std::ranges::copy(headers.certificate_hash, result.signer.begin());
    std::ranges::copy(signature, result.signature.begin());
    return result;
}

Buffer signed_bytes(const Sign1& message, ByteView external_aad, ByteView payload) {
    return signature_structure(message.protected_header, external_aad,
                               message.payload ? message.payload->view() : payload);
}

Result<void> verify_sign1(const Sign1& message, const PublicKey& key, ByteView external_aad,
                          ByteView payload) {
    if (verify(key, signed_bytes(message, external_aad, payload), message.signature)) return {};
    return fail(ErrorCode::kBadSignature, "the signature does not match what it should cover");
}

}  // namespace tram::cose
