#include "daemon/node/trust_messages.h"

#include <algorithm>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::node {

namespace {

constexpr std::uint64_t kHello = 0;
constexpr std::uint64_t kItems = 1;
constexpr std::size_t kNameBytesMax = 128;
constexpr std::size_t kItemsMax = 4'096;

TrustHello read_hello(cbor::Reader& in) {
    TrustHello hello;
    const std::uint64_t version = in.read_unsigned();
    if (in.ok() && version != kTrustVersion) {
        in.fail(ErrorCode::kUnsupportedVersion, "only version 1 of the trust exchange is spoken here");
    }
    hello.last = in.read_bool();
    const std::uint64_t lists = in.open_array(0, identity::kTrustListsMax);
    for (std::uint64_t i = 0; i < lists && in.ok(); ++i) {
        in.open_array(2, 2);
        const std::string name{in.read_text(kNameBytesMax)};
        hello.lists[name] = in.read_unsigned();
    }
    const std::uint64_t prefixes = in.open_array(0, kPrefixesPerPart);
    for (std::uint64_t i = 0; i < prefixes && in.ok(); ++i) {
        const ByteView bytes = in.read_bytes(std::tuple_size_v<IdPrefix>);
        if (bytes.size() != std::tuple_size_v<IdPrefix>) {
            in.fail(ErrorCode::kMalformed, "the beginning of a certificate id has 8 bytes");
            break;
        }
        std::ranges::copy(bytes, hello.certificates.emplace_back().begin());
    }
    return hello;
}

std::vector<Bytes> read_blobs(cbor::Reader& in, const Bytes& payload, std::size_t bytes_max) {
    std::vector<Bytes> blobs;
    const std::uint64_t count = in.open_array(0, kItemsMax);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        const ByteView bytes = in.read_bytes(bytes_max);
        if (in.ok()) blobs.push_back(payload.slice(bytes));
    }
    return blobs;
}

void write_blobs(cbor::Writer& out, const std::vector<Bytes>& blobs) {
    out.open_array(blobs.size());
    for (const Bytes& blob : blobs)
        out.write_bytes(blob);
}

}  // namespace

IdPrefix prefix_of(const identity::CertificateId& id) {
    IdPrefix prefix{};
    std::ranges::copy_n(id.begin(), prefix.size(), prefix.begin());
    return prefix;
}

Bytes encode(const TrustHello& hello) {
    cbor::Writer out{64 + hello.lists.size() * 32 + hello.certificates.size() * 9};
    out.open_array(5);
    out.write_unsigned(kHello);
    out.write_unsigned(kTrustVersion);
    out.write_bool(hello.last);
    out.open_array(hello.lists.size());
    for (const auto& [name, number] : hello.lists) {
        out.open_array(2);
        out.write_text(name);
        out.write_unsigned(number);
    }
    out.open_array(hello.certificates.size());
    for (const IdPrefix& prefix : hello.certificates)
        out.write_bytes(prefix);
    return Bytes{out.take()};
}

Bytes encode(const TrustItems& items) {
    cbor::Writer out;
    out.open_array(3);
    out.write_unsigned(kItems);
    write_blobs(out, items.lists);
    write_blobs(out, items.certificates);
    return Bytes{out.take()};
}

Result<std::variant<TrustHello, TrustItems>> decode_trust_message(const Bytes& payload) {
    if (payload.size() > kTrustMessageBytesMax) {
        return fail(ErrorCode::kTooLarge, "a message of the trust exchange has at most 257 KiB");
    }
    std::variant<TrustHello, TrustItems> message;
    cbor::Reader in{payload};
    const std::uint64_t size = in.open_array(3, 5);
    const std::uint64_t type = in.read_unsigned();
    if (in.ok() && type == kHello && size == 5) {
        message = read_hello(in);
    } else if (in.ok() && type == kItems && size == 3) {
        TrustItems items;
        items.lists = read_blobs(in, payload, identity::kRevocationListBytesMax);
        items.certificates = read_blobs(in, payload, identity::kCertificateBytesMax);
        message = std::move(items);
    } else {
        in.fail(ErrorCode::kMalformed, "neither a hello nor items");
    }
    if (in.ok() && !in.at_end()) in.fail(ErrorCode::kTrailingData, "something follows the message");
    if (!in.ok()) return fail(in.error()->code, "trust exchange: " + in.error()->message);
    return message;
}

}  // namespace tram::node
