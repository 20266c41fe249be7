// Neighbours tell each other whom to trust, before anything else, and a hostile one gains nothing by it.
#include <catch2/catch.hpp>
#include <functional>

#include "proto/cbor/writer.h"
#include "tests/unit/node/desk.h"

namespace tram::node::testing {

namespace {

constexpr LinkId kLink = 7;
const std::string kPeer = "dtn://18904-lt01/";

/// The server under test, and what its neighbour, a laptop, says.
struct Office {
    Commune commune;
    Device server = commune.enrol("dtn://18904-srv/");
    Device laptop = commune.enrol(kPeer);
    Device kiosk = commune.enrol("dtn://18904-ks07/");
    Desk desk{server.options(), commune.trust(server)};
    std::uint64_t sequence = 0;

    void meet() { desk.peer_up(kLink, kPeer, true, true); }

    [[nodiscard]] Bytes message(const Bytes& payload, const std::string& source = kPeer) {
        return signed_wire({.source = source,
                            .destination = "dtn://18904-srv/tram/trust",
                            .payload = std::string{as_text(payload)},
                            .sequence = ++sequence},
                           laptop);
    }
    TransferId say(const Bytes& payload) {
        const TransferId transfer = desk.arrive(kLink, message(payload));
        desk.settle();
        return transfer;
    }
    TransferId say(const TrustItems& items) { return say(encode(items)); }
    TransferId say(const TrustHello& hello) { return say(encode(hello)); }

    /// What the server has said on `link`, read.
    [[nodiscard]] std::vector<std::variant<TrustHello, TrustItems>> said(LinkId link = kLink) const {
        std::vector<std::variant<TrustHello, TrustItems>> found;
        for (const bpv7::Bundle& bundle : desk.transmitted(link)) {
            if (bundle.primary.destination.demux() != "tram/trust") continue;
            auto decoded = decode_trust_message(bundle.payload());
            REQUIRE(decoded);
            found.push_back(std::move(*decoded));
        }
        return found;
    }
    void submit(const std::string& to) {
        Submission submission;
        submission.destination = *bpv7::Eid::parse(to);
        desk.give(input::Submit{++sequence, submission});
    }
};

TrustHello knows(const std::vector<Device>& devices, const Commune& commune) {
    TrustHello hello;
    hello.certificates.push_back(prefix_of(commune.authority().id));
    for (const Device& device : devices) {
        hello.certificates.push_back(prefix_of(device.tls.id));
        hello.certificates.push_back(prefix_of(device.signing.id));
    }
    return hello;
}

}  // namespace

TEST_CASE("messages of the exchange survive the wire", "[node][trust]") {
    TrustHello hello;
    hello.last = false;
    hello.lists = {{"dtn://18904/", 7}};
    hello.certificates = {{1, 2, 3, 4, 5, 6, 7, 8}};
    const auto read = decode_trust_message(encode(hello));
    REQUIRE(read);
    const auto& again = std::get<TrustHello>(*read);
    CHECK_FALSE(again.last);
    CHECK(again.lists == hello.lists);
    CHECK(again.certificates == hello.certificates);

    const TrustItems items{{Bytes{Buffer{1, 2}}}, {Bytes{Buffer{3}}, Bytes{Buffer{4}}}};
    const auto read_items = decode_trust_message(encode(items));
    REQUIRE(read_items);
    CHECK(std::get<TrustItems>(*read_items).lists == items.lists);
    CHECK(std::get<TrustItems>(*read_items).certificates == items.certificates);
}

TEST_CASE("a hello goes first, for this contact only, and bundles wait for the peer's", "[node][trust]") {
    Office office;
    office.submit(kPeer + "in");
    office.meet();
    auto sent = office.desk.transmitted(kLink);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].primary.destination.to_string() == "dtn://18904-lt01/tram/trust");
    CHECK(sent[0].primary.source.to_string() == "dtn://18904-srv/");
    const auto hops = bpv7::decode_hop_count(sent[0].find(bpv7::block_type::kHopCount)->data);
    CHECK(hops->count >= hops->limit);  // nobody carries it further
    CHECK(office.desk.transmits[0].key == kUnstored);
    CHECK(office.desk.stored() == 1);  // the submission alone

    office.submit(kPeer + "in");
    CHECK(office.desk.transmitted(kLink).size() == 1);
    office.say(TrustHello{});
    sent = office.desk.transmitted(kLink);
    REQUIRE(sent.size() == 4);
    CHECK(sent[1].primary.destination.demux() == "tram/trust");
    CHECK(sent[2].primary.destination.demux() == "in");
    CHECK(sent[3].primary.destination.demux() == "in");
    const auto said = office.said();
    const auto& items = std::get<TrustItems>(said[1]);
    CHECK(items.certificates.size() == 3);  // the authority, and the server's two
    CHECK(office.desk.stored() == 2);
}

