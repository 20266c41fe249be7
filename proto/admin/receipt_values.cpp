#include <algorithm>
#include <array>

#include "proto/admin/dates.h"
#include "proto/admin/message.h"
#include "proto/admin/receipt.h"
#include "proto/admin/value_fields.h"
#include "proto/admin/values.h"

namespace tram::admin {

namespace {

constexpr auto kTypes = std::to_array<std::string_view>(
    {"", "custody", "delivered", "official", "displayed", "announced", "handed_over"});
constexpr auto kEvidence = std::to_array<std::string_view>({"", "ky_nhan.png", "ky_nhan.jpg", "ky_nhan.pdf"});
constexpr std::string_view kFormName = "Mẫu 01";

template <typename Table>
std::string_view name_of(const Table& table, int number) {
    return number >= 0 && static_cast<std::size_t>(number) < table.size()
               ? table[static_cast<std::size_t>(number)]
               : std::string_view{};
}

template <typename Table>
int number_of(const Table& table, FieldReader& in, std::string_view key) {
    const std::string name = in.text(key);
    const auto* const found = std::ranges::find(table, name);
    if (found != table.end()) return static_cast<int>(found - table.begin());
    in.fail_at(key, "it is not one of the words that are known");
    return 0;
}

// "18904-lt02" of dtn://18904-lt02/.
std::string short_name(std::string_view node_id) {
    constexpr std::string_view kScheme = "dtn://";
    if (!identity::is_certifiable_node_id(node_id)) return std::string{node_id};
    return std::string{node_id.substr(kScheme.size(), node_id.size() - kScheme.size() - 1)};
}

std::string node_id(std::string_view name) {
    return is_local_name(name) ? "dtn://" + std::string{name} + '/' : std::string{name};
}

bool says_completeness(pb::ReceiptType type) {
    return type == pb::RECEIPT_CUSTODY || type == pb::RECEIPT_DELIVERED;
}

}  // namespace

pb::Value value_of(const pb::Receipt& receipt) {
    pb::Value value;
    FieldWriter out{value.mutable_fields()};
    out.text("kind", "receipt");
    out.text("type", name_of(kTypes, receipt.type()));
    out.text("text_vi", title(receipt.type(), Tongue::kVietnamese));
    out.text_if("local_no", receipt.local_number());
    out.text_if("dossier", receipt.dossier_code());
    out.text_if("ref", receipt.reference());
    out.text_if("holder", short_name(receipt.holder()));
    if (receipt.has_signed_unix_s()) out.text("at", print_time(receipt.signed_unix_s()));
    if (says_completeness(receipt.type())) out.flag("attachments_complete", receipt.attachments_complete());
    if (receipt.form() == 1) out.text("form", kFormName);
    out.whole_if("state", receipt.state());
    if (receipt.has_accepted_unix_s()) out.text("accepted_at", print_time(receipt.accepted_unix_s()));
    if (receipt.has_due_day()) out.text("due", print_day(receipt.due_day()));
    out.text_if("office", receipt.office());
    out.text_if("village", receipt.village());
    if (receipt.languages_size() > 0) {
        pb::List* languages = out.list("langs");
        for (const std::string& each : receipt.languages())
            languages->add_items()->set_text(each);
    }
    out.whole_if("times", receipt.times());
    out.text_if("witness", receipt.witness());
    out.text_if("signature", name_of(kEvidence, receipt.evidence()));
    out.hex_if("signature_sha256", receipt.evidence_digest());
    out.hex_if("message_id", receipt.message_id());
    out.hex_if("message_digest", receipt.message_digest());
    out.text_if("source", short_name(receipt.source()));
    return value;
}

Result<pb::Receipt> receipt_from_value(const pb::Value& value) {
    FieldReader in{value.fields()};
    pb::Receipt out;
    out.set_version(kVersion);
    out.set_oldest_reader_version(1);
    if (in.text("kind") != "receipt") in.fail_at("kind", "expected receipt");
    out.set_type(static_cast<pb::ReceiptType>(number_of(kTypes, in, "type")));
    const std::string text = in.text("text_vi");
    if (!text.empty() && text != title(out.type(), Tongue::kVietnamese))
        in.fail_at("text_vi", "a receipt of this type is not called so");
    out.set_local_number(in.text("local_no"));
    out.set_dossier_code(in.text("dossier"));
    out.set_reference(in.text("ref"));
    out.set_holder(node_id(in.text("holder")));
    if (const auto at = in.unix_s("at")) out.set_signed_unix_s(*at);
    out.set_attachments_complete(in.flag("attachments_complete"));
    const std::string form = in.text("form");
    if (!form.empty() && form != kFormName) in.fail_at("form", "expected Mẫu 01");
    if (!form.empty()) out.set_form(1);
    out.set_state(static_cast<std::uint32_t>(in.whole("state")));
    if (const auto at = in.unix_s("accepted_at")) out.set_accepted_unix_s(*at);
    if (const auto day = in.day("due")) out.set_due_day(*day);
    out.set_office(in.text("office"));
    out.set_village(in.text("village"));
    if (const pb::List* languages = in.list("langs")) {
        for (const pb::Value& each : languages->items())
            out.add_languages(each.text());
    }
    out.set_times(static_cast<std::uint32_t>(in.whole("times")));
    out.set_witness(in.text("witness"));
    out.set_evidence(static_cast<pb::EvidenceType>(number_of(kEvidence, in, "signature")));
    out.set_evidence_digest(in.hex("signature_sha256"));
    out.set_message_id(in.hex("message_id"));
    out.set_message_digest(in.hex("message_digest"));
    out.set_source(node_id(in.text("source")));
    if (auto good = in.finish(); !good) return std::unexpected{std::move(good.error())};
    return out;
}

}  // namespace tram::admin
