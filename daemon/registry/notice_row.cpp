#include <algorithm>
#include <utility>

#include "daemon/registry/notices.h"
#include "proto/admin/rows.h"
#include "proto/tram/admin_rows.pb.h"

namespace tram::registry {

namespace {

namespace rows = admin::rows;

constexpr std::string_view kWhat = "notice";
constexpr std::size_t kListMax = 256;

template <typename Value>
bool read(const google::protobuf::RepeatedPtrField<std::string>& texts, std::vector<Value>& to) {
    if (static_cast<std::size_t>(texts.size()) > kListMax) return false;
    return std::ranges::all_of(texts, [&](const std::string& text) {
        auto value = Value::parse(text);
        if (value) to.push_back(std::move(*value));
        return value.has_value();
    });
}

template <typename Value>
void write(const std::vector<Value>& values, google::protobuf::RepeatedPtrField<std::string>& to) {
    for (const Value& each : values)
        to.Add(std::string{each.text()});
}

void add_language(std::string_view text, std::vector<admin::Language>& to) {
    auto language = admin::Language::parse(text);
    if (language && std::ranges::find(to, *language) == to.end()) to.push_back(std::move(*language));
}

}  // namespace

void Notice::describe(const admin::pb::Message& message) {
    title = message.head().title();
    doc_type = message.notice().doc_type();
    from = message.notice().from();
    texts.clear();
    recordings.clear();
    for (const admin::pb::Text& each : message.notice().texts())
        add_language(each.language(), texts);
    for (const admin::pb::Attachment& each : message.attachments()) {
        if (!each.language().empty()) add_language(each.language(), recordings);
    }
    attachments = static_cast<std::uint32_t>(message.attachments_size());
}

Bytes Notice::encode() const {
    admin::pb::KeptNoticeRow row;
    row.set_notice(std::string{as_text(known.encode())});
    row.set_title(title);
    row.set_doc_type(doc_type);
    row.set_from(from);
    write(texts, *row.mutable_texts());
    write(recordings, *row.mutable_recordings());
    row.set_source(source);
    row.set_destination(destination);
    row.set_content_bytes(content_bytes);
    row.set_attachments(attachments);
    write(signed_for, *row.mutable_signed_for());
    for (const admin::MessageId& each : former)
        row.add_former(rows::text_of(each));
    return rows::encode(std::move(row));
}

Result<Notice> Notice::decode(ByteView wire) {
    const auto row = rows::parse<admin::pb::KeptNoticeRow>(wire, kWhat);
    if (!row) return std::unexpected{row.error()};
    auto known = admin::KnownNotice::decode(as_bytes(row->notice()));
    if (!known) return std::unexpected{known.error()};
    Notice notice{.known = std::move(*known),
                  .title = row->title(),
                  .doc_type = row->doc_type(),
                  .from = row->from(),
                  .source = row->source(),
                  .destination = row->destination(),
                  .content_bytes = row->content_bytes(),
                  .attachments = row->attachments()};
    for (const std::string& each : row->former()) {
        if (notice.former.size() >= kListMax || !rows::read_bytes(each, notice.former.emplace_back()))
            return rows::corrupt(kWhat);
    }
    const bool good = read(row->texts(), notice.texts) && read(row->recordings(), notice.recordings) &&
                      read(row->signed_for(), notice.signed_for);
    if (!good) return rows::corrupt(kWhat);
    return notice;
}

}  // namespace tram::registry
