// A dossier at the office here, as it is kept: what has come, and what the office said of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/registry/request.h"
#include "proto/admin/dossier.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::registry {

/// The request itself (number 0) or what followed it, in a message of its own.
struct ReceivedPart {
    std::uint32_t number = 0;
    admin::pb::RequestPurpose purpose = admin::pb::PURPOSE_NEW;
    admin::MessageId message_id{};
    cose::Digest digest{};
    std::string source{};  ///< endpoint; with destination and id it is the message's name
    std::string destination{};
    std::uint64_t arrived_at_ms = 0;  ///< node time
    std::uint64_t content_bytes = 0;
    std::uint32_t attachments = 0;
    friend bool operator==(const ReceivedPart&, const ReceivedPart&) = default;
};

/// A word that the office has sent.
struct Issued {
    admin::Word word;
    std::uint64_t sent_at_ms = 0;  ///< node time
    std::uint32_t attachments = 0;
    std::optional<KeyDigests> digests{};
    friend bool operator==(const Issued&, const Issued&) = default;
};

/// What the official receipt says besides the code.
struct Accepted {
    std::int64_t accepted_unix_s = 0;
    std::int32_t due_day = 0;
    std::string office;       ///< its name
    std::uint64_t at_ms = 0;  ///< node time
    friend bool operator==(const Accepted&, const Accepted&) = default;
};

struct Received {
    static constexpr std::size_t kIssuedMax = admin::Dossier::kHistoryMax;

    admin::OfficeDossier dossier;
    std::string procedure{};
    std::uint32_t procedure_version = 0;
    std::string title{};
    admin::pb::Urgency urgency = admin::pb::URGENCY_NORMAL;
    std::string village{};
    std::uint64_t arrived_at_ms = 0;    ///< node time, of what came first
    std::vector<ReceivedPart> parts{};  ///< as they came
    std::vector<Issued> issued{};       ///< newest first, at most kIssuedMax
    std::optional<Accepted> accepted{};
    std::optional<HandedOver> handed_over{};

    /// As the office said last; handed over when the kiosk has signed that for the last word.
    [[nodiscard]] admin::pb::DossierState state() const;
    /// The request itself, once it has come.
    [[nodiscard]] const ReceivedPart* request() const;
    [[nodiscard]] const Issued* find_issued(const admin::MessageId& id) const;

    [[nodiscard]] Bytes encode() const;
    /// Errors: corrupt, unsupported_version.
    static Result<Received> decode(ByteView row);
    friend bool operator==(const Received&, const Received&) = default;
};

}  // namespace tram::registry
