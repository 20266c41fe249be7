#include "proto/admin/notice.h"

#include <catch2/catch.hpp>
#include <google/protobuf/stubs/logging.h>
#include <random>

#include "tests/unit/admin/samples.h"

using namespace tram;
using namespace tram::admin;
using namespace tram::test;

namespace {

using Outcome = KnownNotice::Outcome;
using Status = KnownNotice::Status;

constexpr std::uint64_t kHour = 3'600'000;
constexpr std::uint64_t kDays = 24 * kHour;

DocumentNumber document(std::string_view text = "07/CĐ-UBND") {
    return *DocumentNumber::parse(text);
}

Proof proof_of(const pb::Message& message, const std::string& sender = kOfficeNode) {
    return {sender, {1}, cose::sha256(as_bytes(message.SerializeAsString()))};
}

KnownNotice known(std::string_view number = "07/CĐ-UBND") {
    return KnownNotice::heard_of({kOfficeNode, 2026, document(number)});
}

Result<Outcome> take(KnownNotice& notice, const pb::Message& message, Arrival arrival = {}) {
    return notice.take(message, proof_of(message), arrival);
}

std::vector<Language> languages(std::initializer_list<std::string_view> tags) {
    std::vector<Language> all;
    for (const std::string_view tag : tags)
        all.push_back(*Language::parse(tag));
    return all;
}

pb::Message recall_of(std::uint32_t edition) {
    pb::Message message = make_notice("07/CĐ-UBND", edition);
    message.mutable_notice()->set_recall(true);
    return message;
}

template <typename Value>
void check_row(const Value& value) {
    const auto again = Value::decode(value.encode());
    REQUIRE(code_of(again) == "good");
    CHECK(*again == value);
}

Village village(std::string_view name) {
    return *Village::parse(name);
}

Receipt shown(const std::string& holder, decltype(Receipt::says) says) {
    Receipt receipt{.says = std::move(says)};
    receipt.message_id.fill(1);
    receipt.message_digest.emplace().fill(5);
    receipt.source = kOfficeNode;
    receipt.holder = holder;
    receipt.reference = document();
    return receipt;
}

cose::Digest fives() {
    cose::Digest digest{};
    digest.fill(5);
    return digest;
}

ProofTable table_for(std::initializer_list<std::string_view> names) {
    std::vector<Village> villages;
    for (const std::string_view name : names)
        villages.push_back(village(name));
    return *ProofTable::open(document(), "18904", fives(), villages);
}

}  // namespace

TEST_CASE("the highest edition of a notice counts, in whatever order they come", "[admin][notice]") {
    KnownNotice notice = known();
    CHECK(notice.status(0) == Status::kHeardOf);
    CHECK(take(notice, make_notice("07/CĐ-UBND", 2)) == Outcome::kNewer);
    CHECK(take(notice, make_notice("07/CĐ-UBND", 1)) == Outcome::kOlder);
    CHECK(take(notice, make_notice("07/CĐ-UBND", 2)) == Outcome::kRepeated);
    CHECK(notice.edition() == 2);
    CHECK(notice.urgency() == pb::URGENCY_EXPRESS);
    CHECK(notice.audience() == "xa:18904/*");
    notice.displayed(languages({"vi", "bru"}));
    notice.displayed(languages({"vi"}));
    notice.announced(languages({"bru"}));
    CHECK(notice.times_displayed().at(*Language::parse("vi")) == 2);
    CHECK(notice.times_announced().size() == 1);
    check_row(notice);

    pb::Message other = make_notice("07/CĐ-UBND", 2);
    other.mutable_head()->set_title("x");
    CHECK(code_of(take(notice, other)) == "contradiction");
    CHECK(take(notice, make_notice("07/CĐ-UBND", 3)) == Outcome::kNewer);
    CHECK(notice.times_displayed().empty());
    check_row(notice);
}

