// JSON files that become messages, and the files that go along with them.
#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <string>

#include "daemon/cli/context.h"
#include "proto/tram/admin.pb.h"

namespace tram::cli {

/// What has no length of its own ("-", a pipe) is read into memory up to this.
inline constexpr std::size_t kAttachmentMemoryMax = 64U << 20;

/// As open data; as deep as the parser goes, which is 32.
admin::pb::Value to_value(const boost::json::value& from);

/// The other way. Numbers and texts as they are.
boost::json::value from_value(const admin::pb::Value& from);

/// The object in `file`, "-" for standard input, at most admin::kMessageBytesMax. Errors: not_found, io,
/// too_large, malformed. None quotes what the file says.
Outcome<boost::json::object> read_form(Context& context, const std::string& file);

/// Reads `file` for its digest and appends it to the manifest of `message`. Errors: not_found, io, too_large.
Outcome<void> attach(Context& context, const std::string& file, admin::pb::Message& message);

}  // namespace tram::cli
