// A dossier at both of its ends: what the office says of it, and what the one who filed it knows.
//
//   office    OfficeDossier   takes the request and what follows it once each, numbers its words
//   origin    Dossier         takes the words in any order, any number of times, with some missing
//
// The last word is the one with the highest number, whenever it came; it alone decides the state. States may
// go back (5 -> 4 when a supplement has come): that is a new word with a higher number. A word that comes
// late fills its gap and changes nothing else. When the office's server is restored from a backup, its
// numbers begin anew in a higher epoch, which outranks all numbers before it.
//
// The official code is said by the office and bound once; another one later is refused. Nothing here makes
// codes.
//
// Both are plain values: they keep numbers, digests and states, no names and no texts, and become bytes and
// back for a durable row. Whoever calls has checked the message (rules.h) and knows from its envelope who
// signed it.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/admin/names.h"
#include "proto/admin/places.h"
#include "proto/admin/receipt.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/cose/sha256.h"
#include "proto/tram/admin.pb.h"
#include "proto/tram/admin_rows.pb.h"

namespace tram::admin {

/// What the envelope of a message has proved.
struct Proof {
    std::string sender;  ///< node id whose signature is on it
    MessageId message_id{};
    cose::Digest digest{};  ///< of the content
};

/// The place of a word among all words of an office about one dossier.
struct WordNumber {
    std::uint32_t epoch = 0;
    std::uint64_t sequence = 0;
    friend auto operator<=>(const WordNumber&, const WordNumber&) = default;
};

/// One word; its text is in the message that brought it.
struct Word {
    WordNumber number;
    pb::UpdateKind kind = pb::UPDATE_UNSPECIFIED;
    pb::DossierState state = pb::STATE_UNSPECIFIED;  ///< may be one that this program does not know
    pb::Form form = pb::FORM_NONE;
    MessageId message_id{};
    cose::Digest digest{};
    friend bool operator==(const Word&, const Word&) = default;
};

void write_word(const Word& word, pb::Word& row);
/// Nothing for a row that is damaged.
std::optional<Word> read_word(const pb::Word& row);

class Dossier {
  public:
    static constexpr std::size_t kHistoryMax = 64;
    static constexpr std::uint64_t kSequenceMax = 1'000'000;
    static constexpr std::size_t kRangesMax = 64;  ///< beyond it the oldest gap is taken as filled

    /// For a request just filed. `office_node` is the node id that it was sealed for. Errors:
    /// invalid_argument.
    static Result<Dossier> open(const LocalNumber& number, const Office& office, std::string office_node);

    enum class Outcome : std::uint8_t {
        kLatest,    ///< the last word now
        kEarlier,   ///< filled a gap
        kRepeated,  ///< known already
    };
    /// Takes an update. On errors nothing changes. Errors: not_found (of another dossier), wrong_sender (not
    /// from the office that the request went to), contradiction (another official code than the one that is
    /// bound, or the same number with another content), too_large (a sequence above kSequenceMax), malformed.
    Result<Outcome> apply(const pb::Message& update, const Proof& proof);
    /// Takes a verified official receipt: binds the code; the state is "accepted" until a word says more.
    /// True: it is new. Errors: as apply(), and invalid_argument for other receipts.
    Result<bool> accept(const Receipt& official);
    /// The office has another node from now on; an operator said so. Errors: invalid_argument.
    Result<void> move_office(std::string office_node);

    [[nodiscard]] const LocalNumber& number() const { return number_; }
    [[nodiscard]] const Office& office() const { return office_; }
    [[nodiscard]] const std::string& office_node() const { return office_node_; }
    [[nodiscard]] const std::optional<DossierCode>& code() const { return code_; }
    /// Of the last word, else of the official receipt; STATE_UNSPECIFIED while nothing was heard.
    [[nodiscard]] pb::DossierState state() const;
    [[nodiscard]] const std::optional<Word>& last() const { return last_; }
    /// Days since 1970 (ngày hẹn trả): from the official receipt, or the last word that named another one.
    [[nodiscard]] std::optional<std::int32_t> due_day() const {
        return new_due_day_ ? new_due_day_->second : due_day_;
    }
    /// How many words before the last one are still under way.
    [[nodiscard]] std::uint64_t missing() const;
    /// Newest first, at most kHistoryMax.
    [[nodiscard]] const std::vector<Word>& history() const { return history_; }

