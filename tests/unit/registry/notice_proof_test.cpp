// Where a notice has been: villages that have signed for it, and why others have not.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "tests/unit/registry/notice_samples.h"

using namespace tram;
using namespace tram::registry;
using namespace tram::test;
using Why = VillageReport::Why;

namespace {

const std::string kNotice = "07/CĐ-UBND";
const std::string kKiosk = "dtn://18904-ks07/";
const std::string kLaptop = "dtn://18904-lt01/";

/// An office with one notice of its own.
struct OfficeDesk {
    explicit OfficeDesk(const std::vector<std::string>& expected = {"DH-07", "DH-08"}) {
        notices.put(notice_of(make_notice(kNotice), proof_for(kNotice), {100, 0}));
        std::vector<admin::Village> villages;
        for (const std::string& each : expected)
            villages.push_back(village(each));
        REQUIRE(notices.open_proof(name_of(kNotice), villages));
    }
    Result<bool> take(const admin::Receipt& receipt, std::uint64_t at_ms = 500) {
        return notices.take_receipt(name_of(kNotice), receipt, at_ms);
    }
    VillageReport of(const std::string& name, const std::vector<Carrier>& carriers = {}) {
        const auto reports = notices.report(name_of(kNotice), carriers);
        REQUIRE(reports);
        const auto found = std::ranges::find_if(*reports, [&](const VillageReport& each) {
            return each.proof.village.demux() == village(name).demux();
        });
        REQUIRE(found != reports->end());
        return *found;
    }

    NoticeRows rows;
    Notices notices = rows.start();
};

template <typename Says>
admin::Receipt receipt(Says says, const std::string& holder = kKiosk) {
    const admin::Proof proof = proof_for(kNotice);
    admin::Receipt receipt{.says = std::move(says)};
    receipt.message_id = proof.message_id;
    receipt.message_digest = proof.digest;
    receipt.source = kOfficeNode;
    receipt.holder = holder;
    receipt.reference = admin::DocumentNumber::parse(kNotice).value();
    return receipt;
}

admin::Receipt delivered(const std::string& name, const std::string& holder = kKiosk) {
    return receipt(admin::Delivered{.attachments_complete = true, .village = village(name)}, holder);
}

admin::Language language(std::string_view tag) {
    return admin::Language::parse(tag).value();
}

}  // namespace

TEST_CASE("a village that nobody has reached says why", "[registry][proof]") {
    OfficeDesk desk;
    CHECK(desk.of("DH-07").why == Why::kNotTaken);
    CHECK_FALSE(desk.of("DH-07").last_taken);
    CHECK_FALSE(desk.of("DH-07").last_heard);

    const std::vector<Carrier> carriers = {{"dtn://18904-lt02/", 200}, {kLaptop, 300}};
    CHECK(desk.of("DH-07", carriers).why == Why::kOnTheWay);
    CHECK(desk.of("DH-07", carriers).last_taken == Carrier{kLaptop, 300});

    desk.notices.villages().heard(village("DH-07"), kKiosk, 90);
    CHECK(desk.of("DH-07", carriers).why == Why::kOnTheWay);
    CHECK(desk.of("DH-07", carriers).last_heard == Carrier{kKiosk, 90});
    const VillageReport given = desk.of("DH-07", {{kLaptop, 300}, {kKiosk, 250}});
    CHECK(given.why == Why::kWithDevice);
    CHECK(given.last_taken == Carrier{kKiosk, 250});

    REQUIRE(desk.take(delivered("DH-07")).value());
    CHECK(desk.of("DH-07", carriers).why == Why::kReached);
    CHECK(desk.of("DH-07").last_heard == Carrier{kKiosk, 500});
    CHECK(desk.of("DH-08", carriers).why == Why::kOnTheWay);
}

TEST_CASE("proofs and what was heard of villages come back after a restart", "[registry][proof]") {
    OfficeDesk desk;
    REQUIRE(desk.take(delivered("DH-07")));
    REQUIRE(desk.take(receipt(admin::Displayed{village("DH-07"), {language("vi"), language("bru")}})));
    const Notices after = desk.rows.start();
    REQUIRE(after.proof(name_of(kNotice)) != nullptr);
    CHECK(*after.proof(name_of(kNotice)) == *desk.notices.proof(name_of(kNotice)));
    CHECK(after.report(name_of(kNotice), {})->front().last_heard == Carrier{kKiosk, 500});
    CHECK(after.villages().find(village("dh-07"))->devices.at(kKiosk) == 500);
}

