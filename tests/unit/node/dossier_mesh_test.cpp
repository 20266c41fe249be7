// Dossiers at both of their ends under loss of links, two ways at once, crashes and restarts, by seed: in the
// end the kiosk knows the office's last word, the office has what was filed, and every receipt came once.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/unit/node/dossier_world.h"
#include "tests/unit/node/seeds.h"

namespace tram::node::testing {

namespace {

namespace pb = admin::pb;

/// What was promised about one dossier.
struct Promised {
    std::vector<std::string> notes;                   ///< of its parts, in the order of filing
    std::map<std::uint64_t, pb::DossierState> words;  ///< by sequence
    bool accepted = false;
    std::set<std::uint64_t> results;
};

struct Story {
    explicit Story(std::uint32_t seed) : at{seed} {}

    std::uint32_t draw(std::uint32_t below) { return static_cast<std::uint32_t>(mesh().random()() % below); }
    Mesh& mesh() { return at.world.mesh; }
    Promised* any() {
        if (promised.empty()) return nullptr;
        chosen = std::next(promised.begin(), draw(static_cast<std::uint32_t>(promised.size())))->first;
        return &promised[chosen];
    }
    /// What is more urgent overtakes what was said before.
    pb::Urgency any_urgency() { return static_cast<pb::Urgency>(draw(5)); }
    [[nodiscard]] bool at_office() {
        return at.received().find(*admin::LocalNumber::parse(chosen)) != nullptr;
    }

    void file();
    void follow();
    void say();
    void accept();
    void hand_over();
    void hand_over_some();
    void forget_a_draft();
    void drain();
    void move();
    void disturb();
    void heal();
    void check();

