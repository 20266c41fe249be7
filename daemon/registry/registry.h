// What this node knows of the requests that it has filed.
//
//   row "request_numbers"          numbers.h
//   row "request/<local number>"   a request and its dossier, from the batch in which its message set out
//
// Rows hold numbers, codes, states, the name of the procedure, message ids and digests, and node times.
// Nothing of the person is in them: that is in the sealed message alone.
//
// The registry changes rows only through the port that it is given, which writes them into the batch of what
// they belong to. An office's own side is dossiers.h.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/registry/numbers.h"
#include "daemon/registry/request.h"
#include "daemon/registry/shelf.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::registry {

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
    /// The message of a new request is on its way, or something has become of one that is known.
    void put(Request request);

    [[nodiscard]] const Request* find(const admin::LocalNumber& number) const { return shelf_.find(number); }
    /// What was filed under a client's key.
    struct ByKey {
        const Request* request = nullptr;
        KeyDigests digests;
        std::uint32_t part = 0;
    };
    [[nodiscard]] std::optional<ByKey> find_key(const cose::Digest& key) const;
    /// The request that a message of ours, or a word of the office, belongs to; or null.
    [[nodiscard]] const Request* find_message(const admin::MessageId& id) const;
    /// See Shelf::list().
    [[nodiscard]] std::vector<const Request*> list(const Query& query) const { return shelf_.list(query); }
    [[nodiscard]] std::size_t size() const { return shelf_.size(); }
    [[nodiscard]] const Numbers& numbers() const { return numbers_; }

  private:
    const Request& shelve(Request request);

    Save save_;
    Numbers numbers_;
    Shelf<Request> shelf_;
    std::map<cose::Digest, admin::LocalNumber> by_key_;
    std::map<admin::MessageId, admin::LocalNumber> by_message_;
};

}  // namespace tram::registry
