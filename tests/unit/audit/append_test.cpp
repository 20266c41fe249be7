// Adding to the log: what a line says, and that it is there whole or not at all.
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <csignal>
#include <functional>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/audit/log_samples.h"

using namespace tram;
using namespace tram::audit;
using namespace tram::audit::test;

namespace {

constexpr uid_t kNobody = 65'534;

/// Runs `body` in a process of its own; its exit status.
pid_t start(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    return child;
}

int exit_of(pid_t child) {
    int state = 0;
    ::waitpid(child, &state, 0);
    return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

}  // namespace

TEST_CASE("audit log entry says who did what to whom and when", "[audit]") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "audit.log";
    Act first = act("dtn://18904-ks07/");
    first.clock_trusted = false;
    const auto head = append(file, first);
    REQUIRE(head);
    CHECK(head->seq == 1);
    const auto entry = boost::json::parse(lines(file).at(0));
    CHECK(entry.at("seq") == 1);
    CHECK(entry.at("clock").as_string() == "untrusted");
    CHECK(entry.at("actor").as_string() == "uid 0 (root)");
    CHECK(entry.at("act").as_string() == "device.approve");
    CHECK(entry.at("subject").as_string() == "dtn://18904-ks07/");
    CHECK(entry.at("detail").as_string() == "18904-ks07");
    CHECK(entry.at("prev").as_string() == std::string(64, '0'));
    CHECK(entry.at("hash").as_string() == head->hash);
    const std::string time{entry.at("time").as_string()};
    CHECK(time.size() == 20);
    CHECK(time.starts_with("20"));
    CHECK(time.ends_with("Z"));
}

TEST_CASE("audit log entries follow each other", "[audit]") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "audit.log";
    std::string before(64, '0');
    for (std::uint64_t i = 1; i <= 40; ++i) {
        const auto head = append(file, act("dtn://18904-" + std::to_string(i) + "/"));
        REQUIRE(head);
        CHECK(head->seq == i);
        const auto entry = boost::json::parse(lines(file).back());
        CHECK(entry.at("prev").as_string() == before);
        before = head->hash;
    }
    const auto verdict = verify(file);
    REQUIRE(verdict);
    CHECK_FALSE(verdict->broken);
    CHECK(verdict->entries == 40);
    CHECK(verdict->head.hash == before);
}

TEST_CASE("audit log takes any text and keeps it on one line", "[audit]") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "audit.log";
    const auto [given, kept] = GENERATE(table<std::string, std::string>({
        {"two\nlines \"quoted\" \\", "two\nlines \"quoted\" \\"},
        {"Hồ Thị Mẫu 漢 \xF0\x9F\x90\x98", "Hồ Thị Mẫu 漢 \xF0\x9F\x90\x98"},
        {"a\xFF"
         "b",
         "a?b"},                       // no UTF-8
        {"a\xC3", "a?"},               // half a character
        {"a\xC0\x80", "a??"},          // overlong
        {"\xED\xA0\x80", "???"},       // surrogate
        {"\xF4\x90\x80\x80", "????"},  // beyond Unicode
        {std::string(100'000, 'x'), std::string(512, 'x')},
        {std::string(511, 'x') + "ế", std::string(511, 'x')},
        {std::string(5'000, '\x01'), std::string(512, '\x01')},
    }));
    REQUIRE(append(file, act(given)));
    REQUIRE(append(file, act("next")));
    REQUIRE(lines(file).size() == 2);
    CHECK(boost::json::parse(lines(file).at(0)).at("subject").as_string() == kept);
    CHECK_FALSE(verify(file)->broken);
}

TEST_CASE("audit log is for its owner and group only", "[audit]") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "audit.log";
    const mode_t before = ::umask(0);
    REQUIRE(append(file, act("x")));
    ::umask(before);
    struct stat state{};
    REQUIRE(::stat(file.c_str(), &state) == 0);
    CHECK((state.st_mode & 07777U) == 0640U);
}

TEST_CASE("audit log that root begins belongs to the owner of its directory", "[audit]") {
    if (::geteuid() != 0) {
        WARN("only root can see this");
        return;
    }
    const TemporaryDirectory directory;
    REQUIRE(::chown(directory.path().c_str(), kNobody, kNobody) == 0);
    const auto file = directory.path() / "audit.log";
    REQUIRE(append(file, act("x")));
    struct stat state{};
    REQUIRE(::stat(file.c_str(), &state) == 0);
    CHECK(state.st_uid == kNobody);
}

TEST_CASE("audit log goes on after a torn line", "[audit]") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "audit.log";
    REQUIRE(append(file, act("first")));
    REQUIRE(append(file, act("second")));
    const std::string whole = contents(file);
    const std::string last = lines(file).back() + "\n";
    const std::string before = whole.substr(0, whole.size() - last.size());
    for (std::size_t kept = 1; kept < last.size(); ++kept) {
        CAPTURE(kept);
        replace(file, before + last.substr(0, kept));
        // Without its line end only, the entry is all there.
        const bool complete = kept == last.size() - 1;
        const auto head = append(file, act("third"));
        REQUIRE(head);
        CHECK(head->seq == (complete ? 3 : 2));
        const auto verdict = verify(file);
        REQUIRE(verdict);
        CHECK_FALSE(verdict->broken);
        CHECK(verdict->entries == head->seq);
        CHECK(verdict->torn_lines == (complete ? 0 : 1));
        REQUIRE(append(file, act("fourth"))->seq == head->seq + 1);
    }
}

TEST_CASE("audit log goes on after blocks that were never written", "[audit]") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "audit.log";
    REQUIRE(append(file, act("first")));
    const std::string before = contents(file);
    const std::string torn = GENERATE(
        as<std::string>{}, std::string(300, '\0'), "{\"se" + std::string(300, '\0'),
        "{\"seq\":2,\"time\":\"2026" + std::string(300, '\0') + "ab\"}", "\n{\"seq\":2,\n{\"seq\":2,");
    replace(file, before + torn);
    CHECK(verify(file)->entries == 1);
    REQUIRE(append(file, act("second"))->seq == 2);
    const auto verdict = verify(file);
    CHECK_FALSE(verdict->broken);
    CHECK(verdict->torn_lines >= 1);
}

