#include "proto/admin/dossier.h"

#include <catch2/catch.hpp>
#include <google/protobuf/stubs/logging.h>
#include <map>
#include <random>

#include "proto/admin/rules.h"
#include "tests/unit/admin/samples.h"

using namespace tram;
using namespace tram::admin;
using namespace tram::test;

namespace {

using Outcome = Dossier::Outcome;

LocalNumber number() {
    return *LocalNumber::parse(kNumber);
}

Office office() {
    return *Office::parse("xa:18904");
}

Dossier opened() {
    return *Dossier::open(number(), office(), kOfficeNode);
}

Proof proof_of(const pb::Message& message, const std::string& sender = kOfficeNode) {
    Proof proof{sender, {}, cose::sha256(as_bytes(message.SerializeAsString()))};
    std::copy_n(proof.digest.begin(), proof.message_id.size(), proof.message_id.begin());
    return proof;
}

Result<Outcome> apply(Dossier& dossier, const pb::Message& update) {
    return dossier.apply(update, proof_of(update));
}

Receipt official(const std::string& code = kCode) {
    Receipt receipt{.says = Official{*DossierCode::parse(code), pb::STATE_ACCEPTED, 1'795'000'000, 20'783,
                                     *OfficeName::parse("UBND xã Dân Hoá")}};
    receipt.message_id.fill(1);
    receipt.message_digest.emplace();
    receipt.source = number().node_id();
    receipt.holder = kOfficeNode;
    receipt.local_number = number();
    return receipt;
}

/// Every state of the value survives a restart.
template <typename Value>
void check_row(const Value& value) {
    const auto again = Value::decode(value.encode());
    REQUIRE(code_of(again) == "good");
    CHECK(*again == value);
}

}  // namespace

TEST_CASE("a dossier is what the office said last", "[admin][dossier]") {
    Dossier dossier = opened();
    CHECK(dossier.state() == pb::STATE_UNSPECIFIED);
    CHECK_FALSE(dossier.code().has_value());
    CHECK(apply(dossier, make_update(1, pb::STATE_ACCEPTED)) == Outcome::kLatest);
    CHECK(dossier.state() == pb::STATE_ACCEPTED);
    CHECK(dossier.code()->text() == kCode);
    CHECK(apply(dossier, make_update(2, pb::STATE_SUPPLEMENT_NEEDED)) == Outcome::kLatest);
    // The supplement came: a return that is meant.
    CHECK(apply(dossier, make_update(3, pb::STATE_IN_PROGRESS)) == Outcome::kLatest);
    CHECK(dossier.state() == pb::STATE_IN_PROGRESS);
    CHECK(dossier.missing() == 0);
    check_row(dossier);
}

TEST_CASE("a word that comes late changes no state", "[admin][dossier]") {
    Dossier dossier = opened();
    CHECK(apply(dossier, make_update(4, pb::STATE_DONE)) == Outcome::kLatest);
    CHECK(dossier.missing() == 3);
    CHECK(apply(dossier, make_update(2, pb::STATE_SUPPLEMENT_NEEDED)) == Outcome::kEarlier);
    CHECK(dossier.state() == pb::STATE_DONE);
    CHECK(dossier.missing() == 2);
    CHECK(gap_text(dossier.missing(), Tongue::kEnglish) == "2 earlier words are still under way");
    CHECK(gap_text(dossier.missing(), Tongue::kVietnamese) == "còn 2 tin trước đó đang trên đường");
    CHECK(gap_text(1, Tongue::kEnglish) == "1 earlier word is still under way");
    CHECK(gap_text(0, Tongue::kVietnamese).empty());
    check_row(dossier);

    const Dossier before = dossier;
    CHECK(apply(dossier, make_update(2, pb::STATE_SUPPLEMENT_NEEDED)) == Outcome::kRepeated);
    CHECK(apply(dossier, make_update(4, pb::STATE_DONE)) == Outcome::kRepeated);
    CHECK(dossier == before);

    CHECK(apply(dossier, make_update(1, pb::STATE_ACCEPTED)) == Outcome::kEarlier);
    CHECK(apply(dossier, make_update(3, pb::STATE_IN_PROGRESS)) == Outcome::kEarlier);
    CHECK(dossier.missing() == 0);
    CHECK(dossier.history().size() == 4);
    CHECK(dossier.history().front().number.sequence == 4);
    CHECK(dossier.history().back().number.sequence == 1);
}

