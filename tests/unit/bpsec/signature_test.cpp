#include "proto/bpsec/signature.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <random>

#include "proto/bpsec/cose_context.h"
#include "proto/bpsec/security_block.h"
#include "proto/bpv7/codec.h"

using namespace tram;
using bpsec::AadEntry;
using bpsec::read_signature;
using bpv7::Bundle;
namespace block_type = bpv7::block_type;

namespace {

const cose::SigningKey& key() {
    static const cose::SigningKey kKey = *cose::SigningKey::from_seed(Buffer(cose::kSeedBytes, 8));
    return kKey;
}

cose::CertificateId signer() {
    return cose::certificate_id(as_bytes("the certificate of the kiosk"));
}

Bundle unsigned_bundle() {
    Bundle bundle;
    bundle.primary.destination = *bpv7::Eid::parse("dtn://18904-srv/requests");
    bundle.primary.source = *bpv7::Eid::parse("dtn://18904-ks07/inbox");
    bundle.primary.report_to = *bpv7::Eid::parse("dtn://18904-ks07/");
    bundle.primary.timestamp = {.time = {839'000'000'000}, .sequence = 7};
    bundle.primary.lifetime_ms = 86'400'000;
    bundle.primary.flags = bpv7::bundle_flag::kMustNotFragment;
    bundle.blocks.push_back({.type = block_type::kPayload,
                             .number = bpv7::kPayloadBlockNumber,
                             .data = Bytes::copy_of(as_bytes("an application for a birth certificate"))});
    bundle.set_block(block_type::kClass, 0, bpv7::CrcType::kNone,
                     bpv7::encode_class({.urgency = bpv7::Urgency::kUrgent, .kind = bpv7::Kind::kRequest}));
    bundle.set_block(block_type::kBundleAge, 0, bpv7::CrcType::kNone, bpv7::encode_bundle_age(0));
    return bundle;
}

Bundle signed_bundle() {
    Bundle bundle = unsigned_bundle();
    bpsec::sign(bundle, key(), signer());
    return bundle;
}

Bundle over_the_wire(const Bundle& bundle) {
    auto decoded = bpv7::decode(bpv7::encode(bundle));
    REQUIRE(decoded);
    return std::move(decoded->bundle);
}

ErrorCode refusal(const Bundle& bundle) {
    const auto claim = read_signature(bundle, Limits{});
    REQUIRE_FALSE(claim);
    return claim.error().code;
}

bool verifies(const Bundle& bundle) {
    const auto claim = read_signature(bundle, Limits{});
    return claim && bpsec::verify(*claim, bundle.payload(), key().public_key());
}

/// Takes the security block apart, lets `change` work on it, and puts it back.
Bundle with_block(const std::function<void(bpsec::SecurityBlock&)>& change) {
    Bundle bundle = over_the_wire(signed_bundle());
    bpv7::CanonicalBlock& block = *bundle.find(block_type::kBlockIntegrity);
    auto security = bpsec::decode_security_block(block.data, Limits{});
    change(*security);
    block.data = bpsec::encode_security_block(*security);
    return bundle;
}

/// A bundle signed over another scope than ours.
Bundle with_scope(const bpsec::AadScope& scope, bool with_class = true) {
    Bundle bundle = unsigned_bundle();
    if (!with_class) bundle.remove_block(bundle.find(block_type::kClass)->number);
    bundle.primary_wire = bpv7::encode_primary(bundle);
    bpv7::CanonicalBlock block{.type = block_type::kBlockIntegrity, .number = 9, .data = {}};
    bpsec::SecurityBlock security{.targets = {1},
                                  .context = bpsec::context::kCose,
                                  .source = bundle.primary.source.node_id(),
                                  .parameters = {{5, bpsec::encode_aad_scope(scope)}},
                                  .results = {}};
    const auto aad =
        bpsec::external_aad(bundle, block, security.source, 1, {.scope = scope, .additional_protected = {}});
    const Bytes message =
        cose::sign1(key(), signer(), aad.value_or(Buffer{}), bundle.payload(), cose::Payload::kDetached);
    security.results = {{bpsec::cose_result_of(bpsec::cose_result::kSign1, message)}};
    block.data = bpsec::encode_security_block(security);
    bundle.blocks.insert(bundle.blocks.begin(), block);
    return over_the_wire(bundle);
}

}  // namespace

TEST_CASE("a signed bundle is read and verified after the wire", "[bpsec]") {
    const Bundle bundle = over_the_wire(signed_bundle());
    const auto claim = read_signature(bundle, Limits{});
    REQUIRE(claim);
    CHECK(claim->signer == signer());
    CHECK(claim->security_source.to_string() == "dtn://18904-ks07/");
    CHECK(bpsec::verify(*claim, bundle.payload(), key().public_key()));

    const auto other = cose::SigningKey::from_seed(Buffer(cose::kSeedBytes, 9));
    const auto refused = bpsec::verify(*claim, bundle.payload(), other->public_key());
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::kBadSignature);
}

TEST_CASE("a signed bundle can be read before it has travelled", "[bpsec]") {
    CHECK(verifies(signed_bundle()));
}

TEST_CASE("the bytes that are covered are those of the draft", "[bpsec][cose]") {
    const Bundle bundle = signed_bundle();
    const auto claim = read_signature(bundle, Limits{});
    REQUIRE(claim);
    const std::string class_data = to_hex(bundle.find(block_type::kClass)->data);
    // 82 01 6d ...                the security source, dtn://18904-ks07/
    // a4 00 01 02 03 20 01 21 01  scope: primary, block 2 with data, target, security block
    // 8a 07 ...                   primary block
    // 18c8 02 00 58 ..            class block: type 200, number 2, no flags, data
    // 01 01 00                    target
    // 0b 04 00                    security block
    // 40                          no additional protected headers
    const std::string expected = "82016d" + to_hex(as_bytes("//18904-ks07/")) + "a40001020320012101" +
                                 to_hex(bundle.primary_wire) + "18c80200" + "57" + class_data + "010100" +
                                 "0b0400" + "40";
    CHECK(to_hex(claim->aad) == expected);
}

TEST_CASE("what hops change is not covered", "[bpsec]") {
    Bundle bundle = over_the_wire(signed_bundle());
    bundle.set_block(block_type::kBundleAge, 0, bpv7::CrcType::kNone, bpv7::encode_bundle_age(5000));
    bundle.set_block(block_type::kPreviousNode, 0, bpv7::CrcType::kCrc16,
                     bpv7::encode_previous_node(*bpv7::Eid::parse("dtn://18904-bus1/")));
    bundle.set_block(block_type::kHopCount, 0, bpv7::CrcType::kNone,
                     bpv7::encode_hop_count({.limit = 9, .count = 1}));
    std::ranges::rotate(bundle.blocks.begin(), bundle.blocks.begin() + 1, bundle.blocks.end() - 1);
    CHECK(verifies(over_the_wire(bundle)));
}

TEST_CASE("whatever of a signed bundle is changed, it does not verify", "[bpsec]") {
    Bundle bundle = over_the_wire(signed_bundle());
    const Bundle before = bundle;
    SECTION("payload") {
        bundle.blocks.back().data = Bytes::copy_of(as_bytes("another application"));
    }
    SECTION("payload block flags") {
        bundle.blocks.back().flags = bpv7::block_flag::kReplicateInFragments;
    }
    SECTION("class block data") {
        bundle.find(block_type::kClass)->data =
            bpv7::encode_class({.urgency = bpv7::Urgency::kExpress, .kind = bpv7::Kind::kRequest});
    }
    SECTION("class block flags") {
        bundle.find(block_type::kClass)->flags = bpv7::block_flag::kDiscardIfUnprocessable;
    }
    SECTION("class block gone") {
        bundle.remove_block(bundle.find(block_type::kClass)->number);
    }
    SECTION("a second class block, before the first or behind it") {
        bpv7::CanonicalBlock second = *bundle.find(block_type::kClass);
        second.number = 77;
        bundle.blocks.insert(GENERATE(true, false) ? bundle.blocks.begin() : bundle.blocks.end() - 1, second);
    }
    SECTION("signature block renumbered") {
        bundle.find(block_type::kBlockIntegrity)->number = 78;
    }
    SECTION("primary block") {
        const int which = GENERATE(range(0, 6));
        bundle.primary_wire = Bytes{};
        switch (which) {
            case 0: bundle.primary.destination = *bpv7::Eid::parse("dtn://18904-x/requests"); break;
            case 1: bundle.primary.source = *bpv7::Eid::parse("dtn://18904-ks07/outbox"); break;
            case 2: bundle.primary.report_to = *bpv7::Eid::parse("dtn://18904-x/"); break;
            case 3: bundle.primary.lifetime_ms += 1; break;
            case 4: bundle.primary.timestamp.sequence += 1; break;
            default: bundle.primary.flags |= bpv7::bundle_flag::kReportDelivery;
        }
    }
    CHECK(verifies(before));
    CHECK_FALSE(verifies(over_the_wire(bundle)));
}

TEST_CASE("a signature does not move to another bundle, nor does a payload", "[bpsec]") {
    const Bundle first = over_the_wire(signed_bundle());
    Bundle made = unsigned_bundle();
    made.primary.timestamp.sequence += 1;
    made.blocks.back().data = Bytes::copy_of(as_bytes("a second application"));
    bpsec::sign(made, key(), signer());
    const Bundle second = over_the_wire(made);
    REQUIRE(verifies(first));
    REQUIRE(verifies(second));

    Bundle swapped = first;
    swapped.blocks.back() = second.blocks.back();
    CHECK_FALSE(verifies(swapped));
    swapped = first;
    *swapped.find(block_type::kBlockIntegrity) = *second.find(block_type::kBlockIntegrity);
    CHECK_FALSE(verifies(swapped));
}

TEST_CASE("a bundle without a signature over its payload is unsigned", "[bpsec]") {
    CHECK(refusal(over_the_wire(unsigned_bundle())) == ErrorCode::kUnsigned);
    // A block that signs another target signs nothing of use.
    CHECK(refusal(with_block([](auto& security) { security.targets = {2}; })) == ErrorCode::kUnsigned);
}

TEST_CASE("each flaw of a signature block has its code", "[bpsec]") {
    struct Case {
        std::string what;
        std::function<void(bpsec::SecurityBlock&)> change;
        ErrorCode code;
    };
    using Security = bpsec::SecurityBlock;
    const auto result = [](std::string_view hex) {
        return bpsec::IdValue{.id = 18, .value = Bytes{*from_hex(hex)}};
    };
    const auto one = GENERATE_COPY(values<Case>({
        {"another context", [](Security& s) { s.context = 1; }, ErrorCode::kUnsupportedSecurity},
        {"a Mac0", [](Security& s) { s.results[0][0].id = 17; }, ErrorCode::kUnsupportedSecurity},
        {"no result", [](Security& s) { s.results[0].clear(); }, ErrorCode::kUnsupportedSecurity},
        {"two results", [](Security& s) { s.results[0].push_back(s.results[0][0]); },
         ErrorCode::kUnsupportedSecurity},
        {"an unknown parameter", [](Security& s) { s.parameters.push_back({6, Bytes{Buffer{0}}}); },
         ErrorCode::kUnsupportedSecurity},
        {"a parameter twice", [](Security& s) { s.parameters.push_back(s.parameters[0]); },
         ErrorCode::kMalformed},
        {"headers that are no byte string",
         [](Security& s) { s.parameters.push_back({3, Bytes{Buffer{0xa0}}}); }, ErrorCode::kMalformed},
        {"a scope that is no map", [](Security& s) { s.parameters[0].value = Bytes{Buffer{0x80}}; },
         ErrorCode::kMalformed},
        {"a scope that names a block twice",
         [](Security& s) { s.parameters[0].value = Bytes{*from_hex("a3000100012001")}; },
         ErrorCode::kMalformed},
        {"a scope that names a block for nothing",
         [](Security& s) { s.parameters[0].value = Bytes{*from_hex("a2000020 01")}; }, ErrorCode::kMalformed},
        {"a scope with an unknown key",
         [](Security& s) { s.parameters[0].value = Bytes{*from_hex("a3000120012201")}; },
         ErrorCode::kUnsupportedSecurity},
        {"a message that is no byte string", [&](Security& s) { s.results[0][0] = result("80"); },
         ErrorCode::kMalformed},
        {"a tagged message", [&](Security& s) { s.results[0][0] = result("42d280"); }, ErrorCode::kMalformed},
        {"a message that is none", [&](Security& s) { s.results[0][0] = result("4180"); },
         ErrorCode::kMalformed},
        {"another security source", [](Security& s) { s.source = *bpv7::Eid::parse("dtn://18904-ks08/"); },
         ErrorCode::kWrongNodeId},
        {"an endpoint as security source",
         [](Security& s) { s.source = *bpv7::Eid::parse("dtn://18904-ks07/inbox"); },
         ErrorCode::kWrongNodeId},
    }));
    INFO(one.what);
    CHECK(refusal(with_block(one.change)) == one.code);
}

TEST_CASE("a second signature over the payload is refused", "[bpsec][rfc9172]") {
    Bundle bundle = over_the_wire(signed_bundle());
    bundle.blocks.insert(bundle.blocks.begin(), *bundle.find(block_type::kBlockIntegrity));
    bundle.blocks.front().number = 50;
    CHECK(refusal(bundle) == ErrorCode::kUnsupportedSecurity);
}

TEST_CASE("a signature with a payload of its own is refused", "[bpsec]") {
    const Bundle bundle = with_block([](bpsec::SecurityBlock& security) {
        const Bytes message = cose::sign1(key(), signer(), {}, as_bytes("mine"), cose::Payload::kAttached);
        security.results = {{bpsec::cose_result_of(18, message)}};
    });
    CHECK(refusal(bundle) == ErrorCode::kMalformed);
}

TEST_CASE("a signature that covers too little is narrow", "[bpsec]") {
    constexpr std::uint64_t kBoth = AadEntry::kMetadata | AadEntry::kData;
    using Scope = bpsec::AadScope;
    struct Case {
        std::string what;
        Scope scope;
        std::optional<ErrorCode> code;
    };
    const auto narrow = ErrorCode::kNarrowSignature;
    const auto one = GENERATE_COPY(values<Case>({
        {"all that is needed", {{0, 1}, {2, kBoth}, {-1, 1}}, std::nullopt},
        {"the target by its number", {{0, 1}, {1, 1}, {2, kBoth}}, std::nullopt},
        {"the age too", {{0, 1}, {2, kBoth}, {3, kBoth}, {-1, 1}, {-2, 1}}, std::nullopt},
        {"flags that mean nothing yet", {{0, 5}, {2, 7}, {-1, 9}}, std::nullopt},
        {"nothing", {}, narrow},
        {"no primary block", {{2, kBoth}, {-1, 1}}, narrow},
        {"no class block", {{0, 1}, {-1, 1}}, narrow},
        {"the class block's header only", {{0, 1}, {2, 1}, {-1, 1}}, narrow},
        {"the class block's data only", {{0, 1}, {2, 2}, {-1, 1}}, narrow},
        {"no target header", {{0, 1}, {2, kBoth}}, narrow},
        {"a primary block for nothing known", {{0, 4}, {2, kBoth}, {-1, 1}}, narrow},
        {"a block that is not there", {{0, 1}, {2, kBoth}, {40, 1}, {-1, 1}}, ErrorCode::kMalformed},
        {"the target's data", {{0, 1}, {2, kBoth}, {-1, kBoth}}, ErrorCode::kMalformed},
        {"the target's data by its number", {{0, 1}, {1, kBoth}, {2, kBoth}}, ErrorCode::kMalformed},
        {"the security block's data", {{0, 1}, {2, kBoth}, {-1, 1}, {-2, 2}}, ErrorCode::kMalformed},
        {"the security block's data by its number",
         {{0, 1}, {2, kBoth}, {9, 3}, {-1, 1}},
         ErrorCode::kMalformed},
    }));
    INFO(one.what);
    const Bundle bundle = with_scope(one.scope);
    const auto claim = read_signature(bundle, Limits{});
    if (!one.code) {
        CHECK(verifies(bundle));
    } else {
        REQUIRE_FALSE(claim);
        CHECK(claim.error().code == *one.code);
    }
}

TEST_CASE("without a class block none needs to be covered", "[bpsec]") {
    CHECK(verifies(with_scope({{0, 1}, {-1, 1}}, false)));
}

TEST_CASE("additional protected headers are covered, unprotected ones are not", "[bpsec]") {
    const auto add = [](std::uint64_t id) {
        return with_block([id](bpsec::SecurityBlock& security) {
            security.parameters.push_back({id, Bytes{*from_hex("43a10400")}});
        });
    };
    CHECK_FALSE(verifies(add(3)));
    CHECK(verifies(add(4)));
}

TEST_CASE("an encrypted integrity block is passed over", "[bpsec]") {
    Bundle bundle = over_the_wire(signed_bundle());
    bpsec::SecurityBlock confidentiality{.targets = {bundle.find(block_type::kBlockIntegrity)->number},
                                         .context = bpsec::context::kBcbAesGcm,
                                         .source = bundle.primary.source.node_id(),
                                         .parameters = {},
                                         .results = {{}}};
    bundle.set_block(block_type::kBlockConfidentiality, 0, bpv7::CrcType::kNone,
                     bpsec::encode_security_block(confidentiality));
    CHECK(refusal(bundle) == ErrorCode::kUnsigned);
    confidentiality.targets.clear();
    bundle.find(block_type::kBlockConfidentiality)->data = bpsec::encode_security_block(confidentiality);
    CHECK(refusal(bundle) == ErrorCode::kMalformed);
}

TEST_CASE("random damage to a signed bundle neither crashes nor verifies", "[bpsec][fuzz]") {
    std::mt19937_64 random{20'270'118};
    const Bundle bundle = signed_bundle();
    const Bytes wire = bpv7::encode(bundle);
    const bpsec::SecurityBlock security =
        *bpsec::decode_security_block(bundle.find(block_type::kBlockIntegrity)->data, Limits{});
    for (int round = 0; round < 20'000; ++round) {
        // Half of the damage goes into the security block, where decoding is deepest.
        Bundle altered = bundle;
        bpv7::CanonicalBlock& block = *altered.find(block_type::kBlockIntegrity);
        const bool whole = round % 2 == 0;
        Buffer bytes;
        append(bytes, whole ? wire.view() : block.data.view());
        for (std::uint64_t i = random() % 3 + 1; i > 0; --i) {
            const auto at = static_cast<std::ptrdiff_t>(random() % bytes.size());
            switch (random() % 3) {
                case 0: bytes[static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(random()); break;
                case 1: bytes.erase(bytes.begin() + at); break;
                default: bytes.insert(bytes.begin() + at, static_cast<std::uint8_t>(random()));
            }
        }
        if (whole) {
            auto decoded = bpv7::decode(Bytes{std::move(bytes)});
            if (!decoded) continue;
            altered = std::move(decoded->bundle);
        } else {
            block.data = Bytes{std::move(bytes)};
        }
        if (!verifies(altered)) continue;
        // What still verifies must be what was signed.
        CHECK(altered.payload() == bundle.payload());
        CHECK(altered.primary_wire == bundle.primary_wire);
        CHECK(altered.find(block_type::kClass)->data == bundle.find(block_type::kClass)->data);
        const auto after =
            bpsec::decode_security_block(altered.find(block_type::kBlockIntegrity)->data, Limits{});
        REQUIRE(after);
        CHECK(after->source == security.source);
        CHECK(after->targets == security.targets);
    }
}
