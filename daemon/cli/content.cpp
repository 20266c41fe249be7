#include "daemon/cli/content.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <deque>
#include <optional>
#include <system_error>

#include "daemon/cli/file_io.h"
#include "daemon/cli/form.h"
#include "daemon/cli/message.h"
#include "proto/admin/message.h"
#include "proto/admin/values.h"

namespace tram::cli {

namespace {

namespace json = boost::json;
namespace fs = std::filesystem;
using api::pb::Reply;
using api::pb::Request;

constexpr std::size_t kDigestShown = 8;

std::unexpected<Failure> failed_on(const fs::path& path, const std::error_code& why) {
    return failed(ErrorCode::kIo, path.string() + ": " + why.message());
}

/// ".jpg" of a name that a person gave, when it is nothing but an ending.
std::string ending_of(const std::string& name) {
    const std::string ending = fs::path{name}.extension().string();
    const bool plain =
        ending.size() >= 2 && ending.size() <= 6 && std::all_of(ending.begin() + 1, ending.end(), [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        });
    return plain ? ending : ".bin";
}

std::string_view document_of(const admin::pb::Message& message) {
    return message.has_update() ? "update.json" : "request.json";
}

/// The digest that the document in `directory` names; empty when there is none.
std::string digest_in(const fs::path& directory) {
    for (const char* document : {"request.json", "update.json"}) {
        const auto text = read_file(directory / document, 4U << 20);
        if (!text) continue;
        boost::system::error_code wrong;
        const json::value value = json::parse(json::string_view{as_text(*text).data(), text->size()}, wrong);
        if (wrong || !value.is_object()) continue;
        const json::value* tram = value.get_object().if_contains("tram");
        const json::value* digest =
            tram != nullptr && tram->is_object() ? tram->get_object().if_contains("digest") : nullptr;
        if (digest != nullptr && digest->is_string())
            return std::string{std::string_view{digest->get_string()}};
    }
    return {};
}

/// Takes pieces, and writes attachments as they come.
class Sink {
  public:
    Sink(Context& context, const fs::path* directory, bool& bad)
        : context_{context}, directory_{directory}, bad_{bad} {}

    Outcome<void> take(ByteView piece) {
        const auto parts = reader_.take(piece);
        if (!parts) {
            bad_ = true;
            return std::unexpected{failure_of(parts.error())};
        }
        if (directory_ == nullptr) return {};
        for (const auto& part : *parts) {
            if (auto written = write(part); !written) return written;
        }
        return {};
    }
    [[nodiscard]] bool complete() const { return reader_.complete(); }
    [[nodiscard]] const admin::pb::Message& message() const { return *reader_.message(); }
    [[nodiscard]] std::vector<std::string> take_files() { return std::move(files_); }

  private:
    Outcome<void> write(const admin::ContentReader::Part& part) {
        if (!file_) {
            const auto& attachment = message().attachments(static_cast<int>(part.attachment));
            files_.push_back("attachment-" + std::to_string(part.attachment + 1) +
                             ending_of(attachment.name()));
            auto created = NewFile::create(*directory_, files_.back());
            if (!created) return std::unexpected{created.error()};
            file_.emplace(std::move(*created));
        }
        if (auto written = file_->write(part.bytes); !written) return written;
        if (!part.last) return {};
        const auto stored = file_->commit(context_);
        file_.reset();
        if (!stored) return std::unexpected{stored.error()};
        return {};
    }

    Context& context_;
    const fs::path* directory_;
    bool& bad_;
    admin::ContentReader reader_;
    std::optional<NewFile> file_;
    std::vector<std::string> files_;
};

}  // namespace

Outcome<Staging> Staging::create(const fs::path& parent, const std::string& name) {
    Staging staging;
    staging.parent_ = parent;
    const fs::path path = parent / ("." + file_name_of(name) + ".part");
    std::error_code wrong;
    // What people have said goes in: others of this machine have no business there.
    if (fs::create_directory(parent, wrong)) fs::permissions(parent, fs::perms::owner_all, wrong);
    fs::remove_all(path, wrong);
    if (!fs::create_directory(path, wrong)) return failed_on(path, wrong);
    fs::permissions(path, fs::perms::owner_all, wrong);
    if (wrong) return failed_on(path, wrong);
    staging.path_ = path;
    return staging;
}

Staging::~Staging() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
}

