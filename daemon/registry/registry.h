// What this node knows of the requests that it has filed.
//
//   row "request_numbers"          numbers.h
//   row "request/<local number>"   a request and its dossier, from the batch in which its message set out
//
// Rows hold numbers, codes, states, the name of the procedure, message ids and digests, and node times.
// Nothing of the person is in them: that is in the sealed message alone.
//
// The registry changes rows only through the port that it is given, which writes them into the batch of what
// they belong to. An office's own side, which takes dossiers in, is a part of its own beside this one, with
// rows "dossier/<local number>".
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/registry/filing.h"
#include "daemon/registry/numbers.h"
#include "proto/admin/dossier.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::registry {

struct Request {
    admin::Dossier dossier;
    std::string procedure;
    std::uint32_t procedure_version = 0;
    std::string title;
    admin::pb::Urgency urgency = admin::pb::URGENCY_NORMAL;
    std::string destination;
    admin::MessageId message_id{};
    cose::Digest message_digest{};
    std::uint64_t filed_at_ms = 0;  ///< node time
    std::uint64_t content_bytes = 0;
    std::uint32_t attachments = 0;
    std::optional<KeyDigests> digests;

    [[nodiscard]] Bytes encode() const;
    /// Errors: corrupt, unsupported_version.
    static Result<Request> decode(ByteView row);
    friend bool operator==(const Request&, const Request&) = default;
};

/// What a list is to have in it.
struct Query {
    std::optional<admin::LocalNumber> after{};
    std::size_t count = 100;
    std::string search{};  ///< words in the name or the code of the procedure; tones make no difference
    std::optional<admin::pb::DossierState> state{};
};

class Registry {
  public:
    static constexpr std::size_t kRequestsMax = 100'000;
    using Save = std::function<void(std::string name, Bytes value)>;

    explicit Registry(Save save) : save_{std::move(save)} {}

    /// A row of the store; those of others are no concern of ours. Errors: of a row of ours that cannot be
    /// read; it stays on the disk as it is.
    Result<void> restore_state(const std::string& name, ByteView value);
    /// See Numbers::start().
    void start(ByteView place, ByteView chance, bool new_store);

    /// Errors: those of Numbers::next(); full (kRequestsMax).
    [[nodiscard]] Result<admin::LocalNumber> next_number(std::string_view node_id) const;
    /// The number of next_number() belongs to somebody now, whatever becomes of the request.
    void give_number() { save_(std::string{Numbers::kRow}, numbers_.give()); }
    /// The message of the request is on its way.
    void file(Request request);

    [[nodiscard]] const Request* find(const admin::LocalNumber& number) const;
    /// What was filed under a client's key, or null.
    [[nodiscard]] const Request* find_key(const cose::Digest& key) const;
    /// In ascending order; the pointers are good until the next change. One more than `count` when there is
    /// more.
    [[nodiscard]] std::vector<const Request*> list(const Query& query) const;
    [[nodiscard]] std::size_t size() const { return requests_.size(); }
    [[nodiscard]] const Numbers& numbers() const { return numbers_; }

  private:
    struct Shelved {
        Request request;
        std::string folded;  // what is searched
    };
    const Request& shelve(Request request);

    Save save_;
    Numbers numbers_;
    std::map<admin::LocalNumber, Shelved> requests_;
    std::map<cose::Digest, admin::LocalNumber> by_key_;
};

}  // namespace tram::registry
