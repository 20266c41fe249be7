// `tram request send`: the daemon gives the local number and says it only when the whole request is on its
// disk. When something goes wrong before that, nothing was filed.
#include <boost/json/object.hpp>
#include <memory>
#include <ostream>

#include "daemon/cli/message.h"
#include "daemon/cli/output.h"
#include "daemon/cli/request.h"
#include "daemon/cli/upload.h"
#include "proto/admin/message.h"

namespace tram::cli {

namespace {

using api::pb::Reply;
using api::pb::Request;

void print(Context& context, const std::string& number, std::size_t files, bool before) {
    switch (context.format) {
        case Format::kTable:
            if (before) {
                context.out << context.say(Message::kRequestFiledBefore, number) << "\n";
            } else {
                context.out << context.say(Message::kRequestFiled, number, files) << "\n";
            }
            break;
        case Format::kName: context.out << number << "\n"; break;
        case Format::kJson:
            write_json_line(context.out,
                            boost::json::object{{"local_number", number}, {"filed_before", before}});
            break;
    }
}

int send(Context& context, const RequestOptions& options) {
    const auto message = read_request(context, options);
    if (!message) return report(context, message.error());
    return file_request(context, *message, options.attach, options.key);
}

}  // namespace

int file_request(Context& context, const admin::pb::Message& message, const std::vector<std::string>& files,
                 const std::string& key) {
    const auto encoded = admin::encode_message(message);
    if (!encoded) return report(context, failure_of(encoded.error()));
    ApiClient client{context};
    Request request;
    request.mutable_file_request()->set_key(key);
    const ByteView frame{*encoded};
    const auto answer = client.call(request, Reply::kFileRequest, &frame);
    if (!answer) return report(context, answer.error());
    const auto& filing = answer->reply.file_request();
    if (!filing.local_number().empty()) {
        print(context, filing.local_number(), files.size(), true);
        return kExitFine;
    }
    Upload upload{client, filing.token()};
    if (const auto sent = send_files(context, files, message, upload, filing.offset()); !sent) {
        upload.drop(sent.error());
        return report(context, sent.error());
    }
    const auto sent = upload.finish();
    if (!sent) {
        upload.drop(sent.error());
        return report(context, sent.error());
    }
    print(context, sent->reply.finish_message().local_number(), files.size(), false);
    return kExitFine;
}

void add_request_send(CLI::App& request, Context& context, Action& action) {
    auto options = std::make_shared<RequestOptions>();
    auto* send_verb = request.add_subcommand("send", "file a request with an office, sealed for it");
    send_verb->add_option("--procedure", options->procedure, "the procedure, such as 1.001193 or 1.001193@2")
        ->required()
        ->type_name("CODE");
    send_verb
        ->add_option("--to", options->to, "the office, such as xa:18904 (default: of this node's commune)")
        ->type_name("OFFICE");
    send_verb
        ->add_option("--form", options->form, "JSON with subject, form and consent; - for standard input")
        ->required()
        ->type_name("FILE");
    send_verb
        ->add_option("--attach", options->attach, "a file that belongs to it; may be given several times")
        ->type_name("FILE")
        ->allow_extra_args(false);
    send_verb->add_option("--note-file", options->note_file, "a note for the office, from a file")
        ->type_name("FILE");
    send_verb
        ->add_option("--idempotency-key", options->key,
                     "drawn by chance: asked for again with the same key, the request is filed once")
        ->type_name("KEY");
    send_verb->callback(
        [=, &context, &action] { action = [options, &context] { return send(context, *options); }; });
}

}  // namespace tram::cli
