#include "proto/identity/request.h"

#include <algorithm>

#include "proto/base/check.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"
#include "proto/identity/names.h"
#include "proto/identity/pem.h"

namespace tram::identity {

namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kItemsOfDevice = 8;
constexpr std::uint64_t kItemsOfAuthority = 7;
constexpr std::string_view kTlsProof = "TRAM request, TLS key:";
constexpr std::string_view kSigningProof = "TRAM request, signing key:";
constexpr std::string_view kPemLabel = "TRAM DEVICE REQUEST";
constexpr std::string_view kTextPrefix = "TRAM-REQUEST:";
constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::string_view kWhiteSpace = " \t\r\n";

Buffer proven(std::string_view purpose, ByteView before_proofs) {
    Buffer out;
    append(out, as_bytes(purpose));
    append(out, before_proofs);
    return out;
}

template <std::size_t N>
std::array<std::uint8_t, N> read_array(cbor::Reader& in) {
    std::array<std::uint8_t, N> out{};
    const ByteView bytes = in.read_bytes(N);
    if (in.ok() && bytes.size() != N) in.fail(ErrorCode::kMalformed, "a key or a proof is too short");
    if (in.ok()) std::ranges::copy(bytes, out.begin());
    return out;
}

using Key = std::array<std::uint8_t, 32>;

std::optional<Key> read_key_or_null(cbor::Reader& in) {
    if (in.at_null()) return std::nullopt;
    return read_array<32>(in);
}

struct Proofs {
    std::size_t begin = 0;  // offset of the first
    std::optional<cose::Signature> tls;
    cose::Signature signing{};
};

Proofs read_items(cbor::Reader& in, DeviceRequest& request) {
    const std::uint64_t items = in.open_array(kItemsOfAuthority, kItemsOfDevice);
    const std::uint64_t version = in.read_unsigned();
    if (in.ok() && version != kVersion) {
        in.fail(ErrorCode::kUnsupportedVersion, "this program knows version 1 only");
    }
    request.eid = std::string{in.read_text(kCertifiedEidMax)};
    request.name = std::string{in.read_text(kDisplayNameMax)};
    request.tls_key = read_key_or_null(in);
    request.signing_key = read_array<32>(in);
    request.sealing_key = read_key_or_null(in);
    if (in.ok() && items != (request.tls_key ? kItemsOfDevice : kItemsOfAuthority)) {
        in.fail(ErrorCode::kMalformed, "the number of proofs does not fit the keys");
    }
    Proofs proofs;
    proofs.begin = in.offset();
    if (request.tls_key) proofs.tls = read_array<64>(in);
    proofs.signing = read_array<64>(in);
    if (in.ok() && (!in.at_end() || !in.shortest())) {
        in.fail(ErrorCode::kMalformed, "the encoding is not deterministic");
    }
    return proofs;
}

Result<void> check_contents(const DeviceRequest& request) {
    if (request.for_authority() ? !is_commune_eid(request.eid) : !is_certifiable_node_id(request.eid)) {
        return fail(ErrorCode::kInvalidArgument,
                    "the request is for a name that cannot be certified; names are like dtn://18904-ks07/, "
                    "or dtn://18904/ for a commune");
    }
    if (!is_display_name(request.name)) {
        return fail(ErrorCode::kInvalidArgument,
                    "the name in the request holds control characters or more than 64 bytes");
    }
    const bool repeated = request.tls_key == request.signing_key ||
                          request.sealing_key == request.signing_key ||
                          (request.sealing_key && request.sealing_key == request.tls_key);
    if (repeated || (request.for_authority() && request.sealing_key)) {
        return fail(ErrorCode::kMalformed, "the request has one key for two purposes");
    }
    return {};
}

std::string to_base32(ByteView bytes) {
    std::string out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (const std::uint8_t byte : bytes) {
        bits = (bits << 8 | byte) & 0xffff;
        for (count += 8; count >= 5; count -= 5)
            out.push_back(kBase32[bits >> (count - 5) & 31]);
    }
    if (count > 0) out.push_back(kBase32[bits << (5 - count) & 31]);
    return out;
}

// Nothing when a character is no digit, or when other text would give the same bytes.
std::optional<Buffer> from_base32(std::string_view text) {
    Buffer out;
    std::uint32_t bits = 0;
    unsigned count = 0;
    for (char c : text) {
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
        const std::size_t digit = kBase32.find(c);
        if (digit == std::string_view::npos) return std::nullopt;
        bits = (bits << 5 | static_cast<std::uint32_t>(digit)) & 0xffff;
        count += 5;
        if (count < 8) continue;
        count -= 8;
        out.push_back(static_cast<std::uint8_t>(bits >> count));
    }
    const bool rest_is_zero = (bits & ((1U << count) - 1)) == 0;
    if (count >= 5 || !rest_is_zero) return std::nullopt;
    return out;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(kWhiteSpace);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(kWhiteSpace) - begin + 1);
}

