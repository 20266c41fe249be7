// tram message: a message goes out whole or not at all, and comes in whole or leaves nothing behind.
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/unit/cli/run.h"

using namespace tram::cli;
using namespace tram::cli::test;
using tram::api::pb::Request;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

const std::string kMessageId(16, '\x5a');
const std::string kMessageIdHex = "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";

std::string contents(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

std::size_t files_in(const fs::path& directory) {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{directory}, fs::directory_iterator{}));
}

fs::path write_file(const TemporaryDirectory& directory, const std::string& text) {
    const fs::path file = directory.path() / "content";
    std::ofstream{file, std::ios::binary} << text;
    return file;
}

/// Takes a message like the node does.
struct Outbox {
    std::string content;
    std::uint64_t frames = 0;
    std::uint64_t fail_at = ~0ULL;  ///< frame that there is no room for
    bool dropped = false;
    bool finished = false;

    FakeDaemon::Answer operator()(const Request& request, const std::string& frame) {
        FakeDaemon::Answer answer;
        if (request.has_open_message()) {
            content.clear();
            answer.reply.mutable_open_message()->set_token("t1");
        } else if (request.has_append_message()) {
            if (frames++ == fail_at) return failure("full", "no room", "make some");
            if (request.append_message().token() != "t1") return failure("not_found", "which?", "");
            if (request.append_message().offset() != content.size())
                return failure("invalid_argument", "a gap", "");
            content += frame;
            return done();
        } else if (request.has_finish_message()) {
            finished = true;
            answer.reply.mutable_finish_message()->set_message_id(kMessageId);
            answer.reply.mutable_finish_message()->set_short_id("AAAA-BBBB");
            answer.reply.mutable_finish_message()->set_chunk_count(7);
        } else {
            dropped = request.drop_message().token() == "t1";
            return done();
        }
        return answer;
    }
};

Ran send(const FakeDaemon& daemon, std::vector<std::string> arguments, const Setting& setting = {}) {
    arguments.insert(arguments.begin(), {"message", "send", "--to", "dtn://18904-srv/in"});
    return run_tram(&daemon, std::move(arguments), setting);
}

/// Hands out messages, each until it is acknowledged.
class Inbox {
  public:
    struct Waiting {
        std::string token;
        std::vector<std::string> pieces;
        std::uint64_t fails_at = ~0ULL;  ///< piece that does not open
    };
    explicit Inbox(std::vector<Waiting> messages) : messages_{std::move(messages)} {}

    FakeDaemon::Answer operator()(const Request& request, const std::string&) {
        FakeDaemon::Answer answer;
        if (request.has_fetch_message()) {
            auto& reply = *answer.reply.mutable_fetch_message();
            if (messages_.empty()) return answer;
            const Waiting& first = messages_.front();
            reply.set_found(true);
            reply.set_token(first.token);
            reply.set_message_id(kMessageId);
            reply.set_sender("dtn://18904-ks07/");
            reply.set_source("dtn://18904-ks07/out");
            reply.set_destination("dtn://18904-srv/in");
            reply.set_sealed(true);
            reply.add_recipients("dtn://18904-srv/");
            reply.set_content_type("text/plain");
            reply.set_piece_count(first.pieces.size());
            std::uint64_t bytes = 0;
            for (const std::string& piece : first.pieces)
                bytes += piece.size();
            reply.set_content_bytes(bytes);
            return answer;
        }
        const bool reads = request.has_read_message();
        const std::string& token =
            reads ? request.read_message().token() : request.acknowledge_message().token();
        if (messages_.empty() || token != messages_.front().token)
            return failure("not_found", "no such message", "");
        const Waiting& first = messages_.front();
        if (!reads) {
            messages_.erase(messages_.begin());
            return done();
        }
        const std::uint64_t index = request.read_message().index();
        if (index >= first.fails_at) {
            messages_.erase(messages_.begin());
            return failure("bad_seal", "piece does not open", "ask the sender");
        }
        answer.reply.mutable_read_message()->set_last(index + 1 == first.pieces.size());
        if (answer.reply.read_message().last()) answer.reply.mutable_read_message()->set_digest("\x01\x02");
        answer.payload = first.pieces[index];
        return answer;
    }

