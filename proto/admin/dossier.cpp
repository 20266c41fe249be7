#include "proto/admin/dossier.h"

#include <algorithm>

#include "proto/admin/rows.h"
#include "proto/identity/names.h"

namespace tram::admin {

namespace {

constexpr std::string_view kWhat = "dossier";

}  // namespace

void write_word(const Word& word, pb::Word& row) {
    row.set_issuer_epoch(word.number.epoch);
    row.set_sequence(word.number.sequence);
    row.set_kind(static_cast<std::uint32_t>(word.kind));
    row.set_state(static_cast<std::uint32_t>(word.state));
    row.set_form(static_cast<std::uint32_t>(word.form));
    row.set_message_id(rows::text_of(word.message_id));
    row.set_digest(rows::text_of(word.digest));
}

std::optional<Word> read_word(const pb::Word& row) {
    Word word{{row.issuer_epoch(), row.sequence()},
              static_cast<pb::UpdateKind>(row.kind()),
              static_cast<pb::DossierState>(row.state()),
              static_cast<pb::Form>(row.form())};
    const bool good = rows::read_bytes(row.message_id(), word.message_id) &&
                      rows::read_bytes(row.digest(), word.digest) && row.sequence() > 0 &&
                      row.sequence() <= Dossier::kSequenceMax;
    if (!good) return std::nullopt;
    return word;
}

Dossier::Dossier(LocalNumber number, Office office, std::string office_node)
    : number_{std::move(number)}, office_{std::move(office)}, office_node_{std::move(office_node)} {}

Result<Dossier> Dossier::open(const LocalNumber& number, const Office& office, std::string office_node) {
    Dossier dossier{number, office, {}};
    if (auto moved = dossier.move_office(std::move(office_node)); !moved)
        return std::unexpected{std::move(moved.error())};
    return dossier;
}

Result<void> Dossier::move_office(std::string office_node) {
    if (identity::commune_of(office_node) != office_.commune || identity::is_commune_eid(office_node)) {
        return fail(ErrorCode::kInvalidArgument,
                    "the node of an office is one of its commune; expected one like dtn://18904-srv/");
    }
    office_node_ = std::move(office_node);
    return {};
}

Result<std::optional<DossierCode>> Dossier::code_after(const std::string& said) const {
    if (said.empty()) return code_;
    auto code = DossierCode::parse(said);
    if (!code) return fail(ErrorCode::kMalformed, std::move(code.error().message));
    if (code_ && *code_ != *code) {
        return fail(ErrorCode::kContradiction, "the office says that " + number_.print() + " is " +
                                                   code->text() + ", but it is bound to " + code_->text() +
                                                   " already");
    }
    return std::optional{std::move(*code)};
}

Result<Dossier::Outcome> Dossier::apply(const pb::Message& message, const Proof& proof) {
    const pb::Update& update = message.update();
    if (message.head().local_number() != number_.print())
        return fail(ErrorCode::kNotFound, "the update is about another dossier");
    if (proof.sender != office_node_ || update.from() != office_.print()) {
        return fail(ErrorCode::kWrongSender, "an update of " + number_.print() + " comes from another than " +
                                                 office_.print() + " at " + office_node_);
    }
    if (!message.has_update() || update.sequence() == 0)
        return fail(ErrorCode::kMalformed, "an update without its number");
    if (update.sequence() > kSequenceMax)
        return fail(ErrorCode::kTooLarge, "the number of an update is above a million");
    auto code = code_after(message.head().dossier_code());
    if (!code) return std::unexpected{std::move(code.error())};

    const Word word{{update.issuer_epoch(), update.sequence()},
                    update.kind(),
                    update.state(),
                    update.form(),
                    proof.message_id,
                    proof.digest};
    const auto known = std::ranges::find(history_, word.number, &Word::number);
    if (known != history_.end() && known->digest != word.digest) {
        return fail(ErrorCode::kContradiction, "the office has said something else about " + number_.print() +
                                                   " under the number " + std::to_string(update.sequence()));
    }
    if (known != history_.end() || has_seen(word.number)) return Outcome::kRepeated;

    code_ = std::move(*code);
    const bool latest = !last_ || last_->number < word.number;
    if (!last_ || last_->number.epoch < word.number.epoch) seen_.clear();
    if (latest) last_ = word;
    if (update.has_due_day() && (!new_due_day_ || new_due_day_->first < word.number))
        new_due_day_.emplace(word.number, update.due_day());
    if (word.number.epoch == last_->number.epoch) see(word.number.sequence);
    remember(word);
    return latest ? Outcome::kLatest : Outcome::kEarlier;
}

Result<bool> Dossier::accept(const Receipt& receipt) {
    const auto* official = std::get_if<Official>(&receipt.says);
    if (official == nullptr)
        return fail(ErrorCode::kInvalidArgument, "a transport receipt accepts no dossier");
    if (receipt.local_number != number_)
        return fail(ErrorCode::kNotFound, "the receipt is about another dossier");
    if (receipt.holder != office_node_) {
        return fail(ErrorCode::kWrongSender,
                    "an official receipt of " + number_.print() + " comes from another than " + office_node_);
    }
    auto code = code_after(official->dossier_code.text());
    if (!code) return std::unexpected{std::move(code.error())};
    const bool is_new = !code_ || !due_day_;
    code_ = std::move(*code);
    if (!due_day_) due_day_ = official->due_day;
    return is_new;
}

pb::DossierState Dossier::state() const {
    if (last_) return last_->state;
    return due_day_ ? pb::STATE_ACCEPTED : pb::STATE_UNSPECIFIED;
}

std::uint64_t Dossier::missing() const {
    std::uint64_t here = 0;
    for (const Range& each : seen_)
        here += each.last - each.first + 1;
    return last_ ? last_->number.sequence - here : 0;
}

bool Dossier::has_seen(WordNumber number) const {
    if (!last_ || last_->number.epoch != number.epoch) return false;
    return std::ranges::any_of(seen_, [&](const Range& each) {
        return each.first <= number.sequence && number.sequence <= each.last;
    });
}

// Puts a number that was not seen into the ranges.
void Dossier::see(std::uint64_t sequence) {
    auto after = std::ranges::find_if(seen_, [&](const Range& each) { return each.first > sequence; });
    const bool joins_after = after != seen_.end() && after->first == sequence + 1;
    const bool joins_before = after != seen_.begin() && std::prev(after)->last + 1 == sequence;
    if (joins_before && joins_after) {
        std::prev(after)->last = after->last;
        seen_.erase(after);
    } else if (joins_before) {
        std::prev(after)->last = sequence;
    } else if (joins_after) {
        after->first = sequence;
    } else {
        seen_.insert(after, {sequence, sequence});
    }
    if (seen_.size() <= kRangesMax) return;
    seen_[1].first = seen_[0].first;
    seen_.erase(seen_.begin());
}

void Dossier::remember(const Word& word) {
    const auto older =
        std::ranges::find_if(history_, [&](const Word& each) { return each.number < word.number; });
    history_.insert(older, word);
    if (history_.size() > kHistoryMax) history_.pop_back();
}

Bytes Dossier::encode() const {
    pb::DossierRow row;
    row.set_local_number(number_.print());
    row.set_office(office_.print());
    row.set_office_node(office_node_);
    if (code_) row.set_dossier_code(code_->text());
    if (due_day_) row.set_due_day(*due_day_);
    if (new_due_day_) {
        row.mutable_new_due()->set_issuer_epoch(new_due_day_->first.epoch);
        row.mutable_new_due()->set_sequence(new_due_day_->first.sequence);
        row.mutable_new_due()->set_day(new_due_day_->second);
    }
    if (last_) write_word(*last_, *row.mutable_last());
    for (const Range& each : seen_) {
        pb::NumberRange& range = *row.add_seen();
        range.set_first(each.first);
        range.set_last(each.last);
    }
    for (const Word& each : history_)
        write_word(each, *row.add_history());
    return rows::encode(std::move(row));
}

Result<void> Dossier::restore(const pb::DossierRow& row) {
    if (!row.dossier_code().empty()) {
        auto code = DossierCode::parse(row.dossier_code());
        if (!code) return rows::corrupt(kWhat);
        code_ = std::move(*code);
    }
    if (row.has_due_day()) due_day_ = row.due_day();
    if (row.has_new_due()) {
        const pb::NewDue& due = row.new_due();
        new_due_day_.emplace(WordNumber{due.issuer_epoch(), due.sequence()}, due.day());
    }
    if (row.has_last()) {
        last_ = read_word(row.last());
        if (!last_) return rows::corrupt(kWhat);
    }
    std::uint64_t behind = 0;  // the first number that may follow
    for (const pb::NumberRange& each : row.seen()) {
        const bool ascends = each.first() > behind && each.last() >= each.first() && last_ &&
                             each.last() <= last_->number.sequence;
        if (!ascends || seen_.size() == kRangesMax) return rows::corrupt(kWhat);
        seen_.push_back({each.first(), each.last()});
        behind = each.last() + 1;
    }
    for (const pb::Word& each : row.history()) {
        const auto word = read_word(each);
        const bool descends = word && (history_.empty() || word->number < history_.back().number);
        if (!descends || history_.size() == kHistoryMax) return rows::corrupt(kWhat);
        history_.push_back(*word);
    }
    const bool whole = last_ ? !history_.empty() && history_.front() == *last_ && !seen_.empty() &&
                                   seen_.back().last == last_->number.sequence
                             : history_.empty();
    return whole ? Result<void>{} : Result<void>{rows::corrupt(kWhat)};
}

Result<Dossier> Dossier::decode(ByteView wire) {
    const auto row = rows::parse<pb::DossierRow>(wire, kWhat);
    if (!row) return std::unexpected{row.error()};
    const auto number = LocalNumber::parse(row->local_number());
    const auto office = Office::parse(row->office());
    if (!number || !office) return rows::corrupt(kWhat);
    auto dossier = open(*number, *office, row->office_node());
    if (!dossier) return rows::corrupt(kWhat);
    if (auto restored = dossier->restore(*row); !restored)
        return std::unexpected{std::move(restored.error())};
    return dossier;
}

std::string gap_text(std::uint64_t missing, Tongue tongue) {
    if (missing == 0) return {};
    const std::string count = std::to_string(missing);
    if (tongue == Tongue::kVietnamese) return "còn " + count + " tin trước đó đang trên đường";
    return missing == 1 ? "1 earlier word is still under way" : count + " earlier words are still under way";
}

}  // namespace tram::admin