TEST_CASE("a peer that lacks nothing is sent nothing", "[node][trust]") {
    Office office;
    office.meet();
    office.say(knows({office.server}, office.commune));
    CHECK(office.said().size() == 1);
}

TEST_CASE("peers that do not take part are served at once and say nothing about trust", "[node][trust]") {
    const bool authenticated = GENERATE(true, false);
    Office office;
    office.submit(kPeer + "in");
    office.desk.peer_up(kLink, kPeer, authenticated, false);
    const auto sent = office.desk.transmitted(kLink);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].primary.destination.demux() == "in");
    const TransferId transfer = office.say(TrustItems{{}, {office.kiosk.signing.der}});
    CHECK(office.desk.refusal(transfer) == Refusal::kNotAcceptable);
    CHECK(office.desk.refused(ErrorCode::kForbidden) == 1);
    CHECK(office.desk.node->trust().keyring().find(office.kiosk.signing.id) == nullptr);
}

TEST_CASE("a peer that never says hello gets its bundles after a while", "[node][trust]") {
    Office office;
    office.submit(kPeer + "in");
    office.meet();
    const auto due = office.desk.node->next_timeout();
    REQUIRE(due);
    CHECK(*due - office.desk.now().monotonic <= TrustExchange::kHelloPatience);
    office.desk.monotonic_ms += TrustExchange::kHelloPatience.count();
    office.desk.give(input::Tick{});
    CHECK(office.desk.transmitted(kLink).size() == 2);
}

TEST_CASE("what a neighbour brings is kept, survives a restart, and is passed on once", "[node][trust]") {
    Office office;
    office.meet();
    office.desk.peer_up(8, "dtn://18904-lt02/", true, true);
    office.say(TrustHello{});
    office.desk.give(input::Confirmed{kLink, kUnstored});
    office.desk.arrive(8, office.message(encode(TrustHello{}), "dtn://18904-lt02/"));
    const std::size_t before = office.said(8).size();
    const std::size_t to_bringer = office.said().size();
    for (int i = 0; i < 3; ++i) {
        const TransferId transfer = office.say(TrustItems{{}, {office.kiosk.signing.der}});
        CHECK(office.desk.accepted(transfer));
    }
    CHECK(office.said(8).size() == before + 1);
    CHECK(office.said().size() == to_bringer);
    CHECK(office.desk.stored() == 0);
    office.desk.restart(office.server.options(), office.commune.trust(office.server));
    CHECK(office.desk.node->trust().keyring().find(office.kiosk.signing.id) != nullptr);
}

TEST_CASE("a message of the exchange must be the neighbour's own", "[node][trust]") {
    Office office;
    office.meet();
    const TransferId transfer =
        office.desk.arrive(kLink, office.message(encode(TrustHello{}), "dtn://18904-ks07/"));
    CHECK(office.desk.refusal(transfer) == Refusal::kNotAcceptable);
    CHECK(office.desk.refused(ErrorCode::kWrongNodeId) == 1);
    CHECK(office.said().size() == 1);
}

TEST_CASE("a neighbour that repeats its hello gets one answer", "[node][trust]") {
    Office office;
    office.meet();
    CHECK(office.desk.accepted(office.say(TrustHello{})));
    const std::size_t answered = office.said().size();
    for (int i = 0; i < 50; ++i)
        CHECK(office.desk.refusal(office.say(TrustHello{})) == Refusal::kNotAcceptable);
    CHECK(office.said().size() == answered);
    CHECK(office.desk.refused(ErrorCode::kDuplicate) + office.desk.refused(ErrorCode::kBusy) == 50);
}

TEST_CASE("a neighbour that claims a million certificates is refused", "[node][trust]") {
    Office office;
    office.meet();
    TrustHello part;
    part.last = false;
    part.certificates.resize(kPrefixesPerPart);
    std::uint64_t taken = 0;
    for (std::size_t sent = 0; sent < 1'000'000; sent += kPrefixesPerPart)
        taken += office.desk.accepted(office.say(part)) ? 1 : 0;
    CHECK(taken <= identity::KeyringLimits{}.certificates_max / kPrefixesPerPart);
    CHECK(office.desk.refused(ErrorCode::kTooLarge) == 1);
    CHECK(office.said().size() == 1);
}

