// Requests on their way out: one number for each, one filing for each key, whatever is restarted when.
#include <catch2/catch.hpp>
#include <set>

#include "tests/unit/admin/samples.h"
#include "tests/unit/node/message_world.h"

namespace tram::node::testing {

namespace {

namespace pb = admin::pb;
using tram::test::code_of;

const std::string kKey = "a key drawn by chance";
const std::string kPicture(150'000, 'p');

pb::Message draft() {
    pb::Message message = tram::test::make_request();
    message.mutable_head()->clear_local_number();
    message.mutable_head()->set_urgency(pb::URGENCY_URGENT);
    message.clear_attachments();
    tram::test::attach(message, "scan.jpg", "image/jpeg", kPicture);
    return message;
}

/// The kiosk of a world, where requests are filed.
struct Kiosk {
    Kiosk() { restart("here", 1); }

    /// A crash, and a start at `place`.
    void restart(const std::string& place, std::uint8_t chance) {
        NodeOptions& options = world.host(kKiosk).options();
        options.place = Bytes::copy_of(as_bytes(place));
        options.chance = Bytes{Buffer(32, chance)};
        world.mesh.crash(kKiosk);
    }
    effect::Reply ask(const std::function<Input(RequestId)>& make) { return world.ask(kKiosk, make); }
    Result<effect::Reply::Filing> open(const std::string& key = {}, pb::Message message = draft()) {
        const Bytes wire = admin::encode_message(message).value();
        const auto reply = ask([&](RequestId id) { return input::FileRequest{id, wire, key, 0}; });
        if (!reply.outcome) return std::unexpected{reply.outcome.error()};
        return std::get<effect::Reply::Filing>(*reply.outcome);
    }
    Result<void> attach(const effect::Reply::Filing& filing, const std::string& content = kPicture) {
        const auto reply = ask([&](RequestId id) {
            return input::AppendMessage{id, filing.token, filing.offset, Bytes::copy_of(as_bytes(content))};
        });
        if (!reply.outcome) return std::unexpected{reply.outcome.error()};
        return {};
    }
    Result<std::string> finish(const effect::Reply::Filing& filing) {
        const auto reply = ask([&](RequestId id) { return input::FinishMessage{id, filing.token}; });
        if (!reply.outcome) return std::unexpected{reply.outcome.error()};
        return std::get<effect::Reply::Sent>(*reply.outcome).local_number;
    }
    std::string file(const std::string& key = {}) {
        const auto filing = open(key);
        REQUIRE(filing);
        if (!filing->filed.empty()) return filing->filed;
        REQUIRE(attach(*filing));
        return finish(*filing).value();
    }
    const registry::Registry& registry() { return world.host(kKiosk).node().requests().registry(); }

    World world;
};

}  // namespace

TEST_CASE("a request reaches its office sealed, with its number and its attachments", "[node][requests]") {
    Kiosk kiosk;
    const std::string number = kiosk.file();
    CHECK(number == "18904-ks07-000001");
    kiosk.world.meet();
    const auto handed = kiosk.world.fetch(kServer, "dtn://18904-srv/requests");
    REQUIRE(handed);
    CHECK(handed->sealed);
    CHECK(handed->kind == bpv7::Kind::kRequest);
    CHECK(handed->urgency == 1);
    CHECK(handed->content_type == admin::kContentType);
    const auto content = kiosk.world.read_all(*handed);
    REQUIRE(content);
    admin::ContentReader reader;
    REQUIRE(reader.take(*content));
    REQUIRE(reader.complete());
    CHECK(reader.message()->head().local_number() == number);
    CHECK(reader.message()->request().has_created_unix_s());

    const auto* request = kiosk.registry().find(*admin::LocalNumber::parse(number));
    REQUIRE(request != nullptr);
    CHECK(request->message_id == handed->message_id);
    CHECK(request->message_digest == cose::sha256(*content));
    CHECK(request->content_bytes == content->size());
    CHECK(request->dossier.office_node() == "dtn://18904-srv/");
}

TEST_CASE("what is not finished was never filed, and its number is not given again", "[node][requests]") {
    Kiosk kiosk;
    const std::string first = kiosk.file();
    const auto filing = kiosk.open(kKey);
    REQUIRE(filing);
    const bool attached = GENERATE(true, false);
    if (attached) REQUIRE(kiosk.attach(*filing));
    kiosk.restart("here", 2);
    CHECK(kiosk.registry().size() == 1);
    CHECK(code_of(kiosk.finish(*filing)) == "not_found");
    const std::string third = kiosk.file(kKey);
    CHECK(third == first.substr(0, first.size() - 1) + "3");
    kiosk.restart("here", 3);
    CHECK(kiosk.registry().size() == 2);
}

TEST_CASE("under one key a request is filed once", "[node][requests]") {
    Kiosk kiosk;
    const std::string number = kiosk.file(kKey);
    CHECK(kiosk.file(kKey) == number);
    kiosk.restart("here", 2);
    CHECK(kiosk.file(kKey) == number);
    CHECK(kiosk.registry().size() == 1);
    pb::Message other = draft();
    other.mutable_request()->set_note("another");
    CHECK(code_of(kiosk.open(kKey, other)) == "contradiction");
    CHECK(kiosk.file("another key by chance") != number);

    const auto given_up = kiosk.open("a third key by chance");
    const auto again = kiosk.open("a third key by chance");
    REQUIRE(given_up);
    REQUIRE(again);
    CHECK(code_of(kiosk.attach(*given_up)) == "not_found");
    REQUIRE(kiosk.attach(*again));
    CHECK(kiosk.finish(*again));
    CHECK(kiosk.registry().size() == 3);
}

TEST_CASE("at another place numbers begin an epoch of their own", "[node][requests]") {
    Kiosk kiosk;
    std::set<std::string> numbers;
    std::uint8_t chance = 10;
    for (const char* place : {"here", "here", "a clone", "a clone", "here", "restored"}) {
        kiosk.restart(place, chance++);
        CHECK(numbers.insert(kiosk.file()).second);
        CHECK(numbers.insert(kiosk.file()).second);
    }
    CHECK(kiosk.registry().size() == 12);
}

TEST_CASE("attachments must be those of the manifest", "[node][requests]") {
    Kiosk kiosk;
    const auto filing = kiosk.open();
    REQUIRE(filing);
    std::string other = kPicture;
    other.back() = 'x';
    CHECK(code_of(kiosk.attach(*filing, other)) == "bad_crc");
    CHECK(code_of(kiosk.finish(*filing)) == "not_found");
    const auto short_one = kiosk.open();
    REQUIRE(kiosk.attach(*short_one, kPicture.substr(1)));
    CHECK(code_of(kiosk.finish(*short_one)) == "truncated");
    CHECK(kiosk.registry().size() == 0);
}

TEST_CASE("what cannot go to its office is refused and takes no number", "[node][requests]") {
    Kiosk kiosk;
    pb::Message message = draft();
    message.mutable_request()->set_to("tyt:18904");
    CHECK(code_of(kiosk.open({}, message)) == "not_found");
    message.mutable_request()->set_to("xa:00901");
    CHECK(code_of(kiosk.open({}, message)) == "no_sealing_key");
    message = draft();
    message.mutable_head()->set_secrecy(pb::SECRECY_TOP_SECRET);
    CHECK(code_of(kiosk.open({}, message)) == "secret");
    CHECK(kiosk.file().ends_with("-000001"));

    kiosk.world.host(kKiosk).options().offices = {{"tyt:18904", *bpv7::Eid::parse("dtn://18904-srv/tyt")}};
    kiosk.restart("here", 1);
    message = draft();
    message.mutable_request()->set_to("tyt:18904");
    CHECK(kiosk.open({}, message));
}

TEST_CASE("no row of a filed request says anything of the person", "[node][requests]") {
    Kiosk kiosk;
    kiosk.file(kKey);
    std::size_t rows = 0;
    store::ScanVisitor visitor;
    visitor.state = [&](const std::string& name, ByteView value) {
        const std::string row = name + std::string{as_text(value)};
        for (const std::string& personal :
             {std::string{"Hồ Thị Mẫu"}, std::string{"000197000123"}, std::string{"bru"}, kKey})
            CHECK(row.find(personal) == std::string::npos);
        rows += name.starts_with("request") ? 1 : 0;
        return true;
    };
    REQUIRE(kiosk.world.host(kKiosk).store().scan(visitor));
    CHECK(rows == 2);
    for (const auto& notice : kiosk.world.host(kKiosk).notifications())
        CHECK(notice.detail.find("Hồ") == std::string::npos);
}

}  // namespace tram::node::testing