TEST_CASE("the official code binds once", "[admin][dossier]") {
    Dossier dossier = opened();
    CHECK(apply(dossier, make_update(1, pb::STATE_REGISTERED, "")) == Outcome::kLatest);
    CHECK_FALSE(dossier.code().has_value());
    CHECK(apply(dossier, make_update(2, pb::STATE_ACCEPTED)) == Outcome::kLatest);
    CHECK(apply(dossier, make_update(3, pb::STATE_IN_PROGRESS, "")) == Outcome::kLatest);
    CHECK(dossier.code()->text() == kCode);

    const Dossier before = dossier;
    const auto other = apply(dossier, make_update(4, pb::STATE_DONE, "H50.99.1-261124-9999"));
    CHECK(code_of(other) == "contradiction");
    CHECK(other.error().message.find(kCode) != std::string::npos);
    CHECK(dossier == before);
    CHECK(code_of(dossier.accept(official("H50.99.1-261124-9999"))) == "contradiction");
    CHECK(dossier == before);
}

TEST_CASE("only the office that the request went to has a say", "[admin][dossier]") {
    Dossier dossier = opened();
    const Dossier before = dossier;
    const pb::Message update = make_update(1, pb::STATE_REFUSED);
    for (const std::string sender : {"dtn://18904-ks03/", "dtn://00901-srv/", "dtn://18904-srv2/", ""})
        CHECK(code_of(dossier.apply(update, proof_of(update, sender))) == "wrong_sender");
    pb::Message of_police = update;
    of_police.mutable_update()->set_from("ca-xa:18904");
    CHECK(code_of(apply(dossier, of_police)) == "wrong_sender");
    pb::Message of_another = update;
    of_another.mutable_head()->set_local_number("18904-ks07-000124");
    CHECK(code_of(apply(dossier, of_another)) == "not_found");
    CHECK(code_of(apply(dossier, make_update(Dossier::kSequenceMax + 1, pb::STATE_DONE))) == "too_large");
    CHECK(code_of(apply(dossier, make_update(0, pb::STATE_DONE))) == "malformed");
    CHECK(code_of(apply(dossier, make_request())) == "wrong_sender");
    CHECK(dossier == before);

    CHECK(code_of(dossier.move_office("dtn://00901-srv/")) == "invalid_argument");
    CHECK(code_of(dossier.move_office("dtn://18904/")) == "invalid_argument");
    REQUIRE(code_of(dossier.move_office("dtn://18904-srv2/")) == "good");
    CHECK(code_of(dossier.apply(update, proof_of(update))) == "wrong_sender");
    CHECK(dossier.apply(update, proof_of(update, "dtn://18904-srv2/")) == Outcome::kLatest);
    CHECK(code_of(Dossier::open(number(), office(), "dtn://00901-srv/")) == "invalid_argument");
}

TEST_CASE("one number with two contents is seen", "[admin][dossier]") {
    Dossier dossier = opened();
    CHECK(apply(dossier, make_update(1, pb::STATE_ACCEPTED)) == Outcome::kLatest);
    const Dossier before = dossier;
    CHECK(code_of(apply(dossier, make_update(1, pb::STATE_REFUSED))) == "contradiction");
    CHECK(dossier == before);
}

