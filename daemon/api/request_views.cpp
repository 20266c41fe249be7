#include "daemon/api/request_views.h"

#include <algorithm>
#include <set>
#include <utility>

#include "daemon/api/dossier_views.h"

namespace tram::api {

namespace {

constexpr std::uint32_t kPageSize = 100;
constexpr std::uint32_t kPageSizeMax = 1'000;

std::string text_of(ByteView bytes) {
    return std::string{as_text(bytes)};
}

pb::FiledRequest view(const node::Node& node, const registry::Request& request) {
    const admin::Dossier& dossier = request.dossier;
    const std::uint64_t now = node.custody().node_time_ms();
    pb::FiledRequest out;
    out.set_box("filed");
    out.set_local_number(dossier.number().print());
    if (dossier.code()) out.set_dossier_code(dossier.code()->text());
    out.set_procedure(admin::Procedure{request.procedure, request.procedure_version}.print());
    out.set_title(request.title);
    out.set_office(dossier.office().print());
    out.set_state(static_cast<std::uint32_t>(request.state()));
    out.set_urgency(static_cast<std::uint32_t>(request.urgency));
    out.set_ago_ms(now > request.filed_at_ms ? now - request.filed_at_ms : 0);
    out.set_content_bytes(request.content_bytes);
    out.set_attachments(request.attachments);
    out.set_missing(dossier.missing());
    out.set_parts(static_cast<std::uint32_t>(request.parts.size()));
    if (const auto due = dossier.due_day()) out.set_due_day(*due);
    out.set_arrived(node.receipts().has_arrived(request.message_id));
    out.set_withdrawal_asked(std::ranges::any_of(request.parts, [](const registry::FiledPart& part) {
        return part.purpose == admin::pb::PURPOSE_WITHDRAWAL;
    }));
    return out;
}

void fill_parts(pb::ShowRequestReply& out, const node::Node& node, const admin::MessageId& id) {
    std::set<std::string> taken;
    for (const auto& [key, entry] : node.custody().inventory().entries()) {
        const auto& chunk = entry.record.chunk;
        if (!chunk || chunk->message_id != id) continue;
        out.set_parts(chunk->count);
        out.set_parts_here(out.parts_here() + 1);
        for (const store::HopRecord& hop : entry.record.forwarded_to)
            taken.insert(hop.peer);
    }
    for (const std::string& peer : taken)
        out.add_handed_to(peer);
}

pb::FiledRequest view(const node::Node& node, const registry::Received& received) {
    return view_received(node, received);
}

/// A page of either box.
template <typename Registry>
pb::ListRequestsReply page(const node::Node& node, const Registry& registry, const registry::Query& query) {
    auto found = registry.list(query);
    pb::ListRequestsReply reply;
    const bool more = found.size() > query.count;
    if (more) found.pop_back();
    for (const auto* each : found)
        *reply.add_requests() = view(node, *each);
    if (more) reply.set_next_after(found.back()->dossier.number().print());
    return reply;
}

pb::ShowRequestReply show(const node::Node& node, const registry::Request& request) {
    pb::ShowRequestReply reply;
    *reply.mutable_request() = view(node, request);
    for (const admin::Word& word : request.dossier.history()) {
        pb::OfficeWord& out = *reply.add_history();
        out.set_epoch(word.number.epoch);
        out.set_sequence(word.number.sequence);
        out.set_kind(static_cast<std::uint32_t>(word.kind));
        out.set_state(static_cast<std::uint32_t>(word.state));
        out.set_form(static_cast<std::uint32_t>(word.form));
        out.set_message_id(text_of(word.message_id));
        out.set_here(node.requests().is_here(request, word.message_id));
    }
    reply.set_destination(request.destination);
    reply.set_message_id(text_of(request.message_id));
    reply.set_message_digest(text_of(request.message_digest));
    fill_parts(reply, node, request.message_id);
    return reply;
}

}  // namespace

Result<node::Input> file_request(const pb::FileRequestRequest& request, std::vector<Bytes>& frames,
                                 node::RequestId id) {
    if (frames.size() != 1) {
        return fail(ErrorCode::kMalformed, "FileRequest takes exactly one frame, the message");
    }
    return node::input::FileRequest{id, std::move(frames.front()), request.key(), request.lifetime_ms()};
}

void fill(pb::FileRequestReply& out, const node::effect::Reply::Filing& filing) {
    out.set_local_number(filing.filed);
    if (!filing.filed.empty()) return;
    out.set_token(filing.token);
    out.set_message_id(text_of(filing.message_id));
    out.set_offset(filing.offset);
}

Result<pb::ListRequestsReply> list_requests(const node::Node& node, const pb::ListRequestsRequest& request) {
    if (request.page_size() > kPageSizeMax) {
        return fail(ErrorCode::kInvalidArgument, "at most 1000 requests can be asked for at once");
    }
    registry::Query query;
    query.count = request.page_size() == 0 ? kPageSize : request.page_size();
    query.search = request.search();
    if (request.has_state()) query.state = static_cast<admin::pb::DossierState>(request.state());
    if (!request.after().empty()) {
        const auto after = admin::LocalNumber::parse(request.after());
        if (!after) return std::unexpected{after.error()};
        query.after = *after;
    }
    const auto box = box_of(request.box());
    if (!box) return std::unexpected{box.error()};
    if (*box == node::input::Box::kReceived) return page(node, node.dossiers().registry(), query);
    return page(node, node.requests().registry(), query);
}

Result<pb::ShowRequestReply> show_request(const node::Node& node, const pb::ShowRequestRequest& request) {
    const auto number = admin::LocalNumber::parse(request.local_number());
    if (!number) return std::unexpected{number.error()};
    const auto box = box_of(request.box());
    if (!box) return std::unexpected{box.error()};
    const registry::Request* filed = node.requests().registry().find(*number);
    const registry::Received* received = node.dossiers().registry().find(*number);
    if (filed != nullptr && *box != node::input::Box::kReceived) return show(node, *filed);
    if (received != nullptr && *box != node::input::Box::kFiled) return show_received(node, *received);
    return fail(ErrorCode::kNotFound, "no request was filed here or has come here under " + number->print());
}

}  // namespace tram::api
