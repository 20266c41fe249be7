#include "proto/tcpcl/codec.h"

#include <algorithm>
#include <concepts>
#include <utility>

#include "proto/base/check.h"
#include "proto/base/limits.h"

namespace tram::tcpcl {

namespace {

template <std::unsigned_integral T>
void put(Buffer& out, T value) {
    std::uint8_t bytes[sizeof(T)];
    for (std::size_t i = 0; i < sizeof(T); ++i) {
        bytes[i] = static_cast<std::uint8_t>(value >> (8 * (sizeof(T) - 1 - i)));
    }
    out.insert(out.end(), bytes, bytes + sizeof(T));
}

void put(Buffer& out, MessageType type) {
    put(out, static_cast<std::uint8_t>(type));
}

/// The big-endian T at `offset`, which must lie inside.
template <std::unsigned_integral T>
T get(ByteView input, std::size_t offset) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i)
        value = value << 8 | input[offset + i];
    return static_cast<T>(value);
}

using Parsed = Result<std::optional<ParsedMessage>>;

Parsed items_too_large(std::size_t bytes, std::size_t bytes_max) {
    return fail(ErrorCode::kTooLarge, "extension items of " + std::to_string(bytes) +
                                          " bytes are more than the limit of " + std::to_string(bytes_max));
}

Parsed parse_segment(ByteView input, std::size_t extension_bytes_max) {
    constexpr std::size_t kFixed = 10;
    constexpr std::size_t kLength = 8;
    if (input.size() < kFixed) return std::nullopt;
    SegmentHead head;
    head.flags = input[1];
    head.transfer = get<std::uint64_t>(input, 2);
    std::size_t offset = kFixed;
    if ((head.flags & kSegmentStart) != 0) {
        if (input.size() < offset + 4) return std::nullopt;
        const std::size_t items_bytes = get<std::uint32_t>(input, offset);
        if (items_bytes > extension_bytes_max) return items_too_large(items_bytes, extension_bytes_max);
        offset += 4;
        if (input.size() < offset + items_bytes) return std::nullopt;
        head.extensions = input.subspan(offset, items_bytes);
        offset += items_bytes;
    }
    if (input.size() < offset + kLength) return std::nullopt;
    head.data_bytes = get<std::uint64_t>(input, offset);
    return ParsedMessage{head, offset + kLength};
}

/// RFC 9174 4.6: a node id is a URI as in RFC 3986, which knows visible ASCII only.
bool is_uri_text(ByteView text) {
    return std::ranges::all_of(text, [](std::uint8_t c) { return c > 0x20 && c < 0x7f; });
}

Parsed parse_sess_init(ByteView input, std::size_t extension_bytes_max) {
    constexpr std::size_t kFixed = 21;
    if (input.size() < kFixed) return std::nullopt;
    const std::size_t node_bytes = get<std::uint16_t>(input, 19);
    if (node_bytes > Limits{}.eid_bytes_max) {
        return fail(ErrorCode::kTooLarge,
                    "a node id of " + std::to_string(node_bytes) + " bytes is too long");
    }
    if (input.size() < kFixed + node_bytes + 4) return std::nullopt;
    const std::size_t items_bytes = get<std::uint32_t>(input, kFixed + node_bytes);
    if (items_bytes > extension_bytes_max) return items_too_large(items_bytes, extension_bytes_max);
    const std::size_t total = kFixed + node_bytes + 4 + items_bytes;
    if (input.size() < total) return std::nullopt;

    const ByteView node = input.subspan(kFixed, node_bytes);
    if (!is_uri_text(node)) return fail(ErrorCode::kMalformed, "the node id in SESS_INIT is no URI");
    SessInit init{.keepalive_s = get<std::uint16_t>(input, 1),
                  .segment_mru = get<std::uint64_t>(input, 3),
                  .transfer_mru = get<std::uint64_t>(input, 11),
                  .node_id = std::string{as_text(node)},
                  .extensions = {}};
    ItemReader items{input.subspan(total - items_bytes, items_bytes)};
    while (const auto item = items.next()) {
        init.extensions.push_back({item->flags, item->type, Bytes::copy_of(item->value)});
    }
    if (items.malformed()) {
        return fail(ErrorCode::kMalformed, "session extension items disagree with their total length");
    }
    return ParsedMessage{std::move(init), total};
}

}  // namespace