TEST_CASE("without expected villages those are expected that were heard of", "[registry][proof]") {
    OfficeDesk desk{{}};
    CHECK(desk.notices.report(name_of(kNotice), {})->empty());
    REQUIRE(desk.take(delivered("Khâu Slôm")));
    CHECK_FALSE(desk.of("Khâu Slôm").proof.expected);
    REQUIRE(desk.notices.open_proof(name_of(kNotice), {}));
    CHECK(desk.of("Khâu Slôm").proof.expected);
    CHECK(desk.of("Khâu Slôm").why == Why::kNotTaken);
}

TEST_CASE("a receipt about something else proves nothing", "[registry][proof]") {
    OfficeDesk desk;
    admin::Receipt other = delivered("DH-07");
    other.message_digest = cose::sha256(as_bytes("another edition"));
    CHECK(code_of(desk.take(other)) == "contradiction");
    CHECK(code_of(desk.take(delivered("DH-07", "dtn://00901-ks01/"))) == "wrong_sender");
    CHECK(code_of(desk.take(receipt(admin::Delivered{}))) == "invalid_argument");
    CHECK(code_of(desk.notices.take_receipt(name_of("08/TB-UBND"), other, 1)) == "not_found");
    CHECK(code_of(desk.notices.report(name_of("08/TB-UBND"), {})) == "not_found");
    CHECK(desk.of("DH-07").why == Why::kNotTaken);
    CHECK(desk.notices.villages().all().empty());
}

TEST_CASE("twenty villages' proofs count in any order, and however often they come", "[registry][proof]") {
    const auto seed = GENERATE(range(0, 40));
    std::mt19937_64 random{static_cast<std::uint64_t>(seed)};
    std::vector<std::string> names;
    std::vector<admin::Receipt> receipts;
    for (int i = 0; i < 20; ++i) {
        names.push_back("DH-" + std::to_string(10 + i));
        const std::string holder = "dtn://18904-ks" + std::to_string(10 + i) + "/";
        receipts.push_back(delivered(names.back(), holder));
        receipts.push_back(receipt(admin::Displayed{village(names.back()), {language("vi")}}, holder));
        receipts.push_back(
            receipt(admin::Displayed{village(names.back()), {language("vi"), language("bru")}}, holder));
        receipts.push_back(receipt(admin::Announced{village(names.back()), {language("bru")}, 1}, holder));
        receipts.push_back(receipt(admin::Announced{village(names.back()), {language("bru")}, 3}, holder));
    }
    const std::vector<admin::Receipt> once = receipts;
    receipts.insert(receipts.end(), once.begin(), once.end());
    std::ranges::shuffle(receipts, random);
    OfficeDesk desk{names};
    for (const admin::Receipt& each : receipts)
        REQUIRE(desk.take(each, random() % 1'000));
    const auto& table = *desk.notices.proof(name_of(kNotice));
    CHECK(table.reached(admin::Reach::kAnnounced) == 20);
    for (const std::string& name : names) {
        const VillageReport report = desk.of(name);
        CHECK(report.proof.displayed.size() == 2);
        CHECK(report.proof.times == 3);
        CHECK(report.why == Why::kReached);
    }
    CHECK(*desk.rows.start().proof(name_of(kNotice)) == table);
}

TEST_CASE("of many devices of a village those that were heard of last are remembered", "[registry][proof]") {
    NoticeRows rows;
    Notices notices = rows.start();
    for (std::size_t i = 0; i < 2 * Villages::kDevicesMax; ++i)
        notices.villages().heard(village("DH-07"), "dtn://18904-k" + std::to_string(i) + "/", 100 + i);
    notices.villages().heard(village("DH-07"), "dtn://18904-k63/", 5);
    const auto& devices = notices.villages().find(village("DH-07"))->devices;
    CHECK(devices.size() == Villages::kDevicesMax);
    CHECK(devices.at("dtn://18904-k63/") == 163);
    CHECK_FALSE(devices.contains("dtn://18904-k0/"));
    CHECK(rows.start().villages().find(village("DH-07"))->devices == devices);
}
