// An office's side: parts that come in any order, words that are numbered once, and what rows do not say.
#include "daemon/registry/dossiers.h"

#include <catch2/catch.hpp>
#include <map>

#include "tests/unit/admin/samples.h"

using namespace tram;
using namespace tram::registry;
using tram::test::code_of;
namespace pb = admin::pb;

namespace {

using Outcome = admin::OfficeDossier::Outcome;

const admin::LocalNumber kNumber = admin::LocalNumber::parse(test::kNumber).value();
const admin::DossierCode kCode = admin::DossierCode::parse(test::kCode).value();
constexpr std::int64_t kNow = 1'795'000'000;

struct Rows {
    std::map<std::string, Bytes> rows;

    Dossiers start(const std::string& place = "here", std::optional<std::int64_t> now = kNow) {
        Dossiers dossiers{[this](std::string name, Bytes value) { rows[name] = std::move(value); }};
        for (const auto& [name, value] : rows)
            REQUIRE(dossiers.restore_state(name, value));
        dossiers.start(as_bytes(place), Buffer(32, 7), now);
        return dossiers;
    }
};

Arrival arrival_of(const pb::Message& message, std::uint8_t id = 1) {
    Arrival arrival{.message = message,
                    .proof = {kNumber.node_id(), {}, {}},
                    .source = kNumber.node_id(),
                    .destination = "dtn://18904-srv/requests",
                    .at_ms = 5};
    arrival.proof.digest = cose::sha256(as_bytes(message.SerializeAsString()));
    arrival.proof.message_id.fill(id);
    return arrival;
}

pb::Message supplement(const std::string& note) {
    pb::Message message = test::make_request();
    message.mutable_head()->set_title("a later title");
    message.mutable_request()->set_purpose(pb::PURPOSE_SUPPLEMENT);
    message.mutable_request()->set_part(1);
    message.mutable_request()->set_note(note);
    return message;
}

Issued issued(std::uint8_t id) {
    Issued word{.word = {.number = {}, .kind = pb::UPDATE_PROGRESS, .state = pb::STATE_IN_PROGRESS},
                .digests = std::nullopt};
    word.word.message_id.fill(id);
    return word;
}

Result<pb::Message> say(Dossiers& dossiers, std::uint8_t id, pb::DossierState state = pb::STATE_IN_PROGRESS) {
    auto update = dossiers.number(kNumber, test::make_update(0, state, ""));
    if (!update) return update;
    if (auto sent = dossiers.sent(*update, issued(id)); !sent) return std::unexpected{sent.error()};
    return update;
}

}  // namespace

TEST_CASE("a dossier gathers its parts, whichever comes first", "[registry][dossiers]") {
    Rows rows;
    Dossiers dossiers = rows.start();
    const pb::Message first = supplement("one");
    CHECK(dossiers.take(arrival_of(first, 2)) == Outcome::kNew);
    REQUIRE(dossiers.find(kNumber) != nullptr);
    CHECK(dossiers.find(kNumber)->request() == nullptr);
    const pb::Message request = test::make_request();
    CHECK(dossiers.take(arrival_of(request)) == Outcome::kNew);
    const pb::Message second = supplement("two");
    CHECK(dossiers.take(arrival_of(second, 3)) == Outcome::kNew);
    CHECK(dossiers.take(arrival_of(first, 4)) == Outcome::kRepeated);

    const Received before = *dossiers.find(kNumber);
    CHECK(before.title == "Đăng ký khai sinh");
    CHECK(before.village == "DH-07");
    CHECK(before.parts.size() == 3);
    CHECK(before.request()->attachments == 1);
    CHECK(before.state() == pb::STATE_REGISTERED);
    Dossiers again = rows.start();
    CHECK(*again.find(kNumber) == before);
    CHECK(again.find_message(before.parts[2].message_id) == again.find(kNumber));
    admin::MessageId repeated{};
    repeated.fill(4);
    CHECK(again.find_message(repeated) == nullptr);
    CHECK(again.list({.search = "khai sinh"}).size() == 1);
    CHECK(again.list({.state = pb::STATE_DONE}).empty());
}

TEST_CASE("what contradicts a dossier changes nothing of it", "[registry][dossiers]") {
    Rows rows;
    Dossiers dossiers = rows.start();
    const pb::Message request = test::make_request();
    REQUIRE(dossiers.take(arrival_of(request)));
    const Received before = *dossiers.find(kNumber);
    pb::Message another = request;
    another.mutable_request()->set_note("another");
    const auto clash = dossiers.take(arrival_of(another, 9));
    CHECK(code_of(clash) == "contradiction");
    CHECK(clash.error().message.find("Hồ") == std::string::npos);
    Arrival stolen = arrival_of(another, 9);
    stolen.proof.sender = "dtn://18904-ks08/";
    CHECK(code_of(dossiers.take(stolen)) == "wrong_sender");
    CHECK(*dossiers.find(kNumber) == before);
}

