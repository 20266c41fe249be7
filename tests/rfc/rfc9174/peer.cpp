#include "peer.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace tram::rfc9174 {
namespace {

Buffer integer(std::uint64_t value, int width) {
    Buffer out;
    for (int i = width - 1; i >= 0; --i)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    return out;
}

/// Reads from the front of a buffer; `short_` when it ran out.
struct Cursor {
    ByteView in;
    std::size_t at = 0;
    bool short_ = false;

    std::uint64_t integer(std::size_t width) {
        std::uint64_t value = 0;
        for (const auto byte : take(width))
            value = (value << 8U) | byte;
        return value;
    }
    ByteView take(std::uint64_t count) {
        if (short_ || count > in.size() - at) {
            short_ = true;
            return {};
        }
        const auto out = in.subspan(at, static_cast<std::size_t>(count));
        at += static_cast<std::size_t>(count);
        return out;
    }
};

std::vector<tcpcl::ExtensionItem> read_items(ByteView list) {
    std::vector<tcpcl::ExtensionItem> out;
    Cursor cursor{list};
    while (cursor.at < list.size()) {
        tcpcl::ExtensionItem one;
        one.flags = static_cast<std::uint8_t>(cursor.integer(1));
        one.type = static_cast<std::uint16_t>(cursor.integer(2));
        one.value = Bytes::copy_of(cursor.take(cursor.integer(2)));
        REQUIRE_FALSE(cursor.short_);
        out.push_back(one);
    }
    return out;
}

void read_sess_init(Cursor& in, Message& message) {
    message.init.keepalive_s = static_cast<std::uint16_t>(in.integer(2));
    message.init.segment_mru = in.integer(8);
    message.init.transfer_mru = in.integer(8);
    message.init.node_id = std::string(as_text(in.take(in.integer(2))));
    const auto list = in.take(in.integer(4));
    if (!in.short_) message.items = read_items(list);
}

void read_segment(Cursor& in, Message& message) {
    message.flags = static_cast<std::uint8_t>(in.integer(1));
    message.id = in.integer(8);
    if ((message.flags & 0x02U) != 0) {
        const auto list = in.take(in.integer(4));
        if (!in.short_) message.items = read_items(list);
    }
    message.data = std::string(as_text(in.take(in.integer(8))));
}

Message read_message(Cursor& in) {
    Message message;
    message.type = static_cast<std::uint8_t>(in.integer(1));
    switch (message.type) {
        case 0x01: read_segment(in, message); break;
        case 0x02:
            message.flags = static_cast<std::uint8_t>(in.integer(1));
            message.id = in.integer(8);
            message.length = in.integer(8);
            break;
        case 0x03:
            message.reason = static_cast<std::uint8_t>(in.integer(1));
            message.id = in.integer(8);
            break;
        case 0x04: break;
        case 0x05:
            message.flags = static_cast<std::uint8_t>(in.integer(1));
            message.reason = static_cast<std::uint8_t>(in.integer(1));
            break;
        case 0x06:
            message.reason = static_cast<std::uint8_t>(in.integer(1));
            message.header = static_cast<std::uint8_t>(in.integer(1));
            break;
        case 0x07: read_sess_init(in, message); break;
        default: FAIL("the session sent an unknown message type " << int{message.type});
    }
    return message;
}

}  // namespace

Buffer u8(std::uint64_t value) {
    return integer(value, 1);
}
Buffer u16(std::uint64_t value) {
    return integer(value, 2);
}
Buffer u32(std::uint64_t value) {
    return integer(value, 4);
}
Buffer u64(std::uint64_t value) {
    return integer(value, 8);
}

Buffer raw(std::string_view characters) {
    const auto view = as_bytes(characters);
    return {view.begin(), view.end()};
}

Buffer join(std::initializer_list<Buffer> parts) {
    Buffer out;
    for (const auto& part : parts)
        append(out, part);
    return out;
}

Buffer contact(std::uint8_t flags, std::uint8_t version) {
    return join({raw("dtn!"), u8(version), u8(flags)});
}

Buffer item(std::uint8_t flags, std::uint16_t type, const Buffer& value) {
    return join({u8(flags), u16(type), u16(value.size()), value});
}

