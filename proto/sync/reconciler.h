// Finds out what two sides do not both hold, in a few messages whatever they hold (range-based set
// reconciliation): ranges whose fingerprints differ are split until their ids are worth listing.
//
//   A: fingerprints of all  ->  B: finer ones where they differ  ->  A: ...  ->  ids  ->  wants
//
// Each side learns what the other lacks, and sends that by itself; nobody needs to ask. Items that come or
// go meanwhile count from the next time on. With n items and d differences about d * log16(n / d) ranges are
// exchanged; 100,000 and 100: 5 messages and below 50 kB.
//
// The other side may say anything. A message is at most kMessageBytesMax, work for each is linear in what it
// says, nothing about it is kept but what it lacks, and after kMessagesMax it is over.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "proto/sync/ranges.h"

namespace tram::sync {

class Reconciler {
  public:
    /// Enough for two sides with 100,000 items each that have none in common.
    static constexpr std::size_t kMessagesMax = 256;

    /// `items` must outlive this.
    explicit Reconciler(const ItemSet& items) : items_{items} {}

    /// The first message, by the side that begins.
    [[nodiscard]] Bytes begin();
    /// Takes a message and says what to answer; nothing: it is over. After an error it is over too. Errors:
    /// those of decode_ranges(), malformed (a want that fits no list of ours), too_large (kMessagesMax).
    Result<std::optional<Bytes>> receive(ByteView wire);

    [[nodiscard]] bool is_over() const { return over_; }
    /// Indices of our items that the other side is known to lack, in the order in which that became known;
    /// each once.
    [[nodiscard]] const std::vector<std::size_t>& lacking() const { return lacking_; }

  private:
    struct Answer;
    void split(std::size_t first, std::size_t last, std::size_t parts, const Bound& end, Answer& answer);
    void answer_fingerprint(const Range& range, const Bound& begin, Answer& answer);
    void answer_ids(const Range& range, const Bound& begin, Answer& answer);
    Result<void> take_want(const Range& range, const Bound& begin);
    void lacks(std::size_t index);

    const ItemSet& items_;
    std::vector<std::size_t> lacking_;
    std::vector<bool> is_lacking_;
    std::size_t messages_ = 0;
    bool over_ = false;
};

}  // namespace tram::sync
