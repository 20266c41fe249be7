#include "proto/bpv7/fragments.h"

#include <algorithm>

#include "proto/bpv7/codec.h"

namespace tram::bpv7 {

namespace {

// Bytes of a CBOR head for `value`.
std::size_t head_bytes(std::uint64_t value) {
    return value < 24 ? 1 : value <= 0xff ? 2 : value <= 0xffff ? 3 : value <= 0xffff'ffff ? 5 : 9;
}

bool goes_into_every_fragment(const CanonicalBlock& block) {
    // Age and hop count bound a bundle's life and path, and every fragment travels on its own. Without the
    // BCB nobody would know that a block beside it is encrypted (RFC 9172 3.8 demands it only for the
    // payload).
    return block.has(block_flag::kReplicateInFragments) || block.type == block_type::kBundleAge ||
           block.type == block_type::kHopCount || block.type == block_type::kBlockConfidentiality;
}

// `bundle` without payload, as the first or a later fragment of `total_length` bytes of data.
Bundle fragment_frame(const Bundle& bundle, std::uint64_t total_length, bool first) {
    Bundle frame;
    frame.primary = bundle.primary;
    frame.primary.flags |= bundle_flag::kIsFragment;
    frame.primary.fragment = FragmentPosition{.offset = total_length, .total_length = total_length};
    // A BIB over the original's primary block cannot cover the fragment's: it gets a CRC (RFC 9171 4.3.1).
    if (frame.primary.crc_type == CrcType::kNone) frame.primary.crc_type = CrcType::kCrc32c;
    for (const CanonicalBlock& block : bundle.blocks) {
        if (block.type == block_type::kPayload) {
            frame.blocks.push_back(block);
            frame.blocks.back().data = Bytes{};
        } else if (first || goes_into_every_fragment(block)) {
            frame.blocks.push_back(block);
        }
    }
    return frame;
}

// The payload bytes that fit into `frame` when it may take `bytes_max` encoded.
std::size_t room_in(const Bundle& frame, std::size_t bytes_max) {
    const std::size_t empty = encode(frame).size();  // its payload head takes one byte
    const std::size_t overhead = empty - 1 + head_bytes(bytes_max);
    return overhead < bytes_max ? bytes_max - overhead : 0;
}

bool fits_whole(const Bundle& bundle, std::size_t bytes_max) {
    Bundle empty = bundle;
    const std::size_t payload = bundle.payload().size();
    empty.blocks.back().data = Bytes{};
    return encode(empty).size() - 1 + head_bytes(payload) + payload <= bytes_max;
}

}  // namespace

Result<std::vector<Bundle>> fragment(const Bundle& bundle, std::size_t bytes_max) {
    if (bundle.primary.has(bundle_flag::kMustNotFragment)) {
        return fail(ErrorCode::kForbidden, "this bundle must not be fragmented (RFC 9171 4.2.3, 5.8)");
    }
    if (fits_whole(bundle, bytes_max)) return std::vector<Bundle>{bundle};
    const Bytes& payload = bundle.payload();
    const FragmentPosition whole =
        bundle.primary.fragment.value_or(FragmentPosition{.offset = 0, .total_length = payload.size()});
    const Bundle first = fragment_frame(bundle, whole.total_length, true);
    const Bundle later = fragment_frame(bundle, whole.total_length, false);
    const std::size_t first_room = room_in(first, bytes_max);
    const std::size_t later_room = room_in(later, bytes_max);
    if (first_room == 0 || later_room == 0) {
        return fail(ErrorCode::kTooLarge, "fragments of " + std::to_string(bytes_max) +
                                              " bytes have no room for payload beside the blocks");
    }
    std::vector<Bundle> fragments;
    for (std::size_t at = 0; at < payload.size();) {
        const std::size_t length = std::min(at == 0 ? first_room : later_room, payload.size() - at);
        Bundle& part = fragments.emplace_back(at == 0 ? first : later);
        part.primary.fragment->offset = whole.offset + at;
        part.blocks.back().data = payload.slice(at, length);
        at += length;
    }
    if (fragments.empty()) {
        return fail(ErrorCode::kTooLarge, "a bundle without payload cannot become smaller by fragmentation");
    }
    return fragments;
}

Result<void> Coverage::add(std::uint64_t offset, std::uint64_t length) {
    if (offset > total_length_ || length > total_length_ - offset) {
        return fail(ErrorCode::kForbidden,
                    "a fragment reaches beyond the total length of its data (RFC 9171 4.3.1)");
    }
    if (length == 0) return {};
    std::uint64_t begin = offset;
    std::uint64_t end = offset + length;
    // Those that overlap or touch [begin, end) lie between the first that does not end before it and the
    // first that begins behind it.
    const auto from =
        std::ranges::lower_bound(ranges_, begin, {}, &std::pair<std::uint64_t, std::uint64_t>::second);
    auto to = from;
    for (; to != ranges_.end() && to->first <= end; ++to) {
        begin = std::min(begin, to->first);
        end = std::max(end, to->second);
    }
    if (from == to) {
        ranges_.insert(from, {begin, end});
    } else {
        *from = {begin, end};
        ranges_.erase(from + 1, to);
    }
    return {};
}

bool Coverage::complete() const {
    return covers(0, total_length_);
}

bool Coverage::covers(std::uint64_t offset, std::uint64_t length) const {
    if (length == 0) return true;
    const auto after =
        std::ranges::upper_bound(ranges_, offset, {}, &std::pair<std::uint64_t, std::uint64_t>::first);
    if (after == ranges_.begin()) return false;
    const auto& range = *(after - 1);
    return range.second > offset && length <= range.second - offset;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> Coverage::missing() const {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
    std::uint64_t at = 0;
    for (const auto& [begin, end] : ranges_) {
        if (begin > at) gaps.emplace_back(at, begin - at);
        at = end;
    }
    if (at < total_length_) gaps.emplace_back(at, total_length_ - at);
    return gaps;
}

namespace {

Result<void> check_same_origin(const std::vector<Bundle>& fragments) {
    const PrimaryBlock& first = fragments.front().primary;
    for (const Bundle& part : fragments) {
        const PrimaryBlock& primary = part.primary;
        if (!primary.fragment)
            return fail(ErrorCode::kInvalidArgument, "a bundle among them is not a fragment");
        if (primary.source != first.source || primary.timestamp != first.timestamp ||
            primary.fragment->total_length != first.fragment->total_length) {
            return fail(ErrorCode::kInvalidArgument,
                        "fragments differ in source, timestamp or total length (RFC 9171 5.9)");
        }
    }
    return {};
}

}  // namespace

Result<Bundle> reassemble(const std::vector<Bundle>& fragments, const Limits& limits) {
    if (fragments.empty()) return fail(ErrorCode::kInvalidArgument, "no fragments");
    if (fragments.size() > limits.fragments_max) return fail(ErrorCode::kTooLarge, "too many fragments");
    if (auto good = check_same_origin(fragments); !good) return std::unexpected{std::move(good.error())};
    const std::uint64_t total = fragments.front().primary.fragment->total_length;
    if (total > limits.adu_bytes_max) {
        return fail(ErrorCode::kTooLarge, "application data of " + std::to_string(total) +
                                              " bytes, above the limit of " +
                                              std::to_string(limits.adu_bytes_max));
    }
    Coverage coverage{total};
    const Bundle* first = nullptr;
    for (const Bundle& part : fragments) {
        const std::uint64_t offset = part.primary.fragment->offset;
        if (!coverage.add(offset, part.payload().size())) {
            return fail(ErrorCode::kInvalidArgument,
                        "a fragment reaches beyond the total length (RFC 9171 4.3.1)");
        }
        if (offset == 0 && first == nullptr) first = &part;
    }
    if (first == nullptr || !coverage.complete()) {
        return fail(ErrorCode::kNotFound, "fragments are missing (RFC 9171 5.9)");
    }
    // Only now, with all of it at hand, is memory taken for the whole.
    Buffer data(static_cast<std::size_t>(total));
    for (const Bundle& part : fragments) {
        const ByteView payload = part.payload();
        std::ranges::copy(payload, data.begin() + static_cast<std::ptrdiff_t>(part.primary.fragment->offset));
    }
    Bundle whole = *first;
    whole.primary.flags &= ~bundle_flag::kIsFragment;
    whole.primary.fragment.reset();
    whole.primary_wire = Bytes{};
    whole.blocks.back().data = Bytes{std::move(data)};
    return whole;
}

}  // namespace tram::bpv7
