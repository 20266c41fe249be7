// A message that another part of the node has something to do with: its beginning is made here, what
// follows is checked as it comes, and that part is told in the batch in which the message sets out.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "proto/admin/message.h"
#include "proto/cose/sha256.h"
#include "proto/envelope/envelope.h"

namespace tram::node {

class Cargo {
  public:
    /// Called while the batch that sends the message is being made.
    using Sent = std::function<void(const envelope::MessageId& id, const cose::Digest& content)>;

    Cargo(std::string local_number, Sent sent)
        : local_number_{std::move(local_number)}, sent_{std::move(sent)} {}

    /// The next content, in order. Errors: those of admin::ContentReader::take(): an attachment is not what
    /// the manifest says.
    Result<void> see(ByteView content) {
        if (auto parts = reader_.take(content); !parts) return std::unexpected{std::move(parts.error())};
        hash_.update(content);
        return {};
    }
    /// Once; all content was seen.
    void sent(const envelope::MessageId& id) { sent_(id, hash_.finish()); }
    [[nodiscard]] const std::string& local_number() const { return local_number_; }

  private:
    std::string local_number_;
    Sent sent_;
    admin::ContentReader reader_;
    cose::Sha256 hash_;
};

}  // namespace tram::node
