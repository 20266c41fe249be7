// A daemon that answers what the test tells it to, on an ipc socket in a directory of its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "proto/tram/api.pb.h"
#include "tests/temporary_directory.h"

namespace tram::cli::test {

using tram::test::TemporaryDirectory;

class FakeDaemon {
  public:
    struct Answer {
        api::pb::Reply reply;
        std::string payload;  ///< sent as second frame unless empty
        bool silent = false;  ///< send nothing at all
    };
    /// Called on the daemon's thread; `payload` is the request's second frame, or empty.
    using Handler = std::function<Answer(const api::pb::Request& request, const std::string& payload)>;

    explicit FakeDaemon(Handler handler);
    ~FakeDaemon();
    FakeDaemon(const FakeDaemon&) = delete;
    FakeDaemon& operator=(const FakeDaemon&) = delete;

    [[nodiscard]] std::string endpoint() const { return endpoint_; }
    /// Every request so far, in order.
    [[nodiscard]] std::vector<api::pb::Request> requests() const;

  private:
    void serve();

    TemporaryDirectory directory_;
    std::string endpoint_;
    Handler handler_;
    mutable std::mutex mutex_;
    std::vector<api::pb::Request> requests_;
    std::atomic<bool> ready_ = false;
    std::atomic<bool> stop_ = false;
    std::jthread thread_;
};

/// An answer that is a Failure.
FakeDaemon::Answer failure(const std::string& code, const std::string& message, const std::string& remedy);
/// An answer that is Done.
FakeDaemon::Answer done();

}  // namespace tram::cli::test