Outcome<Staging::Placed> Staging::place(const std::string& name, const std::string& digest) {
    std::string wanted = name;
    if (const std::string there = digest_in(parent_ / name); !there.empty() && there != digest)
        wanted += "-" + digest.substr(0, kDigestShown);
    const fs::path directory = parent_ / wanted;
    std::error_code wrong;
    if (fs::exists(directory, wrong)) {
        if (digest_in(directory) == digest) return Placed{directory, true};
        return failed(ErrorCode::kDuplicate, directory.string() + " is there already with other contents");
    }
    fs::rename(path_, directory, wrong);
    if (wrong) return failed_on(directory, wrong);
    path_.clear();
    if (auto synced = sync_directory(parent_); !synced) return std::unexpected{synced.error()};
    return Placed{directory, false};
}

Outcome<Content> read_content(Context& context, ApiClient& client, const Readable& readable,
                              const fs::path* directory, bool& bad) {
    bad = false;
    Progress progress{context, Message::kReceiving, readable.content_bytes};
    Sink sink{context, directory, bad};
    std::deque<std::uint64_t> in_flight;
    std::uint64_t next = 0;
    std::uint64_t bytes = 0;
    while (true) {
        while (in_flight.size() < kInFlightMax && next < readable.piece_count) {
            Request request;
            request.mutable_read_message()->set_token(readable.token);
            request.mutable_read_message()->set_index(next++);
            const auto posted = client.post(request);
            if (!posted) return std::unexpected{posted.error()};
            in_flight.push_back(*posted);
        }
        if (in_flight.empty()) break;
        const auto answer = client.take(in_flight.front(), Reply::kReadMessage);
        in_flight.pop_front();
        if (!answer) {
            bad = answer.error().code != code_name(ErrorCode::kUnavailable);
            client.forget_posted();
            return std::unexpected{answer.error()};
        }
        if (auto taken = sink.take(answer->payload_view()); !taken) {
            client.forget_posted();
            return std::unexpected{taken.error()};
        }
        bytes += answer->payload.size();
        progress.show(bytes);
        const auto& piece = answer->reply.read_message();
        if (piece.last() && in_flight.empty() && sink.complete())
            return Content{sink.message(), to_hex(as_bytes(piece.digest())), sink.take_files()};
    }
    bad = true;
    return failed(ErrorCode::kTruncated, context.say(Message::kUnexpectedAnswer, context.api));
}

json::object to_json(const Content& content, json::object more) {
    json::value value = from_value(admin::value_of(content.message));
    json::object& object = value.get_object();
    json::array files;
    for (std::size_t i = 0; i < content.files.size(); ++i) {
        const auto& attachment = content.message.attachments(static_cast<int>(i));
        files.push_back({{"file", content.files[i]},
                         {"name", attachment.name()},
                         {"type", attachment.media_type()},
                         {"bytes", attachment.bytes()},
                         {"sha256", to_hex(as_bytes(attachment.sha256()))}});
    }
    if (!files.empty()) object["att"] = std::move(files);
    more["digest"] = content.digest;
    object["tram"] = std::move(more);
    return std::move(object);
}

Outcome<Staging::Placed> store_content(const Context& context, Staging& staging, const Content& content,
                                       const std::string& name, json::object more) {
    const std::string text = json::serialize(to_json(content, std::move(more))) + "\n";
    const auto stored =
        store_durably(context, staging.path(), std::string{document_of(content.message)}, as_bytes(text));
    if (!stored) return std::unexpected{stored.error()};
    return staging.place(name, content.digest);
}

}  // namespace tram::cli
