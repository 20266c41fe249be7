#include "daemon/node/dossiers.h"

#include <algorithm>
#include <utility>

#include "daemon/node/dossier_receipt.h"
#include "daemon/node/wall_clock.h"
#include "proto/admin/rules.h"
#include "proto/base/check.h"
#include "proto/identity/names.h"

namespace tram::node {

namespace {

// What has been confirmed is gone at its sender: ten years for an application to come for it.
constexpr std::uint64_t kKeep_ms = 3'653ULL * 24 * 3600 * 1000;
constexpr std::string_view kUpdates = "updates";

MessageName name_of(const registry::ReceivedPart& part) {
    return {part.source, part.destination, part.message_id};
}

std::unexpected<Error> not_received(const admin::LocalNumber& number) {
    return fail(ErrorCode::kNotFound, "no request has come to an office here under " + number.print());
}

}  // namespace

Dossiers::Dossiers(Custody& custody, const Trust& trust, Outgoing& outgoing, const Messages& messages,
                   ReceiptListener& filed)
    : custody_{custody},
      trust_{trust},
      outgoing_{outgoing},
      messages_{messages},
      filed_{filed},
      registry_{[&custody](std::string name, Bytes value) {
          custody.save_state(std::move(name), std::move(value));
      }},
      letters_{outgoing} {}

void Dossiers::restore_state(const std::string& name, ByteView value) {
    if (auto read = registry_.restore_state(name, value); !read)
        unreadable_.push_back(std::move(read.error()));
}

std::vector<Error> Dossiers::start() {
    const NodeOptions& options = custody_.options();
    std::optional<std::int64_t> unix_now;
    if (const auto wall = custody_.now().wall) unix_now = to_unix(*wall);
    registry_.start(options.place, options.chance, unix_now);
    return std::exchange(unreadable_, {});
}

bool Dossiers::is_office(const bpv7::Eid& endpoint) const {
    const NodeOptions& options = custody_.options();
    if (endpoint.node_id() != options.node_id) return false;
    const std::string commune{identity::commune_of(options.node_id.to_string())};
    const std::string own = "xa:" + commune;
    bool own_is_named = false;
    for (const OfficeEndpoint& each : options.offices) {
        if (each.endpoint == endpoint) return true;
        own_is_named = own_is_named || each.office == own;
    }
    return !own_is_named && !commune.empty() && endpoint.to_string() == "dtn://" + commune + "-srv/requests";
}

bool Dossiers::wants(const bpv7::Eid& destination, bpv7::Kind kind) const {
    return kind == bpv7::Kind::kRequest && is_office(destination);
}

std::optional<Verdict> Dossiers::known(const MessageName& name) const {
    const registry::Received* received = registry_.find_message(name.message_id);
    if (received == nullptr) return std::nullopt;
    const bool here = std::ranges::any_of(
        received->parts, [&](const registry::ReceivedPart& part) { return name_of(part) == name; });
    if (!here) return std::nullopt;
    return Verdict{.what = Verdict::What::kOffer, .confirm = true};
}

Verdict Dossiers::take(const ArrivedMessage& arrived) {
    using What = Verdict::What;
    if (arrived.head_only) {
        return {.what = What::kSetAside,
                .why = {ErrorCode::kUnsupportedVersion,
                        "a request was written by a newer program: install that one here too"}};
    }
    const auto taken = registry_.take({.message = arrived.message,
                                       .proof = {arrived.sender, arrived.name.message_id, arrived.digest},
                                       .source = arrived.name.source,
                                       .destination = arrived.name.destination,
                                       .content_bytes = arrived.content_bytes,
                                       .at_ms = custody_.node_time_ms()});
    if (!taken) {
        const ErrorCode code = taken.error().code;
        const bool refused = code == ErrorCode::kWrongSender || code == ErrorCode::kMalformed;
        return {.what = refused ? What::kRefuse : What::kSetAside, .why = taken.error()};
    }
    if (*taken == admin::OfficeDossier::Outcome::kRepeated) return {.what = What::kDone, .confirm = true};
    return {.what = What::kOffer, .confirm = true, .keep_ms = kKeep_ms};
}

void Dossiers::send_update(const input::SendUpdate& send) {
    auto begun = begin(send);
    if (!begun) {
        custody_.emit(effect::Reply{send.request, std::unexpected{std::move(begun.error())}});
    } else {
        custody_.emit_when_durable(effect::Reply{send.request, std::move(*begun)});
    }
}

Result<effect::Reply::Filing> Dossiers::begin(const input::SendUpdate& send) {
    const auto number = admin::LocalNumber::parse(send.local_number);
    if (!number) return std::unexpected{number.error()};
    const registry::Received* received = registry_.find(*number);
    if (received == nullptr) return not_received(*number);
    auto draft = registry::prepare_update(send.message, send.key, *received);
    if (!draft) return std::unexpected{std::move(draft.error())};
    auto before = sent_before(*received, *draft);
    if (!before) return std::unexpected{std::move(before.error())};
    if (*before) return std::move(**before);

    auto update = registry_.number(*number, std::move(draft->message));
    if (!update) return std::unexpected{std::move(update.error())};
    if (const auto wall = custody_.now().wall) update->mutable_update()->set_issued_unix_s(to_unix(*wall));
    if (auto good = admin::check(*update); !good) return std::unexpected{std::move(good.error())};
    const auto endpoint = bpv7::Eid::parse(number->node_id() + std::string{kUpdates});
    if (!endpoint) return std::unexpected{endpoint.error()};
    auto letter = letter_for(*update, *endpoint, bpv7::Kind::kUpdate, send.lifetime_ms);
    if (!letter) return std::unexpected{std::move(letter.error())};
    if (auto room = letters_.make_room(*number, draft->digests); !room)
        return std::unexpected{std::move(room.error())};

    Cargo cargo{number->print(), [this, update = *update, number = *number, digests = draft->digests](
                                     const envelope::MessageId& id, const cose::Digest& digest) {
                    const admin::pb::Update& said = update.update();
                    registry::Issued issued{
                        .word = {{}, said.kind(), said.state(), said.form(), id, digest},
                        .sent_at_ms = custody_.node_time_ms(),
                        .attachments = static_cast<std::uint32_t>(update.attachments_size()),
                        .digests = digests};
                    letters_.sent(number);
                    // One word at a time, and no other code while it is written.
                    TRAM_CHECK(registry_.sent(update, std::move(issued)).has_value());
                }};
    const auto opened = outgoing_.open(letter->terms, std::move(cargo), letter->head);
    if (!opened) return std::unexpected{opened.error()};
    letters_.opened(*number, opened->token, draft->digests);
    return effect::Reply::Filing{
        opened->token, opened->message_id, letter->head.size(), {}, update->update().sequence()};
}

Result<std::optional<effect::Reply::Filing>> Dossiers::sent_before(const registry::Received& received,
                                                                   const registry::Draft& draft) const {
    if (!draft.digests) return std::nullopt;
    const auto before = registry_.find_key(draft.digests->key);
    if (!before) return std::nullopt;
    const std::string number = before->received->dossier.number().print();
    if (before->received != &received || before->issued->digests != draft.digests) {
        return fail(ErrorCode::kContradiction, "something else was said under this key before, about " +
                                                   number + ": draw a new key for each update");
    }
    return effect::Reply::Filing{{}, {}, 0, number, before->issued->word.number.sequence};
}

void Dossiers::accept(const input::AcceptDossier& accept) {
    if (auto done = accept_now(accept); !done) {
        custody_.emit(effect::Reply{accept.request, std::unexpected{std::move(done.error())}});
    } else {
        custody_.emit_when_durable(effect::Reply{accept.request, effect::Reply::Done{}});
    }
}

Result<void> Dossiers::accept_now(const input::AcceptDossier& accept) {
    const auto number = admin::LocalNumber::parse(accept.local_number);
    if (!number) return std::unexpected{number.error()};
    const auto code = admin::DossierCode::parse(accept.dossier_code);
    if (!code) return std::unexpected{code.error()};
    const auto office = admin::OfficeName::parse(accept.office_name);
    if (!office) return std::unexpected{office.error()};
    const registry::Received* received = registry_.find(*number);
    if (received == nullptr) return not_received(*number);
    if (auto own = registry_.check_code(*received, *code); !own) return own;
    const std::uint64_t now_ms = custody_.node_time_ms();
    const auto before = received->accepted;
    if (before) {
        const bool same = received->dossier.code() == *code && before->due_day == accept.due_day &&
                          before->office == office->text();
        if (!same) {
            return fail(ErrorCode::kContradiction,
                        number->print() + " was accepted before, with another code, day or office");
        }
        // Later it is asked for because the receipt was lost on its way.
        if (now_ms < before->at_ms + MadeReceipts::kAgainAfter_ms) return {};
    }
    const registry::ReceivedPart* request = received->request();
    if (request == nullptr) {
        return fail(ErrorCode::kNotFound, "what follows the request " + number->print() +
                                              " is here, the request itself is not yet");
    }
    if (letters_.is_open(*number))
        return fail(ErrorCode::kBusy, "an update about " + number->print() + " is being written");
    if (auto bound = admin::OfficeDossier{received->dossier}.accept(*code); !bound) return bound;
    auto accepted_at = accept.accepted_unix_s ? accept.accepted_unix_s : trust_.unix_now();
    if (before) accepted_at = before->accepted_unix_s;
    if (!accepted_at) {
        return fail(ErrorCode::kInvalidArgument,
                    "the clock here is not trusted: say when the dossier was accepted");
    }
    admin::Receipt receipt{
        .says = admin::Official{*code, admin::pb::STATE_ACCEPTED, *accepted_at, accept.due_day, *office}};
    receipt.message_id = request->message_id;
    receipt.message_digest = request->digest;
    receipt.source = number->node_id();
    receipt.local_number = *number;
    if (auto told = tell(custody_, trust_, filed_, std::move(receipt)); !told) return told;
    return registry_.accept(*number, *code, {*accepted_at, accept.due_day, office->text(), now_ms});
}

bool Dossiers::is_waiting(const registry::Received& received) const {
    return std::ranges::any_of(received.parts, [&](const registry::ReceivedPart& part) {
        return messages_.readable(name_of(part)).has_value();
    });
}

Result<effect::Reply::Revealed> Dossiers::reveal(const admin::LocalNumber& number) const {
    const registry::Received* received = registry_.find(number);
    if (received == nullptr) return not_received(number);
    effect::Reply::Revealed revealed;
    for (const registry::ReceivedPart& part : received->parts) {
        const auto readable = messages_.readable(name_of(part));
        if (!readable) continue;
        revealed.contents.push_back({.token = readable->token,
                                     .message_id = part.message_id,
                                     .content_bytes = part.content_bytes,
                                     .piece_count = readable->piece_count,
                                     .part = part.number});
    }
    return revealed;
}

std::optional<admin::Awaited> Dossiers::awaits(const admin::Receipt& receipt) const {
    const registry::Received* received = registry_.find_message(receipt.message_id);
    const registry::Issued* issued =
        received == nullptr ? nullptr : received->find_issued(receipt.message_id);
    if (issued == nullptr || receipt.source != custody_.options().node_id.to_string()) return std::nullopt;
    return admin::Awaited{.message_id = receipt.message_id,
                          .source = receipt.source,
                          .digest = issued->word.digest,
                          .recipients = {received->dossier.number().node_id()}};
}

Result<void> Dossiers::take(const admin::Receipt& receipt) {
    const auto* handed_over = std::get_if<admin::HandedOver>(&receipt.says);
    if (handed_over == nullptr || !awaits(receipt)) return {};
    const registry::Received& received = *registry_.find_message(receipt.message_id);
    if (receipt.local_number != received.dossier.number()) {
        return fail(ErrorCode::kContradiction,
                    "a receipt names another dossier than that of the result it is about");
    }
    registry_.handed_over({.message_id = receipt.message_id,
                           .at_ms = custody_.node_time_ms(),
                           .witness = handed_over->witness,
                           .evidence = handed_over->evidence});
    return {};
}

}  // namespace tram::node
