// `tram request receive`, at an office: each request into a directory of its own, and only then acknowledged.
//
//   fetch -> attachments and request.json out of sight -> last piece: complete and proved -> directory named
//         -> acknowledge -> one line of output
//
// A crash at any point means that it is handed out again and its directory recognised.
#include <boost/json/object.hpp>
#include <memory>
#include <ostream>

#include "daemon/cli/content.h"
#include "daemon/cli/output.h"
#include "daemon/cli/receive_loop.h"
#include "daemon/cli/request.h"
#include "proto/admin/message.h"
#include "proto/admin/names.h"
#include "proto/admin/words.h"

namespace tram::cli {

namespace {

using api::pb::FetchMessageReply;
using api::pb::Reply;
using api::pb::Request;
using Step = ReceiveLoop::Step;

class Office {
  public:
    Office(Context& context, ReceiveOptions& options)
        : context_{context}, options_{options}, client_{context}, loop_{context, options} {}

    int run() {
        return loop_.run([this](Duration wait) { return fetch(wait); });
    }

  private:
    /// Its default is this node's own office.
    Outcome<void> find_endpoint();
    Outcome<Step> fetch(Duration wait);
    Outcome<Step> receive(const FetchMessageReply& found);
    void print(const FetchMessageReply& found, const Content& content, const Staging::Placed& placed);

    Context& context_;
    ReceiveOptions& options_;
    ApiClient client_;
    ReceiveLoop loop_;
};

Outcome<void> Office::find_endpoint() {
    if (!options_.endpoint.empty()) return {};
    Request request;
    request.mutable_status();
    const auto answer = client_.call(request, Reply::kStatus);
    if (!answer) return std::unexpected{answer.error()};
    options_.endpoint = answer->reply.status().node_id() + "requests";
    return {};
}

Outcome<Step> Office::fetch(Duration wait) {
    if (auto found = find_endpoint(); !found) return std::unexpected{found.error()};
    Request request;
    request.mutable_fetch_message()->set_endpoint(options_.endpoint);
    request.mutable_fetch_message()->set_wait_ms(static_cast<std::uint64_t>(wait.count()));
    const auto answer = client_.call(request, Reply::kFetchMessage, nullptr, wait);
    if (!answer) return std::unexpected{answer.error()};
    if (!answer->reply.fetch_message().found()) return Step::kNothing;
    return receive(answer->reply.fetch_message());
}

std::string name_of(const admin::pb::Message& message) {
    const std::string& number = message.head().local_number();
    const std::uint32_t part = message.request().part();
    return part == 0 ? number : number + "." + std::to_string(part);
}

Outcome<Step> Office::receive(const FetchMessageReply& found) {
    if (found.content_type() != admin::kContentType) {
        report(context_, failed(ErrorCode::kMalformed,
                                "a message that is no request waits at " + options_.endpoint +
                                    ": tram bundle list --to shows it, and tram bundle cancel removes it")
                             .error());
        return Step::kGotBad;
    }
    auto staging = Staging::create(options_.output, found.token());
    if (!staging) return std::unexpected{staging.error()};
    bool bad = false;
    const Readable readable{found.token(), found.piece_count(), found.content_bytes()};
    const auto content = read_content(context_, client_, readable, &staging->path(), bad);
    if (!content && !bad) return std::unexpected{content.error()};
    const bool no_request = content && (!content->message.has_request() ||
                                        !admin::LocalNumber::parse(content->message.head().local_number()));
    if (!content || no_request) {
        report(context_, content ? failed(ErrorCode::kMalformed, "a message is no request of a kiosk").error()
                                 : content.error());
        return Step::kGotBad;
    }
    const auto placed =
        store_content(context_, *staging, *content, name_of(content->message),
                      {{"message_id", to_hex(as_bytes(found.message_id()))}, {"sender", found.sender()}});
    if (!placed) return std::unexpected{placed.error()};
    Request request;
    request.mutable_acknowledge_message()->set_token(found.token());
    const auto acknowledged = client_.call(request, Reply::kDone);
    loop_.count_one();
    print(found, *content, *placed);
    if (!acknowledged) return std::unexpected{acknowledged.error()};
    return Step::kGotOne;
}

void Office::print(const FetchMessageReply& found, const Content& content, const Staging::Placed& placed) {
    const std::string name = name_of(content.message);
    switch (context_.format) {
        case Format::kJson:
            write_json_line(context_.out,
                            boost::json::object{{"local_number", content.message.head().local_number()},
                                                {"part", content.message.request().part()},
                                                {"purpose", admin::word(content.message.request().purpose(),
                                                                        admin::Tongue::kEnglish)},
                                                {"sender", found.sender()},
                                                {"directory", placed.directory.string()},
                                                {"attachments", content.files.size()},
                                                {"already_there", placed.already_there}});
            break;
        case Format::kName: context_.out << placed.directory.string() << "\n"; break;
        case Format::kTable:
            context_.out << printable(context_.say(Message::kDossierReceived, name, found.sender(),
                                                   placed.directory.string()),
                                      context_.ascii)
                         << "\n";
            break;
    }
    context_.out.flush();
}

}  // namespace

void add_request_receive(CLI::App& request, Context& context, Action& action) {
    auto options = std::make_shared<ReceiveOptions>();
    auto* verb = request.add_subcommand(
        "receive", "at an office: take the requests that wait, each into a directory of its own");
    add_receive_options(*verb, *options, "directory for the directories, named by local number");
    verb->get_option("--endpoint")
        ->required(false)
        ->description("the office's endpoint (default: requests of this node)");
    verb->callback(
        [=, &context, &action] { action = [options, &context] { return Office{context, *options}.run(); }; });
}

}  // namespace tram::cli
