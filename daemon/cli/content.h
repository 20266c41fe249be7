// Messages of proto/admin as they are read from the daemon: checked as they come, and put into a directory.
//
//   DIR/<name>/   request.json or update.json, attachment-1.jpg, attachment-2.pdf ...
//
// A directory gets its name when all of it is complete, proved and on the disk. No file is named after
// anything that a person has said; the JSON tells which attachment is which file.
#pragma once

#include <boost/json/object.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "daemon/cli/api_client.h"
#include "proto/tram/admin.pb.h"

namespace tram::cli {

/// What FetchMessage or RevealRequest say of a message.
struct Readable {
    std::string token;
    std::uint64_t piece_count = 0;
    std::uint64_t content_bytes = 0;
};

struct Content {
    admin::pb::Message message;
    std::string digest;              ///< SHA-256 of all of it, in hexadecimal
    std::vector<std::string> files;  ///< names of the attachments' files, in order; empty when none were
                                     ///< written
};

/// A directory that is filled out of sight: what is not given its name goes.
class Staging {
  public:
    /// `name` is the same for the same message: what an attempt before has left is removed. `parent` is made
    /// when only it is missing. Errors: io, not_found.
    static Outcome<Staging> create(const std::filesystem::path& parent, const std::string& name);
    ~Staging();
    Staging(Staging&& other) noexcept : parent_{std::move(other.parent_)}, path_{std::move(other.path_)} {
        other.path_.clear();
    }
    Staging& operator=(Staging&&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    /// Gives it its name; where another content has it, one with the digest behind it. The directory, and
    /// whether it was there already.
    struct Placed {
        std::filesystem::path directory;
        bool already_there = false;
    };
    Outcome<Placed> place(const std::string& name, const std::string& digest);

  private:
    Staging() = default;
    std::filesystem::path parent_;
    std::filesystem::path path_;
};

/// Reads all of a message; attachments go into `directory`, or nowhere when it is null. `bad` becomes true
/// when the message is no good, and false when something else failed. Errors: those of the daemon, of
/// admin::ContentReader, and io.
Outcome<Content> read_content(Context& context, ApiClient& client, const Readable& readable,
                              const std::filesystem::path* directory, bool& bad);

/// With the keys of proto/admin/values.h; attachments have "file", and "tram" has the digest and `more`.
boost::json::object to_json(const Content& content, boost::json::object more);

/// Writes to_json() beside the attachments, as request.json or update.json, and gives the directory its name.
Outcome<Staging::Placed> store_content(const Context& context, Staging& staging, const Content& content,
                                       const std::string& name, boost::json::object more);

}  // namespace tram::cli
