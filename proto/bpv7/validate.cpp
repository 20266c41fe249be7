#include "proto/bpv7/validate.h"

#include <algorithm>
#include <array>

#include "proto/bpv7/codec.h"
#include "proto/cbor/reader.h"

namespace tram::bpv7 {

namespace {

constexpr std::uint64_t kReportRequests = bundle_flag::kReportReception | bundle_flag::kReportForwarding |
                                          bundle_flag::kReportDelivery | bundle_flag::kReportDeletion;
constexpr std::uint64_t kPrimaryBlockNumber = 0;
constexpr std::size_t kSecurityTargetsMax = 256;

Result<void> check_primary(const PrimaryBlock& primary) {
    if (primary.has(bundle_flag::kIsFragment) && primary.has(bundle_flag::kMustNotFragment)) {
        return fail(ErrorCode::kForbidden,
                    "a fragment of a bundle that must not be fragmented (RFC 9171 4.2.3, 5.8)");
    }
    if (primary.has(bundle_flag::kAdministrativeRecord) && primary.has(kReportRequests)) {
        return fail(ErrorCode::kForbidden,
                    "an administrative record must not ask for status reports (RFC 9171 4.2.3)");
    }
    if (primary.source.is_none()) {
        if (!primary.has(bundle_flag::kMustNotFragment)) {
            return fail(ErrorCode::kForbidden,
                        "a bundle without source must not be fragmentable (RFC 9171 4.2.3)");
        }
        if (primary.has(kReportRequests)) {
            return fail(ErrorCode::kForbidden,
                        "a bundle without source must not ask for status reports (RFC 9171 4.2.3)");
        }
    } else if (!primary.source.is_singleton()) {
        return fail(ErrorCode::kForbidden,
                    "the source is a group, not a node's endpoint (RFC 9171 4.2.5.2, 4.3.1)");
    }
    return {};
}

Result<void> check_block(const CanonicalBlock& block, const PrimaryBlock& primary) {
    if (block.type == 0) return fail(ErrorCode::kForbidden, "block type 0 is reserved (RFC 9171 9.1)");
    if (block.number == kPrimaryBlockNumber) {
        return fail(ErrorCode::kForbidden, "block number 0 belongs to the primary block (RFC 9171 4.1)");
    }
    if ((block.type == block_type::kPayload) != (block.number == kPayloadBlockNumber)) {
        return fail(ErrorCode::kForbidden,
                    block.type == block_type::kPayload
                        ? "the payload block has a number other than 1 (RFC 9171 4.1)"
                        : "block number 1 belongs to the payload block (RFC 9171 4.1)");
    }
    const bool reports_barred = primary.has(bundle_flag::kAdministrativeRecord) || primary.source.is_none();
    if (reports_barred && block.has(block_flag::kReportIfUnprocessable)) {
        return fail(
            ErrorCode::kForbidden,
            "a block of an administrative record or of a bundle without source must not ask for a report "
            "(RFC 9171 4.2.4)");
    }
    return {};
}

bool at_most_once(std::uint64_t type) {
    return type == block_type::kPreviousNode || type == block_type::kBundleAge ||
           type == block_type::kHopCount;
}

Result<void> check_blocks(const Bundle& bundle) {
    const auto& blocks = bundle.blocks;
    for (std::size_t i = 0; i < blocks.size(); ++i) {
        if (auto good = check_block(blocks[i], bundle.primary); !good) return good;
        for (std::size_t j = 0; j < i; ++j) {
            if (blocks[j].number == blocks[i].number) {
                return fail(ErrorCode::kForbidden, "block number " + std::to_string(blocks[i].number) +
                                                       " occurs twice (RFC 9171 4.1)");
            }
            if (blocks[j].type == blocks[i].type && at_most_once(blocks[i].type)) {
                return fail(ErrorCode::kForbidden, "block type " + std::to_string(blocks[i].type) +
                                                       " occurs more than once (RFC 9171 4.4)");
            }
        }
    }
    if (!bundle.find(block_type::kPayload)) {
        return fail(ErrorCode::kForbidden, "there is no payload block (RFC 9171 4.1)");
    }
    if (blocks.back().type != block_type::kPayload) {
        return fail(ErrorCode::kForbidden, "the payload block is not the last block (RFC 9171 4.1)");
    }
    return {};
}

Result<void> check_fragment(const Bundle& bundle) {
    const auto& fragment = bundle.primary.fragment;
    if (!fragment) return {};
    if (fragment->offset > fragment->total_length ||
        bundle.payload().size() > fragment->total_length - fragment->offset) {
        return fail(ErrorCode::kForbidden,
                    "a fragment reaches beyond the total length of its data (RFC 9171 4.3.1)");
    }
    return {};
}

// The block numbers an abstract security block applies to: its first item (RFC 9172 3.6).
Result<std::vector<std::uint64_t>> security_targets(const CanonicalBlock& block) {
    cbor::Reader in{block.data};
    std::vector<std::uint64_t> targets;
    const auto items = in.open_array();
    while (in.ok() && !(items ? targets.size() == *items : in.at_break())) {
        if (targets.size() == kSecurityTargetsMax) in.fail(ErrorCode::kTooLarge, "too many security targets");
        targets.push_back(in.read_unsigned());
    }
    if (in.ok() && targets.empty()) in.fail(ErrorCode::kMalformed, "no security target");
    if (!in.ok()) {
        return fail(in.error()->code, "security block " + std::to_string(block.number) +
                                          " (RFC 9172 3.6): " + in.error()->message);
    }
    return targets;
}

/// What the security blocks of a bundle say, as far as it can be read without keys.
struct Security {
    std::vector<std::uint64_t> encrypted;  ///< targets of BCBs
    bool primary_may_be_signed = false;    ///< a BIB targets it, or is encrypted and may

