#include "daemon/cli/upload.h"

#include <numeric>

#include "daemon/cli/file_io.h"
#include "daemon/cli/form.h"
#include "daemon/cli/message.h"
#include "daemon/cli/output.h"

namespace tram::cli {

namespace {

using api::pb::Reply;
using api::pb::Request;

/// A frame waits until the daemon's disk has it: slow disks get this much longer.
constexpr Duration kFramePatience{20'000};

}  // namespace

Outcome<void> Upload::append(const Buffer& frame, std::uint64_t offset) {
    if (in_flight_.size() == kInFlightMax) {
        if (auto taken = take_oldest(); !taken) return taken;
    }
    Request request;
    request.mutable_append_message()->set_token(token_);
    request.mutable_append_message()->set_offset(offset);
    const ByteView view{frame};
    const auto posted = client_.post(request, &view);
    if (!posted) return std::unexpected{posted.error()};
    in_flight_.push_back(*posted);
    return {};
}

Outcome<void> Upload::take_oldest() {
    const std::uint64_t oldest = in_flight_.front();
    in_flight_.pop_front();
    const auto answer = client_.take(oldest, Reply::kDone, kFramePatience);
    if (!answer) return std::unexpected{answer.error()};
    return {};
}

Outcome<Answer> Upload::finish() {
    while (!in_flight_.empty()) {
        if (auto taken = take_oldest(); !taken) return std::unexpected{taken.error()};
    }
    Request request;
    request.mutable_finish_message()->set_token(token_);
    return client_.call(request, Reply::kFinishMessage, nullptr, kFramePatience);
}

/// The daemon forgets the message by itself after a while: no need to wait, or to say that this failed too.
void Upload::drop(const Failure& why) {
    if (why.code == code_name(ErrorCode::kUnavailable)) return;
    client_.forget_posted();
    Request request;
    request.mutable_drop_message()->set_token(token_);
    (void)client_.call(request, Reply::kDone);
}

Outcome<void> send_files(Context& context, const std::vector<std::string>& files,
                         const admin::pb::Message& message, Upload& upload, std::uint64_t offset) {
    const auto& manifest = message.attachments();
    const std::uint64_t total =
        std::accumulate(manifest.begin(), manifest.end(), std::uint64_t{0},
                        [](std::uint64_t sum, const auto& each) { return sum + each.bytes(); });
    Progress progress{context, Message::kSending, total};
    std::uint64_t sent = 0;
    for (std::size_t i = 0; i < files.size(); ++i) {
        auto input = Input::open(context, files[i], kAttachmentMemoryMax);
        if (!input) return std::unexpected{input.error()};
        const std::uint64_t end = sent + manifest.Get(static_cast<int>(i)).bytes();
        if (sent + input->size() != end)
            return failed(ErrorCode::kInvalidArgument, context.say(Message::kFileGrew, files[i]));
        while (sent < end) {
            progress.show(sent);
            const auto frame = input->next(kFrameBytes);
            if (!frame) return std::unexpected{frame.error()};
            if (auto taken = upload.append(*frame, offset + sent); !taken) return taken;
            sent += frame->size();
        }
    }
    return {};
}

}  // namespace tram::cli
