#include "daemon/registry/registry.h"

#include <utility>

#include "proto/admin/rows.h"
#include "proto/admin/text.h"
#include "proto/tram/admin_rows.pb.h"

namespace tram::registry {

namespace {

namespace rows = admin::rows;

constexpr std::string_view kRowPrefix = "request/";
constexpr std::string_view kWhat = "request";

}  // namespace

Bytes Request::encode() const {
    admin::pb::RequestRow row;
    row.set_dossier(std::string{as_text(dossier.encode())});
    row.set_procedure(procedure);
    row.set_procedure_version(procedure_version);
    row.set_title(title);
    row.set_urgency(static_cast<std::uint32_t>(urgency));
    row.set_destination(destination);
    row.set_message_id(rows::text_of(message_id));
    row.set_message_digest(rows::text_of(message_digest));
    row.set_filed_at_ms(filed_at_ms);
    row.set_content_bytes(content_bytes);
    row.set_attachments(attachments);
    if (digests) {
        row.set_key_digest(rows::text_of(digests->key));
        row.set_request_digest(rows::text_of(digests->request));
    }
    return rows::encode(std::move(row));
}

Result<Request> Request::decode(ByteView wire) {
    const auto row = rows::parse<admin::pb::RequestRow>(wire, kWhat);
    if (!row) return std::unexpected{row.error()};
    auto dossier = admin::Dossier::decode(as_bytes(row->dossier()));
    if (!dossier) return std::unexpected{dossier.error()};
    Request request{.dossier = std::move(*dossier),
                    .procedure = row->procedure(),
                    .procedure_version = row->procedure_version(),
                    .title = row->title(),
                    .urgency = static_cast<admin::pb::Urgency>(row->urgency()),
                    .destination = row->destination(),
                    .filed_at_ms = row->filed_at_ms(),
                    .content_bytes = row->content_bytes(),
                    .attachments = row->attachments(),
                    .digests = std::nullopt};
    if (!rows::read_bytes(row->message_id(), request.message_id) ||
        !rows::read_bytes(row->message_digest(), request.message_digest)) {
        return rows::corrupt(kWhat);
    }
    if (row->key_digest().empty()) return request;
    request.digests.emplace();
    if (!rows::read_bytes(row->key_digest(), request.digests->key) ||
        !rows::read_bytes(row->request_digest(), request.digests->request)) {
        return rows::corrupt(kWhat);
    }
    return request;
}

Result<void> Registry::restore_state(const std::string& name, ByteView value) {
    if (name == Numbers::kRow) {
        numbers_.restore(value);
        return {};
    }
    if (!name.starts_with(kRowPrefix)) return {};
    auto request = Request::decode(value);
    if (!request) return std::unexpected{std::move(request.error())};
    if (name.substr(kRowPrefix.size()) != request->dossier.number().print()) return rows::corrupt(kWhat);
    shelve(std::move(*request));
    return {};
}

void Registry::start(ByteView place, ByteView chance, bool new_store) {
    if (auto row = numbers_.start(place, chance, new_store))
        save_(std::string{Numbers::kRow}, std::move(*row));
}

Result<admin::LocalNumber> Registry::next_number(std::string_view node_id) const {
    if (requests_.size() >= kRequestsMax) {
        return fail(ErrorCode::kFull,
                    "this node has filed as many requests as it keeps; file on another one");
    }
    return numbers_.next(node_id);
}

void Registry::file(Request request) {
    const Request& kept = shelve(std::move(request));
    save_(std::string{kRowPrefix} + kept.dossier.number().print(), kept.encode());
}

const Request& Registry::shelve(Request request) {
    const admin::LocalNumber number = request.dossier.number();
    if (request.digests) by_key_.insert_or_assign(request.digests->key, number);
    Shelved shelved{.request = std::move(request), .folded = {}};
    shelved.folded = admin::fold(shelved.request.title + ' ' + shelved.request.procedure);
    return requests_.insert_or_assign(number, std::move(shelved)).first->second.request;
}

const Request* Registry::find(const admin::LocalNumber& number) const {
    const auto found = requests_.find(number);
    return found == requests_.end() ? nullptr : &found->second.request;
}

const Request* Registry::find_key(const cose::Digest& key) const {
    const auto found = by_key_.find(key);
    return found == by_key_.end() ? nullptr : find(found->second);
}

std::vector<const Request*> Registry::list(const Query& query) const {
    std::vector<const Request*> found;
    const std::string wanted = admin::fold(query.search);
    auto at = query.after ? requests_.upper_bound(*query.after) : requests_.begin();
    for (; at != requests_.end() && found.size() <= query.count; ++at) {
        const auto& [request, folded] = at->second;
        if (query.state && request.dossier.state() != *query.state) continue;
        if (admin::contains_folded(folded, wanted)) found.push_back(&request);
    }
    return found;
}

}  // namespace tram::registry
