#include "proto/sync/ranges.h"

#include <bit>
#include <utility>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::sync {

namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::uint64_t kToTheEnd = 8;
constexpr std::size_t kIdBytes = sizeof(KeyedId);
constexpr std::size_t kHeadBytesMax = 24;  // of a range, all but its body

void put_id(Buffer& out, KeyedId id, std::size_t bytes) {
    for (std::size_t i = 0; i < bytes; ++i)
        out.push_back(static_cast<std::uint8_t>(id >> (8 * (kIdBytes - 1 - i))));
}

KeyedId get_id(ByteView bytes) {
    KeyedId id = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        id |= static_cast<KeyedId>(bytes[i]) << (8 * (kIdBytes - 1 - i));
    return id;
}

Buffer body_of(const Range& range) {
    Buffer body;
    switch (range.what) {
        case Range::What::kSame: break;
        case Range::What::kFingerprint: put_id(body, range.fingerprint, kIdBytes); break;
        case Range::What::kIds:
            for (const KeyedId id : range.ids)
                put_id(body, id, kIdBytes);
            break;
        case Range::What::kWant: body = range.want; break;
    }
    return body;
}

void write_range(cbor::Writer& out, const Range& range, const Bound& begin) {
    const bool last = range.end == kEnd;
    const bool has_body = range.what != Range::What::kSame;
    const std::size_t id_bytes = kIdBytes - static_cast<std::size_t>(std::countr_zero(range.end.id)) / 8;
    const bool has_id = !last && range.end.id != 0;
    out.open_array((last ? 1U : 3U) + (has_id ? 1U : 0U) + (has_body ? 1U : 0U));
    out.write_unsigned(static_cast<std::uint64_t>(range.what) + (last ? kToTheEnd : 0) + (has_id ? 16 : 0));
    if (!last) {
        const std::uint64_t delta = range.end.time_ms - begin.time_ms;
        // Counting from the bound before, rounded down as far as this one is round.
        const int shift = range.end.time_ms == 0 ? 0 : std::countr_zero(range.end.time_ms);
        const std::uint64_t rounded = (range.end.time_ms >> shift) - (begin.time_ms >> shift);
        const bool is_shorter = delta != 0 && shift > 0;
        out.write_unsigned(is_shorter ? static_cast<std::uint64_t>(shift) : 0);
        out.write_unsigned(is_shorter ? rounded : delta);
    }
    if (has_id) {
        Buffer id;
        put_id(id, range.end.id, id_bytes);
        out.write_bytes(id);
    }
    if (has_body) out.write_bytes(body_of(range));
}

Result<void> read_body(cbor::Reader& in, Range& range) {
    const ByteView body = in.read_bytes(kIdsMax * kIdBytes);
    switch (range.what) {
        case Range::What::kSame: break;
        case Range::What::kFingerprint:
            if (body.size() != kIdBytes) in.fail(ErrorCode::kMalformed, "a fingerprint has 8 bytes");
            range.fingerprint = get_id(body.first(std::min(body.size(), kIdBytes)));
            break;
        case Range::What::kIds:
            if (body.size() % kIdBytes != 0) in.fail(ErrorCode::kMalformed, "ids have 8 bytes");
            for (std::size_t at = 0; at + kIdBytes <= body.size(); at += kIdBytes)
                range.ids.push_back(get_id(body.subspan(at, kIdBytes)));
            break;
        case Range::What::kWant: range.want.assign(body.begin(), body.end()); break;
    }
    if (in.ok()) return {};
    return std::unexpected{*in.error()};
}

/// The bound of a range that does not reach to the end.
void read_bound(cbor::Reader& in, bool has_id, const Bound& begin, Range& range) {
    const std::uint64_t shift = in.read_unsigned();
    const std::uint64_t delta = in.read_unsigned();
    if (shift > 63 || (begin.time_ms >> (shift & 63)) > (UINT64_MAX >> (shift & 63)) - delta ||
        delta > (UINT64_MAX >> (shift & 63))) {
        return in.fail(ErrorCode::kMalformed, "a bound is out of range");
    }
    range.end = {shift == 0 ? begin.time_ms + delta : ((begin.time_ms >> shift) + delta) << shift, 0};
    if (has_id) range.end.id = get_id(in.read_bytes(kIdBytes));
    if (in.ok() && (range.end <= begin || range.end == kEnd))
        in.fail(ErrorCode::kMalformed, "bounds do not rise");
}

Result<Range> read_range(cbor::Reader& in, const Bound& begin) {
    Range range;
    const std::uint64_t items = in.open_array(1, 5);
    const std::uint64_t head = in.read_unsigned();
    const bool last = (head & kToTheEnd) != 0;
    const bool has_id = (head & 16) != 0;
    const std::uint64_t what = head & 7;
    if (head > 31 || what > 3 || (last && has_id)) in.fail(ErrorCode::kMalformed, "no such kind of range");
    range.what = static_cast<Range::What>(what);
    const std::uint64_t expected = (last ? 1U : 3U) + (has_id ? 1U : 0U) + (what != 0 ? 1U : 0U);
    if (items != expected) in.fail(ErrorCode::kMalformed, "a range lacks something, or has too much");
    if (last) {
        range.end = kEnd;
    } else if (in.ok()) {
        read_bound(in, has_id, begin, range);
    }
    if (in.ok() && what != 0) {
        if (auto read = read_body(in, range); !read) return std::unexpected{read.error()};
    }
    if (!in.ok()) return std::unexpected{*in.error()};
    return range;
}

}  // namespace

std::size_t bytes_of(const Range& range) {
    std::size_t body = 0;
    switch (range.what) {
        case Range::What::kSame: break;
        case Range::What::kFingerprint: body = kIdBytes; break;
        case Range::What::kIds: body = range.ids.size() * kIdBytes; break;
        case Range::What::kWant: body = range.want.size(); break;
    }
    return kHeadBytesMax + body;
}

Bytes encode_ranges(const std::vector<Range>& ranges) {
    cbor::Writer out;
    out.open_array(1 + ranges.size());
    out.write_unsigned(kVersion);
    Bound begin;
    for (const Range& range : ranges) {
        write_range(out, range, begin);
        begin = range.end;
    }
    return Bytes{out.take()};
}

Result<std::vector<Range>> decode_ranges(ByteView wire) {
    if (wire.size() > kMessageBytesMax)
        return fail(ErrorCode::kTooLarge, "a reconciliation message of more than 60 KiB");
    cbor::Reader in{wire};
    const std::uint64_t items = in.open_array(2, 1 + kRangesMax);
    if (const std::uint64_t version = in.read_unsigned(); in.ok() && version != kVersion)
        return fail(ErrorCode::kUnsupportedVersion, "a reconciliation message of another version");
    std::vector<Range> ranges;
    Bound begin;
    for (std::uint64_t i = 1; i < items && in.ok(); ++i) {
        auto range = read_range(in, begin);
        if (!range) return std::unexpected{std::move(range.error())};
        begin = range->end;
        ranges.push_back(std::move(*range));
        if (begin == kEnd && i + 1 < items) in.fail(ErrorCode::kMalformed, "a range after the end");
    }
    if (!in.ok()) return std::unexpected{*in.error()};
    if (begin != kEnd || !in.at_end())
        return fail(ErrorCode::kMalformed, "a reconciliation message that does not reach to the end");
    return ranges;
}

}  // namespace tram::sync
