// What this node says about notices: where they are, where they were shown and played.
#include <algorithm>
#include <utility>

#include "daemon/node/notices.h"
#include "daemon/node/own_receipt.h"

namespace tram::node {

namespace {

using Status = admin::KnownNotice::Status;
using Languages = std::vector<admin::Language>;

Result<Languages> parse(const std::vector<std::string>& tags) {
    if (tags.size() > admin::kReceiptLanguagesMax)
        return fail(ErrorCode::kTooLarge, "at most 16 languages at once");
    Languages languages;
    for (const std::string& tag : tags) {
        auto language = admin::Language::parse(tag);
        if (!language) return std::unexpected{language.error()};
        if (language->name() == language->text()) {
            return fail(ErrorCode::kInvalidArgument,
                        "there is no name for one of these languages: give tags such as vi, bru or hmn");
        }
        if (std::ranges::find(languages, *language) == languages.end())
            languages.push_back(std::move(*language));
    }
    return languages;
}

/// All languages, and how often all in all, as far as a receipt can say it.
std::pair<Languages, std::uint32_t> sum(const std::map<admin::Language, std::uint32_t>& times) {
    Languages languages;
    std::uint32_t all = 0;
    for (const auto& [language, count] : times) {
        if (languages.size() < admin::kReceiptLanguagesMax) languages.push_back(language);
        all = std::min(all + count, admin::kTimesMax);
    }
    return {std::move(languages), all};
}

Result<void> can_be_marked(const registry::Notice& notice, const Languages& displayed, std::uint64_t now_ms) {
    switch (notice.known.status(now_ms)) {
        case Status::kCurrent: break;
        case Status::kExpired: return fail(ErrorCode::kExpired, "this notice is over");
        case Status::kSuperseded:
            return fail(ErrorCode::kOutdated, "another notice has taken the place of this one");
        case Status::kRecalled: return fail(ErrorCode::kOutdated, "this notice was recalled by its office");
        case Status::kHeardOf: return fail(ErrorCode::kNotFound, "this notice is not here");
    }
    const bool texts = std::ranges::all_of(displayed, [&](const admin::Language& each) {
        return std::ranges::find(notice.texts, each) != notice.texts.end();
    });
    if (!texts) return fail(ErrorCode::kInvalidArgument, "the notice has no text in one of these languages");
    return {};
}

}  // namespace

Result<void> Notices::sign(const registry::Notice& notice, admin::Receipt receipt) {
    const admin::NoticeName& name = notice.known.name();
    receipt.message_id = notice.known.message_id();
    receipt.message_digest = notice.known.digest();
    receipt.source = name.issuer_node;
    receipt.reference = name.number;
    const std::uint64_t now_ms = custody_.node_time_ms();
    if (!is_own(notice))
        return send_own_receipt(custody_, trust_, receipt, notice.known.remaining_ms(now_ms));
    // Its own proof needs no signature.
    receipt.holder = own_id();
    const auto taken = book_.take_receipt(name, receipt, now_ms);
    if (!taken) return std::unexpected{taken.error()};
    return {};
}

void Notices::sign_delivered(registry::Notice& notice) {
    const auto audience = admin::Audience::parse(notice.known.audience());
    if (!audience) return;
    bool news = false;
    for (const admin::Village& village : areas_.concern(*audience).villages) {
        const bool told = std::ranges::any_of(
            notice.signed_for, [&](const admin::Village& each) { return each.demux() == village.demux(); });
        if (told) continue;
        const admin::Delivered delivered{.attachments_complete = true, .village = village};
        if (!sign(notice, {.says = delivered})) return;
        notice.signed_for.push_back(village);
        news = true;
    }
    if (news) book_.put(notice);
}

Result<void> Notices::mark_now(const input::MarkNotice& mark) {
    const auto found = find(mark.notice);
    if (!found) return std::unexpected{found.error()};
    registry::Notice notice = **found;
    const auto displayed = parse(mark.displayed);
    if (!displayed) return std::unexpected{displayed.error()};
    const auto announced = parse(mark.announced);
    if (!announced) return std::unexpected{announced.error()};
    if (displayed->empty() && announced->empty())
        return fail(ErrorCode::kInvalidArgument, "say in which languages it was displayed or announced");
    if (auto good = can_be_marked(notice, *displayed, custody_.node_time_ms()); !good) return good;
    const auto audience = admin::Audience::parse(notice.known.audience());
    if (!audience) return std::unexpected{audience.error()};
    const registry::Concern concern = areas_.concern(*audience);
    if (concern.villages.empty()) {
        return fail(ErrorCode::kForbidden,
                    "this node is in no village that the notice is for: tram area join COMMUNE/VILLAGE");
    }
    notice.known.displayed(*displayed);
    notice.known.announced(*announced);
    const auto shown = sum(notice.known.times_displayed());
    const auto played = sum(notice.known.times_announced());
    for (const admin::Village& village : concern.villages) {
        if (!displayed->empty()) {
            if (auto told = sign(notice, {.says = admin::Displayed{village, shown.first}}); !told)
                return told;
        }
        if (!announced->empty()) {
            auto told = sign(notice, {.says = admin::Announced{village, played.first, played.second}});
            if (!told) return told;
        }
    }
    book_.put(std::move(notice));
    return {};
}

void Notices::mark(const input::MarkNotice& mark) {
    if (auto marked = mark_now(mark); !marked) {
        custody_.emit(effect::Reply{mark.request, std::unexpected{std::move(marked.error())}});
    } else {
        custody_.emit_when_durable(effect::Reply{mark.request, effect::Reply::Done{}});
    }
}

void Notices::join(const input::JoinArea& join) {
    const auto joined = areas_.join(join.area);
    if (!joined) {
        custody_.emit(effect::Reply{join.request, std::unexpected{joined.error()}});
        return;
    }
    if (*joined) {
        std::vector<registry::Notice> current;
        for (const registry::Notice* each :
             book_.list({.count = registry::Notices::kNoticesMax}, custody_.node_time_ms()))
            current.push_back(*each);
        for (registry::Notice& each : current)
            sign_delivered(each);
    }
    custody_.emit_when_durable(effect::Reply{join.request, effect::Reply::Done{}});
}

void Notices::leave(const input::LeaveArea& leave) {
    if (auto left = areas_.leave(leave.area); !left) {
        custody_.emit(effect::Reply{leave.request, std::unexpected{std::move(left.error())}});
    } else {
        custody_.emit_when_durable(effect::Reply{leave.request, effect::Reply::Done{}});
    }
}

}  // namespace tram::node
