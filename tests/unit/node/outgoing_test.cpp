// Messages that go out: drafts, what becomes of them, and who may open them.
#include <catch2/catch.hpp>

#include "tests/unit/node/message_world.h"

namespace tram::node::testing {

namespace {

constexpr std::uint64_t kFourChunks = 200'000;

Result<std::string> open(World& world, const MessageTerms& terms) {
    const auto reply =
        world.ask(kKiosk, [&](RequestId request) { return input::OpenMessage{request, terms}; });
    if (!reply.outcome) return std::unexpected{reply.outcome.error()};
    return std::get<effect::Reply::Opened>(*reply.outcome).token;
}

Result<void> append(World& world, const std::string& token, std::uint64_t offset, const Bytes& content) {
    const auto reply = world.ask(
        kKiosk, [&](RequestId request) { return input::AppendMessage{request, token, offset, content}; });
    if (!reply.outcome) return std::unexpected{reply.outcome.error()};
    CHECK(std::holds_alternative<effect::Reply::Done>(*reply.outcome));
    return {};
}

Result<bpv7::BundleId> finish(World& world, const std::string& token) {
    const auto reply =
        world.ask(kKiosk, [&](RequestId request) { return input::FinishMessage{request, token}; });
    if (!reply.outcome) return std::unexpected{reply.outcome.error()};
    return std::get<effect::Reply::Sent>(*reply.outcome).id;
}

ErrorCode code_of(const auto& result) {
    REQUIRE_FALSE(result);
    CHECK_FALSE(result.error().message.empty());
    return result.error().code;
}

}  // namespace

TEST_CASE("a message becomes bundles of one class that must not be fragmented", "[node][outgoing]") {
    World world;
    MessageTerms terms = terms_for(kServerInbox, kFourChunks);
    terms.source = *bpv7::Eid::parse("dtn://18904-ks07/desk");
    terms.urgency = bpv7::Urgency::kUrgent;
    terms.kind = bpv7::Kind::kRequest;
    terms.lifetime_ms = 5'000'000;
    const auto token = open(world, terms);
    REQUIRE(token);
    REQUIRE(append(world, *token, 0, Mesh::content_of(1, kFourChunks)));
    const auto sent = finish(world, *token);
    REQUIRE(sent);
    const auto& entries = world.custody(kKiosk).inventory().entries();
    REQUIRE(entries.size() == 4);
    CHECK(entries.begin()->second.record.id == Bytes{sent->key()});
    std::uint64_t index = 0;
    for (const auto& [key, entry] : entries) {
        const store::BundleRecord& record = entry.record;
        CHECK(record.source == "dtn://18904-ks07/desk");
        CHECK(record.destination == kServerInbox);
        CHECK(record.urgency == 1);
        CHECK(record.kind == static_cast<std::uint8_t>(bpv7::Kind::kRequest));
        CHECK(record.lifetime_ms == 5'000'000);
        CHECK((record.flags & bpv7::bundle_flag::kMustNotFragment) != 0);
        CHECK(record.local);
        CHECK(record.forward);
        CHECK(entry.durable);
        CHECK_FALSE(entry.draft);
        REQUIRE(record.chunk);
        CHECK(record.chunk->index == index++);
        CHECK(record.chunk->count == 4);
        CHECK(to_hex(record.chunk->message_id) == *token);
    }
    CHECK(world.custody(kKiosk).counters().messages_sent == 1);
    CHECK(world.custody(kKiosk).counters().bundles_submitted == 4);
    CHECK(world.draft_rows(kKiosk).empty());
}

TEST_CASE("nobody gets a draft before it is finished", "[node][outgoing]") {
    World world;
    const std::string destination = GENERATE(false, true) ? kServerInbox : "dtn://18904-ks07/in";
    world.mesh.connect(kKiosk, kLaptop);
    const auto token = open(world, terms_for(destination, kFourChunks));
    REQUIRE(token);
    REQUIRE(append(world, *token, 0, Mesh::content_of(1, kFourChunks)));
    world.mesh.settle();
    // A peer that comes now is not offered it either.
    world.mesh.connect(kKiosk, kServer);
    world.mesh.settle();
    CHECK(world.stored(kKiosk) == 3);
    CHECK(world.stored(kLaptop) == 0);
    CHECK(world.stored(kServer) == 0);
    CHECK_FALSE(world.fetch(kKiosk, "dtn://18904-ks07/in"));
    CHECK(world.draft_rows(kKiosk).size() == 1);
    // Nor while the end of it is not durable.
    const RequestId request = world.mesh.own_request();
    world.host(kKiosk).give(input::FinishMessage{request, *token});
    world.host(kKiosk).settle();
    CHECK_FALSE(world.fetch(kKiosk, "dtn://18904-ks07/in"));
    CHECK_FALSE(world.mesh.replies.contains(request));
    world.mesh.settle();
    CHECK(world.mesh.replies.contains(request));
    CHECK(world.stored(kServer) == (destination == kServerInbox ? 4 : 0));
    CHECK(world.fetch(kKiosk, "dtn://18904-ks07/in").has_value() == (destination != kServerInbox));
}

TEST_CASE("a draft that is given up leaves nothing", "[node][outgoing]") {
    World world;
    const auto token = open(world, terms_for(kServerInbox, kFourChunks));
    REQUIRE(token);
    REQUIRE(append(world, *token, 0, Mesh::content_of(1, kFourChunks)));
    REQUIRE(world.stored(kKiosk) == 3);
    SECTION("dropped") {
        const auto reply =
            world.ask(kKiosk, [&](RequestId request) { return input::DropMessage{request, *token}; });
        CHECK(reply.outcome);
    }
    SECTION("dropped, nobody waits for the answer") {
        world.host(kKiosk).give(input::DropMessage{0, *token});
        world.host(kKiosk).sync();
    }
    SECTION("idle") {
        const auto due = world.host(kKiosk).node().next_timeout();
        REQUIRE(due);
        CHECK(*due <= world.mesh.now().monotonic + Outgoing::kIdleMax);
        world.mesh.advance(Outgoing::kIdleMax - Duration{1});
        world.host(kKiosk).give(input::Tick{});
        CHECK(world.stored(kKiosk) == 3);
        world.mesh.advance(Duration{1});
        world.host(kKiosk).give(input::Tick{});
    }
    SECTION("the node restarts") {
        world.mesh.crash(kKiosk);
    }
    CHECK(world.stored(kKiosk) == 0);
    CHECK(code_of(append(world, *token, 0, Mesh::content_of(1, 10))) == ErrorCode::kNotFound);
    CHECK(code_of(finish(world, *token)) == ErrorCode::kNotFound);
    world.mesh.crash(kKiosk);
    world.host(kKiosk).sync();
    CHECK(world.stored(kKiosk) == 0);
    CHECK(world.draft_rows(kKiosk).empty());
    CHECK(world.custody(kKiosk).inventory().tombstones().empty());
}

TEST_CASE("content that comes twice is taken once", "[node][outgoing]") {
    World world;
    const Bytes content = Mesh::content_of(9, kFourChunks);
    const auto token = open(world, terms_for("dtn://18904-ks07/in", kFourChunks));
    REQUIRE(token);
    REQUIRE(append(world, *token, 0, content.slice(0, 100'000)));
    REQUIRE(append(world, *token, 0, content.slice(0, 100'000)));
    REQUIRE(append(world, *token, 50'000, content.slice(50'000, 60'000)));  // half of it is new
    CHECK(code_of(append(world, *token, 120'000, content.slice(120'000, 10))) == ErrorCode::kInvalidArgument);
    REQUIRE(append(world, *token, 110'000, content.slice(110'000, kFourChunks - 110'000)));
    CHECK(code_of(append(world, *token, kFourChunks, Mesh::content_of(1, 1))) == ErrorCode::kTooLarge);
    REQUIRE(finish(world, *token));
    const auto message = world.fetch(kKiosk, "dtn://18904-ks07/in");
    REQUIRE(message);
    const auto read = world.read_all(*message, kKiosk);
    REQUIRE(read);
    CHECK(Bytes{*read} == content);
}

TEST_CASE("a message is finished with all of its content only", "[node][outgoing]") {
    World world;
    const auto token = open(world, terms_for(kServerInbox, 1'000));
    REQUIRE(token);
    REQUIRE(append(world, *token, 0, Mesh::content_of(1, 999)));
    CHECK(code_of(finish(world, *token)) == ErrorCode::kTruncated);
    REQUIRE(append(world, *token, 999, Mesh::content_of(1, 1)));
    CHECK(finish(world, *token));
}

TEST_CASE("a message must fit before it is begun, and as it goes on", "[node][outgoing]") {
    World world{1, 1'000'000};  // quota; 95% of it for applications
    CHECK(code_of(open(world, terms_for(kServerInbox, 950'000))) == ErrorCode::kFull);
    const auto token = open(world, terms_for(kServerInbox, 600'000));
    REQUIRE(token);
    // What the first still needs is not given away.
    CHECK(code_of(open(world, terms_for(kServerInbox, 600'000))) == ErrorCode::kFull);
    REQUIRE(append(world, *token, 0, Mesh::content_of(3, 300'000)));
    // Peers' bundles and the disk do not ask: what is refused then may be given again.
    world.host(kKiosk).give(input::FreeSpace{1'000});
    const Bytes rest = Mesh::content_of(3, 600'000).slice(300'000, 300'000);
    CHECK(code_of(append(world, *token, 300'000, rest)) == ErrorCode::kFull);
    world.host(kKiosk).give(input::FreeSpace{100'000'000});
    REQUIRE(append(world, *token, 300'000, rest));
    world.host(kKiosk).give(input::FreeSpace{1'000});
    CHECK(code_of(finish(world, *token)) == ErrorCode::kFull);
    world.host(kKiosk).give(input::FreeSpace{100'000'000});
    REQUIRE(finish(world, *token));
    CHECK(world.stored(kKiosk) == 10);
    CHECK(world.custody(kKiosk).counters().bundles_refused_full == 4);
}

TEST_CASE("a message is sealed for nodes whose keys are known", "[node][outgoing]") {
    World world;
    MessageTerms terms = terms_for(kServerInbox, 100);
    SECTION("the destination and others") {
        terms.also_for = {*bpv7::Eid::parse("dtn://18904-ks07/"), *bpv7::Eid::parse("dtn://18904-srv/")};
        const auto token = open(world, terms);
        REQUIRE(token);
        REQUIRE(append(world, *token, 0, Mesh::content_of(1, 100)));
        REQUIRE(finish(world, *token));
        world.meet();
        const auto message = world.fetch();
        REQUIRE(message);
        CHECK(message->recipients == std::vector<std::string>{"dtn://18904-srv/", "dtn://18904-ks07/"});
    }
    SECTION("a group with named readers") {
        terms.destination = *bpv7::Eid::parse("dtn://18904/~notice");
        terms.also_for = {*bpv7::Eid::parse("dtn://18904-srv/")};
        CHECK(open(world, terms));
    }
    SECTION("no key for the destination") {
        terms.destination = *bpv7::Eid::parse("dtn://18904-lt01/in");
        const auto refused = open(world, terms);
        CHECK(code_of(refused) == ErrorCode::kNoSealingKey);
        CHECK(refused.error().message.find("dtn://18904-lt01/") != std::string::npos);
    }
    SECTION("no key for one of the others") {
        terms.also_for = {*bpv7::Eid::parse("dtn://18904-xx/")};
        const auto refused = open(world, terms);
        CHECK(code_of(refused) == ErrorCode::kNoSealingKey);
        CHECK(refused.error().message.find("dtn://18904-xx/") != std::string::npos);
    }
    SECTION("a group without readers") {
        terms.destination = *bpv7::Eid::parse("dtn://18904/~notice");
        CHECK(code_of(open(world, terms)) == ErrorCode::kInvalidArgument);
    }
    SECTION("public, but for somebody") {
        terms.is_public = true;
        terms.also_for = {*bpv7::Eid::parse("dtn://18904-srv/")};
        CHECK(code_of(open(world, terms)) == ErrorCode::kInvalidArgument);
    }
    CHECK(world.draft_rows(kKiosk).size() + world.custody(kKiosk).counters().messages_sent <= 1);
}

TEST_CASE("what cannot become a message is refused at its beginning", "[node][outgoing]") {
    World world;
    MessageTerms terms = terms_for(kServerInbox, 100);
    ErrorCode expected = ErrorCode::kInvalidArgument;
    SECTION("no destination") {
        terms.destination = {};
    }
    SECTION("another node's source") {
        terms.source = *bpv7::Eid::parse("dtn://18904-srv/x");
    }
    SECTION("a lifetime without end") {
        terms.lifetime_ms = ~0ULL;
    }
    SECTION("too much content") {
        terms.content_bytes = envelope::kContentBytesMax + 1;
        expected = ErrorCode::kTooLarge;
    }
    SECTION("a content type that is too long") {
        terms.content_type = std::string(200, 'x');
        expected = ErrorCode::kTooLarge;
    }
    SECTION("bundles too small for chunks") {
        world.host(kKiosk).options().limits.bundle_bytes_max = 64U << 10;
        world.mesh.crash(kKiosk);
        expected = ErrorCode::kTooLarge;
    }
    SECTION("nothing to sign with") {
        world.host(kKiosk).options().security.signing_key.reset();
        world.mesh.crash(kKiosk);
        expected = ErrorCode::kNoCertificate;
    }
    SECTION("too many at once") {
        for (std::size_t i = 0; i < Outgoing::kDraftsMax; ++i)
            REQUIRE(open(world, terms));
        expected = ErrorCode::kBusy;
    }
    CHECK(code_of(open(world, terms)) == expected);
}

TEST_CASE("a part that is cancelled before the end takes the message along", "[node][outgoing]") {
    World world;
    const auto token = open(world, terms_for(kServerInbox, kFourChunks));
    REQUIRE(token);
    REQUIRE(append(world, *token, 0, Mesh::content_of(1, kFourChunks)));
    const BundleKey key = world.custody(kKiosk).inventory().entries().begin()->first;
    world.ask(kKiosk, [&](RequestId request) { return input::Cancel{request, key}; });
    CHECK(code_of(finish(world, *token)) == ErrorCode::kExpired);
    CHECK(world.stored(kKiosk) == 0);
    world.host(kKiosk).sync();
    CHECK(world.draft_rows(kKiosk).empty());
}

TEST_CASE("a crash at any step of sending leaves the whole message or nothing", "[node][outgoing]") {
    // Steps: open, six pieces of content, finish; a disk that syncs after none, some or all of them.
    const int crash_after = GENERATE(range(0, 9));
    const int syncs = GENERATE(0, 1, 2, 3);  // every how many steps; 0: never
    World world;
    const Bytes content = Mesh::content_of(7, kFourChunks);
    const auto to_self = terms_for("dtn://18904-ks07/in", kFourChunks);
    Host& kiosk = world.host(kKiosk);
    std::string token;
    RequestId finished = 0;
    for (int step = 0; step < crash_after; ++step) {
        if (step == 0) {
            const RequestId request = world.mesh.own_request();
            kiosk.give(input::OpenMessage{request, to_self});
            kiosk.settle();
            token = std::get<effect::Reply::Opened>(*world.mesh.replies.at(request).outcome).token;
        } else if (step < 7) {
            const std::size_t from = static_cast<std::size_t>(step - 1) * 35'000;
            const std::size_t bytes = std::min<std::size_t>(35'000, kFourChunks - from);
            kiosk.give(
                input::AppendMessage{world.mesh.own_request(), token, from, content.slice(from, bytes)});
        } else {
            finished = world.mesh.own_request();
            kiosk.give(input::FinishMessage{finished, token});
        }
        kiosk.settle();
        if (syncs != 0 && step % syncs == 0) kiosk.sync();
    }
    const bool answered = finished != 0 && world.mesh.replies.contains(finished);
    world.mesh.crash(kKiosk);
    kiosk.sync();
    CHECK(world.draft_rows(kKiosk).empty());
    const auto message = world.fetch(kKiosk, "dtn://18904-ks07/in");
    CHECK((message.has_value() || !answered));
    CHECK(world.stored(kKiosk) == (message ? 4 : 0));
    if (message) {
        const auto read = world.read_all(*message, kKiosk);
        REQUIRE(read);
        CHECK(Bytes{*read} == content);
    }
    world.mesh.crash(kKiosk);
    CHECK(world.stored(kKiosk) == (message ? 4 : 0));
}

}  // namespace tram::node::testing