  private:
    std::vector<Waiting> messages_;
};

Ran receive(const FakeDaemon& daemon, const fs::path& directory, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"message",  "receive",         "--endpoint", "dtn://18904-srv/in",
                                       "--output", directory.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tram(&daemon, std::move(arguments));
}

std::vector<std::string> pieces_of(std::size_t count) {
    std::vector<std::string> pieces;
    for (std::size_t i = 0; i < count; ++i)
        pieces.emplace_back(50'000 + i, static_cast<char>('a' + i % 26));
    return pieces;
}

std::string joined(const std::vector<std::string>& pieces) {
    std::string all;
    for (const std::string& piece : pieces)
        all += piece;
    return all;
}

}  // namespace

TEST_CASE("message send hands over the content in frames and finishes", "[cli][message]") {
    const TemporaryDirectory directory;
    const std::size_t size = GENERATE(0U, 1U, 1'048'576U, 1'048'577U, 10'000'000U);
    const bool through_stdin = GENERATE(false, true);
    std::string text(size, 'x');
    if (size > 2) text[size / 2] = 'y';
    Outbox outbox;
    const FakeDaemon daemon{[&](const Request& request, const std::string& frame) {
        CHECK(frame.size() <= 1'048'576);
        return outbox(request, frame);
    }};
    const fs::path file = write_file(directory, text);
    const Ran ran = send(daemon, {through_stdin ? "-" : file.string()}, {.input = text});
    CHECK(ran.err.empty());
    CHECK(ran.exit_code == 0);
    CHECK(ran.out == "queued message " + kMessageIdHex + " in 7 parts\n");
    CHECK((outbox.content == text));
    CHECK(outbox.finished);
    CHECK_FALSE(outbox.dropped);
    CHECK(daemon.requests().at(0).open_message().content_bytes() == size);
}

TEST_CASE("message send passes on what it was told", "[cli][message]") {
    const TemporaryDirectory directory;
    const FakeDaemon daemon{Outbox{}};
    const fs::path file = write_file(directory, "hello");
    const Ran ran =
        send(daemon, {"--from", "dtn://18904-ks07/desk", "--also-for", "dtn://18904-a/", "--also-for",
                      "dtn://18904-b/", file.string(), "--lifetime", "7 d", "--urgency", "3", "--kind",
                      "request", "--content-type", "application/pdf", "-o", "json"});
    REQUIRE(ran.exit_code == 0);
    const auto line = json::parse(ran.out);
    CHECK(line.at("message_id") == json::string{kMessageIdHex});
    CHECK(line.at("short_id") == "AAAA-BBBB");
    CHECK(line.at("chunk_count") == 7);
    CHECK(line.at("content_size") == 5);
    const auto requests = daemon.requests();
    const auto& open = requests.at(0).open_message();
    CHECK(open.destination() == "dtn://18904-srv/in");
    CHECK(open.source() == "dtn://18904-ks07/desk");
    REQUIRE(open.also_for_size() == 2);
    CHECK(open.also_for(1) == "dtn://18904-b/");
    CHECK(open.lifetime_ms() == 7ULL * 24 * 3600 * 1000);
    CHECK(open.urgency() == 3);
    CHECK(open.kind() == "request");
    CHECK(open.content_type() == "application/pdf");
    CHECK_FALSE(open.is_public());
    CHECK(send(daemon, {"--public", file.string()}).exit_code == 0);
    CHECK(daemon.requests().at(3).open_message().is_public());
    CHECK(send(daemon, {file.string(), "-o", "name"}).out == kMessageIdHex + "\n");
}

TEST_CASE("message send refuses what makes no sense before it asks the daemon", "[cli][message]") {
    const TemporaryDirectory directory;
    const FakeDaemon daemon{Outbox{}};
    const std::string file = write_file(directory, "hello").string();
    CHECK(send(daemon, {"--public", "--also-for", "dtn://18904-a/", file}).exit_code == 64);
    CHECK(send(daemon, {"--also-for", "dtn://18904-a/inbox", file}).exit_code == 64);
    CHECK(send(daemon, {"--lifetime", "0 s", file}).exit_code == 64);
    CHECK(send(daemon, {"/nonexistent"}).exit_code == 1);
    CHECK(daemon.requests().empty());
}

