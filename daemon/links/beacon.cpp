#include "daemon/links/beacon.h"

#include <algorithm>

#include "proto/bpv7/eid.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::links {
namespace {

constexpr std::string_view kMagic = "TRAM";
constexpr std::uint64_t kItems = 5;
constexpr std::uint64_t kItemsMax = 16;
constexpr std::size_t kNodeIdBytesMax = 255;

template <std::size_t Size>
std::array<std::uint8_t, Size> read_exactly(cbor::Reader& in) {
    std::array<std::uint8_t, Size> result{};
    const ByteView bytes = in.read_bytes(Size);
    if (bytes.size() == Size) {
        std::ranges::copy(bytes, result.begin());
    } else {
        in.fail(ErrorCode::kMalformed, "expected " + std::to_string(Size) + " bytes");
    }
    return result;
}

}  // namespace

Buffer encode(const Beacon& beacon) {
    cbor::Writer out;
    out.write_encoded(as_bytes(kMagic));
    out.open_array(kItems);
    out.write_unsigned(kBeaconVersion);
    out.write_text(beacon.node_id);
    out.write_unsigned(beacon.port);
    out.write_bytes(beacon.instance);
    if (beacon.root) {
        out.write_bytes(*beacon.root);
    } else {
        out.write_null();
    }
    return out.take();
}

Result<Beacon> decode_beacon(ByteView datagram) {
    if (datagram.size() > kBeaconBytesMax)
        return fail(ErrorCode::kTooLarge, "a beacon has at most 512 bytes");
    if (!as_text(datagram).starts_with(kMagic)) return fail(ErrorCode::kMalformed, "this is no beacon");
    cbor::Reader in{datagram.subspan(kMagic.size())};
    Beacon beacon;
    const std::uint64_t items = in.open_array(1, kItemsMax);
    const std::uint64_t version = in.read_unsigned();
    if (in.ok() && version != kBeaconVersion) {
        return fail(ErrorCode::kUnsupportedVersion, "a beacon of version " + std::to_string(version));
    }
    beacon.node_id = in.read_text(kNodeIdBytesMax);
    const std::uint64_t port = in.read_unsigned();
    if (port > UINT16_MAX) in.fail(ErrorCode::kMalformed, "a port above 65535");
    beacon.port = static_cast<std::uint16_t>(port);
    beacon.instance = read_exactly<std::tuple_size_v<Instance>>(in);
    if (!in.at_null()) beacon.root = read_exactly<std::tuple_size_v<RootHint>>(in);
    for (std::uint64_t i = kItems; i < items; ++i)
        in.skip();
    if (items < kItems && in.ok()) in.fail(ErrorCode::kMalformed, "a beacon has five items");
    if (!in.at_end() && in.ok()) in.fail(ErrorCode::kTrailingData, "something follows the beacon");
    if (in.error()) return std::unexpected{*in.error()};

    const auto eid = bpv7::Eid::parse(beacon.node_id);
    if (!eid || eid->is_none() || !eid->is_node_id()) {
        return fail(ErrorCode::kInvalidArgument, "a beacon without a node id");
    }
    return beacon;
}

}  // namespace tram::links
