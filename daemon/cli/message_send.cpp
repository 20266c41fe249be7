// `tram message send`: hands the content over in frames and says "queued" only when the daemon has the whole
// message on disk. When something goes wrong before that, there is no message.
#include <boost/json/object.hpp>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "daemon/cli/api_client.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/message.h"
#include "daemon/cli/options.h"
#include "daemon/cli/output.h"
#include "daemon/cli/send_terms.h"
#include "daemon/cli/upload.h"

namespace tram::cli {

namespace {

using api::pb::Reply;
using api::pb::Request;

/// What has no length of its own (standard input) is read into memory.
constexpr std::size_t kMemoryBytesMax = 1ULL << 30;

struct SendOptions {
    std::string file;
    SendTerms terms;
    std::vector<std::string> also_for;
    std::string content_type;
    bool is_public = false;
};

class Sender {
  public:
    Sender(Context& context, const SendOptions& options)
        : context_{context}, options_{options}, client_{context} {}

    int run();

  private:
    Outcome<std::string> open(std::uint64_t size);
    Outcome<void> hand_over(Input& input, Upload& upload);
    void print(const api::pb::FinishMessageReply& sent, std::uint64_t size);

    Context& context_;
    const SendOptions& options_;
    ApiClient client_;
};

int Sender::run() {
    if (const auto good = check(options_.terms); !good) return report(context_, good.error());
    auto input = Input::open(context_, options_.file, kMemoryBytesMax);
    if (!input) return report(context_, input.error());
    auto token = open(input->size());
    if (!token) return report(context_, token.error());
    Upload upload{client_, std::move(*token)};
    if (const auto handed = hand_over(*input, upload); !handed) {
        upload.drop(handed.error());
        return report(context_, handed.error());
    }
    const auto sent = upload.finish();
    if (!sent) {
        upload.drop(sent.error());
        return report(context_, sent.error());
    }
    print(sent->reply.finish_message(), input->size());
    return kExitFine;
}

Outcome<std::string> Sender::open(std::uint64_t size) {
    Request request;
    auto& open = *request.mutable_open_message();
    copy(options_.terms, open);
    open.set_is_public(options_.is_public);
    for (const std::string& node : options_.also_for)
        open.add_also_for(node);
    open.set_content_bytes(size);
    open.set_content_type(options_.content_type);
    const auto answer = client_.call(request, Reply::kOpenMessage);
    if (!answer) return std::unexpected{answer.error()};
    return answer->reply.open_message().token();
}

Outcome<void> Sender::hand_over(Input& input, Upload& upload) {
    Progress progress{context_, Message::kSending, input.size()};
    std::uint64_t offset = 0;
    while (offset < input.size()) {
        progress.show(offset);
        const auto frame = input.next(kFrameBytes);
        if (!frame) return std::unexpected{frame.error()};
        if (auto taken = upload.append(*frame, offset); !taken) return taken;
        offset += frame->size();
    }
    if (!input.has_more()) return {};
    return failed(ErrorCode::kInvalidArgument, context_.say(Message::kFileGrew, options_.file));
}

void Sender::print(const api::pb::FinishMessageReply& sent, std::uint64_t size) {
    const std::string id = to_hex(as_bytes(sent.message_id()));
    switch (context_.format) {
        case Format::kTable:
            context_.out << context_.say(Message::kMessageQueued, id, sent.chunk_count()) << "\n";
            break;
        case Format::kName: context_.out << id << "\n"; break;
        case Format::kJson:
            write_json_line(context_.out, boost::json::object{{"message_id", id},
                                                              {"short_id", sent.short_id()},
                                                              {"chunk_count", sent.chunk_count()},
                                                              {"content_size", size}});
            break;
    }
}

}  // namespace

void add_message_send(CLI::App& message, Context& context, Action& action) {
    auto options = std::make_shared<SendOptions>();
    auto* send = message.add_subcommand("send", "send the contents of a file, sealed for its recipients");
    send->add_option("FILE", options->file, "the content; - for standard input")->required();
    add_send_terms(*send, options->terms);
    auto* also_for = send->add_option("--also-for", options->also_for,
                                      "a further node that may open it; may be given several times")
                         ->type_name("NODE")
                         ->allow_extra_args(false)
                         ->check(problem_with_node_id);
    send->add_flag("--public", options->is_public, "signed, but not sealed: everybody may read it")
        ->excludes(also_for);
    send->add_option("--content-type", options->content_type, "what the content is, for its reader")
        ->type_name("TEXT");
    send->callback(
        [=, &context, &action] { action = [options, &context] { return Sender{context, *options}.run(); }; });
}

}  // namespace tram::cli
