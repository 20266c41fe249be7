#include "proto/sync/messages.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <utility>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::sync {

namespace {

enum Tag : std::uint8_t { kHello, kRanges, kOffer, kWant, kGossip, kRoom };
constexpr std::size_t kBitBytesMax = kOfferPartsMax / 8;
constexpr std::size_t kRangesBytesMax = 64U << 10;
constexpr std::uint8_t kOnly = 4;  // beside the kind of copy

void write(cbor::Writer& out, const Hello& hello) {
    out.open_array(6);
    out.write_unsigned(kHello);
    out.write_unsigned(kVersion);
    out.write_bytes(hello.nonce);
    out.open_array(hello.communes.size());
    for (const std::string& commune : hello.communes)
        out.write_text(commune);
    out.write_bool(hello.clock_trusted);
    out.write_bytes(hello.gossip);
}

void write(cbor::Writer& out, const Ranges& ranges) {
    out.open_array(2);
    out.write_unsigned(kRanges);
    out.write_bytes(ranges.wire);
}

void write(cbor::Writer& out, const Offer& offer) {
    out.open_array(3);
    out.write_unsigned(kOffer);
    out.write_unsigned(offer.number);
    out.open_array(offer.items.size());
    for (const Offered& item : offer.items) {
        out.open_array(7);
        out.write_unsigned(item.id);
        out.write_unsigned(item.count);
        out.write_unsigned(item.first);
        out.write_bytes(item.parts);
        out.write_unsigned(item.bytes);
        out.write_unsigned(static_cast<std::uint64_t>(item.copy) | (item.only ? kOnly : 0U));
        out.write_bytes(item.note);
    }
}

void write(cbor::Writer& out, const Want& want) {
    out.open_array(3);
    out.write_unsigned(kWant);
    out.write_unsigned(want.number);
    out.open_array(want.answers.size());
    for (const Answer& answer : want.answers) {
        if (answer.what == Answer::What::kPart) out.open_array(1);
        if (answer.what == Answer::What::kSome || answer.what == Answer::What::kPart) {
            out.write_bytes(answer.parts);
        } else {
            out.write_unsigned(static_cast<std::uint64_t>(answer.what));
        }
    }
}

void write(cbor::Writer& out, const Gossip& gossip) {
    out.open_array(2);
    out.write_unsigned(kGossip);
    out.write_bytes(gossip.said);
}

void write(cbor::Writer& out, const RoomAgain&) {
    out.open_array(1);
    out.write_unsigned(kRoom);
}

Bytes copy_bytes(cbor::Reader& in, std::size_t bytes_max) {
    return Bytes::copy_of(in.read_bytes(bytes_max));
}

Buffer copy_bits(cbor::Reader& in) {
    const ByteView bits = in.read_bytes(kBitBytesMax);
    return {bits.begin(), bits.end()};
}

Hello read_hello(cbor::Reader& in) {
    Hello hello;
    if (in.read_unsigned() != kVersion && in.ok())
        in.fail(ErrorCode::kUnsupportedVersion, "only version 1 of the sync is spoken here");
    const ByteView nonce = in.read_bytes(hello.nonce.size());
    if (in.ok() && nonce.size() != hello.nonce.size()) in.fail(ErrorCode::kMalformed, "a nonce has 16 bytes");
    if (in.ok()) std::ranges::copy(nonce, hello.nonce.begin());
    const std::uint64_t communes = in.open_array(0, kCommunesMax);
    for (std::uint64_t i = 0; i < communes && in.ok(); ++i)
        hello.communes.emplace_back(in.read_text(kCommuneBytesMax));
    hello.clock_trusted = in.read_bool();
    hello.gossip = copy_bytes(in, kGossipBytesMax);
    return hello;
}

Offered read_offered(cbor::Reader& in) {
    Offered item;
    in.open_array(7, 7);
    item.id = in.read_unsigned();
    item.count = in.read_unsigned();
    item.first = in.read_unsigned();
    item.parts = copy_bits(in);
    item.bytes = in.read_unsigned();
    const std::uint64_t klass = in.read_unsigned();
    item.copy = static_cast<std::uint8_t>(klass & 3U);
    item.only = (klass & kOnly) != 0;
    item.note = copy_bytes(in, kNoteBytesMax);
    if (!in.ok()) return item;
    const bool whole = item.parts.empty();
    if (klass > 7 || item.count == 0 || item.first >= item.count || (whole && item.count > kOfferPartsMax) ||
        (whole && item.first != 0) || (!whole && item.part_count() == 0) ||
        (!whole && item.part_indices().back() - item.first >= item.count - item.first)) {
        in.fail(ErrorCode::kMalformed, "an offer names parts that there cannot be");
    }
    return item;
}

Offer read_offer(cbor::Reader& in) {
    Offer offer;
    offer.number = in.read_unsigned();
    const std::uint64_t items = in.open_array(0, kOfferItemsMax);
    for (std::uint64_t i = 0; i < items && in.ok(); ++i)
        offer.items.push_back(read_offered(in));
    return offer;
}

Want read_want(cbor::Reader& in) {
    Want want;
    want.number = in.read_unsigned();
    const std::uint64_t answers = in.open_array(0, kOfferItemsMax);
    for (std::uint64_t i = 0; i < answers && in.ok(); ++i) {
        Answer answer;
        if (in.peek() == cbor::Type::kArray) {
            in.open_array(1, 1);
            answer.what = Answer::What::kPart;
            answer.parts = copy_bits(in);
        } else if (in.peek() == cbor::Type::kBytes) {
            answer.what = Answer::What::kSome;
            answer.parts = copy_bits(in);
        } else if (const std::uint64_t what = in.read_unsigned(); what <= 3) {
            answer.what = static_cast<Answer::What>(what);
        } else {
            in.fail(ErrorCode::kMalformed, "an answer to an offer is 0 to 3, or bits");
        }
        want.answers.push_back(std::move(answer));
    }
    return want;
}

Message read_body(cbor::Reader& in, std::uint64_t fields) {
    const std::uint64_t tag = in.read_unsigned();
    const auto is = [&](Tag wanted, std::uint64_t count) { return tag == wanted && fields == count; };
    if (is(kHello, 6)) return read_hello(in);
    if (is(kRanges, 2)) return Ranges{copy_bytes(in, kRangesBytesMax)};
    if (is(kOffer, 3)) return read_offer(in);
    if (is(kWant, 3)) return read_want(in);
    if (is(kGossip, 2)) return Gossip{copy_bytes(in, kGossipBytesMax)};
    if (!is(kRoom, 1)) in.fail(ErrorCode::kMalformed, "no message of the sync begins like this");
    return RoomAgain{};
}

}  // namespace

