#include "proto/sync/reconciler.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace tram::sync {

namespace {

constexpr std::size_t kFirstPartsMin = 16;
constexpr std::size_t kFirstPartsMax = 256;
constexpr std::size_t kPartsMax = 16;
/// Ranges of so many items or fewer are listed: one more round would cost more than it saves.
constexpr std::size_t kListMax = 16;
/// How many items the parts of a range that is split should have at least.
constexpr std::size_t kPartItems = 12;
/// What is said about one range at most, besides wants.
constexpr std::size_t kSplitBytesMax = kPartsMax * 32 + kListMax * sizeof(KeyedId);

}  // namespace

/// What is said about ranges so far; ranges of which nothing is to be said any more are joined.
struct Reconciler::Answer {
    std::vector<Range> ranges{};
    std::size_t bytes = 16;
    bool asks = false;  // something in it wants an answer

    /// Whether there is room for what is to be said about `range`, and one range more.
    [[nodiscard]] bool has_room(const Range& range) const {
        return bytes + kSplitBytesMax + range.ids.size() / 8 + 64 <= kMessageBytesMax &&
               ranges.size() + kPartsMax < kRangesMax;
    }
    void add(Range range) {
        const bool joins =
            !ranges.empty() && range.what == Range::What::kSame && ranges.back().what == Range::What::kSame;
        if (joins) {
            ranges.back().end = range.end;
            return;
        }
        bytes += bytes_of(range);
        asks = asks || range.what == Range::What::kFingerprint || range.what == Range::What::kIds;
        ranges.push_back(std::move(range));
    }
};

Bytes Reconciler::begin() {
    ++messages_;
    Answer answer;
    const auto parts = static_cast<std::size_t>(std::sqrt(static_cast<double>(items_.size()))) / 4;
    split(0, items_.size(), std::clamp(parts, kFirstPartsMin, kFirstPartsMax), kEnd, answer);
    return encode_ranges(answer.ranges);
}

/// Items from `first` on and before `last`, whose range ends at `end`.
void Reconciler::split(std::size_t first, std::size_t last, std::size_t parts, const Bound& end,
                       Answer& answer) {
    const std::size_t count = last - first;
    if (count <= kListMax) {
        Range range{.what = Range::What::kIds, .end = end};
        for (std::size_t i = first; i < last; ++i)
            range.ids.push_back(items_.at(i).id);
        return answer.add(std::move(range));
    }
    parts = std::clamp<std::size_t>(count / kPartItems, 2, parts);
    std::size_t from = first;
    for (std::size_t part = 1; part <= parts; ++part) {
        const std::size_t to = first + count * part / parts;
        answer.add({.what = Range::What::kFingerprint,
                    .end = part == parts ? end : items_.bound_before(to),
                    .fingerprint = items_.fingerprint(from, to)});
        from = to;
    }
}

void Reconciler::answer_fingerprint(const Range& range, const Bound& begin, Answer& answer) {
    const std::size_t first = items_.index_of(begin);
    const std::size_t last = items_.index_of(range.end);
    const std::uint64_t ours = items_.fingerprint(first, last);
    if (ours == range.fingerprint) return answer.add({.what = Range::What::kSame, .end = range.end});
    split(first, last, kPartsMax, range.end, answer);
}

void Reconciler::lacks(std::size_t index) {
    if (is_lacking_.empty()) is_lacking_.resize(items_.size());
    if (is_lacking_[index]) return;
    is_lacking_[index] = true;
    lacking_.push_back(index);
}

void Reconciler::answer_ids(const Range& range, const Bound& begin, Answer& answer) {
    const std::size_t first = items_.index_of(begin);
    const std::size_t last = items_.index_of(range.end);
    std::vector<KeyedId> theirs = range.ids;
    std::ranges::sort(theirs);
    std::vector<KeyedId> ours;
    for (std::size_t i = first; i < last; ++i) {
        ours.push_back(items_.at(i).id);
        if (!std::ranges::binary_search(theirs, ours.back())) lacks(i);
    }
    std::ranges::sort(ours);
    Buffer want((range.ids.size() + 7) / 8);
    bool wants = false;
    for (std::size_t i = 0; i < range.ids.size(); ++i) {
        if (std::ranges::binary_search(ours, range.ids[i])) continue;
        want[i / 8] = static_cast<std::uint8_t>(want[i / 8] | (0x80U >> (i % 8)));
        wants = true;
    }
    if (!wants) return answer.add({.what = Range::What::kSame, .end = range.end});
    answer.add({.what = Range::What::kWant, .end = range.end, .want = std::move(want)});
}

Result<void> Reconciler::take_want(const Range& range, const Bound& begin) {
    const std::size_t first = items_.index_of(begin);
    const std::size_t count = items_.index_of(range.end) - first;
    if (count > kListMax || range.want.size() != (count + 7) / 8)
        return fail(ErrorCode::kMalformed, "a want for something that was not listed");
    for (std::size_t i = 0; i < count; ++i) {
        if ((range.want[i / 8] & (0x80U >> (i % 8))) != 0) lacks(first + i);
    }
    return {};
}

Result<std::optional<Bytes>> Reconciler::receive(ByteView wire) {
    if (over_) return std::optional<Bytes>{};
    over_ = true;
    if (++messages_ > kMessagesMax)
        return fail(ErrorCode::kTooLarge, "the reconciliation does not come to an end");
    const auto said = decode_ranges(wire);
    if (!said) return std::unexpected{said.error()};
    Answer answer;
    bool asked = false;
    std::optional<Bound> rest;  // from here on there was no room
    Bound begin;
    for (const Range& range : *said) {
        const bool asks = range.what == Range::What::kFingerprint || range.what == Range::What::kIds;
        asked = asked || asks;
        if (asks && !rest && !answer.has_room(range)) rest = begin;
        if (rest && range.what != Range::What::kWant) {
            begin = range.end;
            continue;
        }
        switch (range.what) {
            case Range::What::kSame: answer.add({.what = Range::What::kSame, .end = range.end}); break;
            case Range::What::kFingerprint: answer_fingerprint(range, begin, answer); break;
            case Range::What::kIds: answer_ids(range, begin, answer); break;
            case Range::What::kWant:
                if (auto taken = take_want(range, begin); !taken) return std::unexpected{taken.error()};
                if (!rest) answer.add({.what = Range::What::kSame, .end = range.end});
                break;
        }
        begin = range.end;
    }
    // The other side goes on with all of it, from the outside again.
    if (rest) {
        answer.add({.what = Range::What::kFingerprint,
                    .end = kEnd,
                    .fingerprint = items_.fingerprint(items_.index_of(*rest), items_.size())});
    }
    if (!asked) return std::optional<Bytes>{};
    over_ = !answer.asks;
    ++messages_;
    return std::optional{encode_ranges(answer.ranges)};
}

}  // namespace tram::sync
