#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <set>

#include "tests/system/hostile/cases.h"

namespace tram::hostile {

namespace {

using harness::wait_until;

/// The attacker has his answer already: what the victim says of it is not far behind.
constexpr milliseconds kSoon{20'000};

using Counters = std::map<std::string, std::uint64_t>;

Counters counters(const harness::pb::StatusReply& status) {
    Counters values;
    for (const harness::pb::Counter& counter : status.counters())
        values[counter.name()] = counter.value();
    return values;
}

bool counts_refusals(const std::string& name) {
    return name.find("refused.") != std::string::npos;
}

/// "links_refused.no_tls +1" for each counter of refusals that has changed.
std::string changes(const Counters& before, const Counters& after) {
    std::string text;
    for (const auto& [name, value] : after) {
        const auto found = before.find(name);
        const std::uint64_t old = found == before.end() ? 0 : found->second;
        if (!counts_refusals(name) || value == old) continue;
        text += (text.empty() ? "" : ", ") + name + " +" + std::to_string(value - old);
    }
    return text;
}

/// The sentences of the table that occur in `log`.
std::set<std::string> reasons_in(const std::string& log, const std::vector<Case>& cases) {
    std::set<std::string> found;
    for (const Case& each : cases) {
        if (log.find(each.sentence) != std::string::npos) found.insert(each.sentence);
    }
    return found;
}

/// The line of `log` with `sentence`.
std::string line_with(const std::string& log, const std::string& sentence) {
    const std::size_t at = log.find(sentence);
    if (at == std::string::npos) return {};
    const std::size_t begin = log.rfind('\n', at) + 1;
    return log.substr(begin, log.find('\n', at) - begin);
}

void show(const Case& each, const std::string& line) {
    if (std::getenv("TRAM_SHOW_CASES") == nullptr) return;
    const std::size_t level = line.find("] ");
    std::cout << each.name << " -> " << each.counter << " -> "
              << (level == std::string::npos ? line : line.substr(line.rfind("] ") + 2)) << " ["
              << each.learned << "]\n";
}

void play(Stage& stage, harness::DaemonProcess& watched, const Case& each, const std::vector<Case>& cases) {
    INFO("case: " << each.name);
    const harness::pb::StatusReply stored_before = watched.status();
    const Counters before = counters(stored_before);
    const std::size_t log_before = watched.log().size();

    CHECK(each.attack(stage) == each.learned);

    const std::string expected = each.counter + " +1";
    (void)wait_until([&] { return changes(before, counters(watched.status())) == expected; }, kSoon);
    CHECK(changes(before, counters(watched.status())) == expected);
    const auto news = [&] { return watched.log().substr(log_before); };
    (void)wait_until([&] { return news().find(each.sentence) != std::string::npos; }, kSoon);
    const std::string log = news();
    INFO("log: " << log);
    CHECK(reasons_in(log, cases) == std::set{each.sentence});
    const std::string line = line_with(log, each.sentence);
    CHECK(line.find(each.counter.substr(each.counter.find('.') + 1)) != std::string::npos);
    const harness::pb::StatusReply stored = watched.status();
    CHECK(stored.bundles() == stored_before.bundles() + each.kept);
    if (each.kept == 0) {
        CHECK(stored.bundle_bytes() == stored_before.bundle_bytes());
    } else {
        stage.clear();
    }
    show(each, line);
}

}  // namespace

void play(Stage& stage, harness::DaemonProcess& watched, const std::vector<Case>& cases) {
    std::multiset<std::string> sentences;
    for (const Case& each : cases)
        sentences.insert(each.sentence);
    for (const Case& each : cases) {
        INFO(each.name << ": " << each.sentence);
        CHECK(each.shared == (sentences.count(each.sentence) > 1));
        play(stage, watched, each, cases);
    }
}

}  // namespace tram::hostile
