// Parts of the node that read messages before any application does: requests at an office, its words at the
// node that filed the request, notices everywhere.
//
//   complete -> wants()? -> known()? -> the node opens it piece by piece -> take() -> verdict
//
// take() sees a message only when all of it is here, its signature good, its attachments as its manifest
// says and its text by the rules of proto/admin. Rows that it writes are in the batch that carries the
// verdict out. A message of another content type, or one sealed for others, goes to applications as any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "daemon/node/types.h"
#include "proto/admin/receipt.h"
#include "proto/cose/sha256.h"

namespace tram::node {

/// Which message: its id is chosen by who sent it, so the endpoint it comes from belongs to its name.
struct MessageName {
    std::string source;
    std::string destination;
    envelope::MessageId message_id{};
    friend auto operator<=>(const MessageName&, const MessageName&) = default;
};

struct ArrivedMessage {
    MessageName name;
    std::string token;   ///< for ReadMessage, as long as it is here
    std::string sender;  ///< node id, proved by its signature
    bool sealed = false;
    cose::Digest digest{};  ///< of the content
    std::uint64_t content_bytes = 0;
    std::uint64_t piece_count = 0;
    std::uint64_t age_ms = 0;
    std::uint64_t remaining_ms = 0;  ///< of its lifetime
    /// Of a newer program that older ones must not read: has the head only, and is not checked but for
    /// secrecy.
    bool head_only = false;
    admin::pb::Message message;
};

struct Verdict {
    enum class What : std::uint8_t {
        kOffer,     ///< applications may fetch it
        kKeep,      ///< it stays to be read by its token, and nobody fetches it
        kDone,      ///< it is removed
        kRefuse,    ///< as kDone; counted and logged with `why`
        kSetAside,  ///< as kKeep; counted and logged with `why`
    };
    What what = What::kOffer;
    /// The sender gets its receipt "delivered" now, and not when an application acknowledges.
    bool confirm = false;
    /// It lives at least so long from now, whatever its own lifetime says.
    std::optional<std::uint64_t> keep_ms{};
    Error why{ErrorCode::kMalformed, {}};  ///< quotes nothing of what the message says
};

class MessageReader {
  public:
    virtual ~MessageReader() = default;

    /// Whether messages of this kind to this endpoint are its own to read.
    [[nodiscard]] virtual bool wants(const bpv7::Eid& destination, bpv7::Kind kind) const = 0;
    /// After a restart: kOffer or kKeep, and whether it was confirmed, for a message that was taken before.
    [[nodiscard]] virtual std::optional<Verdict> known(const MessageName& name) const = 0;
    [[nodiscard]] virtual Verdict take(const ArrivedMessage& arrived) = 0;
};

/// What is asked about a message whose receipts somebody waits for.
class ReceiptListener {
  public:
    virtual ~ReceiptListener() = default;

    /// The message of this node that a receipt is about, as far as this part knows it.
    [[nodiscard]] virtual std::optional<admin::Awaited> awaits(const admin::Receipt& receipt) const = 0;
    /// A receipt that is genuine and by one who can say so. Errors: it is refused, and changes nothing.
    virtual Result<void> take(const admin::Receipt& receipt) = 0;
};

}  // namespace tram::node
