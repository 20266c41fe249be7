#include "daemon/node/requests.h"

#include <algorithm>
#include <utility>

#include "daemon/node/offices.h"
#include "daemon/node/wall_clock.h"
#include "proto/admin/message.h"

namespace tram::node {

namespace {

registry::Request request_of(const registry::Filing& filing, admin::Dossier dossier) {
    const admin::pb::Message& message = filing.message;
    return {.dossier = std::move(dossier),
            .procedure = message.request().procedure(),
            .procedure_version = message.request().procedure_version(),
            .title = message.head().title(),
            .urgency = message.head().urgency(),
            .destination = {},
            .attachments = static_cast<std::uint32_t>(message.attachments_size()),
            .digests = filing.digests};
}

std::unexpected<Error> not_filed(const admin::LocalNumber& number) {
    return fail(ErrorCode::kNotFound, "no request was filed here under " + number.print());
}

/// A supplement answers the last word that asked for one, unless it says itself what it answers.
void answer_last(const registry::Request& request, admin::pb::Request& supplement) {
    if (supplement.has_answers() || supplement.purpose() != admin::pb::PURPOSE_SUPPLEMENT) return;
    const auto& words = request.dossier.history();
    const auto asked = std::ranges::find(words, admin::pb::UPDATE_SUPPLEMENT, &admin::Word::kind);
    if (asked == words.end()) return;
    supplement.mutable_answers()->set_issuer_epoch(asked->number.epoch);
    supplement.mutable_answers()->set_sequence(asked->number.sequence);
}

}  // namespace

Requests::Requests(Custody& custody, const Trust& trust, Outgoing& outgoing, Messages& messages)
    : custody_{custody},
      trust_{trust},
      outgoing_{outgoing},
      messages_{messages},
      registry_{[&custody](std::string name, Bytes value) {
          custody.save_state(std::move(name), std::move(value));
      }},
      letters_{outgoing} {}

void Requests::restore_state(const std::string& name, ByteView value) {
    found_rows_ = true;
    if (auto read = registry_.restore_state(name, value); !read)
        unreadable_.push_back(std::move(read.error()));
}

std::vector<Error> Requests::start() {
    const NodeOptions& options = custody_.options();
    const bool new_store = !found_rows_ && custody_.inventory().entries().empty();
    registry_.start(options.place, options.chance, new_store);
    return std::exchange(unreadable_, {});
}

void Requests::file(const input::FileRequest& file) {
    auto begun = begin(file);
    if (!begun) {
        custody_.emit(effect::Reply{file.request, std::unexpected{std::move(begun.error())}});
    } else {
        custody_.emit_when_durable(effect::Reply{file.request, std::move(*begun)});
    }
}

Result<Requests::Filing> Requests::begin(const input::FileRequest& file) {
    // What follows a request says so; anything else is read, or refused, as a new one.
    const auto message = admin::decode_message(file.message);
    if (message && message->has_request() && message->request().purpose() != admin::pb::PURPOSE_NEW)
        return begin_part(file, message->head().local_number());
    return begin_new(file);
}

Result<Requests::Filing> Requests::begin_new(const input::FileRequest& file) {
    const auto number = registry_.next_number(custody_.options().node_id.to_string());
    if (!number) return std::unexpected{number.error()};
    auto filing = registry::prepare(file.message, file.key, *number);
    if (!filing) return std::unexpected{filing.error()};
    auto before = filed_before(*filing);
    if (!before) return std::unexpected{std::move(before.error())};
    if (!before->empty()) return Filing{.token = {}, .filed = std::move(*before)};

    const auto endpoint = endpoint_of(custody_.options(), filing->office);
    if (!endpoint) return std::unexpected{endpoint.error()};
    auto dossier = admin::Dossier::open(*number, filing->office, endpoint->node_id().to_string());
    if (!dossier) return std::unexpected{std::move(dossier.error())};
    stamp(filing->message);
    const auto letter = letter_for(filing->message, *endpoint, bpv7::Kind::kRequest, file.lifetime_ms);
    if (!letter) return std::unexpected{letter.error()};

    registry::Request request = request_of(*filing, std::move(*dossier));
    request.destination = endpoint->to_string();
    request.content_bytes = letter->terms.content_bytes;
    replace_draft(*filing);
    Cargo cargo{number->print(), [this, request](const envelope::MessageId& id, const cose::Digest& digest) {
                    registry::Request sent = request;
                    sent.message_id = id;
                    sent.message_digest = digest;
                    sent.filed_at_ms = custody_.node_time_ms();
                    if (sent.digests) drafts_.erase(sent.digests->key);
                    registry_.put(std::move(sent));
                }};
    const auto opened = outgoing_.open(letter->terms, std::move(cargo), letter->head);
    if (!opened) return std::unexpected{opened.error()};
    registry_.give_number();
    if (filing->digests) drafts_.insert_or_assign(filing->digests->key, opened->token);
    return Filing{opened->token, opened->message_id, letter->head.size(), {}, 0};
}

Result<Requests::Filing> Requests::begin_part(const input::FileRequest& file,
                                              const std::string& local_number) {
    const auto number = admin::LocalNumber::parse(local_number);
    if (!number) return std::unexpected{number.error()};
    const registry::Request* request = registry_.find(*number);
    if (request == nullptr) return not_filed(*number);
    const std::uint32_t part = request->parts.empty() ? 1 : request->parts.back().number + 1;
    // Before the bound: what was filed already has its answer.
    auto filing = registry::prepare_part(file.message, file.key, *request,
                                         std::min(part, registry::Request::kPartsMax));
    if (!filing) return std::unexpected{std::move(filing.error())};
    auto before = filed_before(*filing);
    if (!before) return std::unexpected{std::move(before.error())};
    if (!before->empty()) return Filing{.token = {}, .filed = std::move(*before)};
    if (part > registry::Request::kPartsMax)
        return fail(ErrorCode::kFull, "nothing more follows " + number->print() + ": file a new request");
    if (auto room = letters_.make_room(*number, filing->digests); !room)
        return std::unexpected{std::move(room.error())};
    stamp(filing->message);
    answer_last(*request, *filing->message.mutable_request());
    const auto endpoint = bpv7::Eid::parse(request->destination);
    if (!endpoint) return std::unexpected{endpoint.error()};
    const auto letter = letter_for(filing->message, *endpoint, bpv7::Kind::kRequest, file.lifetime_ms);
    if (!letter) return std::unexpected{letter.error()};

    const registry::FiledPart filed{
        .number = part,
        .purpose = filing->message.request().purpose(),
        .content_bytes = letter->terms.content_bytes,
        .attachments = static_cast<std::uint32_t>(filing->message.attachments_size()),
        .digests = filing->digests};
    Cargo cargo{number->print(),
                [this, filed, number = *number](const envelope::MessageId& id, const cose::Digest& digest) {
                    registry::Request changed = *registry_.find(number);
                    changed.parts.push_back(filed);
                    changed.parts.back().message_id = id;
                    changed.parts.back().message_digest = digest;
                    changed.parts.back().filed_at_ms = custody_.node_time_ms();
                    letters_.sent(number);
                    registry_.put(std::move(changed));
                }};
    const auto opened = outgoing_.open(letter->terms, std::move(cargo), letter->head);
    if (!opened) return std::unexpected{opened.error()};
    letters_.opened(*number, opened->token, filing->digests);
    return Filing{opened->token, opened->message_id, letter->head.size(), {}, 0};
}

void Requests::stamp(admin::pb::Message& message) const {
    if (const auto wall = custody_.now().wall) message.mutable_request()->set_created_unix_s(to_unix(*wall));
}

Result<std::string> Requests::filed_before(const registry::Filing& filing) const {
    if (!filing.digests) return std::string{};
    const auto before = registry_.find_key(filing.digests->key);
    if (!before) return std::string{};
    const std::string number = before->request->dossier.number().print();
    if (before->digests == filing.digests) return number;
    return fail(ErrorCode::kContradiction, "another request was filed under this key before, as " + number +
                                               ": draw a new key for a new request");
}

void Requests::replace_draft(const registry::Filing& filing) {
    if (!filing.digests) return;
    std::erase_if(drafts_, [&](const auto& draft) { return !outgoing_.is_open(draft.second); });
    const auto draft = drafts_.find(filing.digests->key);
    if (draft == drafts_.end()) return;
    outgoing_.drop({0, draft->second});
    drafts_.erase(draft);
}

}  // namespace tram::node