TEST_CASE("message send drops the message when a frame is refused", "[cli][message]") {
    const TemporaryDirectory directory;
    const std::uint64_t fail_at = GENERATE(0U, 3U, 9U);
    Outbox outbox;
    outbox.fail_at = fail_at;
    const FakeDaemon daemon{
        [&](const Request& request, const std::string& frame) { return outbox(request, frame); }};
    const Ran ran = send(daemon, {write_file(directory, std::string(10'000'000, 'x')).string()});
    CHECK(ran.exit_code == 1);
    CHECK(ran.err == "error: full: no room\n  make some\n");
    CHECK(ran.out.empty());
    CHECK(outbox.dropped);
    CHECK_FALSE(outbox.finished);
}

TEST_CASE("message send drops the message when the file changes under it", "[cli][message]") {
    const TemporaryDirectory directory;
    const bool grows = GENERATE(false, true);
    const fs::path file = write_file(directory, std::string(3'000'000, 'x'));
    Outbox outbox;
    const FakeDaemon daemon{[&](const Request& request, const std::string& frame) {
        if (request.has_open_message()) fs::resize_file(file, grows ? 3'000'001 : 100);
        return outbox(request, frame);
    }};
    const Ran ran = send(daemon, {file.string()});
    CHECK(ran.exit_code != 0);
    CHECK(ran.err.starts_with(grows ? "error: invalid_argument: " : "error: truncated: "));
    CHECK(outbox.dropped);
    CHECK_FALSE(outbox.finished);
}

TEST_CASE("message send shows progress on a terminal only", "[cli][message]") {
    const TemporaryDirectory directory;
    const bool terminal = GENERATE(false, true);
    const FakeDaemon daemon{Outbox{}};
    const Ran ran = send(daemon, {write_file(directory, std::string(5'000'000, 'x')).string()},
                         {.err_terminal = terminal, .language = Language::kVietnamese});
    CHECK(ran.exit_code == 0);
    CHECK((ran.err.find(" % của ") != std::string::npos) == terminal);
    CHECK(ran.err.ends_with(terminal ? "\r\x1b[K" : ""));
}

TEST_CASE("message receive acknowledges only when the file is there whole", "[cli][message]") {
    const TemporaryDirectory directory;
    const std::size_t count = GENERATE(1U, 2U, 4U, 20U);
    const auto pieces = pieces_of(count);
    std::string seen;
    Inbox inbox{{{"00112233445566778899aabbccddeeff", pieces}}};
    const fs::path target = directory.path() / (kMessageIdHex + "-0011223344556677");
    std::size_t files_while_reading = 0;
    const FakeDaemon daemon{[&](const Request& request, const std::string& frame) {
        if (request.has_read_message()) files_while_reading += files_in(directory.path());
        if (request.has_acknowledge_message()) seen = contents(target);
        return inbox(request, frame);
    }};
    const Ran ran = receive(daemon, directory.path());
    REQUIRE(ran.err.empty());
    CHECK(ran.exit_code == 0);
    CHECK((seen == joined(pieces)));
    CHECK(files_while_reading == 0);
    CHECK(files_in(directory.path()) == 1);
    CHECK(ran.out.starts_with("received from dtn://18904-ks07/ ("));
}

TEST_CASE("message receive says everything in JSON", "[cli][message]") {
    const TemporaryDirectory directory;
    const FakeDaemon daemon{Inbox{{{"aa", {"one"}}, {"bb", {"two", ""}}}}};
    const Ran ran = receive(daemon, directory.path(), {"-o", "json"});
    REQUIRE(ran.exit_code == 0);
    REQUIRE(ran.lines().size() == 2);
    const auto line = json::parse(ran.lines()[1]);
    CHECK(line.at("message_id") == json::string{kMessageIdHex});
    CHECK(line.at("sender") == "dtn://18904-ks07/");
    CHECK(line.at("source") == "dtn://18904-ks07/out");
    CHECK(line.at("sealed") == true);
    CHECK(line.at("recipients").at(0) == "dtn://18904-srv/");
    CHECK(line.at("content_type") == "text/plain");
    CHECK(line.at("content_size") == 3);
    CHECK(line.at("sha256") == "0102");
    CHECK(line.at("acknowledged") == true);
    CHECK(line.at("already_there") == false);
    CHECK(contents(std::string{line.at("file").as_string()}) == "two");
}

