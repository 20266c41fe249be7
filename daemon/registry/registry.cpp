#include "daemon/registry/registry.h"

#include <utility>

#include "proto/admin/rows.h"

namespace tram::registry {

namespace {

namespace rows = admin::rows;

constexpr std::string_view kRowPrefix = "request/";
constexpr std::string_view kWhat = "request";

}  // namespace

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
    if (shelf_.size() >= kRequestsMax) {
        return fail(ErrorCode::kFull,
                    "this node has filed as many requests as it keeps; file on another one");
    }
    return numbers_.next(node_id);
}

void Registry::put(Request request) {
    const Request& kept = shelve(std::move(request));
    save_(std::string{kRowPrefix} + kept.dossier.number().print(), kept.encode());
}

const Request& Registry::shelve(Request request) {
    const admin::LocalNumber number = request.dossier.number();
    if (request.digests) by_key_.insert_or_assign(request.digests->key, number);
    by_message_.insert_or_assign(request.message_id, number);
    for (const FiledPart& part : request.parts) {
        if (part.digests) by_key_.insert_or_assign(part.digests->key, number);
        by_message_.insert_or_assign(part.message_id, number);
    }
    for (const admin::Word& word : request.dossier.history())
        by_message_.insert_or_assign(word.message_id, number);
    return shelf_.put(number, std::move(request));
}

std::optional<Registry::ByKey> Registry::find_key(const cose::Digest& key) const {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return std::nullopt;
    const Request* request = find(found->second);
    if (request->digests && request->digests->key == key) return ByKey{request, *request->digests, 0};
    for (const FiledPart& part : request->parts) {
        if (part.digests && part.digests->key == key) return ByKey{request, *part.digests, part.number};
    }
    return std::nullopt;
}

const Request* Registry::find_message(const admin::MessageId& id) const {
    const auto found = by_message_.find(id);
    return found == by_message_.end() ? nullptr : find(found->second);
}

}  // namespace tram::registry
