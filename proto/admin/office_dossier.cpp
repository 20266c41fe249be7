#include <algorithm>

#include "proto/admin/dossier.h"
#include "proto/admin/fields.h"
#include "proto/admin/rows.h"

namespace tram::admin {

namespace {

constexpr std::string_view kWhat = "dossier of the office";

}  // namespace

OfficeDossier::OfficeDossier(LocalNumber number, Office office, std::uint32_t issuer_epoch)
    : number_{std::move(number)}, office_{std::move(office)}, next_{issuer_epoch, 1} {}

Result<OfficeDossier> OfficeDossier::open(const LocalNumber& number, const Office& office,
                                          std::uint32_t issuer_epoch) {
    if (!Office::parse(office.print())) return fail(ErrorCode::kInvalidArgument, "not an office");
    return OfficeDossier{number, office, issuer_epoch};
}

Result<OfficeDossier::Outcome> OfficeDossier::take(const pb::Message& message, const Proof& proof) {
    const std::uint32_t part = message.request().part();
    if (message.head().local_number() != number_.print())
        return fail(ErrorCode::kNotFound, "the request is about another dossier");
    if (proof.sender != number_.node_id()) {
        return fail(ErrorCode::kWrongSender, "a request numbered " + number_.print() +
                                                 " comes from another device than that of its number");
    }
    if (!message.has_request() || part > limits::kPartsMax)
        return fail(ErrorCode::kMalformed, "no request, or one with too many supplements");
    const Part taken{part, proof.digest};
    const auto at = std::ranges::lower_bound(parts_, taken);
    if (at != parts_.end() && *at == taken) return Outcome::kRepeated;
    if (part == 0 && has_request()) {
        return fail(ErrorCode::kContradiction, "another request was filed under the number " +
                                                   number_.print() +
                                                   " before; a person must compare the two");
    }
    if (parts_.size() >= kPartsHeldMax) {
        return fail(ErrorCode::kFull, "too much was handed in later under the number " + number_.print() +
                                          "; let the rest be filed as a new request");
    }
    parts_.insert(at, taken);
    return Outcome::kNew;
}

Result<void> OfficeDossier::accept(const DossierCode& code) {
    if (code_ && *code_ != code) {
        return fail(ErrorCode::kContradiction,
                    number_.print() + " is bound to the official code " + code_->text() + " already");
    }
    code_ = code;
    if (state_ == pb::STATE_REGISTERED) state_ = pb::STATE_ACCEPTED;
    return {};
}

Result<pb::Message> OfficeDossier::issue(pb::Message draft) {
    if (!draft.has_update()) return fail(ErrorCode::kMalformed, "not an update");
    pb::Head& head = *draft.mutable_head();
    pb::Update& update = *draft.mutable_update();
    if (update.state() == pb::STATE_UNSPECIFIED || !pb::DossierState_IsValid(update.state()))
        return fail(ErrorCode::kInvalidArgument, "the state of a dossier is a number from 1 to 10");
    if (next_.sequence > Dossier::kSequenceMax)
        return fail(ErrorCode::kFull, "the office has said all it can about this dossier");
    auto code = code_;
    if (!head.dossier_code().empty()) {
        auto said = DossierCode::parse(head.dossier_code());
        if (!said) return fail(ErrorCode::kMalformed, std::move(said.error().message));
        if (code_ && *code_ != *said) {
            return fail(ErrorCode::kContradiction,
                        number_.print() + " is bound to the official code " + code_->text() + " already");
        }
        code = std::move(*said);
    }
    code_ = std::move(code);
    head.set_kind(pb::KIND_UPDATE);
    head.set_local_number(number_.print());
    if (code_) head.set_dossier_code(code_->text());
    update.set_from(office_.print());
    update.set_issuer_epoch(next_.epoch);
    update.set_sequence(next_.sequence);
    state_ = update.state();
    ++next_.sequence;
    return draft;
}

void OfficeDossier::begin_epoch(std::uint32_t epoch) {
    if (epoch > next_.epoch) next_ = {epoch, 1};
}

Bytes OfficeDossier::encode() const {
    pb::OfficeDossierRow row;
    row.set_local_number(number_.print());
    row.set_office(office_.print());
    if (code_) row.set_dossier_code(code_->text());
    row.set_issuer_epoch(next_.epoch);
    row.set_next_sequence(next_.sequence);
    row.set_state(static_cast<std::uint32_t>(state_));
    for (const Part& each : parts_) {
        pb::Part& part = *row.add_parts();
        part.set_number(each.number);
        part.set_digest(rows::text_of(each.digest));
    }
    return rows::encode(std::move(row));
}

Result<OfficeDossier> OfficeDossier::decode(ByteView wire) {
    const auto row = rows::parse<pb::OfficeDossierRow>(wire, kWhat);
    if (!row) return std::unexpected{row.error()};
    const auto number = LocalNumber::parse(row->local_number());
    const auto office = Office::parse(row->office());
    const bool in_range = row->next_sequence() > 0 && row->next_sequence() <= Dossier::kSequenceMax + 1 &&
                          row->state() >= pb::STATE_REGISTERED && row->state() <= pb::STATE_HANDED_OVER;
    if (!number || !office || !in_range) return rows::corrupt(kWhat);
    OfficeDossier dossier{*number, *office, row->issuer_epoch()};
    dossier.next_.sequence = row->next_sequence();
    dossier.state_ = static_cast<pb::DossierState>(row->state());
    if (!row->dossier_code().empty()) {
        auto code = DossierCode::parse(row->dossier_code());
        if (!code) return rows::corrupt(kWhat);
        dossier.code_ = std::move(*code);
    }
    for (const pb::Part& each : row->parts()) {
        Part part{each.number(), {}};
        const bool read = part.number <= limits::kPartsMax && dossier.parts_.size() < kPartsHeldMax &&
                          rows::read_bytes(each.digest(), part.digest);
        const bool ascends = dossier.parts_.empty() || dossier.parts_.back() < part;
        if (!read || !ascends || (part.number == 0 && dossier.has_request())) return rows::corrupt(kWhat);
        dossier.parts_.push_back(part);
    }
    return dossier;
}

}  // namespace tram::admin
