// Notices and their proofs under loss of links, two ways at once, crashes and restarts, by seed: in the end
// the village shows what is valid and nothing else, the office knows exactly what the village has done, and
// every receipt is there once.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>

#include "tests/unit/node/notice_world.h"
#include "tests/unit/node/seeds.h"

namespace tram::node::testing {

namespace {

namespace pb = admin::pb;

/// What was done with one notice.
struct Told {
    std::string ended;  ///< "superseded" or "recalled"; empty while it is valid
    std::set<std::string> displayed;
    std::set<std::string> announced;
    std::uint32_t times = 0;
};

struct Story {
    explicit Story(std::uint32_t seed) : at{seed} {}

    std::uint32_t draw(std::uint32_t below) { return static_cast<std::uint32_t>(mesh().random()() % below); }
    Mesh& mesh() { return at.world.mesh; }
    /// The number of one that is neither superseded nor recalled; empty when there is none.
    std::string any_valid();

    void publish();
    void recall();
    void mark();
    void move();
    void disturb();
    void heal();
    void check();
    [[nodiscard]] std::size_t receipts(const admin::MessageId& id, pb::ReceiptType type);

    NoticeWorld at;
    std::map<std::string, Told> told;
    std::size_t marks = 0;
};

std::string Story::any_valid() {
    std::vector<std::string> valid;
    for (const auto& [number, each] : told)
        if (each.ended.empty()) valid.push_back(number);
    return valid.empty() ? std::string{} : valid[draw(static_cast<std::uint32_t>(valid.size()))];
}

void Story::publish() {
    if (told.size() >= 8) return;
    const std::string number = "0" + std::to_string(told.size() + 1) + "/CĐ-UBND";
    pb::Message draft = notice_draft(number);
    draft.mutable_head()->set_urgency(static_cast<pb::Urgency>(draw(5)));
    const std::string old = draw(3) == 0 ? any_valid() : std::string{};
    if (!old.empty()) draft.mutable_notice()->set_supersedes(old);
    REQUIRE(at.publish(draft));
    told[number];
    if (!old.empty()) told[old].ended = "superseded";
}

void Story::recall() {
    const std::string number = any_valid();
    if (number.empty()) return;
    REQUIRE(at.recall(number));
    told[number].ended = "recalled";
}

/// The kiosk shows or plays what it takes for valid, which may have been withdrawn meanwhile.
void Story::mark() {
    if (told.empty()) return;
    const std::string number = std::next(told.begin(), draw(static_cast<std::uint32_t>(told.size())))->first;
    if (at.status(kKiosk, number) != "current") return;
    const std::string language = draw(2) == 0 ? "vi" : "bru";
    Told& notice = told[number];
    ++marks;
    if (draw(2) == 0) {
        REQUIRE(at.mark({language}, {}, kKiosk, number));
        notice.displayed.insert(language);
    } else {
        REQUIRE(at.mark({}, {language}, kKiosk, number));
        notice.announced.insert(language);
        ++notice.times;
    }
}

void Story::move() {
    switch (draw(8)) {
        case 0: mesh().connect(kServer, kLaptop); break;
        case 1: mesh().connect(kLaptop, kKiosk); break;
        case 2: mesh().disconnect(kServer, kLaptop); break;
        case 3: mesh().disconnect(kLaptop, kKiosk); break;
        case 4:
            if (draw(3) == 0) mesh().connect(kServer, kKiosk);
            break;
        case 5:
            if (draw(3) == 0) mesh().disconnect(kServer, kKiosk);
            break;
        case 6:
            if (draw(3) == 0) mesh().crash(draw(3));
            break;
        default:
            for (int i = 0; i < 6; ++i)
                mesh().step();
            break;
    }
}

void Story::disturb() {
    for (int i = 0; i < 80; ++i) {
        switch (draw(14)) {
            case 0: publish(); break;
            case 1:
                if (draw(3) == 0) recall();
                break;
            case 2:
            case 3: mark(); break;
            default: move(); break;
        }
    }
    mesh().disconnect(kServer, kKiosk);
}

void Story::heal() {
    for (int i = 0; i < 3; ++i) {
        at.contact(kServer, kLaptop);
        at.contact(kLaptop, kKiosk);
        at.contact(kLaptop, kServer);
    }
}

std::size_t Story::receipts(const admin::MessageId& id, pb::ReceiptType type) {
    const auto& kept = at.world.host(kServer).node().receipts().kept();
    return static_cast<std::size_t>(std::ranges::count_if(kept, [&](const auto& each) {
        return each.second.receipt.receipt.message_id == id && type_of(each.second.receipt.receipt) == type;
    }));
}

void Story::check() {
    for (const auto& [number, expected] : told) {
        INFO(number);
        for (const std::size_t host : {kServer, kLaptop, kKiosk}) {
            const std::string status = at.status(host, number);
            INFO(host << " " << status << " not " << expected.ended);
            // What was over before it came there is known by its name only, or not at all.
            const bool never_came = status == "heard_of" || status == "unknown";
            CHECK((status == (expected.ended.empty() ? "current" : expected.ended) ||
                   (expected.ended == "superseded" && never_came)));
        }
        if (!expected.ended.empty()) continue;
        const auto proof = at.proof(kVillage, number).proof;
        std::set<std::string> displayed;
        std::set<std::string> announced;
        for (const auto& each : proof.displayed)
            displayed.insert(each.text());
        for (const auto& each : proof.announced)
            announced.insert(each.text());
        CHECK(proof.reach >= admin::Reach::kReached);
        CHECK(displayed == expected.displayed);
        CHECK(announced == expected.announced);
        CHECK(proof.times == expected.times);
        const admin::MessageId id = at.notice(kServer, number).known.message_id();
        CHECK(receipts(id, pb::RECEIPT_DELIVERED) == 1);
        CHECK(receipts(id, pb::RECEIPT_DISPLAYED) == (expected.displayed.empty() ? 0 : 1));
        CHECK(receipts(id, pb::RECEIPT_ANNOUNCED) == (expected.announced.empty() ? 0 : 1));
    }
    CHECK(at.world.custody(kServer).counters().receipts_refused == 0);
}

}  // namespace

TEST_CASE("the village shows what is valid, and the office knows what it has done", "[node][notices][mesh]") {
    const std::uint32_t seeds = seeds_to_try(200);
    std::size_t notices = 0;
    std::size_t marks = 0;
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        INFO("seed " << seed);
        Story story{seed};
        story.disturb();
        story.heal();
        story.check();
        notices += story.told.size();
        marks += story.marks;
    }
    CHECK(notices > 2 * seeds);
    CHECK((marks > seeds || seeds < 50));
}

}  // namespace tram::node::testing