    [[nodiscard]] bool encrypts(std::uint64_t number) const {
        return std::ranges::find(encrypted, number) != encrypted.end();
    }
};

Result<Security> read_security(const Bundle& bundle) {
    Security security;
    for (const CanonicalBlock& block : bundle.blocks) {
        if (block.type != block_type::kBlockConfidentiality) continue;
        auto targets = security_targets(block);
        if (!targets) return std::unexpected{std::move(targets.error())};
        security.encrypted.insert(security.encrypted.end(), targets->begin(), targets->end());
    }
    for (const CanonicalBlock& block : bundle.blocks) {
        if (block.type != block_type::kBlockIntegrity) continue;
        if (security.encrypts(block.number)) {
            security.primary_may_be_signed = true;
            continue;
        }
        const auto targets = security_targets(block);
        if (!targets) return std::unexpected{targets.error()};
        if (std::ranges::find(*targets, kPrimaryBlockNumber) != targets->end())
            security.primary_may_be_signed = true;
    }
    return security;
}

template <typename T>
Result<void> outcome_of(Result<T> result) {
    if (!result) return std::unexpected{std::move(result.error())};
    return {};
}

Result<void> check_extension_data(const Bundle& bundle, const Security& security, const Limits& limits) {
    for (const CanonicalBlock& block : bundle.blocks) {
        if (security.encrypts(block.number)) continue;
        Result<void> good;
        if (block.type == block_type::kPreviousNode)
            good = outcome_of(decode_previous_node(block.data, limits));
        if (block.type == block_type::kBundleAge) good = outcome_of(decode_bundle_age(block.data));
        if (block.type == block_type::kHopCount) good = outcome_of(decode_hop_count(block.data));
        if (!good) return good;
    }
    return {};
}

}  // namespace

Result<Warnings> validate(const Bundle& bundle, const Limits& limits) {
    for (const auto& rule :
         {+[](const Bundle& b) { return check_primary(b.primary); }, &check_blocks, &check_fragment}) {
        if (auto good = rule(bundle); !good) return std::unexpected{std::move(good.error())};
    }
    auto security = read_security(bundle);
    if (!security) return std::unexpected{std::move(security.error())};
    if (auto good = check_extension_data(bundle, *security, limits); !good) {
        return std::unexpected{std::move(good.error())};
    }
    Warnings warnings;
    if (bundle.primary.crc_type == CrcType::kNone && !security->primary_may_be_signed) {
        warnings.emplace_back("the primary block has neither a CRC nor a BIB over it (RFC 9171 4.3.1)");
    }
    if (!bundle.primary.timestamp.time.known() && !bundle.find(block_type::kBundleAge)) {
        warnings.emplace_back("creation time zero without a bundle age block (RFC 9171 4.4.2)");
    }
    return warnings;
}

}  // namespace tram::bpv7
