#include "proto/admin/fields.h"
#include "proto/admin/message.h"
#include "proto/admin/text.h"

namespace tram::admin {

namespace {

// Goes over texts, and remembers the first failure.
class Normalizer {
  public:
    void line(std::string* text, std::string_view field, std::size_t bytes_max = limits::kShortMax) {
        normalize(text, field, Lines::kOne, bytes_max);
    }
    void lines(std::string* text, std::string_view field, std::size_t bytes_max) {
        normalize(text, field, Lines::kMany, bytes_max);
    }
    void fields(pb::Fields* fields, std::string_view name, int depth = 0) {
        for (pb::Field& each : *fields->mutable_fields()) {
            if (!good()) return;
            line(each.mutable_name(), name, limits::kFieldNameMax);
            if (each.has_value()) value(each.mutable_value(), name, depth);
        }
    }
    [[nodiscard]] bool good() const { return result_.has_value(); }
    Result<void> take() { return std::move(result_); }

  private:
    void value(pb::Value* value, std::string_view name, int depth) {
        if (depth >= limits::kFieldDepthMax) {
            result_ = fail(ErrorCode::kTooLarge, std::string{name} + ": its values are nested too deep");
        } else if (value->has_text()) {
            lines(value->mutable_text(), name, limits::kFieldTextMax);
        } else if (value->has_fields()) {
            fields(value->mutable_fields(), name, depth + 1);
        } else if (value->has_list()) {
            for (pb::Value& each : *value->mutable_list()->mutable_items()) {
                if (!good()) return;
                this->value(&each, name, depth + 1);
            }
        }
    }
    void normalize(std::string* text, std::string_view field, Lines kind, std::size_t bytes_max) {
        if (!good() || text->empty()) return;
        auto kept = normalized(*text, kind, bytes_max);
        if (kept) {
            *text = std::move(*kept);
        } else {
            result_ = fail(kept.error().code, std::string{field} + ": " + kept.error().message);
        }
    }

    Result<void> result_;
};

void normalize_request(Normalizer& each, pb::Request& request) {
    each.line(request.mutable_procedure(), "procedure");
    each.line(request.mutable_to(), "to");
    each.line(request.mutable_from_village(), "from_village");
    each.line(request.mutable_assisted_by(), "assisted_by");
    each.line(request.mutable_language(), "language");
    each.lines(request.mutable_note(), "note", limits::kNoteMax);
    if (request.has_subject()) each.fields(request.mutable_subject(), "subject");
    if (request.has_form()) each.fields(request.mutable_form(), "form");
}

void normalize_update(Normalizer& each, pb::Update& update) {
    each.line(update.mutable_from(), "from");
    each.lines(update.mutable_reason(), "reason", limits::kNoteMax);
    each.line(update.mutable_reply_to(), "reply_to");
    for (std::string& paper : *update.mutable_need())
        each.line(&paper, "need");
}

void normalize_notice(Normalizer& each, pb::Notice& notice) {
    each.line(notice.mutable_from(), "from");
    each.line(notice.mutable_doc_type(), "doc_type");
    each.line(notice.mutable_audience(), "audience", 16'384);
    each.line(notice.mutable_supersedes(), "supersedes");
    for (std::string& mark : *notice.mutable_marks())
        each.line(&mark, "marks");
    for (pb::Text& text : *notice.mutable_texts()) {
        each.line(text.mutable_language(), "language");
        each.line(text.mutable_title(), "title", limits::kTitleMax);
        each.lines(text.mutable_body(), "body", limits::kBodyMax);
    }
}

void normalize_plan(Normalizer& each, pb::VisitPlan& plan) {
    each.line(plan.mutable_from(), "from");
    for (std::string& node : *plan.mutable_nodes())
        each.line(&node, "nodes");
    for (pb::Visit& visit : *plan.mutable_visits())
        each.line(visit.mutable_note(), "note");
}

}  // namespace

Result<void> normalize(pb::Message& message) {
    Normalizer each;
    if (message.has_head()) {
        pb::Head& head = *message.mutable_head();
        each.line(head.mutable_title(), "title", limits::kTitleMax);
        each.line(head.mutable_local_number(), "local_number");
        each.line(head.mutable_dossier_code(), "dossier_code");
        each.line(head.mutable_document_number(), "document_number");
    }
    if (message.has_request()) normalize_request(each, *message.mutable_request());
    if (message.has_update()) normalize_update(each, *message.mutable_update());
    if (message.has_notice()) normalize_notice(each, *message.mutable_notice());
    if (message.has_plan()) normalize_plan(each, *message.mutable_plan());
    for (pb::Attachment& attachment : *message.mutable_attachments()) {
        each.line(attachment.mutable_name(), "name of an attachment", limits::kFileNameMax);
        each.line(attachment.mutable_media_type(), "media_type");
        each.line(attachment.mutable_language(), "language");
    }
    return each.take();
}

}  // namespace tram::admin