Result<std::optional<ParsedMessage>> parse_message(ByteView input, std::size_t extension_bytes_max) {
    constexpr std::size_t kAckBytes = 18;
    constexpr std::size_t kRefusalBytes = 10;
    constexpr std::size_t kShortBytes = 3;  // SESS_TERM and MSG_REJECT
    if (input.empty()) return std::nullopt;
    switch (static_cast<MessageType>(input[0])) {
        case MessageType::kXferSegment: return parse_segment(input, extension_bytes_max);
        case MessageType::kXferAck:
            if (input.size() < kAckBytes) return std::nullopt;
            return ParsedMessage{
                Ack{input[1], get<std::uint64_t>(input, 2), get<std::uint64_t>(input, kRefusalBytes)},
                kAckBytes};
        case MessageType::kXferRefuse:
            if (input.size() < kRefusalBytes) return std::nullopt;
            return ParsedMessage{Refusal{input[1], get<std::uint64_t>(input, 2)}, kRefusalBytes};
        case MessageType::kKeepalive: return ParsedMessage{Keepalive{}, 1};
        case MessageType::kSessTerm:
            if (input.size() < kShortBytes) return std::nullopt;
            return ParsedMessage{Term{input[1], input[2]}, kShortBytes};
        case MessageType::kMsgReject:
            if (input.size() < kShortBytes) return std::nullopt;
            return ParsedMessage{Reject{input[1], input[2]}, kShortBytes};
        case MessageType::kSessInit: return parse_sess_init(input, extension_bytes_max);
    }
    return ParsedMessage{UnknownMessage{input[0]}, 1};
}

std::optional<ItemView> ItemReader::next() {
    constexpr std::size_t kItemHead = 5;
    if (rest_.empty()) return std::nullopt;
    if (rest_.size() < kItemHead || rest_.size() - kItemHead < get<std::uint16_t>(rest_, 3)) {
        malformed_ = true;
        rest_ = {};
        return std::nullopt;
    }
    const std::size_t bytes = get<std::uint16_t>(rest_, 3);
    const ItemView item{rest_[0], get<std::uint16_t>(rest_, 1), rest_.subspan(kItemHead, bytes)};
    rest_ = rest_.subspan(kItemHead + bytes);
    return item;
}

void encode_contact(Buffer& out, std::uint8_t flags) {
    append(out, as_bytes("dtn!"));
    put(out, kVersion);
    put(out, flags);
}

void encode(Buffer& out, const SessInit& init) {
    TRAM_CHECK(init.node_id.size() <= 0xffff);
    std::size_t items_bytes = 0;
    for (const ExtensionItem& item : init.extensions) {
        TRAM_CHECK(item.value.size() <= 0xffff);
        items_bytes += 5 + item.value.size();
    }
    put(out, MessageType::kSessInit);
    put(out, init.keepalive_s);
    put(out, init.segment_mru);
    put(out, init.transfer_mru);
    put(out, static_cast<std::uint16_t>(init.node_id.size()));
    append(out, as_bytes(init.node_id));
    put(out, static_cast<std::uint32_t>(items_bytes));
    for (const ExtensionItem& item : init.extensions) {
        put(out, item.flags);
        put(out, item.type);
        put(out, static_cast<std::uint16_t>(item.value.size()));
        append(out, item.value);
    }
}

void encode_segment_head(Buffer& out, std::uint8_t flags, std::uint64_t transfer,
                         std::optional<std::uint64_t> announced, std::uint64_t data_bytes) {
    TRAM_CHECK(!announced || (flags & kSegmentStart) != 0);
    put(out, MessageType::kXferSegment);
    put(out, flags);
    put(out, transfer);
    if (announced) {
        put(out, std::uint32_t{13});
        put(out, std::uint8_t{0});
        put(out, kTransferLengthItem);
        put(out, std::uint16_t{8});
        put(out, *announced);
    } else if ((flags & kSegmentStart) != 0) {
        put(out, std::uint32_t{0});
    }
    put(out, data_bytes);
}

void encode(Buffer& out, const Ack& ack) {
    put(out, MessageType::kXferAck);
    put(out, ack.flags);
    put(out, ack.transfer);
    put(out, ack.acknowledged_bytes);
}

void encode(Buffer& out, const Refusal& refusal) {
    put(out, MessageType::kXferRefuse);
    put(out, refusal.reason);
    put(out, refusal.transfer);
}

void encode(Buffer& out, Keepalive) {
    put(out, MessageType::kKeepalive);
}

void encode(Buffer& out, const Term& term) {
    put(out, MessageType::kSessTerm);
    put(out, term.flags);
    put(out, term.reason);
}

void encode(Buffer& out, const Reject& reject) {
    put(out, MessageType::kMsgReject);
    put(out, reject.reason);
    put(out, reject.message_header);
}

}  // namespace tram::tcpcl
