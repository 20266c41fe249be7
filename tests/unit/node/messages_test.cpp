// Messages that come in: gathered, handed out, read, refused.
#include <algorithm>
#include <catch2/catch.hpp>

#include "daemon/node/short_id.h"
#include "tests/unit/node/message_world.h"

namespace tram::node::testing {

namespace {

constexpr std::uint64_t kFourChunks = 200'000;
const std::string kServerNode = "dtn://18904-srv/";

std::uint64_t refused(World& world, ErrorCode code) {
    return world.custody(kServer).counters().refused[static_cast<std::size_t>(code)];
}

/// How often the server said that it refused something, with this code.
std::size_t said(World& world, ErrorCode code) {
    const auto& all = world.host(kServer).notifications();
    return static_cast<std::size_t>(std::ranges::count_if(all, [&](const effect::Notify& notify) {
        return notify.what == effect::Notify::What::kRefused &&
               notify.detail.starts_with(std::string{code_name(code)} + ": ");
    }));
}

Bytes altered(const Bytes& chunk) {
    Buffer copy(chunk.view().begin(), chunk.view().end());
    copy[copy.size() / 2] ^= 1;
    return Bytes{std::move(copy)};
}

}  // namespace

TEST_CASE("a message arrives as it was sent, and is gone when it is acknowledged", "[node][messages]") {
    const std::uint64_t bytes = GENERATE(0U, 1U, 65'000U, 200'000U, 1'000'000U);
    World world;
    const std::uint64_t number = world.send(bytes);
    world.meet();
    const auto message = world.fetch();
    REQUIRE(message);
    CHECK(message->sealed);
    CHECK(message->sender == "dtn://18904-ks07/");
    CHECK(message->source == *bpv7::Eid::parse("dtn://18904-ks07/"));
    CHECK(message->destination == *bpv7::Eid::parse(kServerInbox));
    CHECK(message->recipients == std::vector<std::string>{kServerNode});
    CHECK(message->content_bytes == bytes);
    CHECK(message->piece_count == world.stored(kServer));
    const auto content = world.read_all(*message);
    REQUIRE(content);
    CHECK(Bytes{*content} == Mesh::content_of(number, bytes));
    REQUIRE(world.acknowledge(message->token));
    CHECK(world.stored(kServer) == 0);
    CHECK(world.custody(kServer).counters().messages_delivered == 1);
    CHECK_FALSE(world.fetch());
    CHECK(world.acknowledge(message->token));  // again: the same answer
    const auto late = world.read(message->token, 0);
    REQUIRE_FALSE(late);
    CHECK(late.error().code == ErrorCode::kNotFound);
}

TEST_CASE("chunks may come in any order", "[node][messages]") {
    World world;
    Stranger stranger{world};
    const Bytes content = Mesh::content_of(5, kFourChunks);
    const auto chunks = stranger.seal(content, kServerNode);
    for (const std::size_t i : {2U, 0U, 3U}) {
        REQUIRE(stranger.bring(chunks[i], i, chunks.size()));
        CHECK_FALSE(world.fetch());
    }
    REQUIRE(stranger.bring(chunks[1], 1, chunks.size()));
    CHECK(stranger.bring_again() == Refusal::kCompleted);
    const auto message = world.fetch();
    REQUIRE(message);
    const auto read = world.read_all(*message);
    REQUIRE(read);
    CHECK(Bytes{*read} == content);
}

TEST_CASE("a waiting application gets a message when it is complete", "[node][messages]") {
    World world;
    Stranger stranger{world};
    const auto chunks = stranger.seal(Mesh::content_of(5, 100'000), kServerNode);
    const RequestId request = world.mesh.own_request();
    world.host(kServer).give(input::FetchMessage{request, *bpv7::Eid::parse(kServerInbox), Duration{10'000}});
    REQUIRE(stranger.bring(chunks[0], 0, 2));
    CHECK_FALSE(world.mesh.replies.contains(request));
    REQUIRE(stranger.bring(chunks[1], 1, 2));
    REQUIRE(world.mesh.replies.contains(request));
    const effect::Reply& reply = world.mesh.replies.at(request);
    REQUIRE(reply.outcome);
    CHECK(std::holds_alternative<MessageHandOver>(*reply.outcome));
}

TEST_CASE("urgent messages are handed out first", "[node][messages]") {
    World world;
    MessageTerms terms = terms_for(kServerInbox, 10);
    for (const auto urgency : {bpv7::Urgency::kNormal, bpv7::Urgency::kExpress, bpv7::Urgency::kUrgent}) {
        terms.urgency = urgency;
        world.mesh.send_message(kKiosk, terms);
    }
    for (int i = 0; i < 4; ++i)
        world.host(kKiosk).sync();
    world.meet();
    for (const std::uint8_t expected : {std::uint8_t{3}, std::uint8_t{1}, std::uint8_t{0}}) {
        const auto message = world.fetch();
        REQUIRE(message);
        CHECK(message->urgency == expected);
    }
}

TEST_CASE("parts of messages are never handed out as bundles", "[node][messages]") {
    World world;
    world.send(kFourChunks);
    world.meet();
    REQUIRE(world.stored(kServer) == 4);
    const auto reply = world.ask(kServer, [&](RequestId request) {
        return input::Fetch{request, *bpv7::Eid::parse(kServerInbox), Duration{0}};
    });
    REQUIRE(reply.outcome);
    CHECK(std::holds_alternative<effect::Reply::Nothing>(*reply.outcome));
    // Not even to someone who makes up the token of a bundle.
    const auto& record = world.custody(kServer).inventory().entries().begin()->second.record;
    const std::string token = std::to_string(record.key) + "." + short_id(record.id);
    const auto ended =
        world.ask(kServer, [&](RequestId request) { return input::Acknowledge{request, token}; });
    CHECK_FALSE(ended.outcome);
    CHECK(world.stored(kServer) == 4);
}

TEST_CASE("a chunk that contradicts its message is refused and the message stays", "[node][messages]") {
    World world;
    Stranger stranger{world};
    const Bytes content = Mesh::content_of(5, kFourChunks);
    const auto chunks = stranger.seal(content, kServerNode);
    REQUIRE(stranger.bring(chunks[0], 0, 4));
    REQUIRE(stranger.bring(chunks[1], 1, 4));
    SECTION("another count") {
        REQUIRE(stranger.bring(chunks[2], 2, 5));
    }
    SECTION("another bundle for the same chunk") {
        REQUIRE(stranger.bring(chunks[2], 1, 4));
    }
    SECTION("a count beyond all bounds") {
        REQUIRE(stranger.bring(chunks[2], 2, envelope::kChunksMax + 1));
    }
    world.host(kServer).sync();
    CHECK(refused(world, ErrorCode::kForeignChunk) == 1);
    CHECK(said(world, ErrorCode::kForeignChunk) == 1);
    CHECK(world.stored(kServer) == 2);
    CHECK(stranger.bring_again() == Refusal::kNotAcceptable);  // its tombstone
    REQUIRE(stranger.bring(chunks[2], 2, 4));
    REQUIRE(stranger.bring(chunks[3], 3, 4));
    const auto message = world.fetch();
    REQUIRE(message);
    CHECK(world.read_all(*message));
}

TEST_CASE("a message that does not open is refused as a whole", "[node][messages]") {
    World world;
    Stranger stranger{world};
    auto chunks = stranger.seal(Mesh::content_of(5, kFourChunks), kServerNode);
    ErrorCode expected = ErrorCode::kBadSeal;
    SECTION("its first chunk is altered") {
        chunks[0] = altered(chunks[0]);
    }
    SECTION("it is sealed for somebody else") {
        chunks = stranger.seal(Mesh::content_of(5, kFourChunks), "dtn://18904-ks07/");
        expected = ErrorCode::kNotRecipient;
    }
    SECTION("its first chunk is of another message") {
        chunks[0] = stranger.seal(Mesh::content_of(6, kFourChunks), kServerNode, 2)[0];
    }
    SECTION("it is no message at all") {
        chunks[0] = Bytes::copy_of(as_bytes("hello"));
        expected = ErrorCode::kMalformed;
    }
    stranger.bring(chunks);
    CHECK(world.stored(kServer) == 4);
    CHECK_FALSE(world.fetch());
    CHECK(world.stored(kServer) == 0);
    CHECK(refused(world, expected) == 1);
    world.host(kServer).sync();
    CHECK(said(world, expected) == 1);
    CHECK(world.custody(kServer).counters().messages_refused == 1);
    CHECK(stranger.bring_again() == Refusal::kNotAcceptable);
    world.mesh.crash(kServer);
    CHECK(stranger.bring_again() == Refusal::kNotAcceptable);
    CHECK(world.stored(kServer) == 0);
}

TEST_CASE("a message that turns out bad while it is read is refused as a whole", "[node][messages]") {
    World world;
    Stranger stranger{world};
    auto chunks = stranger.seal(Mesh::content_of(5, kFourChunks), kServerNode);
    SECTION("altered") {
        chunks[2] = altered(chunks[2]);
    }
    SECTION("twice the same") {
        chunks[2] = chunks[1];
    }
    SECTION("of another message") {
        chunks[2] = stranger.seal(Mesh::content_of(6, kFourChunks), kServerNode, 2)[2];
    }
    stranger.bring(chunks);
    const auto message = world.fetch();
    REQUIRE(message);
    REQUIRE(world.read(message->token, 0));
    REQUIRE(world.read(message->token, 1));
    const auto bad = world.read(message->token, 2);
    REQUIRE_FALSE(bad);
    CHECK(bad.error().code == ErrorCode::kBadSeal);
    CHECK(world.stored(kServer) == 0);
    CHECK(refused(world, ErrorCode::kBadSeal) == 1);
    const auto gone = world.read(message->token, 3);
    REQUIRE_FALSE(gone);
    CHECK(gone.error().code == ErrorCode::kNotFound);
}

TEST_CASE("refused messages do not keep an application from the next good one", "[node][messages]") {
    World world;
    Stranger stranger{world};
    for (std::uint8_t id = 1; id <= 100; ++id)
        stranger.bring({Bytes::copy_of(as_bytes("hello"))}, id);
    stranger.bring(stranger.seal(Mesh::content_of(5, 10), kServerNode, 101), 101);
    const auto message = world.fetch();
    REQUIRE(message);
    CHECK(message->content_bytes == 10);
    CHECK(world.stored(kServer) == 1);
    CHECK(refused(world, ErrorCode::kMalformed) == 100);
}

TEST_CASE("a message that may open later is set aside and kept", "[node][messages]") {
    World world;
    Stranger stranger{world};
    const auto key = world.host(kServer).options().security.sealing_key;
    world.host(kServer).options().security.sealing_key.reset();
    world.mesh.crash(kServer);
    stranger.bring(stranger.seal(Mesh::content_of(5, kFourChunks), kServerNode));
    stranger.bring(stranger.seal(Mesh::content_of(6, 10), std::nullopt, 2), 2);
    const auto first = world.fetch();  // the sealed one is passed over
    REQUIRE(first);
    CHECK_FALSE(first->sealed);
    CHECK_FALSE(world.fetch());
    CHECK(world.stored(kServer) == 5);
    CHECK(world.custody(kServer).counters().messages_set_aside == 1);
    CHECK(refused(world, ErrorCode::kNoSealingKey) == 1);
    // Tried again after a while, without saying so again.
    world.mesh.advance(Duration{70'000});
    world.host(kServer).give(input::Tick{});
    CHECK(world.fetch());
    CHECK_FALSE(world.fetch());
    CHECK(refused(world, ErrorCode::kNoSealingKey) == 1);

    world.host(kServer).options().security.sealing_key = key;
    world.mesh.crash(kServer);
    const auto message = world.fetch();
    REQUIRE(message);
    CHECK(message->sealed);
    CHECK(world.read_all(*message));
}

TEST_CASE("a message nobody acknowledges is handed out again under the same token", "[node][messages]") {
    World world;
    world.send(kFourChunks);
    world.meet();
    const auto first = world.fetch();
    REQUIRE(first);
    CHECK_FALSE(world.fetch());  // leased
    SECTION("after its lease") {
        world.mesh.advance(Duration{40'000});
        REQUIRE(world.read(first->token, 0));  // renews the lease
        world.mesh.advance(Duration{40'000});
        world.host(kServer).give(input::Tick{});
        CHECK_FALSE(world.fetch());
        world.mesh.advance(Duration{40'000});
        world.host(kServer).give(input::Tick{});
    }
    SECTION("when it did not reach its application") {
        world.host(kServer).give(input::Return{first->token});
    }
    SECTION("after a restart") {
        world.mesh.crash(kServer);
    }
    const auto again = world.fetch();
    REQUIRE(again);
    CHECK(again->token == first->token);
    CHECK(world.read_all(*again));
}

TEST_CASE("a token goes on after a restart, from the first piece", "[node][messages]") {
    World world;
    world.send(kFourChunks);
    world.meet();
    const auto message = world.fetch();
    REQUIRE(message);
    REQUIRE(world.read(message->token, 0));
    REQUIRE(world.read(message->token, 1));
    world.mesh.crash(kServer);
    const auto middle = world.read(message->token, 2);
    REQUIRE_FALSE(middle);
    CHECK(middle.error().code == ErrorCode::kInvalidArgument);
    CHECK_FALSE(world.fetch());  // whoever reads has it
    CHECK(world.read_all(*message));
    CHECK(world.acknowledge(message->token));
    CHECK(world.stored(kServer) == 0);
}

TEST_CASE("pieces are read in order, and several may be asked for at once", "[node][messages]") {
    World world;
    const std::uint64_t number = world.send(kFourChunks);
    world.meet();
    world.mesh.crash(kServer);  // nothing is cached: every piece is loaded
    const auto message = world.fetch();
    REQUIRE(message);
    const auto skipped = world.read(message->token, 1);
    REQUIRE_FALSE(skipped);
    CHECK(skipped.error().code == ErrorCode::kInvalidArgument);
    REQUIRE(world.read(message->token, 0));
    REQUIRE(world.read(message->token, 1));
    CHECK_FALSE(world.read(message->token, 3));

    std::vector<RequestId> requests;
    for (std::uint64_t index = 0; index < 4; ++index) {
        requests.push_back(world.mesh.own_request());
        world.host(kServer).give(input::ReadMessage{requests.back(), message->token, index});
    }
    world.host(kServer).settle();
    Buffer content;
    for (const RequestId request : requests) {
        REQUIRE(world.mesh.replies.contains(request));
        const auto& outcome = world.mesh.replies.at(request).outcome;
        REQUIRE(outcome);
        append(content, std::get<effect::Reply::Piece>(*outcome).content);
    }
    CHECK(Bytes{content} == Mesh::content_of(number, kFourChunks));

    std::size_t busy = 0;
    for (int i = 0; i < 40; ++i) {
        const RequestId request = world.mesh.own_request();
        world.host(kServer).give(input::ReadMessage{request, message->token, 0});
        requests.push_back(request);
    }
    world.host(kServer).settle();
    for (const RequestId request : requests) {
        const auto& outcome = world.mesh.replies.at(request).outcome;
        if (!outcome && outcome.error().code == ErrorCode::kBusy) ++busy;
    }
    CHECK(busy == 24);
}

TEST_CASE("a message with a chunk on hold waits until it is released", "[node][messages]") {
    World world;
    world.send(kFourChunks);
    world.meet();
    const auto message = world.fetch();
    REQUIRE(message);
    REQUIRE(world.read(message->token, 0));
    const BundleKey key = world.custody(kServer).inventory().entries().begin()->first;
    world.ask(kServer, [&](RequestId request) { return input::Hold{request, key, true}; });
    CHECK_FALSE(world.read(message->token, 1));
    CHECK_FALSE(world.fetch());
    world.ask(kServer, [&](RequestId request) { return input::Hold{request, key, false}; });
    const auto again = world.fetch();
    REQUIRE(again);
    CHECK(world.read_all(*again));
}

TEST_CASE("an acknowledgement is answered when the removal of all chunks is durable", "[node][messages]") {
    World world;
    world.send(kFourChunks);
    world.meet();
    const auto message = world.fetch();
    REQUIRE(message);
    REQUIRE(world.read_all(*message));
    const RequestId request = world.mesh.own_request();
    world.host(kServer).give(input::AcknowledgeMessage{request, message->token});
    world.host(kServer).settle();
    CHECK_FALSE(world.mesh.replies.contains(request));
    SECTION("not yet durable: all of it is back after a crash") {
        world.mesh.crash(kServer);
        CHECK(world.stored(kServer) == 4);
        CHECK(world.fetch());
    }
    SECTION("durable: gone for good") {
        world.host(kServer).sync();
        CHECK(world.mesh.replies.contains(request));
        world.mesh.crash(kServer);
        CHECK(world.stored(kServer) == 0);
        CHECK_FALSE(world.fetch());
    }
}

TEST_CASE("tokens that were never given out are refused", "[node][messages]") {
    World world;
    for (const std::string token : {"", "1.AAAA", "not a token", "00112233445566778899aabbccddeefg"}) {
        const auto refused_token = world.acknowledge(token);
        REQUIRE_FALSE(refused_token);
        CHECK(refused_token.error().code == ErrorCode::kInvalidArgument);
    }
    CHECK(world.acknowledge("00112233445566778899aabbccddeeff"));  // as if it was acknowledged before
    const auto foreign = world.ask(kServer, [&](RequestId request) {
        return input::FetchMessage{request, *bpv7::Eid::parse("dtn://18904-ks07/in"), Duration{0}};
    });
    REQUIRE_FALSE(foreign.outcome);
    CHECK(foreign.outcome.error().code == ErrorCode::kInvalidArgument);
}

TEST_CASE("a public message for a group reaches every member and goes on", "[node][messages]") {
    World world;
    const std::string group = "dtn://18904/~notice";
    MessageTerms terms = terms_for(group, kFourChunks);
    terms.is_public = true;
    const std::uint64_t number = world.mesh.send_message(kKiosk, terms);
    for (int i = 0; i < 20; ++i)
        world.host(kKiosk).sync();
    REQUIRE(world.mesh.messages_answered.contains(number));
    world.mesh.connect(kKiosk, kLaptop);
    world.mesh.settle();
    world.mesh.disconnect(kKiosk, kLaptop);
    // The carrier reads it, and still has it for the server.
    for (const std::size_t member : {kKiosk, kLaptop}) {
        const auto message = world.fetch(member, group);
        REQUIRE(message);
        CHECK_FALSE(message->sealed);
        CHECK(message->recipients.empty());
        const auto content = world.read_all(*message, member);
        REQUIRE(content);
        CHECK(Bytes{*content} == Mesh::content_of(number, kFourChunks));
        REQUIRE(world.acknowledge(message->token, member));
        CHECK_FALSE(world.fetch(member, group));
        CHECK(world.stored(member) == 4);
        world.mesh.crash(member);
        CHECK_FALSE(world.fetch(member, group));
    }
    world.mesh.connect(kLaptop, kServer);
    world.mesh.settle();
    const auto message = world.fetch(kServer, group);
    REQUIRE(message);
    CHECK(world.read_all(*message));
}

}  // namespace tram::node::testing
