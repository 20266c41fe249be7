// Reading what a notice says out of the daemon: proto/admin/message.h.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "daemon/cli/api_client.h"
#include "proto/tram/admin.pb.h"

namespace tram::cli {

/// A message that was read to its end, and the files that its attachments became.
struct ReadNotice {
    admin::pb::Message message;
    std::vector<std::filesystem::path> files;  ///< in the order of the manifest; none without a directory
};

/// Reads `content` piece by piece. With a directory its attachments are written there under their own names,
/// when all of the message is here and proved; nothing is left behind otherwise. Errors: those of the daemon,
/// of admin::ContentReader, and of NewFile.
Outcome<ReadNotice> read_notice_content(Context& context, ApiClient& client, const api::pb::Content& content,
                                        const std::filesystem::path* directory);

}  // namespace tram::cli