TEST_CASE("a notice is replaced and recalled by its issuer only", "[admin][notice]") {
    KnownNotice notice = known();
    CHECK(take(notice, make_notice()) == Outcome::kNewer);
    const KnownNotice before = notice;
    const pb::Message recall = recall_of(2);
    CHECK(code_of(notice.take(recall, proof_of(recall, "dtn://18904-ks07/"), {})) == "wrong_sender");
    CHECK(code_of(notice.take(recall, proof_of(recall, "dtn://00901-srv/"), {})) == "wrong_sender");
    CHECK(code_of(notice.take(recall, proof_of(recall, "dtn://18904/"), {})) == "wrong_sender");
    CHECK(code_of(take(notice, make_notice("08/CĐ-UBND", 2))) == "not_found");
    CHECK(code_of(take(notice, make_request())) == "malformed");
    CHECK(notice == before);
    CHECK(take(notice, recall) == Outcome::kRecalled);
    CHECK(notice.status(0) == Status::kRecalled);
    check_row(notice);
    CHECK(take(notice, make_notice()) == Outcome::kOlder);
    CHECK(notice.status(0) == Status::kRecalled);
}

TEST_CASE("what supersedes may come before what it supersedes", "[admin][notice]") {
    pb::Message newer = make_notice("09/CĐ-UBND");
    newer.mutable_notice()->set_supersedes("07/CĐ-UBND");
    const auto name = name_of(newer, proof_of(newer));
    REQUIRE(code_of(name) == "good");
    const auto older = superseded_by(newer, *name);
    REQUIRE(older.has_value());
    CHECK(*older == known().name());
    CHECK_FALSE(superseded_by(make_notice(), *name).has_value());
    // In another's name it is another notice.
    const auto by_another = name_of(newer, proof_of(newer, "dtn://18904-ks07/"));
    CHECK(*superseded_by(newer, *by_another) != known().name());

    KnownNotice notice = KnownNotice::heard_of(*older);
    notice.supersede(*by_another);
    CHECK_FALSE(notice.successor().has_value());
    notice.supersede(*name);
    check_row(notice);
    CHECK(notice.status(0) == Status::kHeardOf);
    CHECK(take(notice, make_notice()) == Outcome::kNewer);
    CHECK(notice.status(0) == Status::kSuperseded);
    CHECK(*notice.successor() == *name);
    check_row(notice);
}

TEST_CASE("the same number in another year is another notice", "[admin][notice]") {
    KnownNotice notice = known();
    CHECK(take(notice, make_notice()) == Outcome::kNewer);
    pb::Message next_year = make_notice("07/CĐ-UBND", 5);
    next_year.mutable_notice()->set_year(2027);
    CHECK(code_of(take(notice, next_year)) == "not_found");
    next_year.mutable_notice()->set_supersedes("07/CĐ-UBND");
    next_year.mutable_notice()->set_supersedes_year(2026);
    const auto name = name_of(next_year, proof_of(next_year));
    CHECK(*superseded_by(next_year, *name) == notice.name());
    next_year.mutable_notice()->set_supersedes_year(0);
    CHECK_FALSE(superseded_by(next_year, *name).has_value());
    next_year.mutable_notice()->set_year(0);
    CHECK(code_of(take(notice, next_year)) == "malformed");
}

TEST_CASE("a notice ends by its lifetime, without a clock on the wall", "[admin][notice]") {
    KnownNotice notice = known();
    // Five days, of which two were spent on the way; it came when the node had counted 100 days.
    CHECK(take(notice, make_notice(), {100 * kDays, 2 * kDays}) == Outcome::kNewer);
    CHECK(notice.remaining_ms(100 * kDays) == 3 * kDays);
    CHECK(notice.remaining_ms(0) == 3 * kDays);  // node time never goes back; if it did, nothing is gained
    CHECK(notice.status(103 * kDays - 1) == Status::kCurrent);
    CHECK(notice.status(103 * kDays) == Status::kExpired);
    CHECK(notice.remaining_ms(UINT64_MAX) == 0);
    KnownNotice late = known();
    CHECK(take(late, make_notice(), {0, 6 * kDays}) == Outcome::kNewer);
    CHECK(late.status(0) == Status::kExpired);
    pb::Message endless = make_notice();
    endless.mutable_notice()->set_lifetime_s(UINT64_MAX);
    KnownNotice refused = known();
    CHECK(code_of(take(refused, endless)) == "malformed");
}

