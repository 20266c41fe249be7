#include "daemon/node/letter.h"

#include <utility>

#include "proto/admin/message.h"

namespace tram::node {

Result<Letter> letter_for(const admin::pb::Message& message, const bpv7::Eid& destination, bpv7::Kind kind,
                          std::uint64_t lifetime_ms) {
    const auto encoded = admin::encode_message(message);
    if (!encoded) return std::unexpected{encoded.error()};
    Letter letter;
    letter.terms.destination = destination;
    letter.terms.lifetime_ms = lifetime_ms;
    letter.terms.urgency = static_cast<bpv7::Urgency>(message.head().urgency());
    letter.terms.kind = kind;
    letter.terms.content_bytes = admin::content_bytes(message, encoded->size());
    letter.terms.content_type = admin::kContentType;
    letter.head = admin::begin_content(*encoded);
    return letter;
}

Result<void> OpenLetters::make_room(const admin::LocalNumber& number,
                                    const std::optional<registry::KeyDigests>& digests) {
    std::erase_if(open_, [&](const auto& each) { return !outgoing_.is_open(each.second.token); });
    const auto open = open_.find(number);
    if (open == open_.end()) return {};
    if (!digests || open->second.digests != digests) {
        return fail(ErrorCode::kBusy,
                    "another message about " + number.print() +
                        " is being written: finish or drop it first; one that is left alone "
                        "is dropped after 10 minutes");
    }
    outgoing_.drop({0, open->second.token});
    open_.erase(open);
    return {};
}

void OpenLetters::opened(const admin::LocalNumber& number, std::string token,
                         const std::optional<registry::KeyDigests>& digests) {
    open_.insert_or_assign(number, Open{std::move(token), digests});
}

bool OpenLetters::is_open(const admin::LocalNumber& number) const {
    const auto open = open_.find(number);
    return open != open_.end() && outgoing_.is_open(open->second.token);
}

}  // namespace tram::node
