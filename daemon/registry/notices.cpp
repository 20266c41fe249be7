#include "daemon/registry/notices.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proto/admin/rows.h"
#include "proto/admin/text.h"

namespace tram::registry {

namespace {

namespace rows = admin::rows;
using Status = admin::KnownNotice::Status;

constexpr std::string_view kNoticeRow = "notice/";
constexpr std::string_view kProofRow = "proof/";
constexpr std::size_t kKeyBytes = 16;

std::uint64_t end_of(const admin::KnownNotice& known) {
    const admin::Arrival& arrival = known.arrival();
    return arrival.node_time_ms + known.remaining_ms(arrival.node_time_ms);
}

bool has_ended(const Notice& notice, std::uint64_t now_ms) {
    return notice.known.status(now_ms) != Status::kCurrent;
}

}  // namespace

std::string Notices::key_of(const admin::NoticeName& name) {
    cose::Sha256 hash;
    const std::string text = name.issuer_node + ' ' + std::to_string(name.year) + ' ' + name.number.text();
    hash.update(as_bytes(text));
    return to_hex(ByteView{hash.finish()}.first(kKeyBytes));
}

Result<void> Notices::restore_state(const std::string& name, ByteView value) {
    if (name.starts_with(kProofRow)) {
        auto table = admin::ProofTable::decode(value);
        if (!table) return std::unexpected{std::move(table.error())};
        proofs_.insert_or_assign(name.substr(kProofRow.size()), std::move(*table));
        return {};
    }
    if (!name.starts_with(kNoticeRow)) return villages_.restore_state(name, value);
    auto notice = Notice::decode(value);
    if (!notice) return std::unexpected{std::move(notice.error())};
    if (name != std::string{kNoticeRow} + key_of(notice->known.name())) return rows::corrupt("notice");
    shelve(std::move(*notice));
    return {};
}

const Notice* Notices::find(const admin::NoticeName& name) const {
    const auto found = notices_.find(name);
    return found == notices_.end() ? nullptr : &found->second.notice;
}

std::vector<const Notice*> Notices::find_number(const admin::DocumentNumber& number) const {
    std::vector<const Notice*> found;
    for (const auto& [name, shelved] : notices_)
        if (name.number == number) found.push_back(&shelved.notice);
    std::ranges::stable_sort(found, std::greater{}, [](const Notice* each) {
        return std::pair{each->known.name().year, each->known.arrival().node_time_ms};
    });
    return found;
}

std::vector<admin::NoticeName> Notices::all_superseded_by(const admin::NoticeName& name) const {
    std::vector<admin::NoticeName> all{name};
    for (std::size_t at = 0; at < all.size(); ++at) {
        const admin::NoticeName by = all[at];
        for (const auto& [older, shelved] : notices_) {
            if (shelved.notice.known.successor() == by && std::ranges::find(all, older) == all.end())
                all.push_back(older);
        }
    }
    all.erase(all.begin());
    return all;
}

const Notice* Notices::find_message(const admin::MessageId& id) const {
    const auto found = by_message_.find(id);
    return found == by_message_.end() ? nullptr : find(found->second);
}

Result<void> Notices::make_room(const admin::NoticeName& name, std::uint64_t node_time_ms) {
    if (notices_.contains(name)) return {};
    const auto of_issuer = static_cast<std::size_t>(std::ranges::count_if(
        notices_, [&](const auto& each) { return each.first.issuer_node == name.issuer_node; }));
    const bool issuer_full = of_issuer >= kOfOneIssuerMax;
    if (!issuer_full && notices_.size() < kNoticesMax) return {};
    for (const auto& [end_ms, other] : by_end_) {
        if (issuer_full && other.issuer_node != name.issuer_node) continue;
        if (!has_ended(*find(other), node_time_ms)) continue;
        forget(admin::NoticeName{other});
        return {};
    }
    return fail(ErrorCode::kFull, "this node keeps as many notices as it can, and none of them is over");
}

const Notice& Notices::put(Notice notice) {
    const Notice& kept = shelve(std::move(notice));
    save_(std::string{kNoticeRow} + key_of(kept.known.name()), kept.encode());
    return kept;
}

const Notice& Notices::shelve(Notice notice) {
    const admin::NoticeName name = notice.known.name();
    if (const auto before = notices_.find(name); before != notices_.end()) {
        by_end_.erase({before->second.forget_at_ms, name});
        by_message_.erase(before->second.notice.known.message_id());
    }
    Shelved shelved{.notice = std::move(notice), .folded = {}};
    const admin::KnownNotice& known = shelved.notice.known;
    shelved.folded =
        admin::fold(shelved.notice.title + ' ' + shelved.notice.doc_type + ' ' + name.number.text());
    if (known.edition() != 0) {
        by_message_.insert_or_assign(known.message_id(), name);
        shelved.forget_at_ms = end_of(known) + kRemembered_ms;
    }
    by_end_.emplace(shelved.forget_at_ms, name);
    return notices_.insert_or_assign(name, std::move(shelved)).first->second.notice;
}

void Notices::forget(const admin::NoticeName& name) {
    const auto found = notices_.find(name);
    by_end_.erase({found->second.forget_at_ms, name});
    by_message_.erase(found->second.notice.known.message_id());
    notices_.erase(found);
    erase_(std::string{kNoticeRow} + key_of(name));
    if (proofs_.erase(key_of(name)) != 0) erase_(std::string{kProofRow} + key_of(name));
}

void Notices::expire(std::uint64_t node_time_ms) {
    std::vector<admin::NoticeName> over;
    for (const auto& [forget_at_ms, name] : by_end_) {
        if (forget_at_ms > node_time_ms) break;
        const Notice& notice = *find(name);
        const auto& successor = notice.known.successor();
        const bool waits = notice.known.edition() == 0 && successor && find(*successor) != nullptr;
        if (!waits) over.push_back(name);
    }
    for (const admin::NoticeName& name : over)
        forget(name);
}

std::vector<const Notice*> Notices::list(const NoticeQuery& query, std::uint64_t node_time_ms) const {
    const std::string wanted = admin::fold(query.search);
    std::vector<const Notice*> found;
    for (const auto& [name, shelved] : notices_) {
        const Notice& notice = shelved.notice;
        if (notice.known.edition() == 0 || (!query.ended && has_ended(notice, node_time_ms))) continue;
        if (admin::contains_folded(shelved.folded, wanted)) found.push_back(&notice);
    }
    std::ranges::stable_sort(found, std::greater{}, [](const Notice* each) {
        return std::pair{each->known.urgency(), each->known.arrival().node_time_ms};
    });
    const auto last = std::ranges::find_if(
        found, [&](const Notice* each) { return key_of(each->known.name()) == query.after; });
    if (!query.after.empty() && last != found.end()) found.erase(found.begin(), std::next(last));
    if (found.size() > query.count) found.resize(query.count + 1);
    return found;
}

}  // namespace tram::registry
