#include "proto/identity/revocation.h"

#include <algorithm>

#include "proto/base/check.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::identity {

namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::string_view kExternal = "tram revocation list";
constexpr std::string_view kRootPrefix = "root:";
constexpr std::uint64_t kLatest = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr std::size_t kAuthorityBytesMax = kRootPrefix.size() + 2 * kKeyIdBytesMax;

bool before(ByteView a, ByteView b) {
    return std::ranges::lexicographical_compare(a, b);
}

bool is_authority_name(std::string_view name) {
    if (is_commune_eid(name)) return true;
    if (!name.starts_with(kRootPrefix) || name.size() == kRootPrefix.size()) return false;
    return std::ranges::all_of(name.substr(kRootPrefix.size()),
                               [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

void read_serials(cbor::Reader& in, RevocationList& list) {
    const std::uint64_t count = in.open_array(0, kRevokedSerialsMax);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        const ByteView serial = in.read_bytes(kSerialBytesMax);
        if (in.ok() && (serial.empty() || serial[0] == 0)) {
            in.fail(ErrorCode::kMalformed, "a serial number is empty or begins with zero");
        }
        if (in.ok() && !list.serials.empty() && !before(list.serials.back(), serial)) {
            in.fail(ErrorCode::kMalformed, "the serial numbers do not ascend");
        }
        list.serials.push_back(Bytes::copy_of(serial));
    }
}

void read_payload(cbor::Reader& in, RevocationList& list) {
    in.open_array(5, 5);
    const std::uint64_t version = in.read_unsigned();
    if (in.ok() && version != kVersion) {
        in.fail(ErrorCode::kUnsupportedVersion, "this program knows version 1 only");
    }
    list.authority = std::string{in.read_text(kAuthorityBytesMax)};
    list.number = in.read_unsigned();
    const std::uint64_t issued = in.read_unsigned();
    if (in.ok() && (!is_authority_name(list.authority) || list.number == 0 || issued > kLatest)) {
        in.fail(ErrorCode::kMalformed, "no authority, the number 0 or an impossible time");
    }
    list.issued = static_cast<UnixTime>(issued);
    read_serials(in, list);
    if (in.ok() && (!in.at_end() || !in.shortest())) {
        in.fail(ErrorCode::kMalformed, "the encoding is not deterministic");
    }
}

}  // namespace

bool RevocationList::names(ByteView serial) const {
    const auto found = std::ranges::lower_bound(serials, serial, before);
    return found != serials.end() && std::ranges::equal(found->view(), serial);
}

std::string revocation_name(const Certificate& authority) {
    if (authority.usage == Usage::kRoot) return std::string{kRootPrefix} + to_hex(authority.key_id);
    TRAM_CHECK(authority.usage == Usage::kAuthority);
    return authority.eid;
}

Result<RevocationList> read_revocation_list(ByteView wire) {
    if (wire.size() > kRevocationListBytesMax) {
        return fail(ErrorCode::kTooLarge, "a revocation list has at most 256 KiB");
    }
    auto message = cose::decode_sign1(wire);
    if (!message) return std::unexpected{std::move(message.error())};
    if (!message->payload) return fail(ErrorCode::kMalformed, "the revocation list has no content");
    RevocationList list;
    cbor::Reader in{*message->payload};
    read_payload(in, list);
    if (!in.ok()) return fail(in.error()->code, "not a revocation list: " + in.error()->message);
    list.wire = Bytes::copy_of(wire);
    list.message = std::move(*message);
    return list;
}

Result<void> verify_revocation_list(const RevocationList& list, const cose::PublicKey& key) {
    if (cose::verify_sign1(list.message, key, as_bytes(kExternal))) return {};
    return fail(ErrorCode::kBadSignature,
                "the signature of the revocation list of " + list.authority + " is wrong; ask for it again");
}

RevocationList make_revocation_list(const cose::SigningKey& key, const Certificate& signer,
                                    std::uint64_t number, UnixTime issued, std::vector<Bytes> serials) {
    TRAM_CHECK(number > 0 && issued >= 0 && serials.size() <= kRevokedSerialsMax);
    std::ranges::sort(serials, before);
    const auto doubles = std::ranges::unique(serials);
    serials.erase(doubles.begin(), doubles.end());
    cbor::Writer payload{128 + serials.size() * (kSerialBytesMax + 1)};
    payload.open_array(5);
    payload.write_unsigned(kVersion);
    payload.write_text(revocation_name(signer));
    payload.write_unsigned(number);
    payload.write_unsigned(static_cast<std::uint64_t>(issued));
    payload.open_array(serials.size());
    for (const Bytes& serial : serials)
        payload.write_bytes(serial);
    auto list = read_revocation_list(
        cose::sign1(key, signer.id, as_bytes(kExternal), payload.take(), cose::Payload::kAttached));
    TRAM_CHECK(list.has_value());
    return std::move(*list);
}

}  // namespace tram::identity
