// Notices: what a node knows of one, in which language to show it, and where it has been.
//
//   KnownNotice   one row at every node: the newest edition, and whether it is over
//   ProofTable    one row at the issuer: which villages have the notice, showed it, announced it
//
//            take(edition 1)            take(edition 2)
//   heard of ---------------> current ------------------> current
//        \                      |  \ supersede(by)            |
//         \ supersede(by)       |   +-------> superseded      | take(edition 3, recall)
//          +--------------------+----------> (once it is here) +--------------------------> recalled
//
// A notice is named by the node that issued it, its year and its document number: nobody else's notice can
// replace or recall it, because that would be another name. The highest edition counts, in whatever order
// editions come. What supersedes may come before what it supersedes: the record is then made with heard_of().
//
// A notice ends by its lifetime, counted from its issue by the age that it had on arrival and the time it has
// been here (node time, which needs no clock on the wall).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "proto/admin/dossier.h"
#include "proto/admin/names.h"
#include "proto/admin/places.h"
#include "proto/admin/receipt.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::admin {

struct NoticeName {
    std::string issuer_node;  ///< dtn://18904-srv/
    std::uint32_t year = 0;   ///< of the document's date: offices begin anew with 01 each year
    DocumentNumber number;
    friend auto operator<=>(const NoticeName&, const NoticeName&) = default;
};

/// The name of a notice that has come. Errors: malformed; wrong_sender (it is in the name of an office of
/// another commune than that of the node that signed it).
Result<NoticeName> name_of(const pb::Message& notice, const Proof& proof);
/// The name of the notice that it supersedes.
std::optional<NoticeName> superseded_by(const pb::Message& notice, const NoticeName& name);

/// When a notice came, in milliseconds.
struct Arrival {
    std::uint64_t node_time_ms = 0;  ///< the node's own persistent count
    std::uint64_t age_ms = 0;        ///< of the message, then
    friend bool operator==(const Arrival&, const Arrival&) = default;
};

class KnownNotice {
  public:
    /// A record of a notice of which only the name is known.
    static KnownNotice heard_of(NoticeName name);

    enum class Outcome : std::uint8_t {
        kNewer,     ///< the first, or a higher edition: show this one
        kRecalled,  ///< a higher edition that withdraws it
        kOlder,     ///< an edition below the one that is here: drop it
        kRepeated,
    };
    /// Errors: not_found (another notice), wrong_sender, contradiction (the same edition with another
    /// content), malformed.
    Result<Outcome> take(const pb::Message& notice, const Proof& proof, Arrival arrival);
    /// Another notice of the same issuer takes its place.
    void supersede(const NoticeName& by);
    /// This node has shown it, or played it, once more in these languages.
    void displayed(const std::vector<Language>& languages);
    void announced(const std::vector<Language>& languages);

    enum class Status : std::uint8_t { kHeardOf, kCurrent, kSuperseded, kRecalled, kExpired };
    [[nodiscard]] Status status(std::uint64_t node_time_ms) const;
    /// Until it expires; 0 afterwards, and when it is not here.
    [[nodiscard]] std::uint64_t remaining_ms(std::uint64_t node_time_ms) const;

    [[nodiscard]] const NoticeName& name() const { return name_; }
    [[nodiscard]] std::uint32_t edition() const { return edition_; }  ///< 0: only heard of
    [[nodiscard]] const MessageId& message_id() const { return message_id_; }
    [[nodiscard]] const cose::Digest& digest() const { return digest_; }
    [[nodiscard]] pb::Urgency urgency() const { return urgency_; }
    [[nodiscard]] const std::string& audience() const { return audience_; }
    [[nodiscard]] const Arrival& arrival() const { return arrival_; }
    [[nodiscard]] std::uint64_t lifetime_ms() const { return lifetime_ms_; }
    [[nodiscard]] const std::optional<NoticeName>& successor() const { return successor_; }
    [[nodiscard]] std::uint32_t loudspeaker() const { return loudspeaker_; }
    [[nodiscard]] bool require_ack() const { return require_ack_; }
    /// How often in each language, of the present edition.
    [[nodiscard]] const std::map<Language, std::uint32_t>& times_displayed() const { return displayed_; }
    [[nodiscard]] const std::map<Language, std::uint32_t>& times_announced() const { return announced_; }