TEST_CASE("nonsense about trust is refused with its reason, and then not listened to any more",
          "[node][trust]") {
    Office office;
    office.meet();
    const auto refused = [&](const Bytes& payload, ErrorCode code) {
        INFO(code_name(code));
        const std::uint64_t before = office.desk.refused(code);
        CHECK(office.desk.refusal(office.say(payload)) == Refusal::kNotAcceptable);
        CHECK(office.desk.refused(code) == before + 1);
    };
    refused(Bytes{Buffer{0xff}}, ErrorCode::kMalformed);
    refused(Bytes{Buffer{0x83, 0x09, 0x80, 0x80}}, ErrorCode::kMalformed);
    refused(Bytes{Buffer{0x85, 0x00, 0x02, 0xf5, 0x80, 0x80}}, ErrorCode::kUnsupportedVersion);
    refused(Bytes{Buffer{0x83, 0x01, 0x80, 0x80, 0x00}}, ErrorCode::kTrailingData);
    refused(Bytes{Buffer{0x83, 0x01, 0x80, 0x9a, 0xff, 0xff, 0xff, 0xff}}, ErrorCode::kMalformed);
    refused(Bytes{Buffer(kTrustMessageBytesMax + 1)}, ErrorCode::kTooLarge);
    refused(encode(TrustItems{{}, {Bytes{Buffer{1, 2, 3}}}}), ErrorCode::kMalformed);
    refused(encode(TrustItems{{Bytes{Buffer{1, 2, 3}}}, {}}), ErrorCode::kMalformed);
    const Buffer forged = [&] {
        Buffer der{office.kiosk.signing.der.view().begin(), office.kiosk.signing.der.view().end()};
        der.back() ^= 1;
        return der;
    }();
    refused(encode(TrustItems{{}, {Bytes{forged}}}), ErrorCode::kBadSignature);
    const Device impostor = Commune{"province", "18905"}.enrol("dtn://18905-ks07/");
    refused(encode(TrustItems{{}, {impostor.signing.der}}), ErrorCode::kUnknownAuthority);
    CHECK(office.desk.node->trust().keyring().find(impostor.signing.id) == nullptr);

    for (int i = 0; i < 20; ++i)
        office.say(TrustItems{{}, {Bytes{forged}}});
    CHECK(office.desk.refused(ErrorCode::kBusy) > 0);
    CHECK(office.desk.refusal(office.say(TrustItems{{}, {office.kiosk.signing.der}})) ==
          Refusal::kNotAcceptable);
    CHECK(office.desk.node->trust().keyring().find(office.kiosk.signing.id) == nullptr);
    CHECK(office.desk.stored() == 0);
}

TEST_CASE("much to tell goes out in messages of bounded size, a few at a time, and then the gate opens",
          "[node][trust]") {
    Office office;
    std::vector<Bytes> certificates;
    TrustHello hello = knows({office.server}, office.commune);
    for (int i = 0; i < 500; ++i) {
        const Device device = office.commune.enrol("dtn://18904-d" + std::to_string(i) + "/");
        certificates.push_back(device.signing.der);
    }
    identity::TrustBundle bundle;
    for (const Bytes& der : certificates)
        bundle.certificates.push_back(*identity::read_certificate(der));
    office.desk.give(input::Trust{1, identity::encode_trust(bundle)});
    office.submit(kPeer + "in");
    office.meet();
    office.say(hello);
    office.desk.give(input::Declined{kLink, kSyncMessage, Refusal::kNotAcceptable});
    std::size_t told = 0;
    std::size_t seen = 0;
    for (int guard = 0; guard < 100; ++guard) {
        const auto sent = office.desk.transmits.size();
        CHECK(sent - seen <= TrustExchange::kInFlightMax + 1);
        if (sent == seen) break;
        seen = sent;
        for (std::uint32_t i = 0; i < TrustExchange::kInFlightMax; ++i)
            office.desk.give(input::Confirmed{kLink, kUnstored});
    }
    for (const auto& message : office.said()) {
        if (const auto* items = std::get_if<TrustItems>(&message)) told += items->certificates.size();
    }
    CHECK(told == certificates.size());
    for (const effect::Transmit& transmit : office.desk.transmits)
        CHECK(transmit.wire.size() < 64U << 10);
    CHECK(office.desk.transmitted(kLink).back().primary.destination.demux() == "in");
}

}  // namespace tram::node::testing