    [[nodiscard]] Bytes encode() const;
    /// Errors: corrupt, unsupported_version.
    static Result<Dossier> decode(ByteView row);
    friend bool operator==(const Dossier&, const Dossier&) = default;

  private:
    struct Range {
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        friend bool operator==(const Range&, const Range&) = default;
    };

    Dossier(LocalNumber number, Office office, std::string office_node);
    [[nodiscard]] Result<std::optional<DossierCode>> code_after(const std::string& said) const;
    [[nodiscard]] bool has_seen(WordNumber number) const;
    void see(std::uint64_t sequence);
    void remember(const Word& word);
    Result<void> restore(const pb::DossierRow& row);

    LocalNumber number_;
    Office office_;
    std::string office_node_;
    std::optional<DossierCode> code_;
    std::optional<std::int32_t> due_day_;  // of the official receipt
    std::optional<std::pair<WordNumber, std::int32_t>> new_due_day_;
    std::optional<Word> last_;
    std::vector<Range> seen_;  // of the epoch of last_, ascending, neither touching nor overlapping
    std::vector<Word> history_;
};

/// "còn 2 tin trước đó đang trên đường"; empty when nothing is missing.
std::string gap_text(std::uint64_t missing, Tongue tongue);

class OfficeDossier {
  public:
    /// For a request that has come. `issuer_epoch`: see WordNumber. Errors: invalid_argument.
    static Result<OfficeDossier> open(const LocalNumber& number, const Office& office,
                                      std::uint32_t issuer_epoch);

    /// Supplements and withdrawals that are told apart, and the request.
    static constexpr std::size_t kPartsHeldMax = 64;

    enum class Outcome : std::uint8_t { kNew, kRepeated };
    /// Takes the request, or what followed it. The same content again, in whatever message, is repeated: so a
    /// resubmission, a cloned disk or a restored backup make no second dossier. A restored kiosk may give the
    /// number of a supplement a second time: with another content it is a part like the others. Errors:
    /// not_found (of another dossier), wrong_sender (not from the device that the number belongs to),
    /// contradiction (another request itself: keep it aside for a person to look at), full, malformed.
    Result<Outcome> take(const pb::Message& request, const Proof& proof);
    /// Whether the request itself has come; what follows it may be faster.
    [[nodiscard]] bool has_request() const { return !parts_.empty() && parts_.front().number == 0; }
    /// The office's own system has accepted the dossier under this code. Errors: contradiction (bound to
    /// another one).
    Result<void> accept(const DossierCode& code);
    /// Numbers an update and completes it: local number, office, sequence, official code. The code is taken
    /// from the draft the first time, and may be left out later. Errors: contradiction (another code than
    /// before), malformed (code or draft), invalid_argument (a state that is none of the national ones),
    /// full.
    Result<pb::Message> issue(pb::Message draft);
    /// After a restoration: what is issued from now on outranks all before. `epoch` must be higher than any
    /// epoch this office has used; smaller ones change nothing.
    void begin_epoch(std::uint32_t epoch);

    [[nodiscard]] const LocalNumber& number() const { return number_; }
    [[nodiscard]] const Office& office() const { return office_; }
    [[nodiscard]] const std::optional<DossierCode>& code() const { return code_; }
    [[nodiscard]] pb::DossierState state() const { return state_; }  ///< as said last
    [[nodiscard]] WordNumber next() const { return next_; }

    [[nodiscard]] Bytes encode() const;
    /// Errors: corrupt, unsupported_version.
    static Result<OfficeDossier> decode(ByteView row);
    friend bool operator==(const OfficeDossier&, const OfficeDossier&) = default;

  private:
    struct Part {
        std::uint32_t number = 0;
        cose::Digest digest{};
        friend auto operator<=>(const Part&, const Part&) = default;
    };

    OfficeDossier(LocalNumber number, Office office, std::uint32_t issuer_epoch);

    LocalNumber number_;
    Office office_;
    std::optional<DossierCode> code_;
    WordNumber next_;
    pb::DossierState state_ = pb::STATE_REGISTERED;
    std::vector<Part> parts_;  // ascending
};

}  // namespace tram::admin
