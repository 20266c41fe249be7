// What an office here knows of the requests that have come to it.
//
//   row "office_epoch"             office_epoch.h
//   row "dossier/<local number>"   a dossier: its parts, and the words of the office about it
//
// As in the registry of what was filed: rows hold numbers, codes, states, the procedure, the village, message
// ids and digests, and nothing of the person; they change through the port, in the batch of what they belong
// to.
//
// A dossier begins with whatever part of it comes first: supplements may be faster than their request.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/registry/office_epoch.h"
#include "daemon/registry/received.h"
#include "daemon/registry/shelf.h"

namespace tram::registry {

/// A message that has come to an office, read and checked.
struct Arrival {
    const admin::pb::Message& message;  ///< outlives the call
    admin::Proof proof;
    std::string source;  ///< endpoint
    std::string destination;
    std::uint64_t content_bytes = 0;
    std::uint64_t at_ms = 0;  ///< node time
};

class Dossiers {
  public:
    static constexpr std::size_t kDossiersMax = 200'000;
    using Save = std::function<void(std::string name, Bytes value)>;

    explicit Dossiers(Save save) : save_{std::move(save)} {}

    /// A row of the store; those of others are no concern of ours. Errors: of a row of ours that cannot be
    /// read; it stays on the disk as it is.
    Result<void> restore_state(const std::string& name, ByteView value);
    /// See OfficeEpoch::start().
    void start(ByteView place, ByteView chance, std::optional<std::int64_t> unix_now);

    /// Takes a part of a dossier. Errors: those of OfficeDossier::take(); full (kDossiersMax).
    Result<admin::OfficeDossier::Outcome> take(const Arrival& arrival);
    /// `draft` with its number among the words about `number`; nothing is saved. Errors: not_found, those
    /// of check_code() and of OfficeDossier::issue().
    [[nodiscard]] Result<admin::pb::Message> number(const admin::LocalNumber& number,
                                                    admin::pb::Message draft) const;
    /// What number() gave has set out. `issued.word.number` is not read. Errors: as number(); only when
    /// something else was said meanwhile.
    Result<void> sent(const admin::pb::Message& update, Issued issued);
    /// The official receipt has set out. Errors: not_found, contradiction.
    Result<void> accept(const admin::LocalNumber& number, const admin::DossierCode& code, Accepted accepted);
    /// The kiosk has signed that the citizen has the result that the word `handed_over.message_id` brought.
    /// Nothing happens for a word that is not known, or is older than one that was handed over.
    void handed_over(HandedOver handed_over);

    [[nodiscard]] const Received* find(const admin::LocalNumber& number) const { return shelf_.find(number); }
    /// The dossier that a part or a word belongs to, or null.
    [[nodiscard]] const Received* find_message(const admin::MessageId& id) const;
    /// What was sent under a client's key.
    struct ByKey {
        const Received* received = nullptr;
        const Issued* issued = nullptr;
    };
    [[nodiscard]] std::optional<ByKey> find_key(const cose::Digest& key) const;
    /// Errors: contradiction (another dossier has this official code).
    [[nodiscard]] Result<void> check_code(const Received& received, const admin::DossierCode& code) const;
    /// See Shelf::list().
    [[nodiscard]] std::vector<const Received*> list(const Query& query) const { return shelf_.list(query); }
    [[nodiscard]] std::size_t size() const { return shelf_.size(); }
    [[nodiscard]] std::uint32_t epoch() const { return epoch_.value(); }

  private:
    const Received& shelve(Received received);
    void save(Received received);
    void save_epoch();

    Save save_;
    OfficeEpoch epoch_;
    std::optional<Bytes> epoch_row_;  // to be written with the first dossier: most nodes never have one
    Shelf<Received> shelf_;
    std::map<admin::DossierCode, admin::LocalNumber> by_code_;
    std::map<cose::Digest, admin::LocalNumber> by_key_;
    std::map<admin::MessageId, admin::LocalNumber> by_message_;
};

}  // namespace tram::registry
