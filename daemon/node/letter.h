// A message of proto/admin on its way out: what it travels as, and how its content begins.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "daemon/node/outgoing.h"
#include "daemon/registry/filing.h"
#include "proto/admin/names.h"
#include "proto/tram/admin.pb.h"

namespace tram::node {

struct Letter {
    MessageTerms terms;
    Bytes head;  ///< what stands before the attachments' bytes
};

/// Sealed for `destination`; `lifetime_ms` as in MessageTerms. Errors: too_large.
Result<Letter> letter_for(const admin::pb::Message& message, const bpv7::Eid& destination, bpv7::Kind kind,
                          std::uint64_t lifetime_ms);

/// Messages about dossiers that are being written: one for each dossier at a time, so that numbers are given
/// in the order in which messages set out.
class OpenLetters {
  public:
    explicit OpenLetters(Outgoing& outgoing) : outgoing_{outgoing} {}

    /// An earlier one under the same client's key has been given up. Errors: busy.
    Result<void> make_room(const admin::LocalNumber& number,
                           const std::optional<registry::KeyDigests>& digests);
    void opened(const admin::LocalNumber& number, std::string token,
                const std::optional<registry::KeyDigests>& digests);
    void sent(const admin::LocalNumber& number) { open_.erase(number); }
    [[nodiscard]] bool is_open(const admin::LocalNumber& number) const;

  private:
    struct Open {
        std::string token;
        std::optional<registry::KeyDigests> digests;
    };
    Outgoing& outgoing_;
    std::map<admin::LocalNumber, Open> open_;
};

}  // namespace tram::node
