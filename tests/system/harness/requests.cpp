#include "tests/system/harness/requests.h"

#include <stdexcept>
#include <utility>

#include "proto/admin/message.h"
#include "proto/cose/sha256.h"

namespace tram::harness {

void add_field(admin::pb::Fields& fields, const std::string& name, const std::string& text) {
    admin::pb::Field& field = *fields.add_fields();
    field.set_name(name);
    field.mutable_value()->set_text(text);
}

admin::pb::Message new_request(const std::string& name, const std::string& procedure) {
    admin::pb::Message message;
    admin::stamp(message);
    message.mutable_head()->set_kind(admin::pb::KIND_REQUEST);
    message.mutable_head()->set_title("Đăng ký khai sinh");
    admin::pb::Request& request = *message.mutable_request();
    request.set_procedure(procedure);
    request.set_channel(admin::pb::CHANNEL_IN_PERSON);
    request.set_consent(true);
    add_field(*request.mutable_subject(), "ho_ten", name);
    return message;
}

Result<std::string> file_request(ApiClient& client, admin::pb::Message message, const std::string& key,
                                 const std::vector<Paper>& papers) {
    for (const Paper& paper : papers) {
        admin::pb::Attachment& attachment = *message.add_attachments();
        attachment.set_name(paper.name);
        attachment.set_media_type("image/jpeg");
        attachment.set_bytes(paper.bytes.size());
        attachment.set_sha256(std::string{as_text(cose::sha256(as_bytes(paper.bytes)))});
    }
    auto encoded = admin::encode_message(message);
    if (!encoded) return std::unexpected{std::move(encoded.error())};
    pb::Request request;
    request.mutable_file_request()->set_key(key);
    auto opened = client.call(request, encoded->view());
    if (!opened) return std::unexpected{std::move(opened.error())};
    const pb::FileRequestReply filing = opened->reply.file_request();
    if (!filing.local_number().empty()) return filing.local_number();
    std::uint64_t offset = filing.offset();
    for (const Paper& paper : papers) {
        pb::Request append;
        append.mutable_append_message()->set_token(filing.token());
        append.mutable_append_message()->set_offset(offset);
        if (auto taken = client.call(append, as_bytes(paper.bytes)); !taken)
            return std::unexpected{std::move(taken.error())};
        offset += paper.bytes.size();
    }
    pb::Request finish;
    finish.mutable_finish_message()->set_token(filing.token());
    auto finished = client.call(finish);
    if (!finished) return std::unexpected{std::move(finished.error())};
    return finished->reply.finish_message().local_number();
}

admin::pb::Message message_in(ByteView content) {
    admin::ContentReader reader;
    const auto taken = reader.take(content);
    if (!taken) throw std::runtime_error{taken.error().message};
    if (!reader.complete()) throw std::runtime_error{"the content ends too early"};
    return *reader.message();
}

}  // namespace tram::harness
