// Messages for tests: good ones, made by hand.
#pragma once

#include <string>

#include "proto/admin/message.h"
#include "proto/admin/rules.h"
#include "proto/base/check.h"
#include "proto/cose/sha256.h"

namespace tram::test {

namespace pb = admin::pb;

inline const std::string kNumber = "18904-ks07-000123";
inline const std::string kCode = "H50.99.1-261124-0012";
inline const std::string kOfficeNode = "dtn://18904-srv/";

template <typename Value>
std::string code_of(const Result<Value>& result) {
    return result ? "good" : std::string{code_name(result.error().code)};
}

inline std::string text_of(ByteView bytes) {
    return std::string{as_text(bytes)};
}

inline void attach(pb::Message& message, const std::string& name, const std::string& media_type,
                   std::string_view bytes) {
    pb::Attachment& attachment = *message.add_attachments();
    attachment.set_name(name);
    attachment.set_media_type(media_type);
    attachment.set_bytes(bytes.size());
    attachment.set_sha256(text_of(cose::sha256(as_bytes(bytes))));
}

inline void add_text(pb::Fields& fields, const std::string& name, const std::string& text) {
    pb::Field& field = *fields.add_fields();
    field.set_name(name);
    field.mutable_value()->set_text(text);
}

inline pb::Message make_request() {
    pb::Message message;
    admin::stamp(message);
    pb::Head& head = *message.mutable_head();
    head.set_kind(pb::KIND_REQUEST);
    head.set_title("Đăng ký khai sinh");
    head.set_local_number(kNumber);
    pb::Request& request = *message.mutable_request();
    request.set_procedure("1.001193");
    request.set_channel(pb::CHANNEL_IN_PERSON);
    request.set_to("xa:18904");
    request.set_from_village("DH-07");
    request.set_assisted_by("18904-to-07");
    request.set_language("bru");
    request.set_consent(true);
    add_text(*request.mutable_subject(), "ho_ten", "Hồ Thị Mẫu");
    add_text(*request.mutable_subject(), "so_dinh_danh", "000197000123");
    attach(message, "giay_chung_sinh.jpg", "image/jpeg", "a picture");
    return message;
}

inline pb::Message make_update(std::uint64_t sequence, pb::DossierState state,
                               const std::string& code = kCode) {
    pb::Message message;
    admin::stamp(message);
    pb::Head& head = *message.mutable_head();
    head.set_kind(pb::KIND_UPDATE);
    head.set_title("trạng thái hồ sơ");
    head.set_local_number(kNumber);
    head.set_dossier_code(code);
    pb::Update& update = *message.mutable_update();
    update.set_from("xa:18904");
    update.set_sequence(sequence);
    update.set_kind(pb::UPDATE_PROGRESS);
    update.set_state(state);
    return message;
}

inline pb::Message make_notice(const std::string& number = "07/CĐ-UBND", std::uint32_t edition = 1) {
    pb::Message message;
    admin::stamp(message);
    pb::Head& head = *message.mutable_head();
    head.set_kind(pb::KIND_NOTICE);
    head.set_urgency(pb::URGENCY_EXPRESS);
    head.set_title("Ứng phó bão số 13: sơ tán trước 15 giờ");
    head.set_document_number(number);
    pb::Notice& notice = *message.mutable_notice();
    notice.set_from("xa:18904");
    notice.set_edition(edition);
    notice.set_year(2026);
    notice.set_doc_type("Công điện");
    notice.set_audience("xa:18904/*");
    notice.set_lifetime_s(5 * 86'400);
    for (const std::string language : {"vi", "bru"}) {
        pb::Text& text = *notice.add_texts();
        text.set_language(language);
        text.set_body("Bão đổ bộ đêm nay. " + language);
    }
    attach(message, "audio-bru.opus", "audio/ogg", "a voice");
    message.mutable_attachments(0)->set_language("bru");
    return message;
}

}  // namespace tram::test