TEST_CASE("words are numbered when they set out, and a key stands for one", "[registry][dossiers]") {
    Rows rows;
    Dossiers dossiers = rows.start();
    CHECK(code_of(say(dossiers, 9)) == "not_found");
    const pb::Message request = test::make_request();
    REQUIRE(dossiers.take(arrival_of(request)));
    const auto given_up = dossiers.number(kNumber, test::make_update(0, pb::STATE_DONE, ""));
    CHECK(given_up->update().sequence() == 1);
    const auto first = say(dossiers, 10);
    CHECK(first->update().sequence() == 1);
    CHECK(first->update().from() == "xa:18904");
    CHECK(code_of(dossiers.sent(*given_up, issued(11))) == "contradiction");

    auto second = dossiers.number(kNumber, test::make_update(0, pb::STATE_DONE));
    Issued keyed = issued(12);
    keyed.digests = KeyDigests{cose::sha256(as_bytes("key")), {}};
    REQUIRE(dossiers.sent(*second, keyed));
    Dossiers again = rows.start();
    const auto by_key = again.find_key(keyed.digests->key);
    REQUIRE(by_key);
    CHECK(by_key->issued->word.number == admin::WordNumber{0, 2});
    CHECK(by_key->received->issued.front() == *by_key->issued);
    CHECK(again.find(kNumber)->state() == pb::STATE_DONE);
    CHECK(again.find(kNumber)->dossier.code() == kCode);

    again.handed_over({.message_id = keyed.word.message_id, .at_ms = 7, .witness = "18904-to-12"});
    CHECK(rows.start().find(kNumber)->state() == pb::STATE_HANDED_OVER);
    REQUIRE(say(again, 13));
    CHECK(again.find(kNumber)->state() == pb::STATE_IN_PROGRESS);
    // A second result, whose receipt comes before that of the first.
    const HandedOver first_result = *again.find(kNumber)->handed_over;
    again.handed_over({.message_id = issued(13).word.message_id, .at_ms = 8});
    CHECK(again.find(kNumber)->state() == pb::STATE_HANDED_OVER);
    again.handed_over(first_result);
    CHECK(again.find(kNumber)->state() == pb::STATE_HANDED_OVER);
}

TEST_CASE("the official receipt binds the code", "[registry][dossiers]") {
    Rows rows;
    Dossiers dossiers = rows.start();
    const pb::Message request = test::make_request();
    const Accepted accepted{kNow, 20'783, "UBND xã Dân Hoá", 5};
    CHECK(code_of(dossiers.accept(kNumber, kCode, accepted)) == "not_found");
    REQUIRE(dossiers.take(arrival_of(request)));
    REQUIRE(dossiers.accept(kNumber, kCode, accepted));
    Dossiers again = rows.start();
    CHECK(again.find(kNumber)->state() == pb::STATE_ACCEPTED);
    CHECK(again.find(kNumber)->accepted == accepted);
    const auto other = admin::DossierCode::parse("H50.99.1-261124-9999").value();
    CHECK(code_of(again.accept(kNumber, other, accepted)) == "contradiction");
}

TEST_CASE("at another place an office's words outrank all before", "[registry][dossiers]") {
    Rows rows;
    Dossiers dossiers = rows.start();
    const pb::Message request = test::make_request();
    REQUIRE(dossiers.take(arrival_of(request)));
    CHECK(say(dossiers, 10)->update().issuer_epoch() == 0);
    const Rows backup = rows;
    const auto clock = GENERATE(std::optional<std::int64_t>{}, std::optional<std::int64_t>{kNow});
    Dossiers restored = rows.start("restored", clock);
    const auto word = say(restored, 11);
    CHECK(word->update().issuer_epoch() > 0);
    CHECK(word->update().sequence() == 1);
    const std::uint32_t epoch = restored.epoch();
    CHECK(rows.start("restored", clock).epoch() == epoch);
    CHECK(rows.start("moved on", clock).epoch() > epoch);
    if (!clock) return;
    Rows second = backup;
    CHECK(second.start("restored once more", *clock + 1).epoch() > epoch);
}

TEST_CASE("rows of dossiers say nothing of the person", "[registry][dossiers]") {
    Rows rows;
    Dossiers dossiers = rows.start();
    const pb::Message request = test::make_request();
    const pb::Message later = supplement("Hồ Thị Mẫu is ill");
    REQUIRE(dossiers.take(arrival_of(request)));
    REQUIRE(dossiers.take(arrival_of(later, 2)));
    REQUIRE(say(dossiers, 10));
    for (const auto& [name, value] : rows.rows) {
        const std::string row = name + std::string{as_text(value)};
        for (const char* personal : {"Hồ Thị Mẫu", "000197000123", "bru", "giay_chung_sinh"})
            CHECK(row.find(personal) == std::string::npos);
    }
    Bytes value = rows.rows.at("dossier/" + test::kNumber);
    Dossiers again{[](std::string, Bytes) {}};
    CHECK(code_of(again.restore_state("dossier/18904-ks07-000002", value)) == "corrupt");
    CHECK(code_of(again.restore_state("dossier/" + test::kNumber, ByteView{value}.first(9))) == "corrupt");
    CHECK(again.size() == 0);
}
