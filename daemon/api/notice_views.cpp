#include "daemon/api/notice_views.h"

#include <algorithm>
#include <utility>

#include "proto/admin/text.h"

namespace tram::api {

namespace {

constexpr std::uint32_t kPageSize = 100;
constexpr std::uint32_t kPageSizeMax = 1'000;

std::string text_of(ByteView bytes) {
    return std::string{as_text(bytes)};
}

std::uint64_t ago(std::uint64_t now_ms, std::uint64_t at_ms) {
    return now_ms > at_ms ? now_ms - at_ms : 0;
}

std::string_view status_name(admin::KnownNotice::Status status) {
    using Status = admin::KnownNotice::Status;
    switch (status) {
        case Status::kHeardOf: return "heard_of";
        case Status::kCurrent: return "current";
        case Status::kSuperseded: return "superseded";
        case Status::kRecalled: return "recalled";
        case Status::kExpired: return "expired";
    }
    return "";
}

std::string_view reach_name(admin::Reach reach) {
    switch (reach) {
        case admin::Reach::kNotReached: return "not_reached";
        case admin::Reach::kReached: return "reached";
        case admin::Reach::kDisplayed: return "displayed";
        case admin::Reach::kAnnounced: return "announced";
    }
    return "";
}

bool is_for_us(const node::Node& node, const registry::Notice& notice) {
    const auto audience = admin::Audience::parse(notice.known.audience());
    return audience && node.notices().areas().concern(*audience).here;
}

pb::Notice view(const node::Node& node, const registry::Notice& notice) {
    const admin::KnownNotice& known = notice.known;
    const std::uint64_t now_ms = node.custody().node_time_ms();
    pb::Notice out;
    out.set_name(registry::Notices::key_of(known.name()));
    out.set_issuer(known.name().issuer_node);
    out.set_year(known.name().year);
    out.set_document_number(known.name().number.text());
    out.set_edition(known.edition());
    out.set_doc_type(notice.doc_type);
    out.set_title(notice.title);
    out.set_from(notice.from);
    out.set_urgency(static_cast<std::uint32_t>(known.urgency()));
    out.set_audience(known.audience());
    out.set_status(std::string{status_name(known.status(now_ms))});
    out.set_ago_ms(known.arrival().age_ms + ago(now_ms, known.arrival().node_time_ms));
    out.set_remaining_ms(known.remaining_ms(now_ms));
    for (const admin::Language& each : notice.texts)
        out.add_languages(each.text());
    for (const admin::Language& each : notice.recordings)
        out.add_audio(each.text());
    out.set_loudspeaker(known.loudspeaker());
    out.set_require_ack(known.require_ack());
    if (known.successor()) out.set_superseded_by(known.successor()->number.text());
    for (const auto& [language, times] : known.times_displayed())
        out.add_displayed(language.text());
    for (const auto& [language, times] : known.times_announced())
        out.add_announced(language.text());
    out.set_for_us(is_for_us(node, notice));
    out.set_own(node.notices().is_own(notice));
    out.set_message_id(text_of(known.message_id()));
    return out;
}

pb::Notice view_newer(const node::Node& node, const admin::MessageId& id, const node::Notices::Newer& newer) {
    const std::uint64_t now_ms = node.custody().node_time_ms();
    pb::Notice out;
    out.set_name(to_hex(id));
    out.set_issuer(newer.sender);
    out.set_document_number(newer.head.document_number());
    out.set_title(newer.head.title());
    out.set_urgency(static_cast<std::uint32_t>(newer.head.urgency()));
    out.set_status("newer_program");
    out.set_ago_ms(ago(now_ms, newer.arrived_at_ms));
    out.set_remaining_ms(ago(newer.expires_at_ms, now_ms));
    out.set_message_id(text_of(id));
    return out;
}

node::NoticeReference reference_of(const pb::ShowNoticeRequest& request) {
    return {request.document_number(), request.year(), request.issuer()};
}

pb::VillageProof view(const registry::VillageReport& report, const std::vector<registry::Carrier>& carriers,
                      std::uint64_t now_ms) {
    pb::VillageProof out;
    out.set_village(report.proof.village.text());
    out.set_expected(report.proof.expected);
    out.set_reach(std::string{reach_name(report.proof.reach)});
    for (const admin::Language& each : report.proof.displayed)
        out.add_displayed(each.text());
    for (const admin::Language& each : report.proof.announced)
        out.add_announced(each.text());
    out.set_times(report.proof.times);
    for (const std::string& each : report.proof.by)
        out.add_by(each);
    if (report.last_heard) out.set_heard_ago_ms(ago(now_ms, report.last_heard->at_ms));
    if (report.proof.reach != admin::Reach::kNotReached) return out;
    for (const registry::Carrier& each : carriers)
        out.add_carriers(each.node_id);
    return out;
}

}  // namespace

Result<node::Input> notice_input(const pb::Request& request, std::vector<Bytes>& frames, node::RequestId id) {
    if (request.has_join_area()) return node::input::JoinArea{id, request.join_area().area()};
    if (request.has_leave_area()) return node::input::LeaveArea{id, request.leave_area().area()};
    if (request.has_mark_notice()) {
        const pb::MarkNoticeRequest& mark = request.mark_notice();
        return node::input::MarkNotice{id,
                                       reference_of(mark.notice()),
                                       {mark.displayed().begin(), mark.displayed().end()},
                                       {mark.announced().begin(), mark.announced().end()}};
    }
    if (frames.size() != 1)
        return fail(ErrorCode::kMalformed, "PublishNotice takes exactly one frame, the message");
    return node::input::PublishNotice{id, std::move(frames.front()), request.publish_notice().replace()};
}

void fill(pb::PublishNoticeReply& out, const node::effect::Reply::Publishing& publishing) {
    out.set_token(publishing.token);
    out.set_message_id(text_of(publishing.message_id));
    out.set_offset(publishing.offset);
    out.set_edition(publishing.edition);
}

Result<pb::ListNoticesReply> list_notices(const node::Node& node, const pb::ListNoticesRequest& request) {
    if (request.page_size() > kPageSizeMax)
        return fail(ErrorCode::kInvalidArgument, "at most 1000 notices can be asked for at once");
    const std::size_t page_size = request.page_size() == 0 ? kPageSize : request.page_size();
    const registry::NoticeQuery query{.after = request.after(),
                                      .count = registry::Notices::kNoticesMax,
                                      .search = request.search(),
                                      .ended = request.all()};
    auto found = node.notices().book().list(query, node.custody().node_time_ms());
    if (!request.all()) {
        std::erase_if(found, [&](const registry::Notice* each) {
            return !is_for_us(node, *each) && !node.notices().is_own(*each);
        });
    }
    pb::ListNoticesReply reply;
    for (const registry::Notice* each : found) {
        if (static_cast<std::size_t>(reply.notices_size()) == page_size) {
            reply.set_next_after(reply.notices().rbegin()->name());
            return reply;
        }
        *reply.add_notices() = view(node, *each);
    }
    for (const auto& [id, newer] : node.notices().newer()) {
        if (admin::matches_search(newer.head.title(), request.search()))
            *reply.add_notices() = view_newer(node, id, newer);
    }
    return reply;
}

Result<pb::ShowNoticeReply> show_notice(const node::Node& node, const pb::ShowNoticeRequest& request) {
    const auto found = node.notices().find(reference_of(request));
    if (!found) return std::unexpected{found.error()};
    const registry::Notice& notice = **found;
    pb::ShowNoticeReply reply;
    *reply.mutable_notice() = view(node, notice);
    const auto readable =
        node.messages().readable({notice.source, notice.destination, notice.known.message_id()});
    if (!readable) return reply;
    pb::Content& content = *reply.mutable_content();
    content.set_token(readable->token);
    content.set_message_id(text_of(notice.known.message_id()));
    content.set_content_bytes(notice.content_bytes);
    content.set_piece_count(readable->piece_count);
    return reply;
}

Result<pb::NoticeProofReply> notice_proof(const node::Node& node, const pb::ShowNoticeRequest& request) {
    const auto found = node.notices().find(reference_of(request));
    if (!found) return std::unexpected{found.error()};
    const registry::Notice& notice = **found;
    const auto carriers = node.notices().carriers(notice);
    const auto reports = node.notices().book().report(notice.known.name(), carriers);
    const admin::ProofTable* table = node.notices().book().proof(notice.known.name());
    if (!reports || table == nullptr) {
        return fail(ErrorCode::kNotFound, "proofs come back to " + notice.known.name().issuer_node +
                                              ", which published this notice");
    }
    pb::NoticeProofReply reply;
    *reply.mutable_notice() = view(node, notice);
    for (const registry::VillageReport& each : *reports)
        *reply.add_villages() = view(each, carriers, node.custody().node_time_ms());
    reply.set_expected(static_cast<std::uint32_t>(table->expected()));
    reply.set_reached(static_cast<std::uint32_t>(table->reached(admin::Reach::kReached)));
    reply.set_displayed(static_cast<std::uint32_t>(table->reached(admin::Reach::kDisplayed)));
    reply.set_announced(static_cast<std::uint32_t>(table->reached(admin::Reach::kAnnounced)));
    return reply;
}

pb::ListAreasReply list_areas(const node::Node& node) {
    pb::ListAreasReply reply;
    for (const auto& [key, area] : node.notices().areas().all()) {
        pb::Area& out = *reply.add_areas();
        out.set_text(registry::area_text(area.audience));
        out.set_configured(area.origin != registry::AreaOrigin::kJoined);
    }
    return reply;
}

}  // namespace tram::api