TEST_CASE("a text and a recording are chosen for a wished language", "[admin][notice]") {
    const auto [wished, text, audio] =
        GENERATE(table<std::vector<std::string_view>, std::string, std::string>({
            {{"hmn"}, "hmn-latn", "hmn"},
            {{"hmn-latn"}, "hmn-latn", "hmn"},
            {{"bru"}, "bru", ""},
            {{"ium", "bru"}, "bru", ""},
            {{"ium"}, "vi", ""},
            {{}, "vi", ""},
            {{"en", "hmn"}, "en", "hmn"},
        }));
    pb::Message message = make_notice();
    message.clear_attachments();
    message.mutable_notice()->clear_texts();
    for (const char* each : {"en", "hmn-latn", "bru", "vi"})
        message.mutable_notice()->add_texts()->set_language(each);
    message.add_attachments()->set_name("map.png");
    message.add_attachments()->set_language("hmn");
    std::vector<Language> wishes;
    for (const std::string_view each : wished)
        wishes.push_back(*Language::parse(each));
    const auto at = static_cast<int>(choose_text(message.notice(), wishes));
    CHECK(message.notice().texts(at).language() == text);
    const auto chosen = choose_audio(message, wishes);
    CHECK(chosen.has_value() == !audio.empty());
    if (chosen) CHECK(message.attachments(static_cast<int>(*chosen)).language() == audio);
}

TEST_CASE("without Vietnamese the first text is shown", "[admin][notice]") {
    pb::Notice notice;
    notice.add_texts()->set_language("bru");
    notice.add_texts()->set_language("en");
    CHECK(choose_text(notice, languages({"hmn"})) == 0);
}

TEST_CASE("the issuer sees which villages have a notice, and which nobody has reached", "[admin][notice]") {
    ProofTable table = table_for({"DH-07", "DH-08", "DH-09", "Khâu Slôm"});
    const std::string kiosk = "dtn://18904-ks07/";
    CHECK(table.take(shown(kiosk, Delivered{true, village("DH-07")})) == true);
    CHECK(table.take(shown("dtn://18904-ks08/", Displayed{village("dh 08"), languages({"vi"})})) == true);
    CHECK(table.take(shown("dtn://18904-ks09/",
                           Announced{village("KHÂU SLÔM"), languages({"tyz", "vi"}), 2})) == true);
    CHECK(table.take(shown("dtn://18904-lt01/", Announced{village("Khâu Slôm"), languages({"vi"}), 1})) ==
          true);
    CHECK(table.take(shown("dtn://18904-lt01/", Displayed{village("DH-99"), languages({"vi"})})) == true);

    const auto all = table.villages();
    REQUIRE(all.size() == 5);
    CHECK(all[0].reach == Reach::kReached);
    CHECK(all[0].by == std::vector<std::string>{kiosk});
    CHECK(all[1].reach == Reach::kDisplayed);
    CHECK(all[2].village.text() == "DH-09");
    CHECK(all[2].reach == Reach::kNotReached);
    CHECK(all[3].village.text() == "Khâu Slôm");
    CHECK(all[3].reach == Reach::kAnnounced);
    CHECK(all[3].announced.size() == 2);
    CHECK(all[3].times == 3);
    CHECK_FALSE(all[4].expected);
    CHECK(table.expected() == 4);
    CHECK(table.reached(Reach::kReached) == 3);
    CHECK(table.reached(Reach::kAnnounced) == 1);
    CHECK(word(all[2].reach, Tongue::kVietnamese) == "chưa tới");
    check_row(table);
}

