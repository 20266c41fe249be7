// TCPCLv4 on the wire (RFC 9174): code points and the messages as data. session.h uses them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/base/limits.h"

namespace tram::tcpcl {

/// RFC 9174 4.2: "dtn!", version 4.
inline constexpr std::uint8_t kVersion = 4;
inline constexpr std::uint8_t kContactFlagCanTls = 0x01;

/// RFC 9174 9.3 (message types).
enum class MessageType : std::uint8_t {
    kXferSegment = 0x01,
    kXferAck = 0x02,
    kXferRefuse = 0x03,
    kKeepalive = 0x04,
    kSessTerm = 0x05,
    kMsgReject = 0x06,
    kSessInit = 0x07,
};

/// RFC 9174 5.2.4.
enum class RefuseReason : std::uint8_t {
    kUnknown = 0x00,
    kCompleted = 0x01,
    kNoResources = 0x02,
    kRetransmit = 0x03,
    kNotAcceptable = 0x04,
    kExtensionFailure = 0x05,
    kSessionTerminating = 0x06,
};
std::string_view reason_text(RefuseReason reason);
/// The reason with this code; codes that are not defined mean kUnknown (5.2.4).
RefuseReason refuse_reason(std::uint8_t code);

/// What a sender does about a refused bundle (5.2.4, table 7). The session only reports; the ledger decides.
enum class RefusalMeaning : std::uint8_t {
    kPeerHasIt,             ///< as good as acknowledged
    kSendAgain,             ///< at once, in its entirety
    kSendLater,             ///< the peer has no room now; smaller fragments may fit
    kSendInAnotherSession,  ///< nothing is wrong with the bundle
    kDoNotSendAgain,        ///< this peer will not take this bundle
};
RefusalMeaning meaning(RefuseReason reason);

/// RFC 9174 6.1.
enum class TermReason : std::uint8_t {
    kUnknown = 0x00,
    kIdleTimeout = 0x01,
    kVersionMismatch = 0x02,
    kBusy = 0x03,
    kContactFailure = 0x04,
    kResourceExhaustion = 0x05,
};
std::string_view reason_text(TermReason reason);
/// The reason with this code; codes that are not defined mean kUnknown (6.1).
TermReason term_reason(std::uint8_t code);

/// One side begins TLS and the other does not know of it: the flag CAN_TLS of one contact header was lost.
Error tls_offer_lost();

/// RFC 9174 5.1.2.
enum class RejectReason : std::uint8_t { kUnknownType = 0x01, kUnsupported = 0x02, kUnexpected = 0x03 };
std::string_view reason_text(RejectReason reason);

/// Segment flags, RFC 9174 5.2.2; SESS_TERM flag, 6.1; extension item flag, 4.8 and 5.2.5.
inline constexpr std::uint8_t kSegmentEnd = 0x01;
inline constexpr std::uint8_t kSegmentStart = 0x02;
inline constexpr std::uint8_t kTermReply = 0x01;
inline constexpr std::uint8_t kItemCritical = 0x01;

/// Transfer extension: total length of the transfer, RFC 9174 5.2.5.1.
inline constexpr std::uint16_t kTransferLengthItem = 0x0001;

/// A session or transfer extension item, RFC 9174 4.8 and 5.2.5.
struct ExtensionItem {
    std::uint8_t flags = 0;
    std::uint16_t type = 0;
    Bytes value;
};

/// RFC 9174 4.6.
struct SessInit {
    std::uint16_t keepalive_s = 0;
    std::uint64_t segment_mru = 0;
    std::uint64_t transfer_mru = 0;
    std::string node_id;  ///< UTF-8 text of the sender's node id; may be empty
    std::vector<ExtensionItem> extensions;
};

}  // namespace tram::tcpcl
