// The other end of a TCPCL session, made by hand: writes messages byte by byte from RFC 9174's figures and
// reads ours back with a parser of its own, independent of proto/tcpcl.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/tcpcl/session.h"

namespace tram::rfc9174 {

// Integers in network byte order.
Buffer u8(std::uint64_t value);
Buffer u16(std::uint64_t value);
Buffer u32(std::uint64_t value);
Buffer u64(std::uint64_t value);
Buffer raw(std::string_view characters);
Buffer join(std::initializer_list<Buffer> parts);

// Messages.
Buffer contact(std::uint8_t flags = 0, std::uint8_t version = 4);
Buffer item(std::uint8_t flags, std::uint16_t type, const Buffer& value);
struct Init {
    std::uint16_t keepalive = 0;
    std::uint64_t segment_mru = 1'000'000;
    std::uint64_t transfer_mru = 1'000'000'000;
    std::string_view node_id = "dtn://peer/";
    Buffer items = {};
};
Buffer sess_init(const Init& init = {});
Buffer sess_term(std::uint8_t flags, std::uint8_t reason);
Buffer keepalive();
Buffer msg_reject(std::uint8_t reason, std::uint8_t header);
/// A START segment, with transfer extension items.
Buffer start(std::uint8_t flags, std::uint64_t id, std::string_view data, const Buffer& items = {});
/// A segment without START.
Buffer segment(std::uint8_t flags, std::uint64_t id, std::string_view data);
Buffer xfer_ack(std::uint8_t flags, std::uint64_t id, std::uint64_t length);
Buffer xfer_refuse(std::uint8_t reason, std::uint64_t id);
Buffer transfer_length(std::uint64_t total);

/// One message that the session sent, all fields as they were on the wire.
struct Message {
    std::uint8_t type = 0;
    std::uint8_t flags = 0;
    std::uint8_t reason = 0;
    std::uint8_t header = 0;  ///< MSG_REJECT
    std::uint64_t id = 0;
    std::uint64_t length = 0;  ///< XFER_ACK
    std::string data;          ///< XFER_SEGMENT
    std::vector<tcpcl::ExtensionItem> items;
    tcpcl::SessInit init;

    [[nodiscard]] bool is(tcpcl::MessageType which) const { return type == static_cast<std::uint8_t>(which); }
};

/// A session under test, its output, its events and the time it is told.
class Driven {
  public:
    explicit Driven(tcpcl::Role role, tcpcl::SessionOptions options = defaults());
    static tcpcl::SessionOptions defaults();

    /// Contact headers and SESS_INIT are exchanged; everything said so far is forgotten.
    static Driven established(const Init& peer = {}, tcpcl::SessionOptions options = defaults(),
                              tcpcl::Role role = tcpcl::Role::kPassive);

    void receive(const Buffer& input);
    /// The same, one byte at a time.
    void trickle(const Buffer& input);
    /// Lets `step` pass, calling handle_timeout() whenever next_timeout() says so.
    void wait(Duration step);
    void pump();  ///< moves output and events out of the session

    /// The contact header that was sent, once; nothing before.
    std::optional<Buffer> take_contact();
    /// Complete messages sent since the last call. The test fails when the output is no valid stream.
    std::vector<Message> take();
    /// Those of one type; the others are dropped.
    std::vector<Message> take(tcpcl::MessageType type);

    template <typename Event>
    std::vector<Event> events() const {
        std::vector<Event> out;
        for (const auto& event : events_) {
            if (const auto* one = std::get_if<Event>(&event)) out.push_back(*one);
        }
        return out;
    }
    void forget_events() { events_.clear(); }
    /// The connection is to be closed now, or the session is over.
    [[nodiscard]] bool over() const;
    /// Over because something went wrong.
    [[nodiscard]] bool failed() const;

    tcpcl::Session session;
    Instant now;
    std::size_t bytes_out = 0;

  private:
    Buffer out_;
    std::vector<tcpcl::SessionEvent> events_;
};

}  // namespace tram::rfc9174
