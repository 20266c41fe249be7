#include "daemon/registry/filing.h"

#include <utility>

#include "daemon/registry/received.h"
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

Result<void> check_follows(const pb::Message& message) {
    const pb::RequestPurpose purpose = message.request().purpose();
    if (message.has_request() && (purpose == pb::PURPOSE_SUPPLEMENT || purpose == pb::PURPOSE_WITHDRAWAL))
        return {};
    return fail(ErrorCode::kInvalidArgument,
                "only supplements and withdrawals follow a request: a new one has no number yet");
}

/// Key, bounds and version, whatever the message is.
Result<pb::Message> read(ByteView wire, std::string_view key) {
    if (auto good = check_key(key); !good) return std::unexpected{std::move(good.error())};
    auto message = admin::decode_message(wire);
    if (message) admin::stamp(*message);
    return message;
}

std::optional<KeyDigests> digests_of(std::string_view key, const pb::Message& message) {
    if (key.empty()) return std::nullopt;
    cose::Sha256 request;
    request.update(as_bytes(key));
    const Buffer end{0};
    request.update(end);
    request.update(as_bytes(message.SerializeAsString()));
    return KeyDigests{cose::sha256(as_bytes(key)), request.finish()};
}

}  // namespace

Result<Filing> prepare(ByteView wire, std::string_view key, const admin::LocalNumber& number) {
    auto message = read(wire, key);
    if (!message) return std::unexpected{message.error()};
    if (auto good = check_kind(*message); !good) return std::unexpected{good.error()};
    message->mutable_head()->set_kind(pb::KIND_REQUEST);
    message->mutable_request()->clear_created_unix_s();
    if (message->request().to().empty()) message->mutable_request()->set_to("xa:" + number.commune());
    if (auto good = admin::normalize(*message); !good) return std::unexpected{good.error()};
    Filing filing;
    filing.digests = digests_of(key, *message);
    message->mutable_head()->set_local_number(number.print());
    if (auto good = admin::check(*message); !good) return std::unexpected{good.error()};
    auto office = admin::Office::parse(message->request().to());
    if (!office) return std::unexpected{office.error()};
    filing.office = std::move(*office);
    filing.message = std::move(*message);
    return filing;
}

Result<Filing> prepare_part(ByteView wire, std::string_view key, const Request& request, std::uint32_t part) {
    auto message = read(wire, key);
    if (!message) return std::unexpected{message.error()};
    if (auto good = check_follows(*message); !good) return std::unexpected{good.error()};
    pb::Head& head = *message->mutable_head();
    head.set_kind(pb::KIND_REQUEST);
    head.set_title(request.title);
    head.clear_dossier_code();
    pb::Request& body = *message->mutable_request();
    body.set_procedure(request.procedure);
    body.set_procedure_version(request.procedure_version);
    body.set_to(request.dossier.office().print());
    body.set_consent(true);
    body.clear_created_unix_s();
    body.clear_part();
    if (body.channel() == pb::CHANNEL_UNSPECIFIED) body.set_channel(pb::CHANNEL_IN_PERSON);
    if (auto good = admin::normalize(*message); !good) return std::unexpected{good.error()};
    Filing filing;
    filing.digests = digests_of(key, *message);
    if (request.dossier.code()) head.set_dossier_code(request.dossier.code()->text());
    body.set_part(part);
    if (auto good = admin::check(*message); !good) return std::unexpected{good.error()};
    filing.office = request.dossier.office();
    filing.message = std::move(*message);
    return filing;
}

Result<Draft> prepare_update(ByteView wire, std::string_view key, const Received& received) {
    auto message = read(wire, key);
    if (!message) return std::unexpected{message.error()};
    if (!message->has_update()) {
        return fail(ErrorCode::kInvalidArgument,
                    "only updates are sent about a dossier: this is something else");
    }
    pb::Head& head = *message->mutable_head();
    head.set_kind(pb::KIND_UPDATE);
    head.set_local_number(received.dossier.number().print());
    pb::Update& update = *message->mutable_update();
    update.clear_from();
    update.clear_issuer_epoch();
    update.clear_sequence();
    update.clear_issued_unix_s();
    if (auto good = admin::normalize(*message); !good) return std::unexpected{good.error()};
    auto digests = digests_of(key, *message);
    if (head.title().empty()) head.set_title(received.title);
    return Draft{std::move(*message), digests};
}

}  // namespace tram::registry
