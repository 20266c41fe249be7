// tram status: identity, clock, and who was kept out.
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <ctime>

#include "tests/unit/cli/run.h"

using namespace tram;
using namespace tram::cli;
using namespace tram::cli::test;
using tram::api::pb::Request;
using tram::api::pb::StatusReply;

namespace {

constexpr std::int64_t kDay = 86'400;

StatusReply fine(const std::string& identity) {
    StatusReply reply;
    reply.set_node_id("dtn://18904-srv/");
    reply.set_clock_trusted(true);
    reply.set_router("epidemic");
    reply.set_store_quota_bytes(20'000'000'000);
    reply.set_identity(identity);
    if (identity != "none" && identity != "open") {
        reply.set_certificate_ends(static_cast<std::int64_t>(std::time(nullptr)) + 200 * kDay);
    }
    return reply;
}

Ran status_of(const StatusReply& reply, std::vector<std::string> more = {}, const Setting& setting = {}) {
    FakeDaemon::Answer answer;
    *answer.reply.mutable_status() = reply;
    const FakeDaemon daemon{[answer](const Request&, const std::string&) { return answer; }};
    more.insert(more.begin(), "status");
    return run_tram(&daemon, more, setting);
}

void count(StatusReply& reply, const std::string& name, std::uint64_t value) {
    auto& counter = *reply.add_counters();
    counter.set_name(name);
    counter.set_value(value);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("status says what waits for receipts, and how long", "[cli]") {
    StatusReply reply = fine("good");
    CHECK_FALSE(contains(status_of(reply).out, "without receipt"));
    reply.set_unreceipted(3);
    reply.set_oldest_unreceipted_ms(9ULL * 86'400'000);
    CHECK(contains(status_of(reply).out, "without receipt: 3 messages, the oldest sent 9 d ago"));
    CHECK(contains(status_of(reply, {}, {.language = Language::kVietnamese}).out,
                   "chưa có biên nhận: 3 thông điệp"));
    CHECK(contains(status_of(reply, {"-o", "json"}).out, "\"unreceipted\":3"));
}

TEST_CASE("status says who this node is and judges it", "[cli]") {
    const auto [identity, line, exit_code, command] =
        GENERATE(table<std::string, std::string, int, std::string>({
            {"good", "identity: certified until 20", 0, ""},
            {"open", "identity: open, links are plain", 0, ""},
            {"none", "identity: none", 2, "tram device init"},
            {"revoked", "identity: revoked", 2, "tram device request"},
            {"expired", "identity: certificate ended on 20", 1, "tram device request"},
        }));
    CAPTURE(identity);
    const Ran ran = status_of(fine(identity));
    CHECK(ran.exit_code == exit_code);
    CHECK(ran.lines().at(1).starts_with(line));
    CHECK(contains(ran.out, "\n! ") == (exit_code != 0));
    CHECK(ran.out.ends_with(command + "\n"));
    const Ran vietnamese = status_of(fine(identity), {}, {.language = Language::kVietnamese});
    CHECK(vietnamese.lines().at(1).starts_with("danh tính: "));
    const auto object = boost::json::parse(status_of(fine(identity), {"-o", "json"}).out);
    CHECK(object.at("identity") == identity.c_str());
    CHECK(object.at("verdict") == (exit_code == 2 ? "CRIT" : exit_code == 1 ? "WARN" : "OK"));
}

TEST_CASE("status warns a month before the certificate ends, unless the clock is not trusted", "[cli]") {
    const auto [days, trusted, exit_code] = GENERATE(
        table<std::int64_t, bool, int>({{31, true, 0}, {29, true, 1}, {1, true, 1}, {29, false, 0}}));
    CAPTURE(days, trusted);
    StatusReply reply = fine("good");
    reply.set_certificate_ends(static_cast<std::int64_t>(std::time(nullptr)) + days * kDay + 60);
    reply.set_clock_trusted(trusted);
    const Ran ran = status_of(reply);
    CHECK(ran.exit_code == exit_code);
    CHECK(contains(ran.out, "have it renewed: tram device request") == (exit_code == 1));
}

TEST_CASE("status does not say twice what the daemon says", "[cli]") {
    StatusReply reply = fine("none");
    reply.add_warnings("there is no identity: tram device init");
    const Ran ran = status_of(reply);
    CHECK(ran.exit_code == 2);
    CHECK(ran.out.find("tram device init") == ran.out.rfind("tram device init"));
}

TEST_CASE("status tells why the clock is not trusted", "[cli]") {
    StatusReply reply = fine("good");
    reply.set_clock_trusted(false);
    reply.set_clock_reason("it is behind 2026-11-20, which an authority has signed; set it: timedatectl");
    const Ran ran = status_of(reply);
    CHECK(ran.exit_code == 1);
    CHECK(contains(ran.out, "clock: not trusted"));
    CHECK(contains(ran.out, "! the clock is not believed: it is behind 2026-11-20"));
    CHECK(contains(ran.out, "timedatectl"));
}

TEST_CASE("status sums up who was kept out in one line", "[cli]") {
    StatusReply reply = fine("good");
    count(reply, "refused.bad_signature", 2);
    count(reply, "refused.unsigned", 40);
    count(reply, "refused.full", 500);
    count(reply, "bundles_received", 7);
    count(reply, "links_refused.unknown_authority", 5);
    count(reply, "links_refused.bad_signature", 1);
    const Ran ran = status_of(reply);
    CHECK(ran.exit_code == 1);
    CHECK(contains(ran.out,
                   "! kept out since the start: bundles 42, sessions 6 (unsigned 40, unknown_authority 5, "
                   "bad_signature 3): tram status -o json\n"));
    count(reply, "links_refused.no_tls", 1);
    CHECK(contains(status_of(reply).out, "bad_signature 3, ...)"));
}

TEST_CASE("status is not worried by what has nothing to do with security", "[cli]") {
    StatusReply reply = fine("good");
    count(reply, "refused.full", 500);
    count(reply, "refused.unsigned", 0);
    count(reply, "other.unsigned", 0);
    CHECK(status_of(reply).exit_code == 0);
}
