#include "daemon/node/requests.h"

#include <algorithm>
#include <utility>

#include "daemon/node/wall_clock.h"
#include "proto/admin/message.h"

namespace tram::node {

namespace {

constexpr std::string_view kCommuneOffice = "xa";

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

}  // namespace

Requests::Requests(Custody& custody, Outgoing& outgoing)
    : custody_{custody}, outgoing_{outgoing}, registry_{[&custody](std::string name, Bytes value) {
          custody.save_state(std::move(name), std::move(value));
      }} {}

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

Result<effect::Reply::Filing> Requests::begin(const input::FileRequest& file) {
    const NodeOptions& options = custody_.options();
    const auto number = registry_.next_number(options.node_id.to_string());
    if (!number) return std::unexpected{number.error()};
    auto filing = registry::prepare(file.message, file.key, *number);
    if (!filing) return std::unexpected{filing.error()};
    auto before = filed_before(*filing);
    if (!before) return std::unexpected{std::move(before.error())};
    if (!before->empty()) return effect::Reply::Filing{.token = {}, .filed = std::move(*before)};

    const auto endpoint = endpoint_of(filing->office);
    if (!endpoint) return std::unexpected{endpoint.error()};
    auto dossier = admin::Dossier::open(*number, filing->office, endpoint->node_id().to_string());
    if (!dossier) return std::unexpected{std::move(dossier.error())};
    if (const auto wall = custody_.now().wall)
        filing->message.mutable_request()->set_created_unix_s(to_unix(*wall));
    const auto encoded = admin::encode_message(filing->message);
    if (!encoded) return std::unexpected{encoded.error()};

    registry::Request request = request_of(*filing, std::move(*dossier));
    request.destination = endpoint->to_string();
    request.content_bytes = admin::content_bytes(filing->message, encoded->size());
    MessageTerms terms;
    terms.destination = *endpoint;
    terms.lifetime_ms = file.lifetime_ms;
    terms.urgency = static_cast<bpv7::Urgency>(request.urgency);
    terms.kind = bpv7::Kind::kRequest;
    terms.content_bytes = request.content_bytes;
    terms.content_type = admin::kContentType;
    replace_draft(*filing);
    const Bytes head = admin::begin_content(*encoded);
    Cargo cargo{number->print(), [this, request](const envelope::MessageId& id, const cose::Digest& digest) {
                    registry::Request sent = request;
                    sent.message_id = id;
                    sent.message_digest = digest;
                    sent.filed_at_ms = custody_.node_time_ms();
                    if (sent.digests) drafts_.erase(sent.digests->key);
                    registry_.put(std::move(sent));
                }};
    const auto opened = outgoing_.open(terms, std::move(cargo), head);
    if (!opened) return std::unexpected{opened.error()};
    registry_.give_number();
    if (filing->digests) drafts_.insert_or_assign(filing->digests->key, opened->token);
    return effect::Reply::Filing{opened->token, opened->message_id, head.size(), {}};
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

Result<bpv7::Eid> Requests::endpoint_of(const admin::Office& office) const {
    const auto& offices = custody_.options().offices;
    const auto known = std::ranges::find(offices, office.print(), &OfficeEndpoint::office);
    if (known != offices.end()) return known->endpoint;
    if (office.kind == kCommuneOffice) return bpv7::Eid::parse("dtn://" + office.commune + "-srv/requests");
    return fail(ErrorCode::kNotFound, "nothing says where the office " + office.print() +
                                          " is: name its endpoint under [[office]] in tram.toml");
}

}  // namespace tram::node
