#include "daemon/api/server.h"

#include <algorithm>
#include <utility>

#include "daemon/api/device_views.h"
#include "daemon/api/dossier_views.h"
#include "daemon/api/message_requests.h"
#include "daemon/api/notice_views.h"
#include "daemon/api/receipt_views.h"
#include "daemon/api/request_views.h"
#include "daemon/api/visit_views.h"
#include "daemon/node/short_id.h"

namespace tram::api {

namespace {

constexpr std::uint64_t kWaitMax_ms = 60'000;

/// What a person can do about a failure of this kind.
std::string remedy_for(ErrorCode code) {
    switch (code) {
        case ErrorCode::kNotFound: return "tram bundle list shows what is here";
        case ErrorCode::kAmbiguous: return "give more digits of the id";
        case ErrorCode::kFull:
            return "tram status shows the quota; let a peer take bundles away, or raise store.quota";
        case ErrorCode::kTooLarge: return "send it in parts, or raise links.bundle_max";
        case ErrorCode::kBusy:
        case ErrorCode::kUnavailable: return "try again in a moment";
        case ErrorCode::kCorrupt: return "see the log of tramd; check the disk";
        case ErrorCode::kInvalidArgument: return "correct the request";
        case ErrorCode::kMalformed: return "send one frame with a tram.api.pb.Request first";
        case ErrorCode::kTruncated:
        case ErrorCode::kTrailingData:
        case ErrorCode::kUnsupportedVersion:
        case ErrorCode::kBadCrc:
        case ErrorCode::kForbidden:
        case ErrorCode::kDuplicate:
        case ErrorCode::kExpired:
        case ErrorCode::kIo:
        case ErrorCode::kNoTls:
        case ErrorCode::kTlsFailed:
        case ErrorCode::kBadSignature:
        case ErrorCode::kUnsigned:
        case ErrorCode::kNarrowSignature:
        case ErrorCode::kUnsupportedSecurity: return "see the log of tramd";
        case ErrorCode::kNoCertificate: return "make keys and a request with tram device init";
        case ErrorCode::kUnknownAuthority:
        case ErrorCode::kCertificateExpired:
        case ErrorCode::kCertificateTooEarly:
        case ErrorCode::kCertificateRevoked:
        case ErrorCode::kCertificateMisused:
        case ErrorCode::kWrongNodeId:
        case ErrorCode::kWrongCommune:
        case ErrorCode::kUnknownSigner:
        case ErrorCode::kNoSealingKey: return "tram device list shows the certificates that are known here";
        case ErrorCode::kNotRecipient:
        case ErrorCode::kBadSeal:
        case ErrorCode::kCutMessage:
        case ErrorCode::kForeignChunk:
        case ErrorCode::kWrongSender:
        case ErrorCode::kUnknownSuite: return "ask the sender to send it again";
        case ErrorCode::kOutdated: return "get the newest list from the commune";
        case ErrorCode::kSecret: return "take it by the way that is laid down for secret documents";
        case ErrorCode::kPersonalData: return "leave names and numbers of persons out of what is public";
        case ErrorCode::kContradiction: return "ask the office which of the two is right";
    }
    return "";
}

bool is_a_look(pb::Request::BodyCase body) {
    return body == pb::Request::kStatus || body == pb::Request::kListPeers ||
           body == pb::Request::kListBundles || body == pb::Request::kShowBundle ||
           body == pb::Request::kTraceBundle || body == pb::Request::kDeviceHoldings ||
           body == pb::Request::kListNotices || body == pb::Request::kShowNotice ||
           body == pb::Request::kNoticeProof || body == pb::Request::kListReceipts ||
           body == pb::Request::kListRequests || body == pb::Request::kShowRequest ||
           body == pb::Request::kListPlans;
}

}  // namespace

Server::Server(boost::asio::io_context& io, SocketOptions options, const node::Node& node, Shell shell)
    : node_{node},
      shell_{std::move(shell)},
      sockets_{io, std::move(options), [this](Message message) { receive(std::move(message)); },
               [this] { shell_.burst_done(); }} {}

void Server::receive(Message message) {
    Caller caller{std::move(message.client), message.delimited, 0, pb::Request::BODY_NOT_SET};
    pb::Request request;
    const bool parsed =
        !message.frames.empty() && request.ParseFromArray(message.frames.front().data(),
                                                          static_cast<int>(message.frames.front().size()));
    caller.id = request.id();
    caller.asked = request.body_case();
    if (!parsed) return refuse(caller, {ErrorCode::kMalformed, "the first frame is no tram.api.pb.Request"});
    message.frames.erase(message.frames.begin());
    dispatch(caller, request, message.frames);
}

bool Server::answer(const Caller& caller, pb::Reply reply, Bytes payload) {
    reply.set_id(caller.id);
    Message message{caller.client, caller.delimited, {Bytes::copy_of(as_bytes(reply.SerializeAsString()))}};
    if ((reply.has_receive_bundle() && reply.receive_bundle().found()) || reply.has_read_message() ||
        reply.has_get_receipt())
        message.frames.push_back(std::move(payload));
    return sockets_.send(message);
}

void Server::refuse(const Caller& caller, const Error& error) {
    pb::Reply reply;
    reply.mutable_failure()->set_code(std::string{code_name(error.code)});
    reply.mutable_failure()->set_message(error.message);
    reply.mutable_failure()->set_remedy(remedy_for(error.code));
    answer(caller, std::move(reply));
}

node::RequestId Server::remember(const Caller& caller) {
    callers_.emplace(++last_request_, caller);
    return last_request_;
}

template <typename MakeInput>
void Server::on_bundle(const Caller& caller, const std::string& name, MakeInput make_input) {
    const auto key = find_bundle(node_, name);
    if (!key) return refuse(caller, key.error());
    shell_.inject(make_input(remember(caller), *key));
}

template <typename MakeInput>
void Server::hand_in(const Caller& caller, MakeInput make_input) {
    const node::RequestId id = remember(caller);
    auto input = make_input(id);
    if (input) return shell_.inject(std::move(*input));
    callers_.erase(id);
    refuse(caller, input.error());
}

void Server::dispatch(const Caller& caller, const pb::Request& request, std::vector<Bytes>& frames) {
    pb::Reply reply;
    const auto finish = [&](auto result, auto* slot) {
        if (!result) return refuse(caller, result.error());
        *slot = std::move(*result);
        answer(caller, std::move(reply));
    };
    // What is only looked at is no input of the node: without this, ages would be those of its last one.
    if (is_a_look(request.body_case())) shell_.inject(node::input::Tick{});
    switch (request.body_case()) {
        case pb::Request::kStatus:
            return finish(Result<pb::StatusReply>{status(node_, shell_.facts())}, reply.mutable_status());
        case pb::Request::kListPeers:
            return finish(Result<pb::ListPeersReply>{list_peers(node_, shell_.facts())},
                          reply.mutable_list_peers());
        case pb::Request::kListBundles:
            return finish(list_bundles(node_, request.list_bundles()), reply.mutable_list_bundles());
        case pb::Request::kShowBundle:
            return finish(show_bundle(node_, request.show_bundle().name()), reply.mutable_show_bundle());
        case pb::Request::kTraceBundle:
            return finish(trace_bundle(node_, request.trace_bundle().name()), reply.mutable_trace_bundle());
        case pb::Request::kCancelBundle:
        case pb::Request::kHoldBundle:
        case pb::Request::kReleaseBundle: return change_bundle(caller, request);
        case pb::Request::kSendBundle: return send_bundle(caller, request.send_bundle(), frames);
        case pb::Request::kReceiveBundle: return receive_bundle(caller, request.receive_bundle());
        case pb::Request::kAcknowledgeBundle:
            return shell_.inject(
                node::input::Acknowledge{remember(caller), request.acknowledge_bundle().token()});
        case pb::Request::kTrust:
            if (frames.size() != 1)
                return refuse(caller, {ErrorCode::kMalformed, "Trust takes exactly one payload frame"});
            return shell_.inject(node::input::Trust{remember(caller), std::move(frames.front())});
        case pb::Request::kListDevices:
            return finish(Result<pb::ListDevicesReply>{list_devices(node_)}, reply.mutable_list_devices());
        case pb::Request::kDeviceHoldings:
            return finish(device_holdings(node_, request.device_holdings().node_id()),
                          reply.mutable_device_holdings());
        case pb::Request::kListReceipts:
            return finish(list_receipts(node_, request.list_receipts()), reply.mutable_list_receipts());
        case pb::Request::kGetReceipt: return get_receipt_file(caller, request.get_receipt().name());
        case pb::Request::kOpenMessage:
        case pb::Request::kAppendMessage:
        case pb::Request::kFinishMessage:
        case pb::Request::kDropMessage:
        case pb::Request::kFetchMessage:
        case pb::Request::kReadMessage:
        case pb::Request::kAcknowledgeMessage: return about_messages(caller, request, frames);
        case pb::Request::kFileRequest:
        case pb::Request::kListRequests:
        case pb::Request::kShowRequest:
        case pb::Request::kSendUpdate:
        case pb::Request::kAcceptDossier:
        case pb::Request::kRevealRequest:
        case pb::Request::kHandOver: return about_requests(caller, request, frames);
        case pb::Request::kPublishNotice:
        case pb::Request::kListNotices:
        case pb::Request::kShowNotice:
        case pb::Request::kMarkNotice:
        case pb::Request::kNoticeProof:
        case pb::Request::kListAreas:
        case pb::Request::kJoinArea:
        case pb::Request::kLeaveArea:
        case pb::Request::kPublishPlan:
        case pb::Request::kListPlans: return about_notices(caller, request, frames);
        case pb::Request::BODY_NOT_SET: break;
    }
    refuse(caller, {ErrorCode::kMalformed, "the request has no body, or one that this daemon does not know"});
}

void Server::change_bundle(const Caller& caller, const pb::Request& request) {
    if (request.has_cancel_bundle()) {
        return on_bundle(caller, request.cancel_bundle().name(), [](node::RequestId id, node::BundleKey key) {
            return node::input::Cancel{id, key};
        });
    }
    const bool hold = request.has_hold_bundle();
    const std::string& name = hold ? request.hold_bundle().name() : request.release_bundle().name();
    on_bundle(caller, name,
              [hold](node::RequestId id, node::BundleKey key) { return node::input::Hold{id, key, hold}; });
}

void Server::send_bundle(const Caller& caller, const pb::SendBundleRequest& request,
                         std::vector<Bytes>& frames) {
    if (frames.size() != 1) {
        return refuse(caller, {ErrorCode::kMalformed, "SendBundle takes exactly one payload frame"});
    }
    auto destination = bpv7::Eid::parse(request.destination());
    if (!destination) return refuse(caller, destination.error());
    auto source = optional_endpoint(request.source());
    if (!source) return refuse(caller, source.error());
    const auto kind = kind_of(request.kind());
    if (!kind) return refuse(caller, kind.error());
    const auto urgency = urgency_of(request.urgency());
    if (!urgency) return refuse(caller, urgency.error());
    node::Submission submission;
    submission.destination = std::move(*destination);
    submission.source = std::move(*source);
    submission.kind = *kind;
    submission.urgency = *urgency;
    submission.lifetime_ms = request.lifetime_ms();
    submission.report_delivery = request.report_delivery();
    submission.payload = std::move(frames.front());
    shell_.inject(node::input::Submit{remember(caller), std::move(submission)});
}

void Server::get_receipt_file(const Caller& caller, const std::string& name) {
    auto found = get_receipt(node_, name);
    if (!found) return refuse(caller, found.error());
    pb::Reply reply;
    *reply.mutable_get_receipt() = std::move(found->reply);
    answer(caller, std::move(reply), Bytes::copy_of(as_bytes(found->file)));
}

void Server::about_requests(const Caller& caller, const pb::Request& request, std::vector<Bytes>& frames) {
    pb::Reply reply;
    const auto finish = [&](auto result, auto* slot) {
        if (!result) return refuse(caller, result.error());
        *slot = std::move(*result);
        answer(caller, std::move(reply));
    };
    if (request.has_list_requests()) {
        return finish(list_requests(node_, request.list_requests()), reply.mutable_list_requests());
    }
    if (request.has_show_request()) {
        return finish(show_request(node_, request.show_request()), reply.mutable_show_request());
    }
    if (is_about_dossiers(request.body_case())) {
        return hand_in(caller, [&](node::RequestId id) { return dossier_input(request, frames, id); });
    }
    hand_in(caller, [&](node::RequestId id) { return file_request(request.file_request(), frames, id); });
}

void Server::about_notices(const Caller& caller, const pb::Request& request, std::vector<Bytes>& frames) {
    pb::Reply reply;
    const auto finish = [&](auto result, auto* slot) {
        if (!result) return refuse(caller, result.error());
        *slot = std::move(*result);
        answer(caller, std::move(reply));
    };
    switch (request.body_case()) {
        case pb::Request::kListNotices:
            return finish(list_notices(node_, request.list_notices()), reply.mutable_list_notices());
        case pb::Request::kShowNotice:
            return finish(show_notice(node_, request.show_notice()), reply.mutable_show_notice());
        case pb::Request::kNoticeProof:
            return finish(notice_proof(node_, request.notice_proof().notice()), reply.mutable_notice_proof());
        case pb::Request::kListAreas:
            return finish(Result<pb::ListAreasReply>{list_areas(node_)}, reply.mutable_list_areas());
        case pb::Request::kListPlans:
            return finish(Result<pb::ListPlansReply>{list_plans(node_)}, reply.mutable_list_plans());
        case pb::Request::kPublishPlan:
            return hand_in(caller, [&](node::RequestId id) { return plan_input(frames, id); });
        default: hand_in(caller, [&](node::RequestId id) { return notice_input(request, frames, id); });
    }
}

void Server::about_messages(const Caller& caller, const pb::Request& request, std::vector<Bytes>& frames) {
    hand_in(caller, [&](node::RequestId id) { return message_input(request, frames, id); });
}

void Server::receive_bundle(const Caller& caller, const pb::ReceiveBundleRequest& request) {
    auto endpoint = bpv7::Eid::parse(request.endpoint());
    if (!endpoint) return refuse(caller, endpoint.error());
    const std::uint64_t wait = std::min(request.wait_ms(), kWaitMax_ms);
    shell_.inject(node::input::Fetch{remember(caller), std::move(*endpoint),
                                     Duration{static_cast<Duration::rep>(wait)}});
}

void Server::reply(node::effect::Reply reply) {
    const auto found = callers_.extract(reply.request);
    if (found.empty()) return;
    const Caller& caller = found.mapped();
    if (!reply.outcome) return refuse(caller, reply.outcome.error());
    using Outcome = node::effect::Reply;
    pb::Reply out;
    Bytes payload;
    if (const auto* opened = std::get_if<Outcome::Opened>(&*reply.outcome)) {
        fill(*out.mutable_open_message(), *opened);
    } else if (const auto* filing = std::get_if<Outcome::Filing>(&*reply.outcome)) {
        if (caller.asked == pb::Request::kSendUpdate) {
            fill(*out.mutable_send_update(), *filing);
        } else {
            fill(*out.mutable_file_request(), *filing);
        }
    } else if (const auto* revealed = std::get_if<Outcome::Revealed>(&*reply.outcome)) {
        fill(*out.mutable_reveal_request(), *revealed);
    } else if (const auto* publishing = std::get_if<Outcome::Publishing>(&*reply.outcome)) {
        fill(*out.mutable_publish_notice(), *publishing);
    } else if (const auto* planned = std::get_if<Outcome::Planned>(&*reply.outcome)) {
        fill(*out.mutable_publish_plan(), *planned);
    } else if (auto* piece = std::get_if<Outcome::Piece>(&*reply.outcome)) {
        fill(*out.mutable_read_message(), *piece);
        payload = std::move(piece->content);
    } else if (const auto* message = std::get_if<node::MessageHandOver>(&*reply.outcome)) {
        fill(*out.mutable_fetch_message(), *message, node_.options().delivery_lease);
    } else if (const auto* sent = std::get_if<Outcome::Sent>(&*reply.outcome); sent && sent->chunk) {
        fill(*out.mutable_finish_message(), *sent);
    } else if (sent != nullptr) {
        out.mutable_send_bundle()->set_bundle_id(sent->id.to_string());
        out.mutable_send_bundle()->set_short_id(node::short_id(sent->id.key()));
    } else if (auto* handed = std::get_if<node::HandOver>(&*reply.outcome)) {
        pb::ReceiveBundleReply& bundle = *out.mutable_receive_bundle();
        bundle.set_found(true);
        bundle.set_token(handed->token);
        bundle.set_short_id(node::short_id(handed->id.key()));
        bundle.set_bundle_id(handed->id.to_string());
        bundle.set_source(handed->id.source.to_string());
        bundle.set_destination(handed->destination.to_string());
        bundle.set_urgency(handed->urgency);
        bundle.set_kind(std::string{node::kind_name(handed->kind)});
        bundle.set_age_ms(handed->age_ms);
        bundle.set_payload_size(handed->payload.size());
        bundle.set_lease_ms(static_cast<std::uint64_t>(node_.options().delivery_lease.count()));
        payload = std::move(handed->payload);
    } else if (const auto* trusted = std::get_if<Outcome::Trusted>(&*reply.outcome)) {
        out.mutable_trust()->set_new_certificates(trusted->new_certificates);
        out.mutable_trust()->set_new_lists(trusted->new_lists);
        out.mutable_trust()->set_sessions_ended(trusted->sessions_ended);
        out.mutable_trust()->set_bundles_held(trusted->bundles_held);
    } else if (std::holds_alternative<Outcome::Nothing>(*reply.outcome)) {
        if (caller.asked == pb::Request::kFetchMessage) {
            out.mutable_fetch_message()->set_found(false);
        } else {
            out.mutable_receive_bundle()->set_found(false);
        }
    } else {
        out.mutable_done();
    }
    const std::string token =
        out.has_fetch_message() ? out.fetch_message().token() : out.receive_bundle().token();
    const bool reached = answer(caller, std::move(out), std::move(payload));
    if (!reached && !token.empty()) shell_.inject(node::input::Return{token});
}

void Server::publish(const node::effect::Notify& notify) {
    pb::Event event;
    using What = node::effect::Notify::What;
    const bool about_peer = notify.what == What::kPeerUp || notify.what == What::kPeerDown;
    if (about_peer) {
        pb::PeerEvent& peer = *event.mutable_peer();
        peer.set_what(std::string{node::what_name(notify.what)});
        peer.set_node_id(notify.peer);
        peer.set_detail(notify.detail);
    } else {
        pb::BundleEvent& bundle = *event.mutable_bundle();
        bundle.set_what(std::string{node::what_name(notify.what)});
        if (!notify.bundle.empty()) {
            bundle.set_short_id(node::short_id(notify.bundle));
            bundle.set_bundle_id(node::bundle_text(notify.bundle));
        }
        bundle.set_destination(notify.destination);
        bundle.set_peer(notify.peer);
        bundle.set_detail(notify.detail);
    }
    sockets_.publish(about_peer ? "peer" : "bundle", event.SerializeAsString());
}

}  // namespace tram::api
