#include "daemon/api/dossier_views.h"

#include <algorithm>
#include <utility>

namespace tram::api {

namespace {

using node::RequestId;

std::string text_of(ByteView bytes) {
    return std::string{as_text(bytes)};
}

}  // namespace

bool is_about_dossiers(pb::Request::BodyCase body) {
    return body == pb::Request::kSendUpdate || body == pb::Request::kAcceptDossier ||
           body == pb::Request::kRevealRequest || body == pb::Request::kHandOver;
}

Result<node::Input> dossier_input(const pb::Request& request, std::vector<Bytes>& frames, RequestId id) {
    using namespace node::input;
    if (request.has_send_update()) {
        if (frames.size() != 1)
            return fail(ErrorCode::kMalformed, "SendUpdate takes exactly one frame, the message");
        const auto& send = request.send_update();
        return SendUpdate{id, send.local_number(), std::move(frames.front()), send.key(), send.lifetime_ms()};
    }
    if (!frames.empty()) return fail(ErrorCode::kMalformed, "this request takes no further frame");
    if (request.has_accept_dossier()) {
        const auto& accept = request.accept_dossier();
        AcceptDossier input{
            id,          accept.local_number(), accept.dossier_code(), accept.due_day(), accept.office_name(),
            std::nullopt};
        if (accept.has_accepted_unix_s()) input.accepted_unix_s = accept.accepted_unix_s();
        return input;
    }
    if (request.has_reveal_request()) {
        const auto box = box_of(request.reveal_request().box());
        if (!box) return std::unexpected{box.error()};
        return RevealRequest{id, request.reveal_request().local_number(), *box};
    }
    const auto& hand_over = request.hand_over();
    return HandOverResult{id, hand_over.local_number(), hand_over.witness(), hand_over.evidence(),
                          hand_over.evidence_digest()};
}

void fill(pb::SendUpdateReply& out, const node::effect::Reply::Filing& filing) {
    out.set_sequence(filing.sequence);
    out.set_sent_before(!filing.filed.empty());
    if (!filing.filed.empty()) return;
    out.set_token(filing.token);
    out.set_message_id(text_of(filing.message_id));
    out.set_offset(filing.offset);
}

void fill(pb::RevealRequestReply& out, const node::effect::Reply::Revealed& revealed) {
    for (const auto& each : revealed.contents) {
        pb::Content& content = *out.add_contents();
        content.set_token(each.token);
        content.set_message_id(text_of(each.message_id));
        content.set_content_bytes(each.content_bytes);
        content.set_piece_count(each.piece_count);
        content.set_part(each.part);
        content.set_epoch(each.epoch);
        content.set_sequence(each.sequence);
    }
}

Result<node::input::Box> box_of(const std::string& name) {
    if (name.empty()) return node::input::Box::kEither;
    if (name == "filed") return node::input::Box::kFiled;
    if (name == "received") return node::input::Box::kReceived;
    return fail(ErrorCode::kInvalidArgument, "the box is \"filed\" or \"received\"");
}

pb::FiledRequest view_received(const node::Node& node, const registry::Received& received) {
    const admin::OfficeDossier& dossier = received.dossier;
    const std::uint64_t now = node.custody().node_time_ms();
    pb::FiledRequest out;
    out.set_box("received");
    out.set_local_number(dossier.number().print());
    if (dossier.code()) out.set_dossier_code(dossier.code()->text());
    out.set_procedure(admin::Procedure{received.procedure, received.procedure_version}.print());
    out.set_title(received.title);
    out.set_office(dossier.office().print());
    out.set_state(static_cast<std::uint32_t>(received.state()));
    out.set_urgency(static_cast<std::uint32_t>(received.urgency));
    out.set_ago_ms(now > received.arrived_at_ms ? now - received.arrived_at_ms : 0);
    for (const registry::ReceivedPart& part : received.parts) {
        out.set_content_bytes(out.content_bytes() + part.content_bytes);
        out.set_attachments(out.attachments() + part.attachments);
        if (part.number != 0) out.set_parts(out.parts() + 1);
    }
    if (received.accepted) out.set_due_day(received.accepted->due_day);
    out.set_withdrawal_asked(std::ranges::any_of(received.parts, [](const registry::ReceivedPart& part) {
        return part.purpose == admin::pb::PURPOSE_WITHDRAWAL;
    }));
    out.set_village(received.village);
    out.set_from(dossier.number().node_id());
    out.set_waiting(node.dossiers().is_waiting(received));
    return out;
}

pb::ShowRequestReply show_received(const node::Node& node, const registry::Received& received) {
    pb::ShowRequestReply reply;
    *reply.mutable_request() = view_received(node, received);
    for (const registry::Issued& issued : received.issued) {
        pb::OfficeWord& out = *reply.add_history();
        out.set_epoch(issued.word.number.epoch);
        out.set_sequence(issued.word.number.sequence);
        out.set_kind(static_cast<std::uint32_t>(issued.word.kind));
        out.set_state(static_cast<std::uint32_t>(issued.word.state));
        out.set_form(static_cast<std::uint32_t>(issued.word.form));
        out.set_message_id(text_of(issued.word.message_id));
    }
    if (const registry::ReceivedPart* request = received.request()) {
        reply.set_destination(request->destination);
        reply.set_message_id(text_of(request->message_id));
        reply.set_message_digest(text_of(request->digest));
    }
    return reply;
}

}  // namespace tram::api