    [[nodiscard]] Bytes encode() const;
    /// Errors: corrupt, unsupported_version.
    static Result<KnownNotice> decode(ByteView row);
    friend bool operator==(const KnownNotice&, const KnownNotice&) = default;

  private:
    explicit KnownNotice(NoticeName name) : name_{std::move(name)} {}

    NoticeName name_;
    std::uint32_t edition_ = 0;
    MessageId message_id_{};
    cose::Digest digest_{};
    pb::Urgency urgency_ = pb::URGENCY_NORMAL;
    std::string audience_;
    Arrival arrival_;
    std::uint64_t lifetime_ms_ = 0;
    bool recalled_ = false;
    std::optional<NoticeName> successor_;
    std::uint32_t loudspeaker_ = 0;
    bool require_ack_ = false;
    std::map<Language, std::uint32_t> displayed_;
    std::map<Language, std::uint32_t> announced_;
};

/// The text to show to somebody who wishes these languages, best first: a text in the very language, else one
/// with the same primary tag (hmn for hmn-latn), wish by wish; else Vietnamese; else the first. `notice` has
/// at least one text.
std::size_t choose_text(const pb::Notice& notice, const std::vector<Language>& wished);
/// The recording to play: as choose_text(), but nothing when there is neither a wished language nor
/// Vietnamese. An index into the attachments.
std::optional<std::size_t> choose_audio(const pb::Message& notice, const std::vector<Language>& wished);

enum class Reach : std::uint8_t { kNotReached, kReached, kDisplayed, kAnnounced };
/// "chưa tới", "đã tới", "đã hiển thị", "đã phát loa".
std::string_view word(Reach reach, Tongue tongue);

/// What is proved of one village.
struct VillageProof {
    Village village;
    bool expected = false;  ///< the notice was for it
    Reach reach = Reach::kNotReached;
    std::set<Language> displayed{};
    std::set<Language> announced{};
    std::uint32_t times = 0;        ///< played, by all its loudspeakers
    std::vector<std::string> by{};  ///< node ids that have signed for it
};

/// Receipts count whatever their order and however often they come: each tells the whole of what its holder
/// has done, so the union of languages and the highest number of times are right.
class ProofTable {
  public:
    static constexpr std::size_t kVillagesMax = 256;  ///< expected ones and others together
    static constexpr std::size_t kHoldersMax = 32;    ///< of one village

    /// For one edition of a notice. `commune` is five digits; `expected` are the villages that it is for.
    /// Errors: invalid_argument, too_large.
    static Result<ProofTable> open(const DocumentNumber& number, const std::string& commune,
                                   const cose::Digest& digest, const std::vector<Village>& expected);
    /// Takes a verified receipt. True: it says something new. Errors: not_found (another notice),
    /// contradiction (another edition), wrong_sender (a node of another commune), invalid_argument (it proves
    /// nothing about a village), full.
    Result<bool> take(const Receipt& receipt);

    /// Expected villages first, in the order of their names.
    [[nodiscard]] std::vector<VillageProof> villages() const;
    /// How many of the expected villages have come at least so far.
    [[nodiscard]] std::size_t reached(Reach at_least) const;
    [[nodiscard]] std::size_t expected() const;
    [[nodiscard]] const DocumentNumber& number() const { return number_; }

    [[nodiscard]] Bytes encode() const;
    /// Errors: corrupt, unsupported_version.
    static Result<ProofTable> decode(ByteView row);
    friend bool operator==(const ProofTable&, const ProofTable&) = default;

  private:
    struct Holder {
        bool delivered = false;
        std::set<Language> displayed{};
        std::set<Language> announced{};
        std::uint32_t times = 0;
        friend bool operator==(const Holder&, const Holder&) = default;
    };
    struct Entry {
        Village village;
        bool expected = false;
        std::map<std::string, Holder> holders;
        friend bool operator==(const Entry&, const Entry&) = default;
    };

    ProofTable(DocumentNumber number, std::string commune, const cose::Digest& digest);
    Result<Holder*> holder_of(const Village& village, const std::string& node_id);
    static bool merge(const Receipt& receipt, Holder& holder);
    static Reach reach_of(const Entry& entry);
    Result<void> restore(const pb::ProofRow& row);

    DocumentNumber number_;
    std::string commune_;
    cose::Digest digest_;
    std::map<std::string, Entry> villages_;  // by demux, so that every spelling is the same village
};

}  // namespace tram::admin
