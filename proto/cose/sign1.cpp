#include "proto/cose/sign1.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "proto/base/check.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"
#include "proto/cose/headers.h"
#include "proto/cose/sha256.h"

namespace tram::cose {

namespace {

constexpr std::uint64_t kSign1Tag = 18;
constexpr std::int64_t kEdDsa = -8;    // RFC 9053 2.2
constexpr std::int64_t kSha256 = -16;  // RFC 9054 3.2

Result<void> check_headers(const Headers& headers) {
    if (auto good = check_critical(headers); !good) return good;
    if (headers.algorithm != Label{kEdDsa}) {
        return fail(ErrorCode::kUnsupportedSecurity,
                    "a COSE signature by another algorithm than EdDSA is not spoken here");
    }
    if (headers.x5t_algorithm != Label{kSha256}) {
        return fail(ErrorCode::kUnsupportedSecurity,
                    "a COSE signature does not name its certificate by SHA-256 in the protected headers");
    }
    return {};
}

Result<Sign1> failure(const cbor::Reader& in) {
    return fail(ErrorCode::kMalformed, "not a COSE_Sign1 (RFC 9052 4.2): " + in.error()->message);
}

Buffer protected_headers(const CertificateId& signer) {
    cbor::Writer out{48};
    out.open_map(2);
    out.write_integer(header::kAlgorithm);
    out.write_integer(kEdDsa);
    out.write_integer(header::kX5t);
    out.open_array(2);
    out.write_integer(kSha256);
    out.write_bytes(signer);
    return out.take();
}

Buffer signature_structure(ByteView headers, ByteView external_aad, ByteView payload) {
    static constexpr std::string_view kContext = "Signature1";
    cbor::Writer out{kContext.size() + headers.size() + external_aad.size() + payload.size() + 32};
    out.open_array(4);
    out.write_text(kContext);
    out.write_bytes(headers);
    out.write_bytes(external_aad);
    out.write_bytes(payload);
    return out.take();
}

}  // namespace

CertificateId certificate_id(ByteView der) {
    return sha256(der);
}

Bytes sign1(const SigningKey& key, const CertificateId& signer, ByteView external_aad, ByteView payload,
            Payload how) {
    const Buffer headers = protected_headers(signer);
    const Signature signature = key.sign(signature_structure(headers, external_aad, payload));
    const bool attached = how == Payload::kAttached;
    cbor::Writer out{headers.size() + signature.size() + (attached ? payload.size() : 0) + 32};
    out.open_array(4);
    out.write_bytes(headers);
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
    const Headers headers = read_headers(in);
    ByteView payload;
    const bool detached = in.at_null();
    if (!detached) payload = in.read_bytes(message.size());
    const ByteView signature = in.read_bytes(message.size());
    if (in.ok() && !in.at_end()) in.fail(ErrorCode::kMalformed, "bytes after the message");
    if (!in.ok()) return failure(in);
    if (auto good = check_headers(headers); !good) return std::unexpected{std::move(good.error())};

    Sign1 result;
    if (headers.x5t_hash.size() != result.signer.size() || signature.size() != result.signature.size()) {
        return fail(ErrorCode::kMalformed, "not a COSE_Sign1 of EdDSA: a hash of " +
                                               std::to_string(headers.x5t_hash.size()) +
                                               " bytes and a signature of " +
                                               std::to_string(signature.size()) + ", expected 32 and 64");
    }
    result.protected_header = Bytes::copy_of(headers.protected_bytes);
    if (!detached) result.payload = Bytes::copy_of(payload);
    std::ranges::copy(headers.x5t_hash, result.signer.begin());
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
