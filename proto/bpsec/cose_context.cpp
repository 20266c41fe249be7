#include "proto/bpsec/cose_context.h"

#include <algorithm>
#include <utility>

#include "proto/base/check.h"
#include "proto/bpv7/codec.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::bpsec {

namespace {

constexpr std::size_t kScopeMax = 66;  // as many blocks as a bundle may have, and the special keys

/// The order of deterministic encoding.
bool comes_before(const AadEntry& a, const AadEntry& b) {
    if ((a.block < 0) != (b.block < 0)) return a.block >= 0;
    return a.block >= 0 ? a.block < b.block : a.block > b.block;
}

AadScope default_scope() {
    return {{AadEntry::kPrimary, AadEntry::kMetadata},
            {AadEntry::kTarget, AadEntry::kMetadata},
            {AadEntry::kSecurityBlock, AadEntry::kMetadata}};
}

Result<AadScope> read_scope(ByteView item) {
    cbor::Reader in{item};
    AadScope scope;
    const std::uint64_t pairs = in.open_map(kScopeMax);
    for (std::uint64_t i = 0; i < pairs && in.ok(); ++i) {
        AadEntry entry;
        entry.block = in.read_integer();
        entry.flags = in.read_unsigned();
        if (entry.flags == 0) in.fail(ErrorCode::kMalformed, "a block is named for nothing");
        scope.push_back(entry);
    }
    if (in.ok() && !in.at_end()) in.fail(ErrorCode::kMalformed, "bytes after the map");
    std::ranges::sort(scope, comes_before);
    if (in.ok() && std::ranges::adjacent_find(scope, {}, &AadEntry::block) != scope.end())
        in.fail(ErrorCode::kMalformed, "a block is named twice");
    if (!in.ok()) {
        const bool too_large = in.error()->code == ErrorCode::kTooLarge;
        return fail(too_large ? ErrorCode::kTooLarge : ErrorCode::kMalformed,
                    "not an AAD scope (BPSec COSE 2.2.2): " + in.error()->message);
    }
    if (!scope.empty() && scope.back().block < AadEntry::kSecurityBlock) {
        return fail(
            ErrorCode::kUnsupportedSecurity,
            "the AAD scope has the key " + std::to_string(scope.back().block) + ", which is not known here");
    }
    return scope;
}

/// A byte string that is the whole of `item`; a view into it.
std::optional<ByteView> whole_byte_string(ByteView item) {
    cbor::Reader in{item};
    const ByteView bytes = in.read_bytes(item.size());
    if (!in.ok() || !in.at_end()) return std::nullopt;
    return bytes;
}

void write_scope(cbor::Writer& out, const AadScope& scope) {
    out.open_map(scope.size());
    for (const AadEntry& entry : scope) {
        out.write_integer(entry.block);
        out.write_unsigned(entry.flags);
    }
}

/// Writes external_aad part by part, after checking that everything is there.
class AadWriter {
  public:
    AadWriter(const bpv7::Bundle& bundle, const bpv7::CanonicalBlock& security_block, std::uint64_t target)
        : bundle_{bundle},
          primary_{bpv7::encode_primary(bundle)},
          security_block_{security_block},
          target_{target} {}

    Result<Buffer> run(const bpv7::Eid& source, const CoseParameters& parameters) {
        std::size_t room = 64 + source.node_name().size() + source.demux().size() +
                           12 * parameters.scope.size() + parameters.additional_protected.size();
        for (const AadEntry& entry : parameters.scope) {
            const auto size = size_of(entry);
            if (!size) return std::unexpected{size.error()};
            room += *size;
        }
        cbor::Writer out{room};
        source.encode(out);
        write_scope(out, parameters.scope);
        for (const AadEntry& entry : parameters.scope)
            write(out, entry);
        out.write_bytes(parameters.additional_protected);
        return out.take();
    }

  private:
    // The special keys stand for these; the primary block is none of them.
    [[nodiscard]] std::uint64_t number_of(const AadEntry& entry) const {
        if (entry.block == AadEntry::kTarget) return target_;
        if (entry.block == AadEntry::kSecurityBlock) return security_block_.number;
        return static_cast<std::uint64_t>(entry.block);
    }

    // The security block need not be in the bundle yet.
    [[nodiscard]] const bpv7::CanonicalBlock* block_of(std::uint64_t number) const {
        return number == security_block_.number ? &security_block_ : bundle_.numbered(number);
    }

    [[nodiscard]] Result<std::size_t> size_of(const AadEntry& entry) const {
        const std::uint64_t number = number_of(entry);
        if (number == 0) return primary_.size();
        const bpv7::CanonicalBlock* block = block_of(number);
        if (block == nullptr) {
            return fail(ErrorCode::kMalformed, "the AAD scope covers block " + std::to_string(number) +
                                                   ", which is not in the bundle (BPSec COSE 2.5.1)");
        }
        if ((entry.flags & AadEntry::kData) == 0) return 32;
        if (number == target_ || number == security_block_.number) {
            return fail(ErrorCode::kMalformed,
                        "the AAD scope covers the data of the target or of the security block itself "
                        "(BPSec COSE 2.2.2)");
        }
        return 48 + block->data.size();
    }

