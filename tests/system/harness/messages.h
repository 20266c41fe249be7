// Messages through the API: sent and fetched the way an application does it.
#pragma once

#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "tests/system/harness/api_client.h"

namespace tram::harness {

struct OutgoingMessage {
    std::string destination;
    std::string content_type = "text/plain";
    bool is_public = false;
    std::vector<std::string> also_for = {};
};

/// Hands in a message. The failure of whichever step failed.
Result<pb::FinishMessageReply> send_message(ApiClient& client, const OutgoingMessage& terms,
                                            ByteView content);

struct IncomingMessage {
    pb::FetchMessageReply head;  ///< `found` false: none came within `wait`
    Buffer content;              ///< of which the signature was good
};
/// Fetches a message, reads it to its end and acknowledges it.
Result<IncomingMessage> fetch_message(ApiClient& client, const std::string& endpoint, milliseconds wait);

/// Gives the daemon certificates and lists, as the operator does.
Result<pb::TrustReply> trust(ApiClient& client, ByteView encoded_trust);

}  // namespace tram::harness
