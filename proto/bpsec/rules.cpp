#include "proto/bpsec/rules.h"

#include <algorithm>
#include <string>
#include <utility>

namespace tram::bpsec {

namespace {

using Numbers = std::vector<std::uint64_t>;
namespace block_type = bpv7::block_type;

constexpr std::size_t kTargetsMax = 16;

bool contains(const Numbers& numbers, std::uint64_t number) {
    return std::ranges::find(numbers, number) != numbers.end();
}

bool targeted(const std::vector<SecurityOverview::Block>& blocks, std::uint64_t number) {
    return std::ranges::any_of(blocks,
                               [&](const auto& block) { return contains(block.security.targets, number); });
}

std::unexpected<Error> forbidden(std::uint64_t number, std::string_view why) {
    return fail(ErrorCode::kForbidden, "block " + std::to_string(number) + " " + std::string{why});
}

Result<void> check_arguments(const bpv7::Bundle& bundle, std::uint64_t block_number, const Numbers& targets) {
    if (targets.empty() || targets.size() > kTargetsMax)
        return fail(ErrorCode::kInvalidArgument, "a security block has 1 to 16 targets");
    for (std::size_t i = 0; i < targets.size(); ++i) {
        if (std::ranges::count(targets, targets[i]) != 1) {
            return fail(ErrorCode::kInvalidArgument,
                        "block " + std::to_string(targets[i]) + " is a target twice");
        }
        if (targets[i] != 0 && bundle.numbered(targets[i]) == nullptr) {
            return fail(ErrorCode::kNotFound,
                        "the bundle has no block " + std::to_string(targets[i]) + " to protect");
        }
    }
    if (block_number == bpv7::kPayloadBlockNumber || bundle.numbered(block_number) != nullptr) {
        return fail(ErrorCode::kInvalidArgument,
                    "block number " + std::to_string(block_number) + " is taken");
    }
    if (bundle.primary.has(bpv7::bundle_flag::kIsFragment)) {
        return fail(ErrorCode::kForbidden, "security blocks must not be added to a fragment (RFC 9172 5.2)");
    }
    return {};
}

Result<void> check_bcb_target(const bpv7::Bundle& bundle, const SecurityOverview& there,
                              std::uint64_t number) {
    if (number == 0)
        return fail(ErrorCode::kForbidden, "the primary block must not be encrypted (RFC 9172 3.8)");
    if (there.encrypts(number)) return forbidden(number, "is encrypted already (RFC 9172 3.2)");
    if (bundle.numbered(number)->type == block_type::kBlockConfidentiality)
        return forbidden(number, "is a BCB, which must not be encrypted (RFC 9172 3.8)");
    return {};
}

// RFC 9172 3.8 and 3.9: an integrity block is encrypted exactly when its targets are.
Result<void> check_overlap(const SecurityOverview::Block& integrity, const Numbers& targets) {
    const std::uint64_t number = integrity.block->number;
    const auto shared = std::ranges::count_if(integrity.security.targets,
                                              [&](std::uint64_t one) { return contains(targets, one); });
    if (shared == 0) {
        if (!contains(targets, number)) return {};
        return forbidden(number, "is a BIB none of whose targets is encrypted with it (RFC 9172 3.8)");
    }
    if (static_cast<std::size_t>(shared) != integrity.security.targets.size())
        return forbidden(number, "is a BIB and has other targets too: split it first (RFC 9172 3.9)");
    if (!contains(targets, number))
        return forbidden(number, "is a BIB over what is to be encrypted: encrypt it too (RFC 9172 3.9)");
    return {};
}

}  // namespace

bool is_security(const bpv7::CanonicalBlock& block) {
    return block.type == block_type::kBlockIntegrity || block.type == block_type::kBlockConfidentiality;
}

bool SecurityOverview::encrypts(std::uint64_t number) const {
    return targeted(confidentiality, number);
}

bool SecurityOverview::authenticates(std::uint64_t number) const {
    return targeted(integrity, number);
}

Result<SecurityOverview> read_security(const bpv7::Bundle& bundle, const Limits& limits) {
    SecurityOverview there;
    // Confidentiality first: it tells which integrity blocks can be read.
    for (const std::uint64_t type : {block_type::kBlockConfidentiality, block_type::kBlockIntegrity}) {
        for (const bpv7::CanonicalBlock& block : bundle.blocks) {
            if (block.type != type || there.encrypts(block.number)) continue;
            auto security = decode_security_block(block.data, limits);
            if (!security) return std::unexpected{std::move(security.error())};
            auto& blocks = type == block_type::kBlockIntegrity ? there.integrity : there.confidentiality;
            blocks.push_back({.block = &block, .security = std::move(*security)});
        }
    }
    return there;
}

Result<void> check_new_bib(const bpv7::Bundle& bundle, std::uint64_t block_number, const Numbers& targets) {
    if (auto good = check_arguments(bundle, block_number, targets); !good) return good;
    const auto there = read_security(bundle, Limits{});
    if (!there) return std::unexpected{there.error()};
    for (const std::uint64_t number : targets) {
        if (const auto* block = bundle.numbered(number); block != nullptr && is_security(*block))
            return forbidden(number, "is a security block, which must not be signed (RFC 9172 3.7)");
        if (there->encrypts(number))
            return forbidden(number, "is encrypted: sign before encrypting (RFC 9172 3.9)");
        if (there->authenticates(number)) return forbidden(number, "is signed already (RFC 9172 3.2)");
    }
    return {};
}

Result<void> check_new_bcb(const bpv7::Bundle& bundle, std::uint64_t block_number, const Numbers& targets) {
    if (auto good = check_arguments(bundle, block_number, targets); !good) return good;
    const auto there = read_security(bundle, Limits{});
    if (!there) return std::unexpected{there.error()};
    for (const std::uint64_t number : targets) {
        if (auto good = check_bcb_target(bundle, *there, number); !good) return good;
    }
    for (const SecurityOverview::Block& integrity : there->integrity) {
        if (auto good = check_overlap(integrity, targets); !good) return good;
    }
    return {};
}

std::uint64_t block_number_for(const bpv7::Bundle& bundle, std::uint64_t wanted) {
    return wanted == 0 ? bundle.free_block_number() : wanted;
}

void insert_security_block(bpv7::Bundle& bundle, bpv7::CanonicalBlock block) {
    const auto place = std::ranges::find_if_not(bundle.blocks, is_security);
    bundle.blocks.insert(place, std::move(block));
}

Result<SecurityBlock> open_security_block(const bpv7::Bundle& bundle, std::uint64_t type,
                                          std::uint64_t block_number, std::int64_t context,
                                          const Limits& limits) {
    const bpv7::CanonicalBlock* block = bundle.numbered(block_number);
    if (block == nullptr || block->type != type) {
        const std::string_view kind = type == block_type::kBlockIntegrity ? "BIB " : "BCB ";
        return fail(ErrorCode::kNotFound,
                    "the bundle has no " + std::string{kind} + std::to_string(block_number));
    }
    auto security = decode_security_block(block->data, limits);
    if (security && security->context != context) {
        return fail(ErrorCode::kUnsupportedSecurity,
                    "security block " + std::to_string(block_number) + " has the context " +
                        std::to_string(security->context) + ", not " + std::to_string(context));
    }
    return security;
}

Result<void> check_in_the_clear(const bpv7::Bundle& bundle, std::uint64_t block_number,
                                const Numbers& targets, const Limits& limits) {
    const auto there = read_security(bundle, limits);
    if (!there) return std::unexpected{there.error()};
    const auto encrypted = [&](std::uint64_t number) { return there->encrypts(number); };
    if (encrypted(block_number) || std::ranges::any_of(targets, encrypted)) {
        return fail(ErrorCode::kUnsupportedSecurity,
                    "BIB " + std::to_string(block_number) +
                        " or one of its targets is encrypted: decrypt before checking (RFC 9172 3.9)");
    }
    return {};
}

}  // namespace tram::bpsec