    void write(cbor::Writer& out, const AadEntry& entry) const {
        const std::uint64_t number = number_of(entry);
        if (number == 0) {
            if ((entry.flags & AadEntry::kMetadata) != 0) out.write_encoded(primary_);
            return;
        }
        const bpv7::CanonicalBlock& block = *block_of(number);
        if ((entry.flags & AadEntry::kMetadata) != 0) {
            out.write_unsigned(block.type);
            out.write_unsigned(block.number);
            out.write_unsigned(block.flags);
        }
        if ((entry.flags & AadEntry::kData) != 0) out.write_bytes(block.data);
    }

    const bpv7::Bundle& bundle_;
    Bytes primary_;
    const bpv7::CanonicalBlock& security_block_;
    std::uint64_t target_;
};

}  // namespace

Result<CoseParameters> read_cose_parameters(const SecurityBlock& block) {
    CoseParameters parameters{.scope = default_scope(), .additional_protected = {}};
    for (std::size_t i = 0; i < block.parameters.size(); ++i) {
        const auto& [id, value] = block.parameters[i];
        if (std::ranges::count(block.parameters, id, &IdValue::id) != 1) {
            return fail(ErrorCode::kMalformed,
                        "parameter " + std::to_string(id) + " occurs twice (BPSec COSE 2.2)");
        }
        if (id == cose_parameter::kAadScope) {
            auto scope = read_scope(value);
            if (!scope) return std::unexpected{std::move(scope.error())};
            parameters.scope = std::move(*scope);
        } else if (id == cose_parameter::kAdditionalProtected ||
                   id == cose_parameter::kAdditionalUnprotected) {
            const auto headers = whole_byte_string(value);
            if (!headers) {
                return fail(ErrorCode::kMalformed,
                            "parameter " + std::to_string(id) + " is no byte string (BPSec COSE 2.2.1)");
            }
            if (id == cose_parameter::kAdditionalProtected)
                parameters.additional_protected = value.slice(*headers);
        } else {
            return fail(ErrorCode::kUnsupportedSecurity,
                        "parameter " + std::to_string(id) + " of the COSE context is not known here");
        }
    }
    return parameters;
}

Bytes encode_aad_scope(const AadScope& scope) {
    TRAM_CHECK(std::ranges::is_sorted(scope, comes_before));
    cbor::Writer out{9 + 12 * scope.size()};
    write_scope(out, scope);
    return Bytes{out.take()};
}

bool covers(const AadScope& scope, std::uint64_t number, std::uint64_t flags, std::uint64_t target) {
    std::uint64_t covered = 0;
    for (const AadEntry& entry : scope) {
        const bool same = entry.block < 0 ? entry.block == AadEntry::kTarget && number == target
                                          : static_cast<std::uint64_t>(entry.block) == number;
        if (same) covered |= entry.flags;
    }
    return (covered & flags) == flags;
}

Result<Buffer> external_aad(const bpv7::Bundle& bundle, const bpv7::CanonicalBlock& security_block,
                            const bpv7::Eid& source, std::uint64_t target, const CoseParameters& parameters) {
    return AadWriter{bundle, security_block, target}.run(source, parameters);
}

Result<ByteView> cose_message(const SecurityBlock& block, std::size_t index, std::uint64_t id) {
    const auto& results = block.results[index];
    if (results.size() != 1 || results.front().id != id) {
        return fail(ErrorCode::kUnsupportedSecurity,
                    "the results for block " + std::to_string(block.targets[index]) +
                        " are not one COSE message of the kind " + std::to_string(id));
    }
    const auto message = whole_byte_string(results.front().value);
    if (!message || cbor::Reader{*message}.peek() == cbor::Type::kTag) {
        return fail(ErrorCode::kMalformed,
                    "a COSE result is not an untagged message in a byte string (BPSec COSE 2.3)");
    }
    return *message;
}

IdValue cose_result_of(std::uint64_t id, ByteView message) {
    cbor::Writer out{message.size() + 9};
    out.write_bytes(message);
    return {.id = id, .value = Bytes{out.take()}};
}

Result<Bytes> detached_payload(const bpv7::Bundle& bundle, std::uint64_t target) {
    if (target == 0) return bpv7::encode_primary(bundle);
    const bpv7::CanonicalBlock* block = bundle.numbered(target);
    if (block == nullptr) {
        return fail(ErrorCode::kNotFound,
                    "the security target " + std::to_string(target) + " is not in the bundle");
    }
    return block->data;
}

}  // namespace tram::bpsec