Buffer sess_init(const Init& init) {
    return join({u8(0x07), u16(init.keepalive), u64(init.segment_mru), u64(init.transfer_mru),
                 u16(init.node_id.size()), raw(init.node_id), u32(init.items.size()), init.items});
}

Buffer sess_term(std::uint8_t flags, std::uint8_t reason) {
    return join({u8(0x05), u8(flags), u8(reason)});
}
Buffer keepalive() {
    return u8(0x04);
}
Buffer msg_reject(std::uint8_t reason, std::uint8_t header) {
    return join({u8(0x06), u8(reason), u8(header)});
}

Buffer start(std::uint8_t flags, std::uint64_t id, std::string_view data, const Buffer& items) {
    return join(
        {u8(0x01), u8(flags | 0x02U), u64(id), u32(items.size()), items, u64(data.size()), raw(data)});
}

Buffer segment(std::uint8_t flags, std::uint64_t id, std::string_view data) {
    return join({u8(0x01), u8(flags), u64(id), u64(data.size()), raw(data)});
}

Buffer xfer_ack(std::uint8_t flags, std::uint64_t id, std::uint64_t length) {
    return join({u8(0x02), u8(flags), u64(id), u64(length)});
}

Buffer xfer_refuse(std::uint8_t reason, std::uint64_t id) {
    return join({u8(0x03), u8(reason), u64(id)});
}
Buffer transfer_length(std::uint64_t total) {
    return item(0, 0x0001, u64(total));
}

Driven::Driven(tcpcl::Role role, tcpcl::SessionOptions options)
    : session{role, std::move(options), Instant{Duration{1'000'000}}}, now{Duration{1'000'000}} {
    pump();
}

tcpcl::SessionOptions Driven::defaults() {
    tcpcl::SessionOptions options;
    options.node_id = "dtn://here/";
    options.keepalive_s = 0;
    return options;
}

Driven Driven::established(const Init& peer, tcpcl::SessionOptions options, tcpcl::Role role) {
    Driven driven{role, std::move(options)};
    driven.receive(contact());
    driven.receive(sess_init(peer));
    REQUIRE(driven.take_contact());
    REQUIRE(driven.take(tcpcl::MessageType::kSessInit).size() == 1);
    REQUIRE(driven.events<tcpcl::event::Established>().size() == 1);
    driven.forget_events();
    return driven;
}

void Driven::receive(const Buffer& input) {
    session.receive(input, now);
    pump();
}

void Driven::trickle(const Buffer& input) {
    for (const auto byte : input)
        receive({byte});
}

void Driven::wait(Duration step) {
    const auto until = now + step;
    for (int guard = 0; guard < 100'000; ++guard) {
        const auto next = session.next_timeout();
        if (!next || *next > until) {
            now = until;
            return;
        }
        now = std::max(now, *next);
        session.handle_timeout(now);
        pump();
    }
    FAIL("the session asks for a timeout again and again without getting further");
}

void Driven::pump() {
    for (auto bytes = session.bytes_to_send(); !bytes.empty(); bytes = session.bytes_to_send()) {
        append(out_, bytes);
        bytes_out += bytes.size();
        session.mark_sent(bytes.size());
    }
    while (auto event = session.poll_event())
        events_.push_back(std::move(*event));
}

std::optional<Buffer> Driven::take_contact() {
    if (out_.size() < 6) return std::nullopt;
    Buffer header(out_.begin(), out_.begin() + 6);
    out_.erase(out_.begin(), out_.begin() + 6);
    return header;
}

std::vector<Message> Driven::take() {
    std::vector<Message> messages;
    Cursor cursor{out_};
    while (cursor.at < out_.size()) {
        messages.push_back(read_message(cursor));
        REQUIRE_FALSE(cursor.short_);  // bytes_to_send() was emptied, so messages are complete
    }
    out_.clear();
    return messages;
}

std::vector<Message> Driven::take(tcpcl::MessageType type) {
    auto messages = take();
    std::erase_if(messages, [&](const Message& one) { return !one.is(type); });
    return messages;
}

bool Driven::over() const {
    return session.finished() || !events<tcpcl::event::Ended>().empty();
}

bool Driven::failed() const {
    const auto ends = events<tcpcl::event::Ended>();
    return !ends.empty() && ends.front().failure.has_value();
}

}  // namespace tram::rfc9174
