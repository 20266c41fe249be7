// A message that was opened at the daemon, on its way there in frames.
#pragma once

#include <deque>
#include <string>
#include <utility>

#include "daemon/cli/api_client.h"

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

}  // namespace tram::cli
