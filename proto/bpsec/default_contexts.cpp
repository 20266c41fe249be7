#include "proto/bpsec/default_contexts.h"

#include <algorithm>
#include <string>

#include "proto/base/check.h"
#include "proto/bpsec/rfc9173.h"
#include "proto/bpv7/codec.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::bpsec {

namespace {

constexpr std::uint64_t kResultId = 1;  // RFC 9173 3.4, 4.4
constexpr std::uint64_t kAssignedScope = scope::kPrimaryBlock | scope::kTargetHeader | scope::kSecurityHeader;
constexpr std::uint64_t kAssignedBlockFlags =
    bpv7::block_flag::kReplicateInFragments | bpv7::block_flag::kReportIfUnprocessable |
    bpv7::block_flag::kDeleteBundleIfUnprocessable | bpv7::block_flag::kDiscardIfUnprocessable;

void write_header(cbor::Writer& out, const bpv7::CanonicalBlock& block) {
    out.write_unsigned(block.type);
    out.write_unsigned(block.number);
    out.write_unsigned(block.flags & kAssignedBlockFlags);
}

const IdValue* find_parameter(const SecurityBlock& block, std::uint64_t id) {
    const auto found = std::ranges::find(block.parameters, id, &IdValue::id);
    return found == block.parameters.end() ? nullptr : &*found;
}

std::unexpected<Error> malformed(std::string_view what, std::uint64_t id) {
    return fail(ErrorCode::kMalformed, std::string{what} + " " + std::to_string(id) +
                                           " of a security block is not what it should be");
}

std::optional<ByteView> whole_byte_string(ByteView item) {
    cbor::Reader in{item};
    const ByteView bytes = in.read_bytes(item.size());
    if (!in.ok() || !in.at_end()) return std::nullopt;
    return bytes;
}

}  // namespace

Buffer scope_bytes(const bpv7::Bundle& bundle, std::uint64_t target,
                   const bpv7::CanonicalBlock& security_block, std::uint64_t scope_flags) {
    const Bytes primary = bpv7::encode_primary(bundle);
    cbor::Writer out{72 + primary.size()};
    out.write_unsigned(scope_flags & kAssignedScope);
    if (target != 0) {
        if ((scope_flags & scope::kPrimaryBlock) != 0) out.write_encoded(primary);
        const bpv7::CanonicalBlock* block = bundle.numbered(target);
        TRAM_CHECK(block != nullptr);
        if ((scope_flags & scope::kTargetHeader) != 0) write_header(out, *block);
    }
    if ((scope_flags & scope::kSecurityHeader) != 0) write_header(out, security_block);
    return out.take();
}

Bytes encoded(std::uint64_t number) {
    cbor::Writer out;
    out.write_unsigned(number);
    return Bytes{out.take()};
}

Bytes encoded(ByteView bytes) {
    cbor::Writer out{bytes.size() + 9};
    out.write_bytes(bytes);
    return Bytes{out.take()};
}

Result<std::uint64_t> number_parameter(const SecurityBlock& block, std::uint64_t id, std::uint64_t preset) {
    const IdValue* parameter = find_parameter(block, id);
    if (parameter == nullptr) return preset;
    cbor::Reader in{parameter->value};
    const std::uint64_t number = in.read_unsigned();
    if (!in.ok() || !in.at_end()) return malformed("parameter", id);
    return number;
}

Result<std::optional<ByteView>> bytes_parameter(const SecurityBlock& block, std::uint64_t id) {
    const IdValue* parameter = find_parameter(block, id);
    if (parameter == nullptr) return std::nullopt;
    const auto bytes = whole_byte_string(parameter->value);
    if (!bytes) return malformed("parameter", id);
    return bytes;
}

Result<void> check_parameters(const SecurityBlock& block, std::initializer_list<std::uint64_t> known) {
    for (const IdValue& parameter : block.parameters) {
        if (std::ranges::find(known, parameter.id) == known.end()) {
            return fail(ErrorCode::kUnsupportedSecurity,
                        "parameter " + std::to_string(parameter.id) + " of the security context " +
                            std::to_string(block.context) + " is not known here");
        }
        if (std::ranges::count(block.parameters, parameter.id, &IdValue::id) != 1)
            return malformed("parameter", parameter.id);
    }
    return {};
}

Result<std::optional<ByteView>> only_result(const SecurityBlock& block, std::size_t index,
                                            std::size_t bytes) {
    const auto& results = block.results[index];
    if (results.empty()) return std::nullopt;
    if (results.size() != 1 || results.front().id != kResultId) {
        return fail(
            ErrorCode::kUnsupportedSecurity,
            "the results for block " + std::to_string(block.targets[index]) + " are not one of the kind 1");
    }
    const auto result = whole_byte_string(results.front().value);
    if (!result || result->size() != bytes) return malformed("result", kResultId);
    return result;
}

Result<Secret> content_key(const std::optional<ByteView>& wrapped, ByteView key) {
    if (!wrapped) return Secret{Buffer(key.begin(), key.end())};
    auto unwrapped = aes_unwrap(key, *wrapped);
    if (!unwrapped) {
        return fail(ErrorCode::kUnsupportedSecurity,
                    "the security block carries a wrapped key that this key does not unwrap");
    }
    return std::move(*unwrapped);
}

Result<Bytes> wrap_key(ByteView kek, ByteView key) {
    auto wrapped = aes_wrap(kek, key);
    if (!wrapped) {
        return fail(ErrorCode::kInvalidArgument,
                    "AES key wrap needs a key of 16, 24 or 32 bytes around one of 16 to 64 bytes");
    }
    return Bytes{std::move(*wrapped)};
}

}  // namespace tram::bpsec