TEST_CASE("message receive keeps nothing of a message that does not open and goes on", "[cli][message]") {
    const TemporaryDirectory directory;
    const std::uint64_t fails_at = GENERATE(0U, 1U, 5U);
    const FakeDaemon daemon{Inbox{{{"aa", pieces_of(6), fails_at}, {"bb", {"good"}}}}};
    const Ran ran = receive(daemon, directory.path());
    CHECK(ran.exit_code == 1);
    CHECK(ran.err == "error: bad_seal: piece does not open\n  ask the sender\n");
    CHECK(ran.lines().size() == 1);
    CHECK(files_in(directory.path()) == 1);
    CHECK(contents(directory.path() / (kMessageIdHex + "-bb")) == "good");
}

TEST_CASE("message receive leaves nothing when the daemon goes away", "[cli][message]") {
    const TemporaryDirectory directory;
    Inbox inbox{{{"aa", pieces_of(6)}}};
    const FakeDaemon daemon{[&](const Request& request, const std::string& frame) {
        if (request.has_read_message() && request.read_message().index() == 3) {
            FakeDaemon::Answer silence;
            silence.silent = true;
            return silence;
        }
        return inbox(request, frame);
    }};
    const Ran ran = receive(daemon, directory.path(), {"--timeout", "200 ms"});
    CHECK(ran.exit_code == 3);
    CHECK(files_in(directory.path()) == 0);
    for (const Request& request : daemon.requests())
        CHECK_FALSE(request.has_acknowledge_message());
}

TEST_CASE("message receive recognises a file that is there and never overwrites another", "[cli][message]") {
    const TemporaryDirectory directory;
    const bool same = GENERATE(false, true);
    std::ofstream{directory.path() / (kMessageIdHex + "-aa")} << (same ? "one" : "other");
    const FakeDaemon daemon{Inbox{{{"aa", {"one"}}}}};
    const Ran ran = receive(daemon, directory.path(), {"-o", "json"});
    CHECK(ran.exit_code == (same ? 0 : 1));
    CHECK(files_in(directory.path()) == 1);
    if (same) {
        CHECK(json::parse(ran.out).at("already_there") == true);
    } else {
        CHECK(ran.err.starts_with("error: duplicate: "));
        CHECK(contents(directory.path() / (kMessageIdHex + "-aa")) == "other");
        CHECK_FALSE(daemon.requests().back().has_acknowledge_message());
    }
}

TEST_CASE("message receive does not fetch what it cannot write", "[cli][message]") {
    const FakeDaemon daemon{Inbox{{{"aa", {"one"}}}}};
    const Ran ran = receive(daemon, "/nonexistent");
    CHECK(ran.exit_code == 1);
    CHECK(ran.err.starts_with("error: not_found: "));
    CHECK(daemon.requests().empty());  // handed out, it would be nobody's until its lease ends
}

TEST_CASE("message receive stops after --count and says when there is nothing", "[cli][message]") {
    const TemporaryDirectory directory;
    const FakeDaemon daemon{Inbox{{{"aa", {"one"}}, {"bb", {"two"}}}}};
    CHECK(receive(daemon, directory.path(), {"--count", "1"}).lines().size() == 1);
    CHECK(receive(daemon, directory.path(), {"-o", "name"}).lines().size() == 1);
    const Ran nothing = receive(daemon, directory.path());
    CHECK(nothing.exit_code == 1);
    CHECK(nothing.err == "nothing is waiting at dtn://18904-srv/in\n");
}

TEST_CASE("message verbs are completed", "[cli][message]") {
    const Ran ran = run_tram(nullptr, {"completion", "bash"});
    CHECK(ran.out.find("' message send'") != std::string::npos);
    CHECK(ran.out.find("--also-for") != std::string::npos);
    CHECK(ran.out.find("' message receive'") != std::string::npos);
}
