// Of notices of this node: where they have been, and why not everywhere.
#include <algorithm>
#include <array>
#include <utility>

#include "daemon/registry/notices.h"

namespace tram::registry {

namespace {

constexpr std::string_view kProofRow = "proof/";

std::unexpected<Error> no_proof() {
    return fail(ErrorCode::kNotFound, "no notice of this number was published here");
}

const admin::Village* village_of(const admin::Receipt& receipt) {
    if (const auto* each = std::get_if<admin::Delivered>(&receipt.says))
        return each->village ? &*each->village : nullptr;
    if (const auto* each = std::get_if<admin::Displayed>(&receipt.says)) return &each->village;
    if (const auto* each = std::get_if<admin::Announced>(&receipt.says)) return &each->village;
    return nullptr;
}

/// The last of `carriers` that `counts` lets through.
template <typename Counts>
std::optional<Carrier> last(const std::vector<Carrier>& carriers, Counts counts) {
    std::optional<Carrier> found;
    for (const Carrier& each : carriers)
        if (counts(each) && (!found || found->at_ms <= each.at_ms)) found = each;
    return found;
}

void explain(VillageReport& report, const std::vector<Carrier>& carriers, const HeardVillage* heard) {
    if (heard != nullptr) {
        for (const auto& [node_id, at_ms] : heard->devices)
            if (!report.last_heard || report.last_heard->at_ms < at_ms)
                report.last_heard = Carrier{node_id, at_ms};
    }
    if (report.proof.reach != admin::Reach::kNotReached) return;
    report.last_taken = last(carriers, [&](const Carrier& each) {
        return heard != nullptr && heard->devices.contains(each.node_id);
    });
    report.why = VillageReport::Why::kWithDevice;
    if (report.last_taken) return;
    report.last_taken = last(carriers, [](const Carrier&) { return true; });
    report.why = report.last_taken ? VillageReport::Why::kOnTheWay : VillageReport::Why::kNotTaken;
}

}  // namespace

Result<void> Notices::open_proof(const admin::NoticeName& name, std::vector<admin::Village> expected) {
    const Notice* notice = find(name);
    if (notice == nullptr) return no_proof();
    if (expected.empty()) {
        for (const auto& [demux, heard] : villages_.all())
            if (expected.size() < admin::ProofTable::kVillagesMax) expected.push_back(heard.village);
    }
    const auto office = admin::Office::parse(notice->from);
    if (!office) return std::unexpected{office.error()};
    auto table = admin::ProofTable::open(name.number, office->commune, notice->known.digest(), expected);
    if (!table) return std::unexpected{std::move(table.error())};
    save_(std::string{kProofRow} + key_of(name), table->encode());
    proofs_.insert_or_assign(key_of(name), std::move(*table));
    return {};
}

const admin::ProofTable* Notices::proof(const admin::NoticeName& name) const {
    const auto found = proofs_.find(key_of(name));
    return found == proofs_.end() ? nullptr : &found->second;
}

Result<bool> Notices::take_receipt(const admin::NoticeName& name, const admin::Receipt& receipt,
                                   std::uint64_t node_time_ms) {
    const auto found = proofs_.find(key_of(name));
    if (found == proofs_.end()) return no_proof();
    const auto news = found->second.take(receipt);
    if (!news) return news;
    heard_from(receipt, node_time_ms);
    if (*news) save_(std::string{kProofRow} + found->first, found->second.encode());
    return news;
}

void Notices::heard_from(const admin::Receipt& receipt, std::uint64_t node_time_ms) {
    if (const admin::Village* village = village_of(receipt))
        villages_.heard(*village, receipt.holder, node_time_ms);
}

Result<std::vector<VillageReport>> Notices::report(const admin::NoticeName& name,
                                                   const std::vector<Carrier>& carriers) const {
    const admin::ProofTable* table = proof(name);
    if (table == nullptr) return no_proof();
    std::vector<VillageReport> reports;
    for (admin::VillageProof& each : table->villages()) {
        VillageReport report{.proof = std::move(each)};
        explain(report, carriers, villages_.find(report.proof.village));
        reports.push_back(std::move(report));
    }
    return reports;
}

}  // namespace tram::registry