TEST_CASE("a receipt that proves nothing here is refused", "[admin][notice]") {
    ProofTable table = table_for({"DH-07"});
    const ProofTable before = table;
    const std::string kiosk = "dtn://18904-ks07/";
    const Receipt good = shown(kiosk, Displayed{village("DH-07"), languages({"vi"})});
    Receipt other = good;
    other.reference = document("08/CĐ-UBND");
    CHECK(code_of(table.take(other)) == "not_found");
    other = good;
    other.message_digest->fill(6);
    CHECK(code_of(table.take(other)) == "contradiction");
    other = good;
    other.holder = "dtn://00901-ks07/";
    CHECK(code_of(table.take(other)) == "wrong_sender");
    other.holder = kiosk;
    other.says = Delivered{true};
    CHECK(code_of(table.take(other)) == "invalid_argument");
    other.says = Custody{};
    CHECK(code_of(table.take(other)) == "invalid_argument");
    CHECK(table == before);

    for (std::size_t i = 1; i < ProofTable::kVillagesMax; ++i)
        REQUIRE(table.take(shown(kiosk, Delivered{true, village("v" + std::to_string(i))})) == true);
    CHECK(code_of(table.take(shown(kiosk, Delivered{true, village("one more")}))) == "full");
    for (std::size_t i = 0; i < ProofTable::kHoldersMax; ++i)
        REQUIRE(table.take(shown("dtn://18904-d" + std::to_string(i) + "/",
                                 Delivered{true, village("DH-07")})) == true);
    CHECK(code_of(table.take(shown("dtn://18904-one-more/", Delivered{true, village("DH-07")}))) == "full");
    check_row(table);
}

TEST_CASE("proofs come to the same in any order, with doubles and restarts", "[admin][notice]") {
    const auto seed = GENERATE(range(0U, 200U));
    std::mt19937_64 random{seed};
    const std::vector<std::string_view> names{"DH-01", "DH-02", "Khâu Slôm"};
    const std::vector<std::string_view> tags{"vi", "bru", "hmn"};
    std::vector<Receipt> receipts;
    for (std::size_t i = 0; i < 20; ++i) {
        const std::string holder = "dtn://18904-ks0" + std::to_string(random() % 4) + "/";
        const Village where = village(names[random() % names.size()]);
        const auto tongue = languages({tags[random() % tags.size()]});
        switch (random() % 3) {
            case 0: receipts.push_back(shown(holder, Delivered{true, where})); break;
            case 1: receipts.push_back(shown(holder, Displayed{where, tongue})); break;
            default:
                receipts.push_back(
                    shown(holder, Announced{where, tongue, static_cast<std::uint32_t>(1 + random() % 9)}));
        }
    }
    ProofTable once = table_for({"DH-01", "DH-02", "DH-03"});
    for (const Receipt& each : receipts)
        REQUIRE(once.take(each).has_value());
    std::vector<Receipt> arrivals = receipts;
    arrivals.insert(arrivals.end(), receipts.begin(), receipts.begin() + 10);
    std::ranges::shuffle(arrivals, random);
    ProofTable table = table_for({"DH-01", "DH-02", "DH-03"});
    for (const Receipt& each : arrivals) {
        REQUIRE(table.take(each).has_value());
        CHECK(table.take(each) == false);
        if (random() % 4 == 0) table = *ProofTable::decode(table.encode());
    }
    CHECK(table == once);
}

TEST_CASE("damaged rows of notices are not believed", "[admin][notice]") {
    const google::protobuf::LogSilencer quiet;
    KnownNotice notice = known();
    REQUIRE(take(notice, make_notice(), {5, 5}).has_value());
    notice.displayed(languages({"vi"}));
    ProofTable table = table_for({"DH-07", "Khâu Slôm"});
    REQUIRE(table.take(shown("dtn://18904-ks07/", Announced{village("DH-07"), languages({"vi"}), 2}))
                .has_value());
    CHECK(code_of(KnownNotice::decode({})) == "corrupt");
    CHECK(code_of(ProofTable::decode({})) == "corrupt");
    std::mt19937_64 random{2};
    for (int i = 0; i < 1'000; ++i) {
        for (const Bytes& row : {notice.encode(), table.encode()}) {
            Buffer damaged{row.view().begin(), row.view().end()};
            damaged[random() % damaged.size()] = static_cast<std::uint8_t>(random());
            const auto read = KnownNotice::decode(damaged);
            if (read) check_row(*read);
            const auto proofs = ProofTable::decode(damaged);
            if (proofs) check_row(*proofs);
        }
    }
}
