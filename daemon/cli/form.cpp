#include "daemon/cli/form.h"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <filesystem>
#include <string_view>

#include "daemon/cli/file_io.h"
#include "proto/admin/message.h"
#include "proto/cose/sha256.h"

namespace tram::cli {

namespace {

namespace json = boost::json;
namespace pb = admin::pb;

constexpr std::size_t kReadBytes = 1U << 20;

std::string media_type_of(const std::filesystem::path& file) {
    static constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
        {".pdf", "application/pdf"}, {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"}, {".png", "image/png"},
        {".txt", "text/plain"},      {".opus", "audio/ogg"}, {".ogg", "audio/ogg"},   {".mp3", "audio/mpeg"}};
    std::string extension = file.extension().string();
    std::ranges::transform(extension, extension.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    for (const auto& [ending, type] : kTypes) {
        if (extension == ending) return std::string{type};
    }
    return "application/octet-stream";
}

}  // namespace

pb::Value to_value(const json::value& from) {
    pb::Value to;
    switch (from.kind()) {
        case json::kind::null: break;
        case json::kind::bool_: to.set_flag(from.get_bool()); break;
        case json::kind::int64: to.set_whole(from.get_int64()); break;
        case json::kind::uint64: to.set_number(static_cast<double>(from.get_uint64())); break;
        case json::kind::double_: to.set_number(from.get_double()); break;
        case json::kind::string: to.set_text(std::string{std::string_view{from.get_string()}}); break;
        case json::kind::array:
            to.mutable_list();
            for (const json::value& item : from.get_array())
                *to.mutable_list()->add_items() = to_value(item);
            break;
        case json::kind::object:
            to.mutable_fields();
            for (const auto& [name, value] : from.get_object()) {
                pb::Field& field = *to.mutable_fields()->add_fields();
                field.set_name(std::string{std::string_view{name}});
                *field.mutable_value() = to_value(value);
            }
            break;
    }
    return to;
}

json::value from_value(const pb::Value& from) {
    switch (from.kind_case()) {
        case pb::Value::kFlag: return from.flag();
        case pb::Value::kWhole: return from.whole();
        case pb::Value::kNumber: return from.number();
        case pb::Value::kText: return json::string{from.text()};
        case pb::Value::kList: {
            json::array list;
            for (const pb::Value& item : from.list().items())
                list.push_back(from_value(item));
            return list;
        }
        case pb::Value::kFields: {
            json::object fields;
            for (const pb::Field& field : from.fields().fields())
                fields[field.name()] = from_value(field.value());
            return fields;
        }
        case pb::Value::KIND_NOT_SET: break;
    }
    return nullptr;
}

Outcome<json::object> read_form(Context& context, const std::string& file) {
    const auto text = read_input(context, file, admin::kMessageBytesMax);
    if (!text) return std::unexpected{text.error()};
    boost::system::error_code wrong;
    json::value form = json::parse(json::string_view{as_text(*text).data(), text->size()}, wrong);
    if (!wrong && form.is_object()) return std::move(form.get_object());
    return failed(ErrorCode::kMalformed, context.say(Message::kFormNoJson, file));
}

Outcome<void> attach(Context& context, const std::string& file, pb::Message& message) {
    auto input = Input::open(context, file, kAttachmentMemoryMax);
    if (!input) return std::unexpected{input.error()};
    cose::Sha256 hash;
    for (std::uint64_t taken = 0; taken < input->size();) {
        const auto piece = input->next(kReadBytes);
        if (!piece) return std::unexpected{piece.error()};
        hash.update(*piece);
        taken += piece->size();
    }
    pb::Attachment& attachment = *message.add_attachments();
    attachment.set_name(std::filesystem::path{file}.filename().string());
    attachment.set_media_type(media_type_of(file));
    attachment.set_bytes(input->size());
    attachment.set_sha256(std::string{as_text(hash.finish())});
    return {};
}

}  // namespace tram::cli
