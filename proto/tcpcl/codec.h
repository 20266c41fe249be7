// TCPCLv4 messages to bytes and back (RFC 9174 4.2, 4.6, 4.8, 5.1, 5.2, 6.1). All integers are big-endian.
//
//   contact        "dtn!" version:u8 flags:u8
//   XFER_SEGMENT   01 flags:u8 id:u64 [items_length:u32 items]  length:u64 data     (items only with START)
//   XFER_ACK       02 flags:u8 id:u64 length:u64
//   XFER_REFUSE    03 reason:u8 id:u64
//   KEEPALIVE      04
//   SESS_TERM      05 flags:u8 reason:u8
//   MSG_REJECT     06 reason:u8 rejected_header:u8
//   SESS_INIT      07 keepalive:u16 segment_mru:u64 transfer_mru:u64 node_length:u16 node items_length:u32
//   items item           flags:u8 type:u16 length:u16 value
//
// Parsing never copies data of segments and never allocates before a length was compared with its bound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/tcpcl/messages.h"

namespace tram::tcpcl {

inline constexpr std::size_t kContactBytes = 6;

/// XFER_SEGMENT up to, not including, its data. `extensions` aliases the parsed input.
struct SegmentHead {
    std::uint8_t flags = 0;
    std::uint64_t transfer = 0;
    ByteView extensions;
    std::uint64_t data_bytes = 0;
};
struct Ack {
    std::uint8_t flags = 0;
    std::uint64_t transfer = 0;
    std::uint64_t acknowledged_bytes = 0;
};
struct Refusal {
    std::uint8_t reason = 0;
    std::uint64_t transfer = 0;
};
struct Keepalive {};
struct Term {
    std::uint8_t flags = 0;
    std::uint8_t reason = 0;
};
struct Reject {
    std::uint8_t reason = 0;
    std::uint8_t message_header = 0;
};
/// A message type that RFC 9174 does not define; where it ends cannot be known.
struct UnknownMessage {
    std::uint8_t type = 0;
};

using Message = std::variant<SegmentHead, Ack, Refusal, Keepalive, Term, Reject, SessInit, UnknownMessage>;

struct ParsedMessage {
    Message message;
    std::size_t bytes = 0;  ///< how much of the input it took; for a segment, without its data
};

/// Parses the message at the start of `input`. Nothing when more bytes are needed. Constant time until the
/// message is complete. Errors: too_large (extension items above `extension_bytes_max`, node id above
/// Limits::eid_bytes_max), malformed (items that disagree with their length in SESS_INIT, a node id that is
/// no RFC 3986 URI text). Items of a segment are left to ItemReader.
Result<std::optional<ParsedMessage>> parse_message(ByteView input, std::size_t extension_bytes_max);

/// Walks over encoded extension items.
struct ItemView {
    std::uint8_t flags = 0;
    std::uint16_t type = 0;
    ByteView value;
};
class ItemReader {
  public:
    explicit ItemReader(ByteView items) : rest_{items} {}
    /// The next item; nothing at the end or when the rest is no whole item (then malformed() is true).
    std::optional<ItemView> next();
    [[nodiscard]] bool malformed() const { return malformed_; }

  private:
    ByteView rest_;
    bool malformed_ = false;
};

/// Appending encoders; `out` grows by exactly one message (a segment's data is appended by the caller).
void encode_contact(Buffer& out, std::uint8_t flags);
void encode(Buffer& out, const SessInit& init);
/// `announced` adds a Transfer Length item (RFC 9174 5.2.5.1); only with START.
void encode_segment_head(Buffer& out, std::uint8_t flags, std::uint64_t transfer,
                         std::optional<std::uint64_t> announced, std::uint64_t data_bytes);
void encode(Buffer& out, const Ack& ack);
void encode(Buffer& out, const Refusal& refusal);
void encode(Buffer& out, Keepalive keepalive);
void encode(Buffer& out, const Term& term);
void encode(Buffer& out, const Reject& reject);

}  // namespace tram::tcpcl
