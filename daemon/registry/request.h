// A request that was filed here, as it is kept: what it was, what followed it, what the office said.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/registry/filing.h"
#include "proto/admin/dossier.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/tram/admin_rows.pb.h"

namespace tram::registry {

/// A supplement or a withdrawal, filed under the number of its request.
struct FiledPart {
    std::uint32_t number = 1;  ///< 1 to kPartsMax
    admin::pb::RequestPurpose purpose = admin::pb::PURPOSE_SUPPLEMENT;
    admin::MessageId message_id{};
    cose::Digest message_digest{};
    std::uint64_t filed_at_ms = 0;  ///< node time
    std::uint64_t content_bytes = 0;
    std::uint32_t attachments = 0;
    std::optional<KeyDigests> digests{};
    friend bool operator==(const FiledPart&, const FiledPart&) = default;
};

/// The message of a word of the office that stays here to be read.
struct KeptWord {
    admin::MessageId message_id{};
    std::string source{};  ///< endpoint; with destination and id it is the message's name
    std::string destination{};
    std::uint64_t content_bytes = 0;
    std::uint32_t attachments = 0;
    std::uint64_t arrived_at_ms = 0;  ///< node time
    friend bool operator==(const KeptWord&, const KeptWord&) = default;
};

/// The citizen has the result.
struct HandedOver {
    admin::MessageId message_id{};  ///< of the word that brought it
    std::uint64_t at_ms = 0;        ///< node time
    std::string witness{};          ///< team, or empty
    admin::pb::EvidenceType evidence = admin::pb::EVIDENCE_NONE;
    friend bool operator==(const HandedOver&, const HandedOver&) = default;
};

struct Request {
    static constexpr std::uint32_t kPartsMax = 32;

    admin::Dossier dossier;
    std::string procedure{};
    std::uint32_t procedure_version = 0;
    std::string title{};
    admin::pb::Urgency urgency = admin::pb::URGENCY_NORMAL;
    std::string destination{};
    admin::MessageId message_id{};
    cose::Digest message_digest{};
    std::uint64_t filed_at_ms = 0;  ///< node time
    std::uint64_t content_bytes = 0;
    std::uint32_t attachments = 0;
    std::optional<KeyDigests> digests{};
    std::vector<FiledPart> parts{};  ///< ascending
    std::vector<KeptWord> kept{};    ///< as they came; at most Dossier::kHistoryMax
    std::optional<HandedOver> handed_over{};

    /// That of the dossier; handed over when the last word's result is with the citizen.
    [[nodiscard]] admin::pb::DossierState state() const;
    [[nodiscard]] const KeptWord* find_kept(const admin::MessageId& id) const;

    [[nodiscard]] Bytes encode() const;
    /// Errors: corrupt, unsupported_version.
    static Result<Request> decode(ByteView row);
    friend bool operator==(const Request&, const Request&) = default;
};

void write_handed_over(const HandedOver& handed_over, admin::pb::HandedOverRow& row);
/// Nothing for a row that is damaged.
std::optional<HandedOver> read_handed_over(const admin::pb::HandedOverRow& row);

}  // namespace tram::registry