bool begins_with_prefix(std::string_view text) {
    return std::ranges::equal(text.substr(0, kTextPrefix.size()), kTextPrefix, [](char a, char b) {
        return (a >= 'a' && a <= 'z' ? static_cast<char>(a - 'a' + 'A') : a) == b;
    });
}

}  // namespace

DeviceRequest make_request(std::string eid, std::string name, const cose::SigningKey* tls,
                           const cose::SigningKey& signing,
                           const std::optional<std::array<std::uint8_t, 32>>& sealing_key) {
    cbor::Writer out{kRequestBytesMax};
    out.open_array(tls != nullptr ? kItemsOfDevice : kItemsOfAuthority);
    out.write_unsigned(kVersion);
    out.write_text(eid);
    out.write_text(name);
    if (tls != nullptr) {
        out.write_bytes(tls->public_key());
    } else {
        out.write_null();
    }
    out.write_bytes(signing.public_key());
    if (sealing_key) {
        out.write_bytes(*sealing_key);
    } else {
        out.write_null();
    }
    const Buffer before_proofs = out.buffer();
    if (tls != nullptr) out.write_bytes(tls->sign(proven(kTlsProof, before_proofs)));
    out.write_bytes(signing.sign(proven(kSigningProof, before_proofs)));
    auto request = read_request(out.take());
    TRAM_CHECK(request.has_value());
    return std::move(*request);
}

Result<DeviceRequest> read_request(ByteView wire) {
    if (wire.size() > kRequestBytesMax) return fail(ErrorCode::kTooLarge, "a request has at most 512 bytes");
    DeviceRequest request;
    cbor::Reader in{wire};
    const Proofs proofs = read_items(in, request);
    if (!in.ok()) return fail(in.error()->code, "not a request: " + in.error()->message);
    if (auto good = check_contents(request); !good) return std::unexpected{std::move(good.error())};
    const ByteView before_proofs = wire.first(proofs.begin);
    const bool tls_proven =
        !request.tls_key || cose::verify(*request.tls_key, proven(kTlsProof, before_proofs), *proofs.tls);
    if (!tls_proven ||
        !cose::verify(request.signing_key, proven(kSigningProof, before_proofs), proofs.signing)) {
        return fail(ErrorCode::kBadSignature,
                    "the request was altered, or made by somebody who does not have its keys");
    }
    request.wire = Bytes::copy_of(wire);
    return request;
}

std::string request_to_text(const DeviceRequest& request) {
    return std::string{kTextPrefix} + to_base32(request.wire);
}

std::string request_to_pem(const DeviceRequest& request) {
    return to_pem(kPemLabel, request.wire);
}

Result<DeviceRequest> request_from_text(std::string_view text) {
    if (text.size() > kRequestTextMax) return fail(ErrorCode::kTooLarge, "this is too long for a request");
    const std::string_view inside = trimmed(text);
    if (begins_with_prefix(inside)) {
        const auto wire = from_base32(inside.substr(kTextPrefix.size()));
        if (!wire) return fail(ErrorCode::kMalformed, "the request's text is damaged; scan or copy it again");
        return read_request(*wire);
    }
    const auto wire = from_pem(kPemLabel, inside);
    if (!wire) {
        return fail(ErrorCode::kMalformed,
                    "this is neither a request's text nor its file: " + wire.error().message);
    }
    return read_request(*wire);
}

}  // namespace tram::identity
