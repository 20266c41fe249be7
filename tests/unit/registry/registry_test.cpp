// What is known of requests, and what their rows do not say.
#include "daemon/registry/registry.h"

#include <catch2/catch.hpp>
#include <map>

#include "tests/unit/admin/samples.h"

using namespace tram;
using namespace tram::registry;
using tram::test::code_of;
namespace pb = admin::pb;

namespace {

const admin::LocalNumber kFirst = admin::LocalNumber::parse("18904-ks07-000001").value();
const std::string kKey = "a key drawn by chance";

pb::Message draft() {
    pb::Message message = test::make_request();
    message.mutable_head()->clear_local_number();
    return message;
}

Bytes wire(const pb::Message& message) {
    return admin::encode_message(message).value();
}

struct Rows {
    std::map<std::string, Bytes> rows;

    Registry start() {
        Registry registry{[this](std::string name, Bytes value) { rows[name] = std::move(value); }};
        for (const auto& [name, value] : rows)
            REQUIRE(registry.restore_state(name, value));
        registry.start(as_bytes("here"), Buffer(32, 7), rows.empty());
        return registry;
    }
};

void file(Registry& registry, const std::string& title, const std::string& key = {}) {
    pb::Message message = draft();
    message.mutable_head()->set_title(title);
    const auto number = registry.next_number("dtn://18904-ks07/");
    REQUIRE(number);
    const auto filing = prepare(wire(message), key, *number);
    REQUIRE(filing);
    registry.give_number();
    registry.put({.dossier = admin::Dossier::open(*number, filing->office, "dtn://18904-srv/").value(),
                  .procedure = filing->message.request().procedure(),
                  .title = filing->message.head().title(),
                  .destination = "dtn://18904-srv/requests",
                  .filed_at_ms = 77,
                  .content_bytes = 1'000,
                  .attachments = 1,
                  .digests = filing->digests});
}

std::vector<std::string> titles(const std::vector<const Request*>& requests) {
    std::vector<std::string> found;
    for (const Request* request : requests)
        found.push_back(request->title);
    return found;
}

}  // namespace

TEST_CASE("a request is prepared: checked, normal, without a time of its own", "[registry]") {
    pb::Message message = draft();
    message.mutable_request()->set_created_unix_s(12);
    message.mutable_request()->clear_to();
    const auto filing = prepare(wire(message), kKey, kFirst);
    REQUIRE(filing);
    CHECK(filing->office.print() == "xa:18904");
    CHECK(filing->message.head().local_number() == kFirst.print());
    CHECK_FALSE(filing->message.request().has_created_unix_s());
    REQUIRE(filing->digests);

    const auto later = prepare(wire(message), kKey, *kFirst.next());
    CHECK(later->digests == filing->digests);
    message.mutable_request()->set_note("x");
    const auto other = prepare(wire(message), kKey, kFirst);
    CHECK(other->digests->key == filing->digests->key);
    CHECK(other->digests->request != filing->digests->request);
    CHECK_FALSE(prepare(wire(message), "", kFirst)->digests);
}

TEST_CASE("what cannot be filed is refused, without a word of what it says", "[registry]") {
    struct Case {
        const char* code;
        void (*change)(pb::Message&, std::string& key);
    };
    const auto bad = GENERATE(values<Case>(
        {{"secret", [](auto& m, auto&) { m.mutable_head()->set_secrecy(pb::SECRECY_CONFIDENTIAL); }},
         {"invalid_argument", [](auto& m, auto&) { m.mutable_head()->set_local_number(test::kNumber); }},
         {"invalid_argument", [](auto& m, auto&) { m.mutable_head()->set_dossier_code(test::kCode); }},
         {"invalid_argument", [](auto& m, auto&) { m.mutable_request()->set_consent(false); }},
         {"invalid_argument",
          [](auto& m, auto&) { m.mutable_request()->set_purpose(pb::PURPOSE_SUPPLEMENT); }},
         {"invalid_argument", [](auto& m, auto&) { m = test::make_notice(); }},
         {"personal_data", [](auto& m, auto&) { m.mutable_head()->set_title("cho 000197000123"); }},
         {"personal_data", [](auto&, auto& key) { key = "000197000123"; }},
         {"invalid_argument", [](auto&, auto& key) { key = "short"; }},
         {"invalid_argument", [](auto&, auto& key) { key.assign(129, 'k'); }}}));
    pb::Message message = draft();
    std::string key = kKey;
    bad.change(message, key);
    const auto filing = prepare(wire(message), key, kFirst);
    CHECK(code_of(filing) == bad.code);
    for (const char* personal : {"Hồ Thị Mẫu", "000197000123", "bru"})
        CHECK(filing.error().message.find(personal) == std::string::npos);
}

