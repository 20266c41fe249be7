// What this node knows of notices, and, where it has issued them, where they have been.
//
//   row "notice/<key>"   a notice; <key> is a hash of its name
//   row "proof/<key>"    of a notice of this node: which villages have it, showed it, announced it
//
// Rows are written in the batch of what they belong to. A notice that has ended is remembered for
// kRemembered_ms longer: an old edition that comes late is recognised.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/registry/villages.h"
#include "proto/admin/notice.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::registry {

struct Notice {
    admin::KnownNotice known;
    std::string title{};
    std::string doc_type{};
    std::string from{};                         ///< office
    std::vector<admin::Language> texts{};       ///< in the order of the notice
    std::vector<admin::Language> recordings{};  ///< languages that it has a recording in
    std::string source{};                       ///< endpoints of its message
    std::string destination{};
    std::uint64_t content_bytes = 0;
    std::uint32_t attachments = 0;
    std::vector<admin::Village> signed_for{};  ///< villages in which this node has signed that it is there
    std::vector<admin::MessageId> former{};    ///< of earlier editions, where it was issued, the newest first

    /// Takes title, languages and sizes from the message that `known` was told of.
    void describe(const admin::pb::Message& message);
    [[nodiscard]] Bytes encode() const;
    /// Errors: corrupt, unsupported_version.
    static Result<Notice> decode(ByteView row);
    friend bool operator==(const Notice&, const Notice&) = default;
};

struct NoticeQuery {
    std::string after{};  ///< key_of() the last one of the page before; empty: from the start
    std::size_t count = 100;
    std::string search{};  ///< words in title, number or kind of document; tones make no difference
    bool ended = false;    ///< superseded, recalled and expired ones too
};

/// A carrier that took a notice along.
struct Carrier {
    std::string node_id;
    std::uint64_t at_ms = 0;  ///< node time
    friend bool operator==(const Carrier&, const Carrier&) = default;
};

/// What is proved of one village, and why there is not more.
struct VillageReport {
    enum class Why : std::uint8_t {
        kReached,     ///< it is there
        kNotTaken,    ///< nobody has taken the notice along yet
        kOnTheWay,    ///< carriers have it; none of them has brought back a word from there
        kWithDevice,  ///< the village's own device has taken it; its signature is not back
    };
    admin::VillageProof proof;
    Why why = Why::kReached;
    std::optional<Carrier> last_taken{};  ///< the last that took it; of kWithDevice that device
    std::optional<Carrier> last_heard{};  ///< the village's device that was heard of last
};

class Notices {
  public:
    static constexpr std::size_t kNoticesMax = 4'096;
    static constexpr std::size_t kOfOneIssuerMax = 1'024;
    static constexpr std::uint64_t kRemembered_ms = 30ULL * 24 * 3600 * 1000;
    using Save = std::function<void(std::string name, Bytes value)>;
    using Erase = std::function<void(std::string name)>;

    Notices(Save save, Erase erase) : villages_{save}, save_{std::move(save)}, erase_{std::move(erase)} {}

    /// What tells notices from each other: 32 hexadecimal digits.
    static std::string key_of(const admin::NoticeName& name);

    /// A row of the store; those of others are no concern of ours. Errors: of a row of ours that cannot be
    /// read; it stays on the disk as it is.
    Result<void> restore_state(const std::string& name, ByteView value);

    [[nodiscard]] const Notice* find(const admin::NoticeName& name) const;
    /// Those with this number, of any issuer and year, the newest first.
    [[nodiscard]] std::vector<const Notice*> find_number(const admin::DocumentNumber& number) const;
    /// Those of the same issuer that `name` has superseded, or one that it has superseded.
    [[nodiscard]] std::vector<admin::NoticeName> all_superseded_by(const admin::NoticeName& name) const;
    /// The notice whose present edition is in this message, or null.
    [[nodiscard]] const Notice* find_message(const admin::MessageId& id) const;
    /// Makes room for a notice by forgetting one that has ended, the oldest of its issuer first. Errors:
    /// full.
    Result<void> make_room(const admin::NoticeName& name, std::uint64_t node_time_ms);
    /// Keeps the notice, or replaces what was known of it.
    const Notice& put(Notice notice);
    /// The most urgent first, then the newest. One more than `count` when there is more.
    [[nodiscard]] std::vector<const Notice*> list(const NoticeQuery& query, std::uint64_t node_time_ms) const;
    [[nodiscard]] std::size_t size() const { return notices_.size(); }
    /// Forgets what has ended long ago. What was only heard of goes with the notice that takes its place.
    void expire(std::uint64_t node_time_ms);

    /// A new edition of ours: nobody has it yet. Without `expected` ones, the villages that were ever heard
    /// of are expected. Errors: those of ProofTable::open(); not_found.
    Result<void> open_proof(const admin::NoticeName& name, std::vector<admin::Village> expected);
    [[nodiscard]] const admin::ProofTable* proof(const admin::NoticeName& name) const;
    /// A verified receipt for our notice; whether it says something new. Errors: not_found and those of
    /// ProofTable::take().
    Result<bool> take_receipt(const admin::NoticeName& name, const admin::Receipt& receipt,
                              std::uint64_t node_time_ms);
    /// A verified receipt for an earlier edition of a notice of ours: its village is there.
    void heard_from(const admin::Receipt& receipt, std::uint64_t node_time_ms);
    /// `carriers` have taken the present edition along. In the order of ProofTable::villages(). Errors:
    /// not_found.
    [[nodiscard]] Result<std::vector<VillageReport>> report(const admin::NoticeName& name,
                                                            const std::vector<Carrier>& carriers) const;
    [[nodiscard]] Villages& villages() { return villages_; }
    [[nodiscard]] const Villages& villages() const { return villages_; }

  private:
    struct Shelved {
        Notice notice;
        std::string folded;  // what is searched
        std::uint64_t forget_at_ms = 0;
    };
    const Notice& shelve(Notice notice);
    void forget(const admin::NoticeName& name);

    Villages villages_;
    Save save_;
    Erase erase_;
    std::map<admin::NoticeName, Shelved> notices_;
    std::map<std::string, admin::ProofTable> proofs_;  // by key
    std::map<admin::MessageId, admin::NoticeName> by_message_;
    std::set<std::pair<std::uint64_t, admin::NoticeName>> by_end_;  // when each is forgotten
};

}  // namespace tram::registry
