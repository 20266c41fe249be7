// Requests to offices through the API: filed the way a kiosk's program does it.
#pragma once

#include <string>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/tram/admin.pb.h"
#include "tests/system/harness/api_client.h"

namespace tram::harness {

/// A file that goes along.
struct Paper {
    std::string name;
    std::string bytes;
};

/// A new request for `procedure` that keeps to all rules, from somebody of this name.
admin::pb::Message new_request(const std::string& name, const std::string& procedure = "1.001193");
/// Appends text to the form of a request.
void add_field(admin::pb::Fields& fields, const std::string& name, const std::string& text);

/// Files `message` with `papers`; its local number. The failure of whichever step failed.
Result<std::string> file_request(ApiClient& client, admin::pb::Message message, const std::string& key,
                                 const std::vector<Paper>& papers = {});

/// The message in the content of a message object; throws when there is none.
admin::pb::Message message_in(ByteView content);

}  // namespace tram::harness
