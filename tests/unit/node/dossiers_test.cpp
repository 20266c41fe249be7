// From the kiosk to the office and back: what is told when, once, and to whom.
#include <catch2/catch.hpp>

#include "tests/unit/node/dossier_world.h"

namespace tram::node::testing {

namespace pb = admin::pb;
using tram::test::code_of;
using tram::test::kCode;

TEST_CASE("a request goes to its office, is answered, and ends with the citizen", "[node][dossiers]") {
    DossierWorld world;
    const std::string number = world.file();
    CHECK(world.world.host(kKiosk).node().receipts().waiting().size() == 1);
    world.meet();
    // Confirmed before any application has asked.
    CHECK(world.world.host(kKiosk).node().receipts().waiting().empty());
    CHECK(world.receipts(kKiosk, pb::RECEIPT_DELIVERED) == 1);
    CHECK(world.received(number).state() == pb::STATE_REGISTERED);
    const auto read = world.drain();
    REQUIRE(read.size() == 1);
    CHECK(read[0].head().local_number() == number);

    REQUIRE(world.accept(number));
    world.meet();
    CHECK(world.filed(number).state() == pb::STATE_ACCEPTED);
    CHECK(world.filed(number).dossier.code()->text() == kCode);
    CHECK(world.filed(number).dossier.due_day() == 20'783);
    CHECK(world.receipts(kKiosk, pb::RECEIPT_OFFICIAL) == 1);

    CHECK(world.say(number, DossierWorld::update(pb::UPDATE_SUPPLEMENT, pb::STATE_SUPPLEMENT_NEEDED)) == 1);
    world.meet();
    CHECK(world.filed(number).state() == pb::STATE_SUPPLEMENT_NEEDED);
    CHECK(world.file(DossierWorld::follows(number, pb::PURPOSE_SUPPLEMENT, "đây")) == number);
    world.meet();
    const auto followed = world.drain();
    REQUIRE(followed.size() == 1);
    CHECK(followed[0].request().part() == 1);
    CHECK(followed[0].request().answers().sequence() == 1);
    CHECK(world.filed(number).parts.size() == 1);
    CHECK(world.received(number).parts.size() == 2);

    CHECK(world.say(number, DossierWorld::update(pb::UPDATE_RESULT, pb::STATE_DONE)) == 2);
    CHECK(code_of(world.hand_over(number)) == "not_found");
    world.meet();
    CHECK(world.world.host(kServer).node().receipts().waiting().empty());
    const auto revealed = world.reveal(kKiosk, number);
    REQUIRE(revealed);
    REQUIRE(revealed->contents.size() == 2);
    CHECK(world.read(kKiosk, revealed->contents[1]).update().kind() == pb::UPDATE_RESULT);
    REQUIRE(world.hand_over(number));
    REQUIRE(world.hand_over(number));
    CHECK(world.filed(number).state() == pb::STATE_HANDED_OVER);
    CHECK(world.reveal(kKiosk, number)->contents.size() == 1);
    world.meet();
    CHECK(world.received(number).state() == pb::STATE_HANDED_OVER);
    CHECK(world.received(number).handed_over->witness == "18904-to-12");
    CHECK(world.receipts(kServer, pb::RECEIPT_HANDED_OVER) == 1);
}

TEST_CASE("restarts in between change nothing, and nothing is taken twice", "[node][dossiers]") {
    DossierWorld world;
    const std::string number = world.file();
    world.restart(kKiosk);
    world.meet();
    world.restart(kServer);
    CHECK(world.received(number).parts.size() == 1);
    CHECK(world.say(number, pb::STATE_IN_PROGRESS) == 1);
    world.restart(kServer);
    CHECK(world.say(number, pb::STATE_PAYMENT_NEEDED) == 2);
    world.meet();
    world.restart(kKiosk);
    CHECK(world.filed(number).state() == pb::STATE_PAYMENT_NEEDED);
    CHECK(world.filed(number).dossier.missing() == 0);
    const auto revealed = world.reveal(kKiosk, number);
    REQUIRE(revealed);
    CHECK(revealed->contents.size() == 2);
    CHECK(world.read(kKiosk, revealed->contents[0]).update().sequence() == 1);
    // The request still waits for an application, and is not confirmed a second time.
    CHECK(world.world.host(kServer).node().dossiers().is_waiting(world.received(number)));
    const auto before = world.world.custody(kServer).counters().receipts_sent;
    REQUIRE(world.drain().size() == 1);
    CHECK(world.world.custody(kServer).counters().receipts_sent == before);
    CHECK_FALSE(world.world.host(kServer).node().dossiers().is_waiting(world.received(number)));
}

TEST_CASE("words come in any order; the last one counts", "[node][dossiers]") {
    DossierWorld world;
    const std::string number = world.file();
    const auto word = [&](std::uint64_t sequence, pb::DossierState state, std::uint32_t epoch = 0) {
        pb::Message message = tram::test::make_update(sequence, state);
        message.mutable_head()->set_local_number(number);
        message.mutable_update()->set_issuer_epoch(epoch);
        world.post(kServer, kUpdatesHere, bpv7::Kind::kUpdate, message);
        world.meet();
    };
    word(3, pb::STATE_DONE);
    CHECK(world.filed(number).dossier.missing() == 2);
    word(1, pb::STATE_ACCEPTED);
    CHECK(world.filed(number).state() == pb::STATE_DONE);
    CHECK(world.reveal(kKiosk, number)->contents.size() == 2);
    word(1, pb::STATE_ACCEPTED);  // the same in another message
    CHECK(world.reveal(kKiosk, number)->contents.size() == 2);
    CHECK(world.world.host(kServer).node().receipts().waiting().empty());
    word(1, pb::STATE_REFUSED);  // something else under a number that was used
    CHECK(world.world.host(kKiosk).refused(ErrorCode::kContradiction) == 1);
    CHECK(world.filed(number).state() == pb::STATE_DONE);
    CHECK(world.world.host(kServer).node().receipts().waiting().size() == 1);
    word(1, pb::STATE_STOPPED, 5);
    CHECK(world.filed(number).state() == pb::STATE_STOPPED);
}

TEST_CASE("only the office speaks about a dossier, and only the kiosk files under its numbers",
          "[node][dossiers]") {
    DossierWorld world;
    const std::string number = world.file();
    world.meet();
    pb::Message word = tram::test::make_update(1, pb::STATE_DONE);
    word.mutable_head()->set_local_number(number);
    world.post(kLaptop, kUpdatesHere, bpv7::Kind::kUpdate, word);
    pb::Message stolen = DossierWorld::request();
    stolen.mutable_head()->set_local_number(number);
    world.post(kLaptop, kRequests, bpv7::Kind::kRequest, stolen);
    word.mutable_head()->set_local_number("18904-ks07-000999");
    world.post(kServer, kUpdatesHere, bpv7::Kind::kUpdate, word);
    world.meet();
    CHECK(world.world.host(kKiosk).refused(ErrorCode::kWrongSender) == 1);
    CHECK(world.world.host(kKiosk).refused(ErrorCode::kNotFound) == 1);
    CHECK(world.world.host(kServer).refused(ErrorCode::kWrongSender) == 1);
    CHECK(world.filed(number).state() == pb::STATE_UNSPECIFIED);
    CHECK(world.drain().size() == 1);
    for (std::size_t at : {kKiosk, kServer}) {
        for (const auto& notice : world.world.host(at).notifications())
            CHECK(notice.detail.find("Hồ") == std::string::npos);
    }
}

TEST_CASE("what is about a person and not sealed is refused", "[node][dossiers]") {
    DossierWorld world;
    const std::string number = world.file();
    world.meet();
    REQUIRE(world.drain().size() == 1);
    pb::Message request = DossierWorld::request();
    request.mutable_head()->set_local_number("18904-ks07-000999");
    world.post(kKiosk, kRequests, bpv7::Kind::kRequest, request, true);
    pb::Message word = tram::test::make_update(1, pb::STATE_DONE);
    word.mutable_head()->set_local_number(number);
    world.post(kServer, kUpdatesHere, bpv7::Kind::kUpdate, word, true);
    world.meet();
    CHECK(world.world.host(kServer).refused(ErrorCode::kPersonalData) == 1);
    CHECK(world.world.host(kKiosk).refused(ErrorCode::kPersonalData) == 1);
    CHECK(world.drain().empty());
    CHECK(world.filed(number).state() == pb::STATE_UNSPECIFIED);
}

TEST_CASE("what a clone or a backup files again makes no second dossier", "[node][dossiers]") {
    DossierWorld world;
    const std::string number = world.file();
    world.meet();
    const auto first = world.drain();
    REQUIRE(first.size() == 1);
    world.post(kKiosk, kRequests, bpv7::Kind::kRequest, first[0]);
    pb::Message other = first[0];
    other.mutable_request()->set_note("another");
    world.post(kKiosk, kRequests, bpv7::Kind::kRequest, other);
    world.meet();
    CHECK(world.drain().empty());
    CHECK(world.world.host(kServer).refused(ErrorCode::kContradiction) == 1);
    // The one that contradicts is not confirmed: its sender keeps it.
    CHECK(world.world.host(kKiosk).node().receipts().waiting().size() == 1);

    REQUIRE(world.file(DossierWorld::follows(number, pb::PURPOSE_SUPPLEMENT, "one")));
    pb::Message restored = first[0];
    restored.clear_attachments();
    restored.mutable_request()->set_purpose(pb::PURPOSE_SUPPLEMENT);
    restored.mutable_request()->set_part(1);
    world.post(kKiosk, kRequests, bpv7::Kind::kRequest, restored);
    world.meet();
    CHECK(world.drain().size() == 2);
    CHECK(world.received(number).parts.size() == 3);
}

TEST_CASE("an office of a restored disk outranks what it said before", "[node][dossiers]") {
    DossierWorld world;
    const std::string number = world.file();
    world.meet();
    CHECK(world.say(number, pb::STATE_IN_PROGRESS) == 1);
    CHECK(world.say(number, pb::STATE_DONE) == 2);
    world.meet();
    world.restart(kServer, "another disk");
    CHECK(world.say(number, pb::STATE_PAYMENT_NEEDED) == 1);
    world.meet();
    CHECK(world.filed(number).state() == pb::STATE_PAYMENT_NEEDED);
    CHECK(world.filed(number).dossier.last()->number.epoch > 0);
    CHECK(world.filed(number).dossier.missing() == 0);
}

TEST_CASE("one word of a dossier at a time, and a key stands for one", "[node][dossiers]") {
    DossierWorld world;
    const std::string number = world.file();
    CHECK(code_of(world.say(number, pb::STATE_DONE)) == "not_found");
    world.meet();
    const std::string key = "a key drawn by chance";
    const pb::Message result = DossierWorld::update(pb::UPDATE_RESULT, pb::STATE_DONE);
    const auto open = world.open_update(number, result, key);
    REQUIRE(open);
    CHECK(open->sequence == 1);
    CHECK(code_of(world.say(number, pb::STATE_IN_PROGRESS)) == "busy");
    CHECK(code_of(world.accept(number)) == "busy");
    CHECK(world.say(number, result, key) == 1);
    CHECK(code_of(world.finish(kServer, *open)) == "not_found");
    CHECK(world.say(number, result, key) == 1);
    CHECK(code_of(world.say(number, DossierWorld::update(pb::UPDATE_PROGRESS, pb::STATE_DONE), key)) ==
          "contradiction");
    const auto unfinished = world.open_update(number, result);
    CHECK(unfinished->sequence == 2);
    world.restart(kServer);
    CHECK(world.say(number, result, key) == 1);
    CHECK(world.say(number, pb::STATE_IN_PROGRESS) == 2);
    CHECK(world.received(number).issued.size() == 2);
}

TEST_CASE("a dossier is accepted once, under one code", "[node][dossiers]") {
    DossierWorld world;
    const std::string number = world.file();
    CHECK(code_of(world.accept(number)) == "not_found");
    world.meet();
    CHECK(code_of(world.accept(number, number)) == "invalid_argument");
    REQUIRE(world.accept(number));
    const auto sent = world.world.custody(kServer).counters().receipts_sent;
    world.restart(kServer);
    REQUIRE(world.accept(number));
    CHECK(world.world.custody(kServer).counters().receipts_sent == 0);
    CHECK(sent == 2);
    const std::string other = world.file();
    world.meet();
    CHECK(code_of(world.accept(other)) == "contradiction");
    pb::Message taken = DossierWorld::update(pb::UPDATE_PROGRESS, pb::STATE_ACCEPTED);
    taken.mutable_head()->set_dossier_code(kCode);
    CHECK(code_of(world.say(other, taken)) == "contradiction");
    const auto before = world.world.custody(kServer).counters().receipts_sent;
    world.world.mesh.advance(Duration{static_cast<Duration::rep>(MadeReceipts::kAgainAfter_ms)});
    REQUIRE(world.accept(number));  // its receipt was lost on its way
    REQUIRE(world.accept(number));
    CHECK(world.world.custody(kServer).counters().receipts_sent == before + 1);
    CHECK(code_of(world.accept(number, "H50.99.1-261124-9999")) == "contradiction");
    CHECK(code_of(world.say(number, [] {
              pb::Message word = DossierWorld::update(pb::UPDATE_PROGRESS, pb::STATE_DONE);
              word.mutable_head()->set_dossier_code("H50.99.1-261124-9999");
              return word;
          }())) == "contradiction");
    CHECK(code_of(world.done(kServer, [&](RequestId id) {
              return input::AcceptDossier{id, number, kCode, 20'783, "Nguyễn Văn A", 1'795'000'000};
          })) == "invalid_argument");
}

TEST_CASE("what follows a request is filed under its number, one at a time", "[node][dossiers]") {
    DossierWorld world;
    const std::string number = world.file();
    const std::string key = "a key drawn by chance";
    const auto supplement = DossierWorld::follows(number, pb::PURPOSE_SUPPLEMENT, "one");
    CHECK(world.file(supplement, key) == number);
    CHECK(world.file(supplement, key) == number);
    CHECK(world.filed(number).parts.size() == 1);
    CHECK(code_of(world.file(DossierWorld::follows(number, pb::PURPOSE_SUPPLEMENT, "x"), key)) ==
          "contradiction");
    CHECK(code_of(world.file(DossierWorld::follows("18904-ks07-000077", pb::PURPOSE_WITHDRAWAL, ""))) ==
          "not_found");
    const Bytes wire = admin::encode_message(supplement).value();
    const auto open =
        world.world.ask(kKiosk, [&](RequestId id) { return input::FileRequest{id, wire, {}, 0}; });
    REQUIRE(open.outcome);
    CHECK(code_of(world.file(DossierWorld::follows(number, pb::PURPOSE_WITHDRAWAL, ""))) == "busy");
    world.restart(kKiosk);
    CHECK(world.file(DossierWorld::follows(number, pb::PURPOSE_WITHDRAWAL, "")) == number);
    CHECK(world.filed(number).parts.back().purpose == pb::PURPOSE_WITHDRAWAL);
    CHECK(world.filed(number).parts.back().number == 2);
    for (std::uint32_t part = 3; part <= registry::Request::kPartsMax; ++part)
        REQUIRE(world.file(DossierWorld::follows(number, pb::PURPOSE_SUPPLEMENT, std::to_string(part))));
    CHECK(code_of(world.file(DossierWorld::follows(number, pb::PURPOSE_SUPPLEMENT, "more"))) == "full");
    CHECK(world.file(supplement, key) == number);
}

TEST_CASE("an office serves what is filed at its own node, without a network", "[node][dossiers]") {
    DossierWorld world;
    const auto number = world.file(DossierWorld::request(), {}, kServer);
    REQUIRE(number);
    CHECK(number->starts_with("18904-srv-"));
    CHECK(world.drain().size() == 1);
    REQUIRE(world.accept(*number));
    const auto& filed = *world.filed(kServer).find(*admin::LocalNumber::parse(*number));
    CHECK(filed.state() == pb::STATE_ACCEPTED);
    REQUIRE(world.say(*number, DossierWorld::update(pb::UPDATE_RESULT, pb::STATE_DONE)));
    world.world.mesh.settle();
    REQUIRE(world.hand_over(*number, kServer));
    CHECK(world.received(*number).state() == pb::STATE_HANDED_OVER);
    CHECK(world.reveal(kServer, *number, input::Box::kFiled)->contents.empty());
    CHECK(world.world.custody(kServer).counters().receipts_sent == 0);
}

TEST_CASE("no row and no complaint says anything of the person", "[node][dossiers]") {
    DossierWorld world;
    const std::string number = world.file();
    REQUIRE(world.file(DossierWorld::follows(number, pb::PURPOSE_SUPPLEMENT, "Hồ Thị Mẫu")));
    world.meet();
    REQUIRE(world.say(number, DossierWorld::update(pb::UPDATE_RESULT, pb::STATE_DONE)));
    world.meet();
    for (const std::size_t at : {kKiosk, kServer}) {
        store::ScanVisitor visitor;
        visitor.state = [&](const std::string& name, ByteView value) {
            const std::string row = name + std::string{as_text(value)};
            for (const char* personal : {"Hồ Thị Mẫu", "000197000123", "bru", "giay_khai_sinh"})
                CHECK(row.find(personal) == std::string::npos);
            return true;
        };
        REQUIRE(world.world.host(at).store().scan(visitor));
    }
}

}  // namespace tram::node::testing