std::uint64_t Offered::part_count() const {
    if (parts.empty()) return count;
    return std::accumulate(parts.begin(), parts.end(), std::uint64_t{0},
                           [](std::uint64_t sum, std::uint8_t byte) {
                               return sum + static_cast<std::uint64_t>(std::popcount(byte));
                           });
}

std::vector<std::uint64_t> Offered::part_indices() const {
    std::vector<std::uint64_t> indices;
    if (parts.empty()) {
        indices.resize(count);
        std::iota(indices.begin(), indices.end(), 0);
        return indices;
    }
    for (std::uint64_t i = 0; i < parts.size() * 8; ++i) {
        if (bit_at(parts, i)) indices.push_back(first + i);
    }
    return indices;
}

bool bit_at(ByteView bits, std::uint64_t index) {
    return index / 8 < bits.size() && (bits[index / 8] >> (7 - index % 8) & 1U) != 0;
}

void set_bit(Buffer& bits, std::uint64_t index) {
    if (bits.size() <= index / 8) bits.resize(index / 8 + 1);
    bits[index / 8] |= static_cast<std::uint8_t>(0x80U >> index % 8);
}

Bytes encode(const Message& message) {
    cbor::Writer out;
    std::visit([&](const auto& what) { write(out, what); }, message);
    return Bytes{out.take()};
}

Result<Message> decode(const Bytes& wire) {
    cbor::Reader in{wire};
    const std::uint64_t fields = in.open_array(1, 7);
    Message message = in.ok() ? read_body(in, fields) : Message{RoomAgain{}};
    if (in.ok() && !in.at_end()) in.fail(ErrorCode::kMalformed, "bytes follow the end of the message");
    if (in.error()) return std::unexpected{*in.error()};
    return message;
}

}  // namespace tram::sync
