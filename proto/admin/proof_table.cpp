#include <algorithm>

#include "proto/admin/notice.h"
#include "proto/admin/rows.h"
#include "proto/identity/names.h"

namespace tram::admin {

namespace {

constexpr std::string_view kWhat = "proof of a notice";

const Village* village_of(const Receipt& receipt) {
    if (const auto* each = std::get_if<Delivered>(&receipt.says))
        return each->village ? &*each->village : nullptr;
    if (const auto* each = std::get_if<Displayed>(&receipt.says)) return &each->village;
    if (const auto* each = std::get_if<Announced>(&receipt.says)) return &each->village;
    return nullptr;
}

// Adds languages up to the bound; whether there was a new one.
bool add(const std::vector<Language>& languages, std::set<Language>& to) {
    bool any = false;
    for (const Language& each : languages)
        if (to.size() < kReceiptLanguagesMax) any |= to.insert(each).second;
    return any;
}

template <typename Rows>
bool read_languages(const Rows& rows, std::set<Language>& to) {
    if (static_cast<std::size_t>(rows.size()) > kReceiptLanguagesMax) return false;
    return std::ranges::all_of(rows, [&](const std::string& text) {
        const auto language = Language::parse(text);
        return language && to.insert(*language).second;
    });
}

}  // namespace

std::string_view word(Reach reach, Tongue tongue) {
    const bool vietnamese = tongue == Tongue::kVietnamese;
    switch (reach) {
        case Reach::kNotReached: return vietnamese ? "chưa tới" : "not reached";
        case Reach::kReached: return vietnamese ? "đã tới" : "reached";
        case Reach::kDisplayed: return vietnamese ? "đã hiển thị" : "displayed";
        case Reach::kAnnounced: return vietnamese ? "đã phát loa" : "announced";
    }
    return "";
}

ProofTable::ProofTable(DocumentNumber number, std::string commune, const cose::Digest& digest)
    : number_{std::move(number)}, commune_{std::move(commune)}, digest_{digest} {}

Result<ProofTable> ProofTable::open(const DocumentNumber& number, const std::string& commune,
                                    const cose::Digest& digest, const std::vector<Village>& expected) {
    if (!is_commune_code(commune)) return fail(ErrorCode::kInvalidArgument, "not the code of a commune");
    if (expected.size() > kVillagesMax)
        return fail(ErrorCode::kTooLarge, "a notice is for at most 256 villages");
    ProofTable table{number, commune, digest};
    for (const Village& each : expected)
        table.villages_.emplace(each.demux(), Entry{each, true, {}});
    return table;
}

Result<ProofTable::Holder*> ProofTable::holder_of(const Village& village, const std::string& node_id) {
    const std::string demux = village.demux();
    auto entry = villages_.find(demux);
    if (entry == villages_.end()) {
        if (villages_.size() >= kVillagesMax)
            return fail(ErrorCode::kFull, "too many villages have signed for this notice");
        entry = villages_.emplace(demux, Entry{village, false, {}}).first;
    }
    auto& holders = entry->second.holders;
    if (!holders.contains(node_id) && holders.size() >= kHoldersMax)
        return fail(ErrorCode::kFull, "too many devices have signed for one village");
    return &holders[node_id];
}

bool ProofTable::merge(const Receipt& receipt, Holder& holder) {
    const Holder before = holder;
    if (std::holds_alternative<Delivered>(receipt.says)) holder.delivered = true;
    if (const auto* each = std::get_if<Displayed>(&receipt.says)) add(each->languages, holder.displayed);
    if (const auto* each = std::get_if<Announced>(&receipt.says)) {
        add(each->languages, holder.announced);
        holder.times = std::max(holder.times, each->times);
    }
    return holder != before;
}

Result<bool> ProofTable::take(const Receipt& receipt) {
    if (receipt.reference != number_)
        return fail(ErrorCode::kNotFound, "the receipt is about another notice");
    if (receipt.message_digest != digest_)
        return fail(ErrorCode::kContradiction, "the receipt is about another edition of the notice");
    if (identity::commune_of(receipt.holder) != commune_)
        return fail(ErrorCode::kWrongSender, "the receipt is by a node of another commune");
    const Village* village = village_of(receipt);
    if (village == nullptr)
        return fail(ErrorCode::kInvalidArgument, "the receipt does not say in which village the notice is");
    const auto holder = holder_of(*village, receipt.holder);
    if (!holder) return std::unexpected{holder.error()};
    return merge(receipt, **holder);
}

Reach ProofTable::reach_of(const Entry& entry) {
    Reach best = Reach::kNotReached;
    for (const auto& [node, holder] : entry.holders) {
        Reach reach = Reach::kReached;
        if (!holder.displayed.empty()) reach = Reach::kDisplayed;
        if (!holder.announced.empty()) reach = Reach::kAnnounced;
        best = std::max(best, reach);
    }
    return best;
}

std::vector<VillageProof> ProofTable::villages() const {
    std::vector<VillageProof> all;
    for (const auto& [demux, entry] : villages_) {
        VillageProof proof{.village = entry.village, .expected = entry.expected, .reach = reach_of(entry)};
        for (const auto& [node, holder] : entry.holders) {
            proof.displayed.insert(holder.displayed.begin(), holder.displayed.end());
            proof.announced.insert(holder.announced.begin(), holder.announced.end());
            proof.times += holder.times;
            proof.by.push_back(node);
        }
        all.push_back(std::move(proof));
    }
    std::ranges::stable_partition(all, &VillageProof::expected);
    return all;
}

std::size_t ProofTable::reached(Reach at_least) const {
    return static_cast<std::size_t>(std::ranges::count_if(villages_, [&](const auto& each) {
        return each.second.expected && reach_of(each.second) >= at_least;
    }));
}

std::size_t ProofTable::expected() const {
    return reached(Reach::kNotReached);
}

Bytes ProofTable::encode() const {
    pb::ProofRow row;
    row.set_document_number(number_.text());
    row.set_commune(commune_);
    row.set_digest(rows::text_of(digest_));
    for (const auto& [demux, entry] : villages_) {
        pb::VillageProof& village = *row.add_villages();
        village.set_village(entry.village.text());
        village.set_expected(entry.expected);
        for (const auto& [node, holder] : entry.holders) {
            pb::HolderProof& out = *village.add_holders();
            out.set_holder(node);
            out.set_delivered(holder.delivered);
            for (const Language& each : holder.displayed)
                out.add_displayed(each.text());
            for (const Language& each : holder.announced)
                out.add_announced(each.text());
            out.set_times(holder.times);
        }
    }
    return rows::encode(std::move(row));
}

Result<void> ProofTable::restore(const pb::ProofRow& row) {
    if (static_cast<std::size_t>(row.villages_size()) > kVillagesMax) return rows::corrupt(kWhat);
    for (const pb::VillageProof& each : row.villages()) {
        auto village = Village::parse(each.village());
        if (!village || static_cast<std::size_t>(each.holders_size()) > kHoldersMax)
            return rows::corrupt(kWhat);
        Entry entry{*village, each.expected(), {}};
        for (const pb::HolderProof& proof : each.holders()) {
            Holder holder{.delivered = proof.delivered(), .times = proof.times()};
            const bool good = identity::commune_of(proof.holder()) == commune_ &&
                              proof.times() <= kTimesMax &&
                              read_languages(proof.displayed(), holder.displayed) &&
                              read_languages(proof.announced(), holder.announced) &&
                              entry.holders.emplace(proof.holder(), std::move(holder)).second;
            if (!good) return rows::corrupt(kWhat);
        }
        if (!villages_.emplace(village->demux(), std::move(entry)).second) return rows::corrupt(kWhat);
    }
    return {};
}

Result<ProofTable> ProofTable::decode(ByteView wire) {
    const auto row = rows::parse<pb::ProofRow>(wire, kWhat);
    if (!row) return std::unexpected{row.error()};
    const auto number = DocumentNumber::parse(row->document_number());
    cose::Digest digest{};
    if (!number || !is_commune_code(row->commune()) || !rows::read_bytes(row->digest(), digest))
        return rows::corrupt(kWhat);
    ProofTable table{*number, row->commune(), digest};
    if (auto restored = table.restore(*row); !restored) return std::unexpected{std::move(restored.error())};
    return table;
}

}  // namespace tram::admin