TEST_CASE("a restored office outranks what it said before", "[admin][dossier]") {
    Dossier dossier = opened();
    CHECK(apply(dossier, make_update(5, pb::STATE_DONE)) == Outcome::kLatest);
    pb::Message restored = make_update(2, pb::STATE_IN_PROGRESS);
    restored.mutable_update()->set_issuer_epoch(1);
    CHECK(apply(dossier, restored) == Outcome::kLatest);
    CHECK(dossier.state() == pb::STATE_IN_PROGRESS);
    CHECK(dossier.missing() == 1);
    CHECK(apply(dossier, make_update(6, pb::STATE_HANDED_OVER)) == Outcome::kEarlier);
    CHECK(apply(dossier, make_update(6, pb::STATE_HANDED_OVER)) == Outcome::kRepeated);
    CHECK(dossier.state() == pb::STATE_IN_PROGRESS);
    CHECK(dossier.missing() == 1);
    check_row(dossier);
}

TEST_CASE("an official receipt accepts a dossier and binds its code", "[admin][dossier]") {
    Dossier dossier = opened();
    CHECK(dossier.accept(official()) == true);
    CHECK(dossier.accept(official()) == false);
    CHECK(dossier.state() == pb::STATE_ACCEPTED);
    CHECK(dossier.due_day() == 20'783);
    check_row(dossier);
    CHECK(code_of(apply(dossier, make_update(1, pb::STATE_DONE, "H50.99.1-261124-9999"))) == "contradiction");
    CHECK(apply(dossier, make_update(1, pb::STATE_DONE)) == Outcome::kLatest);
    CHECK(dossier.accept(official()) == false);
    CHECK(dossier.state() == pb::STATE_DONE);

    Receipt other = official();
    other.holder = "dtn://18904-ks03/";
    CHECK(code_of(dossier.accept(other)) == "wrong_sender");
    other = official();
    other.local_number = *LocalNumber::parse("18904-ks07-000124");
    CHECK(code_of(dossier.accept(other)) == "not_found");
    other = official();
    other.says = Delivered{true};
    CHECK(code_of(dossier.accept(other)) == "invalid_argument");
}

TEST_CASE("history and gaps are bounded", "[admin][dossier]") {
    Dossier dossier = opened();
    for (std::uint64_t i = 1; i <= 400; ++i)
        REQUIRE(apply(dossier, make_update(2 * i, pb::STATE_IN_PROGRESS)) == Outcome::kLatest);
    CHECK(dossier.history().size() == Dossier::kHistoryMax);
    CHECK(dossier.history().front().number.sequence == 800);
    CHECK(dossier.missing() == Dossier::kRangesMax);  // one before each range; older ones are given up
    check_row(dossier);
    CHECK(apply(dossier, make_update(799, pb::STATE_ACCEPTED)) == Outcome::kEarlier);
    CHECK(apply(dossier, make_update(3, pb::STATE_ACCEPTED)) == Outcome::kRepeated);
    CHECK(dossier.state() == pb::STATE_IN_PROGRESS);
}

TEST_CASE("a damaged row is not believed", "[admin][dossier]") {
    const google::protobuf::LogSilencer quiet;
    Dossier dossier = opened();
    for (const std::uint64_t i : {1U, 3U, 4U, 9U})
        REQUIRE(apply(dossier, make_update(i, pb::STATE_IN_PROGRESS)).has_value());
    const Bytes row = dossier.encode();
    CHECK(code_of(Dossier::decode({})) == "corrupt");
    std::mt19937_64 random{1};
    for (int i = 0; i < 2'000; ++i) {
        Buffer damaged{row.view().begin(), row.view().end()};
        damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
        auto read = Dossier::decode(damaged);
        // Whatever is read holds together.
        if (read) CHECK(read->missing() <= 1'000'000);
    }
    pb::DossierRow newer;
    REQUIRE(newer.ParseFromArray(row.data(), static_cast<int>(row.size())));
    newer.set_version(2);
    CHECK(code_of(Dossier::decode(as_bytes(newer.SerializeAsString()))) == "unsupported_version");
    newer.set_version(1);
    newer.mutable_seen(0)->set_last(100);
    CHECK(code_of(Dossier::decode(as_bytes(newer.SerializeAsString()))) == "corrupt");
}

TEST_CASE("an office numbers its words and repeats the code", "[admin][dossier]") {
    auto at_office = *OfficeDossier::open(number(), office(), 0);
    pb::Message draft = make_update(99, pb::STATE_ACCEPTED);
    draft.mutable_update()->set_from("xa:00000");
    const auto first = at_office.issue(draft);
    REQUIRE(code_of(first) == "good");
    CHECK(first->update().sequence() == 1);
    CHECK(first->update().from() == "xa:18904");
    CHECK(code_of(check(*first)) == "good");
    const auto second = at_office.issue(make_update(0, pb::STATE_IN_PROGRESS, ""));
    CHECK(second->update().sequence() == 2);
    CHECK(second->head().dossier_code() == kCode);
    CHECK(at_office.state() == pb::STATE_IN_PROGRESS);
    check_row(at_office);

    const OfficeDossier before = at_office;
    CHECK(code_of(at_office.issue(make_update(0, pb::STATE_DONE, "H50.99.1-261124-9999"))) ==
          "contradiction");
    CHECK(code_of(at_office.issue(make_update(0, pb::STATE_DONE, kNumber))) == "malformed");
    CHECK(code_of(at_office.issue(make_update(0, static_cast<pb::DossierState>(11)))) == "invalid_argument");
    CHECK(code_of(at_office.issue(make_request())) == "malformed");
    CHECK(at_office == before);

    at_office.begin_epoch(3);
    CHECK(at_office.issue(make_update(0, pb::STATE_DONE))->update().sequence() == 1);
    at_office.begin_epoch(2);
    const auto later = at_office.issue(make_update(0, pb::STATE_DONE));
    CHECK(later->update().issuer_epoch() == 3);
    CHECK(later->update().sequence() == 2);
}

TEST_CASE("clones, backups and resubmissions make no second dossier", "[admin][dossier]") {
    auto at_office = *OfficeDossier::open(number(), office(), 0);
    const pb::Message request = make_request();
    const std::string origin = number().node_id();
    using Taken = OfficeDossier::Outcome;
    CHECK(at_office.take(request, proof_of(request, origin)) == Taken::kNew);
    Proof again = proof_of(request, origin);
    again.message_id.fill(42);
    CHECK(at_office.take(request, again) == Taken::kRepeated);

    pb::Message another = request;
    add_text(*another.mutable_request()->mutable_form(), "con_ho_ten", "x");
    const auto clash = at_office.take(another, proof_of(another, origin));
    CHECK(code_of(clash) == "contradiction");
    CHECK(clash.error().message.find("Mẫu") == std::string::npos);
    CHECK(at_office.take(request, proof_of(request, origin)) == Taken::kRepeated);

    pb::Message supplement = request;
    supplement.mutable_request()->set_purpose(pb::PURPOSE_SUPPLEMENT);
    supplement.mutable_request()->set_part(1);
    CHECK(at_office.take(supplement, proof_of(supplement, origin)) == Taken::kNew);
    CHECK(at_office.take(supplement, proof_of(supplement, origin)) == Taken::kRepeated);
    // A kiosk that was restored counts its supplements anew.
    pb::Message restored = supplement;
    restored.mutable_request()->set_note("another paper");
    CHECK(at_office.take(restored, proof_of(restored, origin)) == Taken::kNew);
    CHECK(at_office.take(restored, proof_of(restored, origin)) == Taken::kRepeated);
    CHECK(at_office.take(supplement, proof_of(supplement, origin)) == Taken::kRepeated);
    check_row(at_office);
    CHECK(code_of(at_office.take(request, proof_of(request, "dtn://18904-ks08/"))) == "wrong_sender");
    another.mutable_head()->set_local_number("18904-ks07.4k7qm2-000123");
    CHECK(code_of(at_office.take(another, proof_of(another, origin))) == "not_found");
    check_row(at_office);
}

TEST_CASE("what follows a request may come first, and is bounded", "[admin][dossier]") {
    auto at_office = *OfficeDossier::open(number(), office(), 0);
    const std::string origin = number().node_id();
    pb::Message supplement = make_request();
    supplement.mutable_request()->set_purpose(pb::PURPOSE_SUPPLEMENT);
    supplement.mutable_request()->set_part(2);
    for (std::size_t i = 0; i < OfficeDossier::kPartsHeldMax - 1; ++i) {
        supplement.mutable_request()->set_note(std::to_string(i));
        REQUIRE(at_office.take(supplement, proof_of(supplement, origin)));
    }
    CHECK_FALSE(at_office.has_request());
    CHECK(at_office.take(make_request(), proof_of(make_request(), origin)));
    CHECK(at_office.has_request());
    check_row(at_office);
    supplement.mutable_request()->set_note("one more");
    CHECK(code_of(at_office.take(supplement, proof_of(supplement, origin))) == "full");
}

TEST_CASE("a dossier is accepted under one code", "[admin][dossier]") {
    auto at_office = *OfficeDossier::open(number(), office(), 0);
    REQUIRE(at_office.accept(*DossierCode::parse(kCode)));
    CHECK(at_office.state() == pb::STATE_ACCEPTED);
    CHECK(at_office.accept(*DossierCode::parse(kCode)));
    CHECK(code_of(at_office.accept(*DossierCode::parse("H50.99.1-261124-9999"))) == "contradiction");
    CHECK(at_office.issue(make_update(0, pb::STATE_DONE, ""))->head().dossier_code() == kCode);
    REQUIRE(at_office.accept(*DossierCode::parse(kCode)));
    CHECK(at_office.state() == pb::STATE_DONE);
    check_row(at_office);
}

TEST_CASE("under loss, disorder, doubles and restarts both ends come to the same", "[admin][dossier]") {
    const auto seed = GENERATE(range(0U, 1'500U));
    std::mt19937_64 random{seed};
    auto at_office = *OfficeDossier::open(number(), office(), 0);
    std::vector<pb::Message> words;
    const std::size_t count = 1 + random() % 20;
    for (std::size_t i = 0; i < count; ++i) {
        if (random() % 12 == 0) at_office.begin_epoch(at_office.next().epoch + 1);
        const bool with_code = i > 1 || random() % 2 == 0;
        words.push_back(*at_office.issue(
            make_update(0, static_cast<pb::DossierState>(1 + random() % 10), with_code ? kCode : "")));
    }
    // The network: everything any number of times, in any order; the last word at least once.
    std::vector<std::size_t> arrivals;
    for (std::size_t i = 0; i < words.size(); ++i)
        arrivals.insert(arrivals.end(), random() % 4, i);
    arrivals.push_back(words.size() - 1);
    std::ranges::shuffle(arrivals, random);

    Dossier dossier = opened();
    std::map<std::size_t, std::size_t> fresh;
    std::optional<WordNumber> highest;
    for (const std::size_t i : arrivals) {
        const auto outcome = apply(dossier, words[i]);
        REQUIRE(code_of(outcome) == "good");
        const WordNumber word{words[i].update().issuer_epoch(), words[i].update().sequence()};
        CHECK((outcome == Outcome::kLatest) == (!highest || *highest < word));
        if (!highest || *highest < word) highest = word;
        CHECK(dossier.last()->number == *highest);
        if (outcome != Outcome::kRepeated) ++fresh[i];
        if (random() % 3 == 0) dossier = *Dossier::decode(dossier.encode());
    }
    CHECK(dossier.state() == at_office.state());
    for (const auto& [i, times] : fresh)
        CHECK(times == 1);

    const std::uint32_t epoch = words.back().update().issuer_epoch();
    const auto of_epoch = [&](std::size_t i) { return words[i].update().issuer_epoch() == epoch; };
    std::size_t missing = 0;
    for (std::size_t i = 0; i < words.size(); ++i)
        missing += of_epoch(i) && !fresh.contains(i) ? 1 : 0;
    CHECK(dossier.missing() == missing);
    for (const pb::Message& each : words)
        REQUIRE(apply(dossier, each).has_value());
    CHECK(dossier.missing() == 0);
    CHECK(dossier.state() == at_office.state());
    CHECK(dossier.code() == at_office.code());
}
