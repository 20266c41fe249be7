#include <boost/json/value.hpp>
#include <string_view>

#include "daemon/cli/file_io.h"
#include "daemon/cli/form.h"
#include "daemon/cli/request.h"
#include "proto/admin/message.h"
#include "proto/admin/names.h"
#include "proto/admin/rules.h"
#include "proto/admin/text.h"
#include "proto/admin/values.h"

namespace tram::cli {

namespace {

namespace json = boost::json;
namespace pb = admin::pb;

Outcome<void> complete(Context& context, const RequestOptions& options, pb::Message& message) {
    const auto procedure = admin::Procedure::parse(options.procedure);
    if (!procedure) return std::unexpected{failure_of(procedure.error())};
    pb::Request& request = *message.mutable_request();
    request.set_procedure(procedure->code);
    request.set_procedure_version(procedure->version);
    if (message.head().title().empty()) message.mutable_head()->set_title(procedure->code);
    if (!options.to.empty()) request.set_to(options.to);
    if (request.channel() == pb::CHANNEL_UNSPECIFIED) request.set_channel(pb::CHANNEL_IN_PERSON);
    if (!options.note_file.empty()) {
        const auto note = read_input(context, options.note_file, admin::kTextBytesMax);
        if (!note) return std::unexpected{note.error()};
        request.set_note(std::string{as_text(*note)});
    }
    for (const std::string& file : options.attach) {
        if (auto attached = attach(context, file, message); !attached) return attached;
    }
    return {};
}

}  // namespace

admin::Tongue tongue_of(const Context& context) {
    const bool vietnamese = context.language == Language::kVietnamese && !context.ascii;
    return vietnamese ? admin::Tongue::kVietnamese : admin::Tongue::kEnglish;
}

Outcome<pb::Message> read_request(Context& context, const RequestOptions& options) {
    auto form = read_form(context, options.form);
    if (!form) return std::unexpected{form.error()};
    // Set here, or by the daemon.
    for (const std::string_view key : {"kind", "proc", "att", "created"})
        form->erase(json::string_view{key.data(), key.size()});
    (*form)["kind"] = "request";
    auto message = admin::message_from_value(to_value(*form));
    if (!message) return std::unexpected{failure_of(message.error())};
    admin::stamp(*message);
    if (!admin::check_secrecy(*message))
        return failed(ErrorCode::kSecret, std::string{admin::secret_refusal(tongue_of(context))});
    if (auto completed = complete(context, options, *message); !completed)
        return std::unexpected{completed.error()};
    return *message;
}

}  // namespace tram::cli