    DossierWorld at;
    std::map<std::string, Promised> promised;
    std::string chosen;
    std::multiset<std::string> taken;  ///< notes of the parts that the office's application has acknowledged
    std::size_t handed_over = 0;
    int last_note = 0;
};

void Story::file() {
    if (promised.size() == 4) return;
    pb::Message request = DossierWorld::request();
    if (draw(4) != 0) request.clear_attachments();
    const std::string note = "note " + std::to_string(++last_note);
    request.mutable_request()->set_note(note);
    const std::string key = "chance of " + note;
    const auto number = at.file(request, key);
    REQUIRE(number);
    if (draw(3) == 0) CHECK(at.file(request, key) == *number);
    CHECK(promised.emplace(*number, Promised{{note}, {}, false, {}}).second);
}

void Story::follow() {
    Promised* dossier = any();
    if (dossier == nullptr || dossier->notes.size() == 6) return;
    const std::string note = "note " + std::to_string(++last_note);
    const auto purpose = draw(4) == 0 ? pb::PURPOSE_WITHDRAWAL : pb::PURPOSE_SUPPLEMENT;
    pb::Message part = DossierWorld::follows(chosen, purpose, note);
    part.mutable_head()->set_urgency(any_urgency());
    const auto filed = at.file(part, "chance of " + note);
    INFO((filed ? "" : filed.error().message));
    REQUIRE(filed);
    dossier->notes.push_back(note);
}

void Story::say() {
    static constexpr pb::DossierState kStates[] = {pb::STATE_IN_PROGRESS, pb::STATE_SUPPLEMENT_NEEDED,
                                                   pb::STATE_PAYMENT_NEEDED, pb::STATE_STOPPED};
    Promised* dossier = any();
    if (dossier == nullptr || !at_office() || dossier->words.size() == 12) return;
    const bool result = draw(4) == 0;
    const pb::DossierState state = result ? pb::STATE_DONE : kStates[draw(4)];
    const pb::Message update = DossierWorld::update(result ? pb::UPDATE_RESULT : pb::UPDATE_PROGRESS, state);
    const std::string key = "a word by chance " + std::to_string(++last_note);
    const auto sequence = at.say(chosen, update, key);
    INFO((sequence ? "" : sequence.error().message));
    REQUIRE(sequence);
    if (draw(3) == 0) CHECK(at.say(chosen, update, key) == *sequence);
    CHECK(dossier->words.emplace(*sequence, state).second);
    if (result) dossier->results.insert(*sequence);
}

void Story::accept() {
    Promised* dossier = any();
    if (dossier == nullptr || !at_office()) return;
    if (!at.received().find(*admin::LocalNumber::parse(chosen))->dossier.has_request()) return;
    const auto accepted = at.accept(chosen, "H50.99.1-261124-0" + chosen.substr(chosen.size() - 3));
    INFO((accepted ? "" : accepted.error().message));
    REQUIRE(accepted);
    dossier->accepted = true;
}

void Story::hand_over() {
    const auto before = at.filed(chosen).handed_over;
    if (at.hand_over(chosen) && at.filed(chosen).handed_over != before) ++handed_over;
}

void Story::hand_over_some() {
    for (const auto& [number, dossier] : promised) {
        chosen = number;
        if (draw(2) == 0) hand_over();
    }
}

// The power fails while an answer is being handed in.
void Story::forget_a_draft() {
    if (any() == nullptr || !at_office()) return;
    REQUIRE(at.open_update(chosen, DossierWorld::update(pb::UPDATE_RESULT, pb::STATE_DONE)));
    mesh().crash(kServer);
}

void Story::drain() {
    for (const pb::Message& message : at.drain())
        taken.insert(message.request().note());
}

void Story::move() {
    switch (draw(9)) {
        case 0: mesh().connect(kKiosk, kLaptop); break;
        case 1: mesh().connect(kLaptop, kServer); break;
        case 2: mesh().connect(kKiosk, kServer); break;
        case 3: mesh().disconnect(kKiosk, kLaptop); break;
        case 4: mesh().disconnect(kLaptop, kServer); break;
        case 5: mesh().disconnect(kKiosk, kServer); break;
        case 6:
            if (draw(3) == 0) mesh().crash(draw(3));
            break;
        default:
            for (std::uint32_t i = draw(30); i > 0; --i)
                mesh().step();
            break;
    }
}

void Story::disturb() {
    for (int i = 0; i < 60; ++i) {
        switch (draw(16)) {
            case 0: file(); break;
            case 1: follow(); break;
            case 2: say(); break;
            case 3: say(); break;
            case 4: accept(); break;
            case 5:
                if (any() != nullptr) hand_over();
                break;
            case 6: drain(); break;
            case 7:
                if (draw(3) == 0) forget_a_draft();
                break;
            default: move(); break;
        }
    }
}

void Story::heal() {
    mesh().disconnect(kKiosk, kServer);
    for (int round = 0; round < 4; ++round) {
        at.meet();
        drain();
        if (round == 1) hand_over_some();
        mesh().advance(Duration{70'000});
        for (std::size_t i = 0; i < 3; ++i) {
            at.world.host(i).give(input::Tick{});
            at.world.host(i).settle();
        }
    }
    at.meet();
    at.meet();
}

void Story::check() {
    std::multiset<std::string> filed;
    std::size_t parts = 0;
    std::size_t words = 0;
    std::size_t accepted = 0;
    for (const auto& [number, dossier] : promised) {
        INFO(number);
        filed.insert(dossier.notes.begin(), dossier.notes.end());
        parts += dossier.notes.size();
        words += dossier.words.size();
        accepted += dossier.accepted ? 1 : 0;
        const registry::Request& here = at.filed(number);
        const registry::Received& there = at.received(number);
        CHECK(there.parts.size() == dossier.notes.size());
        CHECK(here.parts.size() + 1 == dossier.notes.size());
        const bool silent = dossier.words.empty() && !dossier.accepted;
        CHECK(here.state() == (silent ? pb::STATE_UNSPECIFIED : there.state()));
        CHECK(here.dossier.code() == there.dossier.code());
        CHECK(here.dossier.code().has_value() == dossier.accepted);
        CHECK(here.dossier.missing() == 0);
        CHECK(here.dossier.history().size() == dossier.words.size());
        CHECK(here.dossier.last().has_value() == !dossier.words.empty());
        for (const admin::Word& word : here.dossier.history())
            CHECK(word.state == dossier.words.at(word.number.sequence));
        if (dossier.words.empty()) continue;
        CHECK(here.dossier.last()->number.sequence == dossier.words.rbegin()->first);
        CHECK(here.dossier.state() == dossier.words.rbegin()->second);
    }
    CHECK((taken == filed));
    CHECK(at.receipts(kKiosk, pb::RECEIPT_DELIVERED) == parts);
    CHECK(at.receipts(kKiosk, pb::RECEIPT_OFFICIAL) == accepted);
    CHECK(at.receipts(kServer, pb::RECEIPT_DELIVERED) == words);
    CHECK(at.receipts(kServer, pb::RECEIPT_HANDED_OVER) == handed_over);
    for (const std::size_t end : {kKiosk, kServer}) {
        CHECK(at.world.host(end).node().receipts().waiting().empty());
        CHECK(at.world.custody(end).counters().receipts_refused == 0);
    }
}

}  // namespace

TEST_CASE("both ends of a dossier come to say the same, and every receipt comes once",
          "[node][dossiers][mesh]") {
    const std::uint32_t seeds = seeds_to_try(200);
    std::size_t dossiers = 0;
    std::size_t handed_over = 0;
    for (std::uint32_t seed = 1; seed <= seeds; ++seed) {
        INFO("seed " << seed);
        Story story{seed};
        story.disturb();
        story.heal();
        story.check();
        dossiers += story.promised.size();
        handed_over += story.handed_over;
    }
    // What the stories are about does happen in them.
    CHECK(dossiers > seeds);
    CHECK((handed_over > seeds / 10 || seeds < 50));
}

}  // namespace tram::node::testing