TEST_CASE("requests come back after a restart, and are found by number, key and words", "[registry]") {
    Rows rows;
    Registry before = rows.start();
    file(before, "Đăng ký khai sinh", kKey);
    file(before, "Xác nhận tại xã Hoá Sơn");
    file(before, "Xác nhận tại xã Hóa Sơn");
    Registry registry = rows.start();
    REQUIRE(registry.size() == 3);
    REQUIRE(registry.find(kFirst) != nullptr);
    CHECK(*registry.find(kFirst) == *before.find(kFirst));
    REQUIRE(registry.find_key(cose::sha256(as_bytes(kKey))));
    CHECK(registry.find_key(cose::sha256(as_bytes(kKey)))->request == registry.find(kFirst));
    CHECK_FALSE(registry.find_key({}));
    CHECK(registry.next_number("dtn://18904-ks07/")->print() == "18904-ks07-000004");

    CHECK(titles(registry.list({.search = "khai sinh"})) == std::vector<std::string>{"Đăng ký khai sinh"});
    CHECK(registry.list({.search = "hoa"}).size() == 2);
    CHECK(registry.list({.search = "1.001193"}).size() == 3);
    CHECK(registry.list({.search = "khoa"}).empty());
    CHECK(registry.list({.count = 1}).size() == 2);
    CHECK(registry.list({.after = kFirst}).size() == 2);
    CHECK(registry.list({.state = pb::STATE_UNSPECIFIED}).size() == 3);
    CHECK(registry.list({.state = pb::STATE_DONE}).empty());
}

TEST_CASE("rows say nothing of the person, and nothing of the key", "[registry]") {
    Rows rows;
    Registry registry = rows.start();
    file(registry, "Đăng ký khai sinh", kKey);
    for (const auto& [name, value] : rows.rows) {
        const std::string row = name + std::string{as_text(value)};
        for (const std::string& personal : {std::string{"Hồ Thị Mẫu"}, std::string{"000197000123"},
                                            std::string{"bru"}, std::string{"DH-07"}, kKey})
            CHECK(row.find(personal) == std::string::npos);
    }
}

TEST_CASE("what follows a request has its part, and takes from it what is known", "[registry]") {
    Rows rows;
    Registry registry = rows.start();
    file(registry, "Đăng ký khai sinh", kKey);
    Request request = *registry.find(kFirst);
    pb::Message message = draft();
    message.clear_head();
    message.mutable_request()->Clear();
    const auto purpose = GENERATE(pb::PURPOSE_SUPPLEMENT, pb::PURPOSE_WITHDRAWAL);
    message.mutable_request()->set_purpose(purpose);
    message.mutable_head()->set_local_number(kFirst.print());
    const std::string key = "another key by chance";
    const auto filing = prepare_part(wire(message), key, request, 1);
    REQUIRE(code_of(filing) == "good");
    CHECK(filing->message.request().part() == 1);
    CHECK(filing->message.head().title() == "Đăng ký khai sinh");
    CHECK(filing->message.request().to() == "xa:18904");
    CHECK(filing->message.request().consent());
    CHECK(prepare_part(wire(message), key, request, 2)->digests == filing->digests);
    CHECK(code_of(prepare_part(wire(message), key, request, 33)) == "invalid_argument");
    CHECK(code_of(prepare_part(wire(draft()), key, request, 1)) == "invalid_argument");

    request.parts = {{.number = 1, .purpose = purpose, .filed_at_ms = 5, .digests = filing->digests}};
    request.parts[0].message_id.fill(8);
    request.kept = {
        {.source = "dtn://18904-srv/", .destination = "dtn://18904-ks07/updates", .content_bytes = 9}};
    request.handed_over = HandedOver{.at_ms = 4, .witness = "18904-to-12"};
    registry.put(request);
    Registry again = rows.start();
    CHECK(*again.find(kFirst) == request);
    CHECK(again.find_message(request.parts[0].message_id) == again.find(kFirst));
    REQUIRE(again.find_key(filing->digests->key));
    CHECK(again.find_key(filing->digests->key)->part == 1);
    CHECK(again.find_key(cose::sha256(as_bytes(kKey)))->part == 0);
}

TEST_CASE("a damaged row is said, and stays", "[registry]") {
    Rows rows;
    Registry before = rows.start();
    file(before, "Đăng ký khai sinh");
    Bytes value = rows.rows.at("request/18904-ks07-000001");
    Registry registry{[](std::string, Bytes) {}};
    CHECK(code_of(registry.restore_state("request/18904-ks07-000002", value)) == "corrupt");
    CHECK(code_of(registry.restore_state("request/18904-ks07-000001", ByteView{value}.first(9))) ==
          "corrupt");
    CHECK(registry.restore_state("draft/77", {}));
    CHECK(registry.size() == 0);
}
