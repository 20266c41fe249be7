// The verbs of `tram request`.
#pragma once

#include <CLI/App.hpp>
#include <string>
#include <vector>

#include "daemon/cli/commands.h"
#include "daemon/cli/context.h"
#include "proto/admin/words.h"
#include "proto/tram/admin.pb.h"
#include "proto/tram/api.pb.h"

namespace tram::cli {

void add_request_send(CLI::App& request, Context& context, Action& action);
/// supplement, withdraw and hand-over.
void add_request_follow(CLI::App& request, Context& context, Action& action);
void add_request_receive(CLI::App& request, Context& context, Action& action);
void add_request_show(CLI::App& request, Context& context, Action& action);

/// What `request send` was told besides the form. Names of files and their contents may be about a person:
/// that is why notes come from a file, and not from a command line that everybody on the machine can read.
struct RequestOptions {
    std::string procedure;
    std::string to;  ///< empty: the office of the node's own commune
    std::string form;
    std::vector<std::string> attach;
    std::string note_file;
    std::string key;
};

/// Files `message` with the files that it attaches, and prints its number.
int file_request(Context& context, const admin::pb::Message& message, const std::vector<std::string>& files,
                 const std::string& key);

/// "đang xử lý" of a state's number.
std::string state_text(const Context& context, std::uint32_t state);
/// The same, and what else there is to know of it before the office has said anything.
std::string state_text(const Context& context, const api::pb::FiledRequest& request);

/// The request that the form and the options make, with its manifest; files are read for their digests.
/// Errors: not_found, io, too_large, invalid_argument, secret. None quotes what a file says.
Outcome<admin::pb::Message> read_request(Context& context, const RequestOptions& options);

/// The language of words that proto/admin has.
admin::Tongue tongue_of(const Context& context);

}  // namespace tram::cli
