#include "daemon/cli/security_json.h"

#include <algorithm>
#include <boost/json/array.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "proto/bpsec/cose_context.h"
#include "proto/bpsec/security_block.h"
#include "proto/cbor/reader.h"
#include "proto/cose/sign1.h"

namespace tram::cli {

namespace json = boost::json;

namespace {

using bpsec::AadEntry;
using bpsec::SecurityBlock;
namespace context = bpsec::context;

json::value context_name(std::int64_t id) {
    switch (id) {
        case context::kBibHmacSha2: return "BIB-HMAC-SHA2";
        case context::kBcbAesGcm: return "BCB-AES-GCM";
        case context::kCose: return "COSE";
        default: return nullptr;
    }
}

/// The name of an id among `names`, which begin with id 1.
json::value name_of(std::uint64_t id, std::initializer_list<std::string_view> names) {
    if (id == 0 || id > names.size() || (names.begin() + (id - 1))->empty()) return nullptr;
    return json::value(*(names.begin() + (id - 1)));
}

json::value parameter_name(std::int64_t id_of_context, std::uint64_t id) {
    switch (id_of_context) {
        case context::kBibHmacSha2: return name_of(id, {"sha_variant", "wrapped_key", "scope_flags"});
        case context::kBcbAesGcm: return name_of(id, {"iv", "aes_variant", "wrapped_key", "scope_flags"});
        case context::kCose:
            return name_of(id, {"", "", "additional_protected", "additional_unprotected", "aad_scope"});
        default: return nullptr;
    }
}

json::value result_name(std::int64_t id_of_context, std::uint64_t id) {
    if (id_of_context == context::kBibHmacSha2) return name_of(id, {"hmac"});
    if (id_of_context == context::kBcbAesGcm) return name_of(id, {"authentication_tag"});
    if (id_of_context != context::kCose) return nullptr;
    switch (id) {
        case 16: return "COSE_Encrypt0";
        case bpsec::cose_result::kMac0: return "COSE_Mac0";
        case bpsec::cose_result::kSign1: return "COSE_Sign1";
        case 96: return "COSE_Encrypt";
        case 97: return "COSE_Mac";
        case 98: return "COSE_Sign";
        default: return nullptr;
    }
}

/// Numbers as numbers, byte strings as hexadecimal, anything else as its encoding in hexadecimal.
json::object item_json(const bpsec::IdValue& item, json::value name) {
    json::object result{{"id", item.id}, {"name", std::move(name)}};
    cbor::Reader in{item.value};
    if (in.peek() == cbor::Type::kUnsigned) {
        result["value"] = in.read_unsigned();
    } else if (in.peek() == cbor::Type::kBytes) {
        result["value"] = to_hex(in.read_bytes(item.value.size()));
    } else {
        result["cbor"] = to_hex(item.value);
    }
    return result;
}

json::value block_name(std::int64_t number) {
    switch (number) {
        case AadEntry::kPrimary: return "primary";
        case AadEntry::kTarget: return "target";
        case AadEntry::kSecurityBlock: return "security_block";
        default: return number;
    }
}

/// What a COSE message covers besides its target.
json::array covered_json(const bpsec::AadScope& scope) {
    json::array covered;
    for (const AadEntry& entry : scope) {
        covered.push_back(json::object{{"block", block_name(entry.block)},
                                       {"metadata", (entry.flags & AadEntry::kMetadata) != 0},
                                       {"data", (entry.flags & AadEntry::kData) != 0}});
    }
    return covered;
}

void add_signer(json::object& result, const SecurityBlock& security, std::size_t index) {
    const auto message = bpsec::cose_message(security, index, bpsec::cose_result::kSign1);
    if (!message) return;
    if (const auto signature = cose::decode_sign1(*message)) {
        result["algorithm"] = "EdDSA";
        result["certificate_sha256"] = to_hex(signature->signer);
    } else {
        result["unreadable"] = signature.error().message;
    }
}

json::array results_json(const SecurityBlock& security) {
    json::array results;
    for (std::size_t i = 0; i < security.targets.size(); ++i) {
        for (const bpsec::IdValue& item : security.results[i]) {
            json::object result = item_json(item, result_name(security.context, item.id));
            result["target"] = security.targets[i];
            if (security.context == context::kCose && item.id == bpsec::cose_result::kSign1)
                add_signer(result, security, i);
            results.push_back(std::move(result));
        }
    }
    return results;
}

/// Whether a BCB of `bundle` encrypts the block `number`.
bool is_encrypted(const bpv7::Bundle& bundle, std::uint64_t number) {
    return std::ranges::any_of(bundle.blocks, [&](const bpv7::CanonicalBlock& block) {
        if (block.type != bpv7::block_type::kBlockConfidentiality) return false;
        const auto security = bpsec::decode_security_block(block.data, {});
        return security && std::ranges::find(security->targets, number) != security->targets.end();
    });
}

}  // namespace

Result<json::object> security_json(const bpv7::CanonicalBlock& block, const bpv7::Bundle& bundle) {
    if (is_encrypted(bundle, block.number))
        return fail(ErrorCode::kUnsupportedSecurity, "the security block is encrypted");
    const auto security = bpsec::decode_security_block(block.data, {});
    if (!security) return std::unexpected{security.error()};
    json::object result{{"targets", json::array(security->targets.begin(), security->targets.end())},
                        {"context", security->context},
                        {"context_name", context_name(security->context)},
                        {"source", security->source.to_string()}};
    json::array parameters;
    for (const bpsec::IdValue& item : security->parameters)
        parameters.push_back(item_json(item, parameter_name(security->context, item.id)));
    result["parameters"] = std::move(parameters);
    if (security->context == context::kCose) {
        if (const auto read = bpsec::read_cose_parameters(*security)) {
            result["covered"] = covered_json(read->scope);
        } else {
            result["unreadable"] = read.error().message;
        }
    }
    result["results"] = results_json(*security);
    return result;
}

}  // namespace tram::cli
