// `tram message receive`: fetch, read piece by piece, make durable, acknowledge, in this order.
//
//   fetch -> pieces into a file without a name -> last piece: complete and proved -> file synced and named
//         -> acknowledge -> one line of output
//
// A crash at any point means that the message is handed out again and its file recognised, never that it is
// lost, and never that the plain text of a message that is not whole lies around.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <deque>
#include <memory>
#include <ostream>
#include <string>

#include "daemon/cli/api_client.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/format.h"
#include "daemon/cli/message.h"
#include "daemon/cli/output.h"
#include "daemon/cli/receive_loop.h"

namespace tram::cli {

namespace {

using api::pb::FetchMessageReply;
using api::pb::Reply;
using api::pb::Request;
using Step = ReceiveLoop::Step;

/// Digits of the token that follow the message id in a file's name: senders choose ids, the daemon tokens.
constexpr std::size_t kTokenDigits = 16;

class Receiver {
  public:
    Receiver(Context& context, const ReceiveOptions& options)
        : context_{context}, options_{options}, client_{context}, loop_{context, options} {}

    int run() {
        return loop_.run([this](Duration wait) { return fetch(wait); });
    }

  private:
    Outcome<Step> fetch(Duration wait);
    Outcome<Step> receive(const FetchMessageReply& message);
    /// The digest of the content. Failures of the daemon are of the message, others of this program.
    Outcome<std::string> read(const FetchMessageReply& message, NewFile& file);
    Outcome<void> post_read(const std::string& token, std::uint64_t index);
    Outcome<void> acknowledge(const std::string& token);
    void print(const FetchMessageReply& message, const boost::json::object& line);

    Context& context_;
    const ReceiveOptions& options_;
    ApiClient client_;
    ReceiveLoop loop_;
    std::deque<std::uint64_t> in_flight_;
    bool message_is_bad_ = false;
};

std::string name_for(const FetchMessageReply& message) {
    return file_name_of(to_hex(as_bytes(message.message_id())) + "-" +
                        message.token().substr(0, kTokenDigits));
}

Outcome<Step> Receiver::fetch(Duration wait) {
    Request request;
    auto& fetch = *request.mutable_fetch_message();
    fetch.set_endpoint(options_.endpoint);
    fetch.set_wait_ms(static_cast<std::uint64_t>(wait.count()));
    const auto answer = client_.call(request, Reply::kFetchMessage, nullptr, wait);
    if (!answer) return std::unexpected{answer.error()};
    if (!answer->reply.fetch_message().found()) return Step::kNothing;
    return receive(answer->reply.fetch_message());
}

Outcome<Step> Receiver::receive(const FetchMessageReply& message) {
    const std::filesystem::path directory{options_.output};
    const std::string name = name_for(message);
    auto file = NewFile::create(directory, name);
    if (!file) return std::unexpected{file.error()};
    message_is_bad_ = false;
    const auto digest = read(message, *file);
    if (!digest) {
        client_.forget_posted();
        in_flight_.clear();
        if (!message_is_bad_) return std::unexpected{digest.error()};
        report(context_, digest.error());  // the next one may be good
        return Step::kGotBad;
    }
    const auto stored = file->commit(context_);
    if (!stored) return std::unexpected{stored.error()};
    const auto acknowledged = acknowledge(message.token());
    loop_.count_one();
    boost::json::array recipients;
    for (const std::string& recipient : message.recipients())
        recipients.emplace_back(recipient);
    print(message, {{"message_id", to_hex(as_bytes(message.message_id()))},
                    {"sender", message.sender()},
                    {"source", message.source()},
                    {"destination", message.destination()},
                    {"sealed", message.sealed()},
                    {"recipients", std::move(recipients)},
                    {"urgency", message.urgency()},
                    {"kind", message.kind()},
                    {"age_ms", message.age_ms()},
                    {"content_type", message.content_type()},
                    {"content_size", message.content_bytes()},
                    {"sha256", *digest},
                    {"file", (directory / name).string()},
                    {"already_there", *stored == Stored::kAlreadyThere},
                    {"acknowledged", acknowledged.has_value()}});
    if (!acknowledged) return std::unexpected{acknowledged.error()};
    return Step::kGotOne;
}

Outcome<void> Receiver::post_read(const std::string& token, std::uint64_t index) {
    Request request;
    request.mutable_read_message()->set_token(token);
    request.mutable_read_message()->set_index(index);
    const auto posted = client_.post(request);
    if (!posted) return std::unexpected{posted.error()};
    in_flight_.push_back(*posted);
    return {};
}

Outcome<std::string> Receiver::read(const FetchMessageReply& message, NewFile& file) {
    Progress progress{context_, Message::kReceiving, message.content_bytes()};
    std::uint64_t next = 0;
    std::uint64_t bytes = 0;
    while (true) {
        while (in_flight_.size() < kInFlightMax && next < message.piece_count()) {
            if (auto posted = post_read(message.token(), next++); !posted)
                return std::unexpected{posted.error()};
        }
        if (in_flight_.empty()) break;
        const std::uint64_t oldest = in_flight_.front();
        in_flight_.pop_front();
        const auto answer = client_.take(oldest, Reply::kReadMessage);
        if (!answer) {
            message_is_bad_ = answer.error().code != code_name(ErrorCode::kUnavailable);
            return std::unexpected{answer.error()};
        }
        if (auto written = file.write(answer->payload_view()); !written)
            return std::unexpected{written.error()};
        bytes += answer->payload.size();
        progress.show(bytes);
        const auto& piece = answer->reply.read_message();
        if (piece.last() && in_flight_.empty() && bytes == message.content_bytes()) {
            return to_hex(as_bytes(piece.digest()));
        }
    }
    return failed(ErrorCode::kUnsupportedVersion, context_.say(Message::kUnexpectedAnswer, context_.api),
                  context_.say(Message::kUnexpectedAnswerRemedy));
}

Outcome<void> Receiver::acknowledge(const std::string& token) {
    Request request;
    request.mutable_acknowledge_message()->set_token(token);
    const auto answer = client_.call(request, Reply::kDone);
    if (!answer) return std::unexpected{answer.error()};
    return {};
}

void Receiver::print(const FetchMessageReply& message, const boost::json::object& line) {
    switch (context_.format) {
        case Format::kJson: write_json_line(context_.out, line); break;
        case Format::kName: context_.out << line.at("file").as_string().c_str() << "\n"; break;
        case Format::kTable:
            context_.out << printable(context_.say(message.sealed() ? Message::kMessageReceived
                                                                    : Message::kPublicMessageReceived,
                                                   message.sender(), human_size(message.content_bytes()),
                                                   std::string{line.at("file").as_string()}),
                                      context_.ascii)
                         << "\n";
            break;
    }
    context_.out.flush();
}

}  // namespace

void add_message_receive(CLI::App& message, Context& context, Action& action) {
    auto options = std::make_shared<ReceiveOptions>();
    auto* receive = message.add_subcommand(
        "receive", "take the messages that wait at an endpoint; each is acknowledged when its file is safe");
    add_receive_options(*receive, *options, "directory for the contents, named by message id and sender");
    receive->callback([=, &context, &action] {
        action = [options, &context] { return Receiver{context, *options}.run(); };
    });
}

}  // namespace tram::cli
