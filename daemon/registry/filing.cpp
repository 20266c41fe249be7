#include "daemon/registry/filing.h"

#include <utility>

#include "proto/admin/message.h"
#include "proto/admin/rules.h"
#include "proto/admin/text.h"

namespace tram::registry {

namespace {

namespace pb = admin::pb;

Result<void> check_key(std::string_view key) {
    if (key.empty()) return {};
    if (key.size() < kKeyBytesMin || key.size() > kKeyBytesMax) {
        return fail(ErrorCode::kInvalidArgument,
                    "the key of a request has 8 to 128 bytes: draw one by chance for each request");
    }
    if (admin::has_citizen_id(key)) {
        return fail(ErrorCode::kPersonalData,
                    "the key of a request looks like the number of a person: draw one by chance");
    }
    return {};
}

Result<void> check_kind(const pb::Message& message) {
    if (!message.has_request() || message.request().purpose() != pb::PURPOSE_NEW) {
        return fail(ErrorCode::kInvalidArgument,
                    "only new requests are filed: the message is something else");
    }
    if (!message.head().local_number().empty() || !message.head().dossier_code().empty()) {
        return fail(ErrorCode::kInvalidArgument,
                    "a new request has neither local number nor dossier code: leave both out, the number is "
                    "given when it is filed");
    }
    return {};
}

KeyDigests digests_of(std::string_view key, const pb::Message& message) {
    cose::Sha256 request;
    request.update(as_bytes(key));
    const Buffer end{0};
    request.update(end);
    request.update(as_bytes(message.SerializeAsString()));
    return {cose::sha256(as_bytes(key)), request.finish()};
}

}  // namespace

Result<Filing> prepare(ByteView wire, std::string_view key, const admin::LocalNumber& number) {
    if (auto good = check_key(key); !good) return std::unexpected{good.error()};
    auto message = admin::decode_message(wire);
    if (!message) return std::unexpected{message.error()};
    if (auto good = check_kind(*message); !good) return std::unexpected{good.error()};
    admin::stamp(*message);
    message->mutable_head()->set_kind(pb::KIND_REQUEST);
    message->mutable_request()->clear_created_unix_s();
    if (message->request().to().empty()) message->mutable_request()->set_to("xa:" + number.commune());
    if (auto good = admin::normalize(*message); !good) return std::unexpected{good.error()};
    Filing filing;
    if (!key.empty()) filing.digests = digests_of(key, *message);
    message->mutable_head()->set_local_number(number.print());
    if (auto good = admin::check(*message); !good) return std::unexpected{good.error()};
    auto office = admin::Office::parse(message->request().to());
    if (!office) return std::unexpected{office.error()};
    filing.office = std::move(*office);
    filing.message = std::move(*message);
    return filing;
}

}  // namespace tram::registry
