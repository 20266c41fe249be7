// Receipts that are not what they seem change nothing; good ones go ahead of everything.
#include <catch2/catch.hpp>
#include <functional>

#include "tests/unit/node/desk.h"
#include "tests/unit/node/message_world.h"

namespace tram::node::testing {

namespace {

const std::string kKioskNode = "dtn://18904-ks07/";
const std::string kLaptopNode = "dtn://18904-lt01/";
const std::string kServerNode = "dtn://18904-srv/";
const std::string kAddress = "dtn://18904-ks07/tram/receipts";

MessageId message_id() {
    MessageId id;
    id.fill(5);
    return id;
}

NodeOptions options_of(const std::string& node_id) {
    const test::Device& device = device_of(node_id);
    NodeOptions made;
    made.node_id = *bpv7::Eid::parse(node_id);
    made.security.open = false;
    made.security.signing_key = std::make_shared<cose::SigningKey>(test::key_of(node_id + " sign"));
    made.security.signer = device.signing.id;
    return made;
}

struct Draft {
    std::string source = kServerNode;
    std::string destination = kAddress;
    bpv7::Kind kind = bpv7::Kind::kReceipt;
    Bytes payload{};
    std::optional<std::uint64_t> chunk{};  ///< number of two
    std::uint64_t sequence = 1;
};

bpv7::Bundle bundle_of(const Draft& draft) {
    bpv7::Bundle bundle = draw({.source = draft.source,
                                .destination = draft.destination,
                                .payload = std::string{as_text(draft.payload)},
                                .sequence = draft.sequence});
    bpv7::ClassBlock klass{.urgency = bpv7::Urgency::kNormal, .kind = draft.kind, .message_id = message_id()};
    if (draft.chunk) {
        klass.chunk_index = *draft.chunk;
        klass.chunk_count = 2;
        klass.form = bpv7::Form::kMessage;
    }
    bundle.set_block(bpv7::block_type::kClass, 0, bpv7::CrcType::kCrc16, bpv7::encode_class(klass));
    return bundle;
}

Bytes wire_of(const Draft& draft) {
    bpv7::Bundle bundle = bundle_of(draft);
    const test::Device& device = device_of(draft.source);
    bpsec::sign(bundle, device.signing_key, device.signing.id);
    return bpv7::encode(bundle);
}

Bytes chunk_wire(std::uint64_t index, const std::string& destination = kServerInbox) {
    return wire_of({.source = kKioskNode,
                    .destination = destination,
                    .kind = bpv7::Kind::kRequest,
                    .payload = Bytes::copy_of(as_bytes("sealed")),
                    .chunk = index,
                    .sequence = 100 + index});
}

admin::Receipt delivered_to(const std::string& holder) {
    admin::Receipt receipt{.says = admin::Delivered{.attachments_complete = true}};
    receipt.message_id = message_id();
    receipt.message_digest.emplace().fill(9);
    receipt.source = kKioskNode;
    receipt.holder = holder;
    receipt.signed_unix_s = kWall;
    return receipt;
}

Bytes receipt_by(const std::string& signer, const admin::Receipt& receipt) {
    const test::Device& device = device_of(signer);
    const auto made = admin::make_receipt(receipt, device.signing_key, device.signing.id);
    REQUIRE(made);
    return *made;
}

Bytes good_receipt(std::uint64_t sequence = 1) {
    return wire_of({.payload = receipt_by(kServerNode, delivered_to(kServerNode)), .sequence = sequence});
}

struct Forgery {
    std::string what;
    std::function<Draft()> draft;
    ErrorCode code;
};

std::vector<Forgery> forgeries() {
    const admin::Receipt good = delivered_to(kServerNode);
    const auto with = [](Bytes payload) { return [payload] { return Draft{.payload = payload}; }; };
    return {
        {"altered",
         [good] {
             const Bytes wire = receipt_by(kServerNode, good);
             Buffer altered{wire.view().begin(), wire.view().end()};
             altered.back() ^= 1;
             return Draft{.payload = Bytes{altered}};
         },
         ErrorCode::kBadSignature},
        {"no receipt at all", with(Bytes::copy_of(as_bytes("delivered, believe me"))), ErrorCode::kMalformed},
        {"too large", with(Bytes{Buffer(admin::kReceiptBytesMax + 1)}), ErrorCode::kTooLarge},
        {"the kiosk says that it is the server", with(receipt_by(kKioskNode, good)), ErrorCode::kWrongNodeId},
        {"the server's certificate, another key",
         [good] {
             const auto made = admin::make_receipt(good, device_of(kLaptopNode).signing_key,
                                                   device_of(kServerNode).signing.id);
             return Draft{.payload = *made};
         },
         ErrorCode::kBadSignature},
        {"a certificate for TLS",
         [good] {
             const test::Device& server = device_of(kServerNode);
             return Draft{.payload = *admin::make_receipt(good, server.tls_key, server.tls.id)};
         },
         ErrorCode::kUnknownSigner},
        {"a certificate for sealing",
         [good] {
             const test::Device& server = device_of(kServerNode);
             return Draft{.payload = *admin::make_receipt(good, server.tls_key, server.sealing.id)};
         },
         ErrorCode::kCertificateMisused},
        {"honest, by who is not the recipient",
         [] {
             return Draft{.source = kLaptopNode,
                          .payload = receipt_by(kLaptopNode, delivered_to(kLaptopNode))};
         },
         ErrorCode::kWrongSender},
        {"to another node's endpoint",
         [good] {
             return Draft{.destination = "dtn://18904-ks08/tram/receipts",
                          .payload = receipt_by(kServerNode, good)};
         },
         ErrorCode::kForbidden},
        {"not of kind receipt",
         [good] { return Draft{.kind = bpv7::Kind::kBulk, .payload = receipt_by(kServerNode, good)}; },
         ErrorCode::kForbidden},
    };
}

/// Brings a wire over link 1.
TransferId bring(Desk& desk, const Bytes& wire) {
    const TransferId transfer = desk.arrive(1, wire);
    desk.settle();
    return transfer;
}

}  // namespace

TEST_CASE("a forged receipt purges nothing at a carrier and is refused for its own reason",
          "[node][receipts]") {
    for (const Forgery& forgery : forgeries()) {
        CAPTURE(forgery.what);
        Desk desk{options_of(kLaptopNode), everybody()};
        desk.peer_up(1, kKioskNode);
        REQUIRE(desk.accepted(bring(desk, chunk_wire(0))));
        REQUIRE(desk.accepted(bring(desk, chunk_wire(1))));
        const TransferId transfer = bring(desk, wire_of(forgery.draft()));
        CHECK(desk.refusal(transfer) == Refusal::kNotAcceptable);
        CHECK(desk.refused(forgery.code) == 1);
        CHECK(desk.node->custody().counters().receipts_refused == 1);
        CHECK(desk.stored() == 2);
        CHECK(desk.last_notice(effect::Notify::What::kRefused)
                  .starts_with(std::string{code_name(forgery.code)} + ": "));
        // The good one works nevertheless.
        REQUIRE(desk.accepted(bring(desk, good_receipt(7))));
        CHECK(desk.stored() == 1);
        CHECK(desk.node->custody().counters().bundles_purged == 2);
        CHECK(desk.refusal(bring(desk, chunk_wire(0))) == Refusal::kCompleted);
    }
}

TEST_CASE("a receipt whose bundle is mis-signed purges nothing", "[node][receipts]") {
    Desk desk{options_of(kLaptopNode), everybody()};
    desk.peer_up(1, kKioskNode);
    bring(desk, chunk_wire(0));
    bpv7::Bundle bundle = bundle_of({.payload = receipt_by(kServerNode, delivered_to(kServerNode))});
    SECTION("with another key") {
        bpsec::sign(bundle, device_of(kLaptopNode).signing_key, device_of(kServerNode).signing.id);
    }
    SECTION("not at all") {}
    const TransferId transfer = bring(desk, bpv7::encode(bundle));
    CHECK(desk.refusal(transfer) == Refusal::kNotAcceptable);
    CHECK(desk.stored() == 1);
}

TEST_CASE("receipts that do not end a message's way leave copies alone", "[node][receipts]") {
    Desk desk{options_of(kLaptopNode), everybody()};
    desk.peer_up(1, kKioskNode);
    bring(desk, chunk_wire(0));
    admin::Receipt receipt = delivered_to(kServerNode);
    SECTION("custody") {
        receipt.says = admin::Custody{.attachments_complete = true};
    }
    SECTION("delivered in part") {
        receipt.says = admin::Delivered{.attachments_complete = false};
    }
    REQUIRE(desk.accepted(bring(desk, wire_of({.payload = receipt_by(kServerNode, receipt)}))));
    CHECK(desk.stored() == 2);
    CHECK(desk.accepted(bring(desk, chunk_wire(1))));
}

TEST_CASE("a receipt counts for its message, maker and recipient alone", "[node][receipts]") {
    Desk desk{options_of(kLaptopNode), everybody()};
    desk.peer_up(1, kKioskNode);
    REQUIRE(desk.accepted(bring(desk, good_receipt())));
    const bool restarted = GENERATE(false, true);
    if (restarted) {
        desk.restart(options_of(kLaptopNode), everybody());
        desk.peer_up(1, kKioskNode);
    }
    CHECK(desk.refusal(bring(desk, chunk_wire(0))) == Refusal::kCompleted);
    CHECK(desk.accepted(bring(desk, chunk_wire(0, "dtn://18904-srv2/in"))));
    CHECK(desk.accepted(bring(desk, wire_of({.source = kServerNode,
                                             .destination = "dtn://18904-srv3/in",
                                             .kind = bpv7::Kind::kRequest,
                                             .chunk = 1,
                                             .sequence = 300}))));
}

TEST_CASE("the sender takes only what confirms its own message", "[node][receipts]") {
    NodeOptions options = options_of(kKioskNode);
    Desk desk{options, everybody()};
    MessageTerms terms = terms_for(kServerInbox, 5);
    desk.give(input::OpenMessage{1, terms});
    const auto opened = std::get<effect::Reply::Opened>(*desk.replies.back().outcome);
    desk.give(input::AppendMessage{2, opened.token, 0, Bytes::copy_of(as_bytes("paper"))});
    desk.give(input::FinishMessage{3, opened.token});
    REQUIRE(desk.replies.back().outcome);
    REQUIRE(desk.stored() == 1);
    desk.peer_up(1, kServerNode);
    const auto outcome = [&](const std::string& signer, const admin::Receipt& receipt,
                             std::uint64_t sequence) {
        return bring(
            desk, wire_of({.source = signer, .payload = receipt_by(signer, receipt), .sequence = sequence}));
    };
    admin::Receipt receipt = delivered_to(kServerNode);
    receipt.message_id = opened.message_id;

    CHECK(desk.refusal(outcome(kServerNode, receipt, 1)) == Refusal::kNotAcceptable);
    CHECK(desk.refused(ErrorCode::kContradiction) == 1);
    receipt.message_digest = cose::sha256(as_bytes("paper"));
    receipt.holder = kLaptopNode;
    CHECK(desk.refusal(outcome(kLaptopNode, receipt, 2)) == Refusal::kNotAcceptable);
    CHECK(desk.refused(ErrorCode::kWrongSender) == 1);
    receipt.holder = kServerNode;
    receipt.message_id.fill(8);
    CHECK(desk.accepted(outcome(kServerNode, receipt, 3)));  // of nothing that waits here: taken, not kept
    CHECK(desk.node->receipts().kept().empty());
    CHECK(desk.stored() == 1);
    CHECK(desk.node->receipts().waiting().size() == 1);

    receipt.message_id = opened.message_id;
    CHECK(desk.accepted(outcome(kServerNode, receipt, 4)));
    CHECK(desk.stored() == 0);
    CHECK(desk.node->receipts().waiting().empty());
    CHECK(desk.node->receipts().kept().size() == 1);
    CHECK(desk.refusal(outcome(kServerNode, receipt, 4)) == Refusal::kCompleted);
    receipt.signed_unix_s = kWall + 1;
    CHECK(desk.accepted(outcome(kServerNode, receipt, 5)));  // the same once more
    receipt.message_digest->fill(1);
    CHECK(desk.refusal(outcome(kServerNode, receipt, 6)) == Refusal::kNotAcceptable);
    CHECK(desk.node->receipts().kept().size() == 1);
    desk.restart(options, everybody());
    CHECK(desk.node->receipts().kept().size() == 1);
    CHECK(desk.stored() == 0);
}

TEST_CASE("a carrier that is full takes the receipts that make room", "[node][receipts]") {
    NodeOptions options = options_of(kLaptopNode);
    options.quota_bytes = 1'500;
    options.source_percent_max = options.bulk_percent_max = 100;
    Desk desk{options, everybody()};
    desk.peer_up(1, kKioskNode);
    REQUIRE(desk.accepted(bring(desk, chunk_wire(0))));
    for (std::uint64_t number = 500;; ++number) {
        REQUIRE(number < 550);
        const Bytes wire = wire_of({.source = kKioskNode,
                                    .destination = kServerInbox,
                                    .kind = bpv7::Kind::kBulk,
                                    .sequence = number});
        if (desk.refusal(bring(desk, wire)) == Refusal::kNoResources) break;
    }
    REQUIRE(desk.accepted(bring(desk, good_receipt())));
    CHECK(desk.node->custody().counters().bundles_purged == 1);
}

TEST_CASE("a receipt overtakes thirty megabytes of anything", "[node][receipts]") {
    constexpr std::size_t kMegabyte = 1U << 20;
    NodeOptions options = options_of(kLaptopNode);
    options.link_bytes_in_flight_max = 4 * kMegabyte;
    Desk desk{options, everybody()};
    desk.peer_up(1, kServerNode);
    for (std::uint64_t i = 0; i < 30; ++i) {
        bpv7::Bundle bundle = draw({.source = kServerNode,
                                    .destination = "dtn://18904-ks07/in",
                                    .payload = std::string(kMegabyte - 10'000, 'x'),
                                    .sequence = 1'000 + i});
        bpv7::ClassBlock klass{.urgency = bpv7::Urgency::kTimedExpress, .kind = bpv7::Kind::kControl};
        bundle.set_block(bpv7::block_type::kClass, 0, bpv7::CrcType::kCrc16, bpv7::encode_class(klass));
        bpsec::sign(bundle, device_of(kServerNode).signing_key, device_of(kServerNode).signing.id);
        REQUIRE(desk.accepted(bring(desk, bpv7::encode(bundle))));
    }
    desk.give(input::PeerUp{2, *bpv7::Eid::parse(kKioskNode), 1 << 20, "test", true, false});
    const std::size_t under_way = desk.transmitted(2).size();
    REQUIRE(under_way < 6);
    REQUIRE(desk.accepted(bring(desk, good_receipt())));
    desk.give(input::Confirmed{2, desk.transmits.front().key});
    const auto sent = desk.transmitted(2);
    REQUIRE(sent.size() > under_way);
    CHECK(sent[under_way].primary.destination.to_string() == kAddress);
}

}  // namespace tram::node::testing