TEST_CASE("audit log whose very first entry was torn begins at one", "[audit]") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "audit.log";
    replace(file, std::string{"{\"seq\":1,\"ti"});
    REQUIRE(append(file, act("x"))->seq == 1);
    CHECK_FALSE(verify(file)->broken);
}

TEST_CASE("audit log does not go on behind what is no entry", "[audit]") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "audit.log";
    REQUIRE(append(file, act("x")));
    const std::string tail =
        GENERATE(as<std::string>{}, "[node]\n", "{}\n", "{\"seq\":2,\"prev\":\"\",\"hash\":\"\"}\n", "null",
                 "{\"seq\":2}\n{\"seq\":3,\"ti",
                 // More torn lines than power cuts make.
                 std::string(200'000, '\n'));
    const std::string before = contents(file) + tail;
    replace(file, before);
    CAPTURE(tail.substr(0, 20), tail.size());
    const auto head = append(file, act("y"));
    REQUIRE_FALSE(head);
    CHECK(head.error().code == ErrorCode::kCorrupt);
    CHECK(head.error().message.find("tram audit verify") != std::string::npos);
    CHECK(contents(file) == before);
}

TEST_CASE("audit log takes entries of several programs at once", "[audit]") {
    constexpr int kPrograms = 3;
    constexpr int kEach = 40;
    const TemporaryDirectory directory;
    const auto file = directory.path() / "audit.log";
    std::array<pid_t, kPrograms> children{};
    for (int i = 0; i < kPrograms; ++i) {
        children.at(static_cast<std::size_t>(i)) = start([&] {
            for (int j = 0; j < kEach; ++j) {
                if (!append(file, act(std::to_string(i)))) return 1;
            }
            return 0;
        });
    }
    for (const pid_t child : children)
        CHECK(exit_of(child) == 0);
    const auto verdict = verify(file);
    REQUIRE(verdict);
    CHECK_FALSE(verdict->broken);
    CHECK(verdict->entries == kPrograms * kEach);
    CHECK(verdict->torn_lines == 0);
}

TEST_CASE("audit log on a full disk refuses and stays as it was", "[audit]") {
    const TemporaryDirectory directory;
    const auto file = directory.path() / "audit.log";
    REQUIRE(append(file, act("x")));
    const std::string before = contents(file);
    // Room for the beginning of an entry only.
    const int left = GENERATE(0, 1, 100);
    const pid_t child = start([&] {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlim_t most = before.size() + static_cast<rlim_t>(left);
        const rlimit limit{most, most};
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
        const auto head = append(file, act("y"));
        return !head && head.error().code == ErrorCode::kIo ? 0 : 1;
    });
    CHECK(exit_of(child) == 0);
    CHECK(contents(file) == before);
    REQUIRE(append(file, act("z"))->seq == 2);
    CHECK_FALSE(verify(file)->broken);
}

TEST_CASE("audit log that cannot be opened is an error", "[audit]") {
    const TemporaryDirectory directory;
    SECTION("a directory") {
        CHECK(append(directory.path(), act("x")).error().code == ErrorCode::kIo);
        CHECK(verify(directory.path()).error().code == ErrorCode::kIo);
    }
    SECTION("a pipe") {
        const auto file = directory.path() / "pipe";
        REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
        CHECK(append(file, act("x")).error().code == ErrorCode::kIo);
        CHECK(verify(file).error().code == ErrorCode::kIo);
    }
    SECTION("no such directory") {
        const auto file = directory.path() / "none" / "audit.log";
        CHECK(append(file, act("x")).error().code == ErrorCode::kIo);
        CHECK(verify(file).error().code == ErrorCode::kNotFound);
    }
    SECTION("of somebody else") {
        const auto file = directory.path() / "audit.log";
        REQUIRE(append(file, act("x")));
        REQUIRE(::chmod(directory.path().c_str(), 0755) == 0);
        REQUIRE(::chmod(file.c_str(), 0) == 0);
        const pid_t child = start([&] {
            if (::geteuid() == 0 && ::setuid(kNobody) != 0) return 2;
            const auto head = append(file, act("y"));
            const auto verdict = verify(file);
            const bool io = !head && head.error().code == ErrorCode::kIo && !verdict &&
                            verdict.error().code == ErrorCode::kIo;
            return io ? 0 : 1;
        });
        CHECK(exit_of(child) == 0);
    }
}

TEST_CASE("audit log knows who does it", "[audit]") {
    CHECK(current_actor().starts_with("uid " + std::to_string(::geteuid())));
}
