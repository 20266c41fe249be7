// The receipts "delivered" that this node has made, so that one that was lost on its way is made good.
//
// Whoever sent a message offers it again and again until its receipt is back. A part of it that comes here
// once more, long after the receipt set out, says that the receipt did not arrive: the laptop that had it is
// lost, or it has expired. It sets out again then, signed as it was.
//
// Row "made/<message id>" of each, until its message would have expired everywhere.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "daemon/node/custody.h"
#include "daemon/node/own_receipt.h"
#include "daemon/node/trust.h"

namespace tram::node {

class MadeReceipts {
  public:
    /// The same receipt does not set out more often than this: copies of a message go many ways.
    static constexpr std::uint64_t kAgainAfter_ms = 24ULL * 3600 * 1000;
    static constexpr std::size_t kRememberedMax = 200'000;

    MadeReceipts(Custody& custody, const Trust& trust) : custody_{custody}, trust_{trust} {}

    void restore_state(const std::string& name, ByteView value);

    /// Signs the receipt "delivered" and sends it. Only where has_receipt().
    void confirm(const DeliveredMessage& delivered);
    /// A part of a message from `source` has come that was delivered here before.
    void came_again(const MessageId& id, const bpv7::Eid& source);
    void expire(std::uint64_t now_ms);

  private:
    struct Made {
        std::string maker;  ///< node id of who made the message
        Bytes wire;
        std::uint64_t sent_at_ms = 0;     ///< node time
        std::uint64_t expires_at_ms = 0;  ///< node time
    };
    void remember(const MessageId& id, Made made);
    void forget(const MessageId& id);

    Custody& custody_;
    const Trust& trust_;
    std::map<MessageId, Made> made_;
    std::set<std::pair<std::uint64_t, MessageId>> by_end_;  // when each is forgotten
};

}  // namespace tram::node
