#include "daemon/registry/request.h"

#include <algorithm>
#include <utility>

#include "daemon/registry/key_rows.h"
#include "proto/admin/rows.h"

namespace tram::registry {

namespace {

namespace rows = admin::rows;

constexpr std::string_view kWhat = "request";

void write_part(const FiledPart& part, admin::pb::FiledPartRow& row) {
    row.set_number(part.number);
    row.set_purpose(static_cast<std::uint32_t>(part.purpose));
    row.set_message_id(rows::text_of(part.message_id));
    row.set_message_digest(rows::text_of(part.message_digest));
    row.set_filed_at_ms(part.filed_at_ms);
    row.set_content_bytes(part.content_bytes);
    row.set_attachments(part.attachments);
    if (part.digests) {
        row.set_key_digest(rows::text_of(part.digests->key));
        row.set_request_digest(rows::text_of(part.digests->request));
    }
}

std::optional<FiledPart> read_part(const admin::pb::FiledPartRow& row) {
    FiledPart part{.number = row.number(),
                   .purpose = static_cast<admin::pb::RequestPurpose>(row.purpose()),
                   .filed_at_ms = row.filed_at_ms(),
                   .content_bytes = row.content_bytes(),
                   .attachments = row.attachments(),
                   .digests = std::nullopt};
    const bool good = part.number > 0 && part.number <= Request::kPartsMax &&
                      rows::read_bytes(row.message_id(), part.message_id) &&
                      rows::read_bytes(row.message_digest(), part.message_digest) &&
                      read_keys(row.key_digest(), row.request_digest(), part.digests);
    if (!good) return std::nullopt;
    return part;
}

void write_kept(const KeptWord& kept, admin::pb::KeptWordRow& row) {
    row.set_message_id(rows::text_of(kept.message_id));
    row.set_source(kept.source);
    row.set_destination(kept.destination);
    row.set_content_bytes(kept.content_bytes);
    row.set_attachments(kept.attachments);
    row.set_arrived_at_ms(kept.arrived_at_ms);
}

std::optional<KeptWord> read_kept(const admin::pb::KeptWordRow& row) {
    KeptWord kept{.source = row.source(),
                  .destination = row.destination(),
                  .content_bytes = row.content_bytes(),
                  .attachments = row.attachments(),
                  .arrived_at_ms = row.arrived_at_ms()};
    if (!rows::read_bytes(row.message_id(), kept.message_id)) return std::nullopt;
    return kept;
}

/// What came after the request itself. False: damaged.
bool restore_rest(const admin::pb::RequestRow& row, Request& request) {
    for (const admin::pb::FiledPartRow& each : row.parts()) {
        const auto part = read_part(each);
        if (!part || (!request.parts.empty() && request.parts.back().number >= part->number)) return false;
        request.parts.push_back(*part);
    }
    for (const admin::pb::KeptWordRow& each : row.kept()) {
        auto kept = read_kept(each);
        if (!kept || request.kept.size() == admin::Dossier::kHistoryMax) return false;
        request.kept.push_back(std::move(*kept));
    }
    if (!row.has_handed_over()) return true;
    request.handed_over = read_handed_over(row.handed_over());
    return request.handed_over.has_value();
}

}  // namespace

void write_handed_over(const HandedOver& handed_over, admin::pb::HandedOverRow& row) {
    row.set_message_id(rows::text_of(handed_over.message_id));
    row.set_at_ms(handed_over.at_ms);
    row.set_witness(handed_over.witness);
    row.set_evidence(static_cast<std::uint32_t>(handed_over.evidence));
}

std::optional<HandedOver> read_handed_over(const admin::pb::HandedOverRow& row) {
    HandedOver handed_over{.at_ms = row.at_ms(),
                           .witness = row.witness(),
                           .evidence = static_cast<admin::pb::EvidenceType>(row.evidence())};
    if (!rows::read_bytes(row.message_id(), handed_over.message_id)) return std::nullopt;
    return handed_over;
}

admin::pb::DossierState Request::state() const {
    const auto& last = dossier.last();
    if (handed_over && last && last->message_id == handed_over->message_id)
        return admin::pb::STATE_HANDED_OVER;
    return dossier.state();
}

const KeptWord* Request::find_kept(const admin::MessageId& id) const {
    const auto found = std::ranges::find(kept, id, &KeptWord::message_id);
    return found == kept.end() ? nullptr : &*found;
}

Bytes Request::encode() const {
    admin::pb::RequestRow row;
    row.set_dossier(std::string{as_text(dossier.encode())});
    row.set_procedure(procedure);
    row.set_procedure_version(procedure_version);
    row.set_title(title);
    row.set_urgency(static_cast<std::uint32_t>(urgency));
    row.set_destination(destination);
    row.set_message_id(rows::text_of(message_id));
    row.set_message_digest(rows::text_of(message_digest));
    row.set_filed_at_ms(filed_at_ms);
    row.set_content_bytes(content_bytes);
    row.set_attachments(attachments);
    if (digests) {
        row.set_key_digest(rows::text_of(digests->key));
        row.set_request_digest(rows::text_of(digests->request));
    }
    for (const FiledPart& part : parts)
        write_part(part, *row.add_parts());
    for (const KeptWord& word : kept)
        write_kept(word, *row.add_kept());
    if (handed_over) write_handed_over(*handed_over, *row.mutable_handed_over());
    return rows::encode(std::move(row));
}

Result<Request> Request::decode(ByteView wire) {
    const auto row = rows::parse<admin::pb::RequestRow>(wire, kWhat);
    if (!row) return std::unexpected{row.error()};
    auto dossier = admin::Dossier::decode(as_bytes(row->dossier()));
    if (!dossier) return std::unexpected{dossier.error()};
    Request request{.dossier = std::move(*dossier),
                    .procedure = row->procedure(),
                    .procedure_version = row->procedure_version(),
                    .title = row->title(),
                    .urgency = static_cast<admin::pb::Urgency>(row->urgency()),
                    .destination = row->destination(),
                    .filed_at_ms = row->filed_at_ms(),
                    .content_bytes = row->content_bytes(),
                    .attachments = row->attachments(),
                    .digests = std::nullopt};
    const bool good = rows::read_bytes(row->message_id(), request.message_id) &&
                      rows::read_bytes(row->message_digest(), request.message_digest) &&
                      read_keys(row->key_digest(), row->request_digest(), request.digests) &&
                      restore_rest(*row, request);
    if (!good) return rows::corrupt(kWhat);
    return request;
}

}  // namespace tram::registry
