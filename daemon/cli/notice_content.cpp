#include "daemon/cli/notice_content.h"

#include <map>
#include <utility>

#include "daemon/cli/file_io.h"
#include "daemon/cli/message.h"
#include "proto/admin/message.h"

namespace tram::cli {

namespace {

using api::pb::Reply;
using api::pb::Request;

class Reading {
  public:
    Reading(Context& context, ApiClient& client, const api::pb::Content& content,
            const std::filesystem::path* directory)
        : context_{context}, client_{client}, content_{content}, directory_{directory} {}

    Outcome<ReadNotice> run();

  private:
    Outcome<bool> next(std::uint64_t index);
    Outcome<void> write(const admin::ContentReader::Part& part);
    Outcome<ReadNotice> finish();
    [[nodiscard]] std::unexpected<Failure> not_whole() const {
        return failed(ErrorCode::kUnsupportedVersion, context_.say(Message::kUnexpectedAnswer, context_.api),
                      context_.say(Message::kUnexpectedAnswerRemedy));
    }

    Context& context_;
    ApiClient& client_;
    const api::pb::Content& content_;
    const std::filesystem::path* directory_;
    admin::ContentReader reader_;
    std::map<std::size_t, NewFile> files_;  // by place in the manifest
    std::uint64_t bytes_ = 0;
};

Outcome<ReadNotice> Reading::run() {
    Progress progress{context_, Message::kReceiving, content_.content_bytes()};
    for (std::uint64_t index = 0; index < content_.piece_count(); ++index) {
        const auto last = next(index);
        if (!last) return std::unexpected{last.error()};
        progress.show(bytes_);
        if (*last) return finish();
    }
    return not_whole();
}

Outcome<bool> Reading::next(std::uint64_t index) {
    Request request;
    request.mutable_read_message()->set_token(content_.token());
    request.mutable_read_message()->set_index(index);
    const auto answer = client_.call(request, Reply::kReadMessage);
    if (!answer) return std::unexpected{answer.error()};
    bytes_ += answer->payload.size();
    const auto parts = reader_.take(answer->payload_view());
    if (!parts) return std::unexpected{failure_of(parts.error())};
    for (const admin::ContentReader::Part& part : *parts)
        if (auto written = write(part); !written) return std::unexpected{written.error()};
    return answer->reply.read_message().last();
}

Outcome<void> Reading::write(const admin::ContentReader::Part& part) {
    if (directory_ == nullptr) return {};
    auto found = files_.find(part.attachment);
    if (found == files_.end()) {
        const auto& manifest = reader_.message()->attachments();
        auto file = NewFile::create(*directory_, manifest.Get(static_cast<int>(part.attachment)).name());
        if (!file) return std::unexpected{file.error()};
        found = files_.emplace(part.attachment, std::move(*file)).first;
    }
    return found->second.write(part.bytes);
}

Outcome<ReadNotice> Reading::finish() {
    if (!reader_.complete() || reader_.message() == nullptr) return not_whole();
    ReadNotice read{*reader_.message(), {}};
    for (auto& [place, file] : files_) {
        const auto stored = file.commit(context_);
        if (!stored) return std::unexpected{stored.error()};
        read.files.push_back(*directory_ / read.message.attachments(static_cast<int>(place)).name());
    }
    return read;
}

}  // namespace

Outcome<ReadNotice> read_notice_content(Context& context, ApiClient& client, const api::pb::Content& content,
                                        const std::filesystem::path* directory) {
    return Reading{context, client, content, directory}.run();
}

}  // namespace tram::cli
