#include "daemon/registry/received.h"

#include <algorithm>
#include <utility>

#include "daemon/registry/key_rows.h"
#include "proto/admin/rows.h"

namespace tram::registry {

namespace {

namespace pb = admin::pb;
namespace rows = admin::rows;

constexpr std::string_view kWhat = "dossier that was received";

void write_part(const ReceivedPart& part, pb::ReceivedPartRow& row) {
    row.set_number(part.number);
    row.set_purpose(static_cast<std::uint32_t>(part.purpose));
    row.set_message_id(rows::text_of(part.message_id));
    row.set_digest(rows::text_of(part.digest));
    row.set_source(part.source);
    row.set_destination(part.destination);
    row.set_arrived_at_ms(part.arrived_at_ms);
    row.set_content_bytes(part.content_bytes);
    row.set_attachments(part.attachments);
}

std::optional<ReceivedPart> read_part(const pb::ReceivedPartRow& row) {
    ReceivedPart part{.number = row.number(),
                      .purpose = static_cast<pb::RequestPurpose>(row.purpose()),
                      .source = row.source(),
                      .destination = row.destination(),
                      .arrived_at_ms = row.arrived_at_ms(),
                      .content_bytes = row.content_bytes(),
                      .attachments = row.attachments()};
    const bool good =
        rows::read_bytes(row.message_id(), part.message_id) && rows::read_bytes(row.digest(), part.digest);
    if (!good) return std::nullopt;
    return part;
}

void write_issued(const Issued& issued, pb::IssuedRow& row) {
    admin::write_word(issued.word, *row.mutable_word());
    row.set_sent_at_ms(issued.sent_at_ms);
    row.set_attachments(issued.attachments);
    if (issued.digests) {
        row.set_key_digest(rows::text_of(issued.digests->key));
        row.set_update_digest(rows::text_of(issued.digests->request));
    }
}

std::optional<Issued> read_issued(const pb::IssuedRow& row) {
    const auto word = admin::read_word(row.word());
    if (!word) return std::nullopt;
    Issued issued{*word, row.sent_at_ms(), row.attachments(), std::nullopt};
    if (!read_keys(row.key_digest(), row.update_digest(), issued.digests)) return std::nullopt;
    return issued;
}

/// False: damaged.
bool restore_lists(const pb::ReceivedRow& row, Received& received) {
    for (const pb::ReceivedPartRow& each : row.parts()) {
        auto part = read_part(each);
        if (!part || received.parts.size() == admin::OfficeDossier::kPartsHeldMax) return false;
        received.parts.push_back(std::move(*part));
    }
    for (const pb::IssuedRow& each : row.issued()) {
        auto issued = read_issued(each);
        if (!issued || received.issued.size() == Received::kIssuedMax) return false;
        received.issued.push_back(std::move(*issued));
    }
    if (row.has_accepted()) {
        const pb::AcceptedRow& accepted = row.accepted();
        received.accepted =
            Accepted{accepted.accepted_unix_s(), accepted.due_day(), accepted.office(), accepted.at_ms()};
    }
    if (!row.has_handed_over()) return true;
    received.handed_over = read_handed_over(row.handed_over());
    return received.handed_over.has_value();
}

}  // namespace

pb::DossierState Received::state() const {
    if (handed_over && !issued.empty() && issued.front().word.message_id == handed_over->message_id)
        return pb::STATE_HANDED_OVER;
    return dossier.state();
}

const ReceivedPart* Received::request() const {
    const auto found = std::ranges::find(parts, 0U, &ReceivedPart::number);
    return found == parts.end() ? nullptr : &*found;
}

const Issued* Received::find_issued(const admin::MessageId& id) const {
    const auto found =
        std::ranges::find_if(issued, [&](const Issued& each) { return each.word.message_id == id; });
    return found == issued.end() ? nullptr : &*found;
}

Bytes Received::encode() const {
    pb::ReceivedRow row;
    row.set_dossier(std::string{as_text(dossier.encode())});
    row.set_procedure(procedure);
    row.set_procedure_version(procedure_version);
    row.set_title(title);
    row.set_urgency(static_cast<std::uint32_t>(urgency));
    row.set_village(village);
    row.set_arrived_at_ms(arrived_at_ms);
    for (const ReceivedPart& part : parts)
        write_part(part, *row.add_parts());
    for (const Issued& each : issued)
        write_issued(each, *row.add_issued());
    if (accepted) {
        pb::AcceptedRow& to = *row.mutable_accepted();
        to.set_accepted_unix_s(accepted->accepted_unix_s);
        to.set_due_day(accepted->due_day);
        to.set_office(accepted->office);
        to.set_at_ms(accepted->at_ms);
    }
    if (handed_over) write_handed_over(*handed_over, *row.mutable_handed_over());
    return rows::encode(std::move(row));
}

Result<Received> Received::decode(ByteView wire) {
    const auto row = rows::parse<pb::ReceivedRow>(wire, kWhat);
    if (!row) return std::unexpected{row.error()};
    auto dossier = admin::OfficeDossier::decode(as_bytes(row->dossier()));
    if (!dossier) return std::unexpected{dossier.error()};
    Received received{.dossier = std::move(*dossier),
                      .procedure = row->procedure(),
                      .procedure_version = row->procedure_version(),
                      .title = row->title(),
                      .urgency = static_cast<pb::Urgency>(row->urgency()),
                      .village = row->village(),
                      .arrived_at_ms = row->arrived_at_ms()};
    if (!restore_lists(*row, received)) return rows::corrupt(kWhat);
    return received;
}

}  // namespace tram::registry
