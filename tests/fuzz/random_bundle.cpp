#include "tests/fuzz/random_bundle.h"

#include <algorithm>
#include <array>

#include "proto/bpv7/codec.h"

namespace tram::fuzz {

using namespace bpv7;

std::uint64_t below_or_equal(Random& random, std::uint64_t max) {
    return std::uniform_int_distribution<std::uint64_t>{0, max}(random);
}

std::uint64_t any_number(Random& random) {
    return random() >> below_or_equal(random, 63);
}

Bytes any_bytes(Random& random, std::size_t size_max) {
    Buffer bytes(below_or_equal(random, size_max));
    for (std::uint8_t& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return Bytes{std::move(bytes)};
}

namespace {

bool chance(Random& random, std::uint64_t one_in) {
    return below_or_equal(random, one_in - 1) == 0;
}

CrcType any_crc(Random& random) {
    return static_cast<CrcType>(below_or_equal(random, 2));
}

std::string any_name(Random& random, std::size_t size_min) {
    static constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-._";
    std::string name(size_min + below_or_equal(random, 20), 'x');
    for (char& c : name)
        c = kLetters[below_or_equal(random, kLetters.size() - 1)];
    return name;
}

Eid any_endpoint(Random& random) {
    if (chance(random, 8)) return Eid{};
    if (chance(random, 8)) return Eid::ipn(0, 0, 0);
    if (chance(random, 4))
        return Eid::parse("dtn://" + any_name(random, 1) + "/~" + any_name(random, 0)).value();
    return any_singleton(random);
}

PrimaryBlock any_primary(Random& random) {
    static constexpr std::array<std::uint64_t, 8> kFlags = {
        bundle_flag::kMustNotFragment, bundle_flag::kAckRequested,   bundle_flag::kReportStatusTime,
        bundle_flag::kReportReception, bundle_flag::kReportDelivery, bundle_flag::kReportForwarding,
        bundle_flag::kReportDeletion,  std::uint64_t{1} << 40};  // the last is unassigned: ignored and kept
    PrimaryBlock primary;
    for (const std::uint64_t flag : kFlags) {
        if (chance(random, 4)) primary.flags |= flag;
    }
    primary.crc_type = any_crc(random);
    primary.destination = any_endpoint(random);
    primary.source = any_singleton(random);
    primary.report_to = any_endpoint(random);
    primary.timestamp = {.time = {any_number(random)}, .sequence = any_number(random)};
    primary.lifetime_ms = any_number(random);
    if (chance(random, 8)) {
        primary.source = Eid{};
        primary.flags = bundle_flag::kMustNotFragment;
    } else if (chance(random, 8)) {
        primary.flags = bundle_flag::kAdministrativeRecord;
    }
    return primary;
}

void add_blocks(Random& random, Bundle& bundle) {
    const auto flags = [&] { return below_or_equal(random, 0x7f) & ~block_flag::kReportIfUnprocessable; };
    if (chance(random, 2)) {
        bundle.set_block(block_type::kPreviousNode, flags(), any_crc(random),
                         encode_previous_node(any_singleton(random)));
    }
    if (chance(random, 2)) {
        bundle.set_block(block_type::kBundleAge, flags(), any_crc(random),
                         encode_bundle_age(any_number(random)));
    }
    if (chance(random, 2)) {
        bundle.set_block(
            block_type::kHopCount, flags(), any_crc(random),
            encode_hop_count({.limit = 1 + below_or_equal(random, 254), .count = any_number(random)}));
    }
    for (std::uint64_t i = below_or_equal(random, 2); i > 0; --i) {
        bundle.set_block(192 + below_or_equal(random, 63), flags(), any_crc(random), any_bytes(random, 40));
    }
}

}  // namespace

Eid any_singleton(Random& random) {
    if (chance(random, 2)) {
        const auto allocator = chance(random, 2) ? 0U : static_cast<std::uint32_t>(any_number(random));
        return Eid::ipn(allocator, static_cast<std::uint32_t>(1 + below_or_equal(random, 0xffff'fffe)),
                        any_number(random));
    }
    return Eid::parse("dtn://" + any_name(random, 1) + "/" + any_name(random, 0)).value();
}

Bundle any_bundle(Random& random) {
    Bundle bundle;
    bundle.primary = any_primary(random);
    bundle.blocks.push_back({.type = block_type::kPayload,
                             .number = kPayloadBlockNumber,
                             .flags = chance(random, 2) ? block_flag::kReplicateInFragments : 0,
                             .crc_type = any_crc(random),
                             .data = any_bytes(random, 300)});
    add_blocks(random, bundle);
    if (!bundle.primary.has(bundle_flag::kMustNotFragment) && chance(random, 4)) {
        bundle.primary.flags |= bundle_flag::kIsFragment;
        const std::uint64_t offset = any_number(random) >> 1;
        bundle.primary.fragment =
            FragmentPosition{.offset = offset,
                             .total_length = offset + bundle.payload().size() + below_or_equal(random, 1000)};
    }
    return bundle;
}

}  // namespace tram::fuzz
