// `tram notice` and `tram area`.
#pragma once

#include <CLI/App.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/cli/commands.h"
#include "daemon/cli/context.h"
#include "proto/tram/api.pb.h"

namespace tram::cli {

/// publish, supersede, recall, list, show, mark and proof.
void add_notice(CLI::App& app, Context& context, Action& action);
/// list, join and leave.
void add_area(CLI::App& app, Context& context, Action& action);

/// publish, supersede and recall.
void add_notice_publish(CLI::App& notice, Context& context, Action& action);
void add_notice_show(CLI::App& notice, Context& context, Action& action);
void add_notice_mark(CLI::App& notice, Context& context, Action& action);
void add_notice_proof(CLI::App& notice, Context& context, Action& action);

/// Which notice is meant.
struct NoticeOptions {
    std::string number;
    std::uint32_t year = 0;
    std::string issuer;
};
void add_notice_options(CLI::App& verb, NoticeOptions& options);
api::pb::ShowNoticeRequest to_request(const NoticeOptions& options);

/// Keys are those of proto/tram/api.proto, and stable.
boost::json::object to_json(const api::pb::Notice& notice);
boost::json::object to_json(const api::pb::NoticeProofReply& proof);
boost::json::object to_json(const api::pb::Area& area);

/// "current" and its like, in the user's language.
std::string status_word(const Context& context, const std::string& status);
std::string join(const google::protobuf::RepeatedPtrField<std::string>& texts, const std::string& between);

}  // namespace tram::cli
