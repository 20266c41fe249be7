// A message that was opened at the daemon, on its way there in frames.
#pragma once

#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "daemon/cli/api_client.h"
#include "proto/tram/admin.pb.h"

namespace tram::cli {

inline constexpr std::size_t kFrameBytes = 1U << 20;

class Upload {
  public:
    /// `token` is of an OpenMessage or FileRequest. `client` must outlive this.
    Upload(ApiClient& client, std::string token) : client_{client}, token_{std::move(token)} {}

    /// Sends a frame, and waits for an earlier one when too many are on their way.
    Outcome<void> append(const Buffer& frame, std::uint64_t offset);
    /// Waits for the rest of the answers, and says that this was all.
    Outcome<Answer> finish();
    /// Gives the message up after `why`.
    void drop(const Failure& why);

  private:
    Outcome<void> take_oldest();

    ApiClient& client_;
    std::string token_;
    std::deque<std::uint64_t> in_flight_;
};

/// Sends the attachments of `message`, which are `files` in the order of its manifest (see attach()), with
/// progress; `offset` is that of the first one. Errors: invalid_argument (a file is not as long as it was),
/// io, those of append().
Outcome<void> send_files(Context& context, const std::vector<std::string>& files,
                         const admin::pb::Message& message, Upload& upload, std::uint64_t offset);

}  // namespace tram::cli
