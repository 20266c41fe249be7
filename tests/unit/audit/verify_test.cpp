// Reading the log: every kind of tampering is noticed.
#include <algorithm>
#include <catch2/catch.hpp>

#include "daemon/audit/entry.h"
#include "tests/unit/audit/log_samples.h"

using namespace tram;
using namespace tram::audit;
using namespace tram::audit::test;

namespace {

/// Six entries.
class Log {
  public:
    Log() {
        for (int i = 1; i <= 6; ++i) {
            const auto head = append(file(), act("dtn://18904-ks0" + std::to_string(i) + "/"));
            REQUIRE(head);
            heads.push_back(*head);
        }
    }
    [[nodiscard]] std::filesystem::path file() const { return directory_.path() / "audit.log"; }

    std::vector<Head> heads;

  private:
    TemporaryDirectory directory_;
};

/// The number that the message names.
int line_of(const Error& error) {
    REQUIRE(error.message.starts_with("line "));
    return std::stoi(error.message.substr(5));
}

}  // namespace

TEST_CASE("audit log verifies as it was written", "[audit]") {
    const Log log;
    std::vector<std::string> seen;
    const auto verdict = verify(log.file(), [&](const std::string& line) { seen.push_back(line); });
    REQUIRE(verdict);
    CHECK_FALSE(verdict->broken);
    CHECK(verdict->entries == 6);
    CHECK(verdict->torn_lines == 0);
    CHECK(verdict->head.seq == 6);
    CHECK(verdict->head.hash == log.heads.back().hash);
    CHECK(seen == lines(log.file()));
}

TEST_CASE("audit log notices any byte that is changed", "[audit]") {
    const Log log;
    const std::string whole = contents(log.file());
    const std::size_t last_line = whole.rfind('\n', whole.size() - 2) + 1;
    for (std::size_t i = 0; i < whole.size(); ++i) {
        std::string changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ 0x01);
        replace(log.file(), changed);
        CAPTURE(i, whole.substr(i, 20));
        const auto verdict = verify(log.file());
        REQUIRE(verdict);
        // A last line that became no JSON, or is joined to the one before it, looks torn; the head tells.
        if (i + 1 < last_line) REQUIRE(verdict->broken);
        const bool same = verdict->entries == 6 && verdict->head.hash == log.heads.back().hash;
        REQUIRE((verdict->broken || !same));
    }
}

TEST_CASE("audit log names the first line that does not fit", "[audit]") {
    const Log log;
    auto all = lines(log.file());
    int first = 0;
    SECTION("changed") {
        all[2].replace(all[2].find("ks03"), 4, "ks04");
        first = 3;
    }
    SECTION("changed with a hash of its own") {
        Log other;
        all[2] = lines(other.file())[2];
        all[2] = lines(other.file())[1];
        first = 3;
    }
    SECTION("deleted") {
        all.erase(all.begin() + 2);
        first = 3;
    }
    SECTION("deleted at the beginning") {
        all.erase(all.begin());
        first = 1;
    }
    SECTION("put in twice") {
        all.insert(all.begin() + 2, all[2]);
        first = 4;
    }
    SECTION("put in from elsewhere") {
        all.insert(all.begin() + 2, "{\"seq\":3}");
        first = 3;
    }
    SECTION("swapped") {
        std::swap(all[2], all[4]);
        first = 3;
    }
    SECTION("another program's line") {
        all.insert(all.begin() + 3, "hello");
        first = 4;
    }
    SECTION("too long") {
        all.insert(all.begin() + 1, "{\"seq\":2,\"x\":\"" + std::string(300'000, 'x') + "\"}");
        first = 2;
    }
    SECTION("made to look torn") {
        all[2] = all[2].substr(0, 40);
        first = 4;
    }
    replace(log.file(), all);
    const auto verdict = verify(log.file());
    REQUIRE(verdict);
    REQUIRE(verdict->broken);
    CHECK(verdict->broken->code == ErrorCode::kCorrupt);
    CHECK(line_of(*verdict->broken) == first);
}

TEST_CASE("audit log of another machine is not taken for a part of this one", "[audit]") {
    const Log log;
    const TemporaryDirectory directory;
    const auto file = directory.path() / "audit.log";
    for (int i = 0; i < 6; ++i)
        REQUIRE(append(file, act("other")));
    auto all = lines(log.file());
    all[3] = lines(file)[3];
    replace(log.file(), all);
    const auto verdict = verify(log.file());
    REQUIRE(verdict->broken);
    CHECK(line_of(*verdict->broken) == 4);
    CHECK(verdict->broken->message.find("does not follow") != std::string::npos);
}

TEST_CASE("audit log does not skip numbers", "[audit]") {
    const Log log;
    const Head claimed{log.heads.back().seq + 2, log.heads.back().hash};
    replace(log.file(), contents(log.file()) + write_entry(act("x"), claimed, 0).line + "\n");
    const auto verdict = verify(log.file());
    REQUIRE(verdict->broken);
    CHECK(verdict->broken->message.find("has number 9, not 7") != std::string::npos);
}

TEST_CASE("audit log cut at its end is good by itself and has another head", "[audit]") {
    const Log log;
    auto all = lines(log.file());
    all.resize(4);
    replace(log.file(), all);
    const auto verdict = verify(log.file());
    REQUIRE(verdict);
    CHECK_FALSE(verdict->broken);
    CHECK(verdict->head.seq == 4);
    CHECK(verdict->head.hash == log.heads[3].hash);
}

TEST_CASE("audit log behind a break is still read", "[audit]") {
    const Log log;
    auto all = lines(log.file());
    all[1] = "{}";
    replace(log.file(), all);
    std::size_t seen = 0;
    const auto verdict = verify(log.file(), [&](const std::string&) { ++seen; });
    REQUIRE(verdict->broken);
    CHECK(line_of(*verdict->broken) == 2);
    CHECK(seen == 5);
    CHECK(verdict->head.hash == log.heads.back().hash);
}

TEST_CASE("audit log that is empty has nothing wrong with it", "[audit]") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "audit.log";
    replace(file, std::string{});
    const auto verdict = verify(file);
    REQUIRE(verdict);
    CHECK_FALSE(verdict->broken);
    CHECK(verdict->head.seq == 0);
    CHECK(verdict->entries == 0);
}

TEST_CASE("audit log is told from other files", "[audit]") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "audit.log";
    const std::string other =
        GENERATE(as<std::string>{}, "[node]\nid = \"\"\n", "{}", std::string(100'000, 'x'), "\xff\xfe\n");
    replace(file, other);
    CAPTURE(other.substr(0, 20));
    REQUIRE(verify(file)->broken);
    CHECK(append(file, act("x")).error().code == ErrorCode::kCorrupt);
}
