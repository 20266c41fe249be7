// tram notice and tram area: what is published, what is shown, and what is known of villages.
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/cli/exit_code.h"
#include "daemon/cli/notice_text.h"
#include "proto/admin/message.h"
#include "proto/admin/rules.h"
#include "proto/admin/words.h"
#include "tests/unit/admin/samples.h"
#include "tests/unit/cli/run.h"

using namespace tram;
using namespace tram::cli;
using namespace tram::cli::test;
using tram::api::pb::Request;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

const std::string kNotice = "07/CĐ-UBND";
const std::string kFile = R"({"kind":"notice","doc_no":"07/CĐ-UBND","doc_type":"Công điện","from_":"xa:18904",
  "priority":3,"secrecy":0,"title":"Ứng phó bão số 13","body":"Bão đổ bộ đêm nay.",
  "texts":[{"lang":"bru","body":"Bão (bru)."}],
  "audience":"xa:18904/*","lifetime_s":432000,"audio":[{"lang":"vi","bytes":60000}],"loudspeaker":3)";
constexpr std::uint64_t kOffset = 700;

struct Desk {
    TemporaryDirectory directory;

    std::string file(const std::string& name, const std::string& text) const {
        const fs::path path = directory.path() / name;
        std::ofstream{path, std::ios::binary} << text;
        return path.string();
    }
    std::string notice(const std::string& more = "}") const { return file("notice.json", kFile + more); }
};

std::string contents(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

/// Takes a notice as the daemon does.
struct Office {
    admin::pb::Message message;
    bool replace = false;
    std::string content;
    bool finished = false;

    FakeDaemon::Answer operator()(const Request& request, const std::string& frame) {
        FakeDaemon::Answer answer;
        if (request.has_publish_notice()) {
            message = admin::decode_message(as_bytes(frame)).value();
            replace = request.publish_notice().replace();
            answer.reply.mutable_publish_notice()->set_token("t1");
            answer.reply.mutable_publish_notice()->set_offset(kOffset);
            answer.reply.mutable_publish_notice()->set_edition(2);
        } else if (request.has_append_message()) {
            CHECK(request.append_message().offset() == kOffset + content.size());
            content += frame;
            return done();
        } else if (request.has_finish_message()) {
            finished = true;
            answer.reply.mutable_finish_message();
        } else {
            return done();
        }
        return answer;
    }
};

/// Shows a notice with a recording.
FakeDaemon::Answer show(const Request& request, const std::string&) {
    admin::pb::Message message = tram::test::make_notice();
    FakeDaemon::Answer answer;
    if (request.has_show_notice()) {
        auto& notice = *answer.reply.mutable_show_notice()->mutable_notice();
        notice.set_document_number(request.show_notice().document_number());
        notice.set_title(message.head().title());
        notice.set_urgency(3);
        notice.set_status("current");
        answer.reply.mutable_show_notice()->mutable_content()->set_token("t1");
        answer.reply.mutable_show_notice()->mutable_content()->set_piece_count(2);
        return answer;
    }
    const auto encoded = admin::encode_message(message).value();
    const std::string all = std::string{as_text(admin::begin_content(encoded))} + "a voice";
    const std::size_t half = all.size() - 3;
    answer.reply.mutable_read_message()->set_last(request.read_message().index() == 1);
    answer.payload = request.read_message().index() == 0 ? all.substr(0, half) : all.substr(half);
    return answer;
}

FakeDaemon::Answer prove(const Request&, const std::string&) {
    FakeDaemon::Answer answer;
    auto& proof = *answer.reply.mutable_notice_proof();
    proof.mutable_notice()->set_document_number(kNotice);
    proof.mutable_notice()->set_edition(1);
    proof.set_expected(4);
    proof.set_reached(1);
    proof.set_displayed(1);
    const auto add = [&](const char* name, const char* reach, const char* carrier) {
        auto& village = *proof.add_villages();
        village.set_village(name);
        village.set_reach(reach);
        if (*carrier != '\0') village.add_carriers(carrier);
        return &village;
    };
    auto* shown = add("DH-07", "displayed", "");
    shown->add_displayed("bru");
    shown->add_by("dtn://18904-ks07/");
    add("DH-08", "not_reached", "");
    add("DH-09", "not_reached", "dtn://18904-lt01/")->set_heard_ago_ms(9ULL * 86'400'000);
    add("Khâu Slôm", "not_reached", "dtn://18904-lt02/");
    return answer;
}

}  // namespace

TEST_CASE("a notice is published with its recordings", "[cli][notice]") {
    const Desk desk;
    Office office;
    FakeDaemon daemon{std::ref(office)};
    const Ran ran = run_tram(
        &daemon,
        {"notice", "publish", desk.notice(), "--audio", "bru=" + desk.file("bru.opus", "a voice"), "--audio",
         "vi=" + desk.file("vi.ogg", "một giọng"), "--attach", desk.file("07.pdf", "paper")});
    CHECK(ran.err.empty());
    REQUIRE(ran.exit_code == kExitFine);
    CHECK(ran.out.starts_with(kNotice + "  edition 2, published"));
    CHECK(office.content == "a voicemột giọngpaper");
    CHECK(office.finished);
    CHECK_FALSE(office.replace);
    REQUIRE(office.message.attachments_size() == 3);
    CHECK(office.message.attachments(0).language() == "bru");
    CHECK(office.message.attachments(0).media_type() == "audio/ogg");
    CHECK(office.message.attachments(1).language() == "vi");
    CHECK(office.message.attachments(2).language().empty());
    CHECK(office.message.notice().edition() == 0);
    CHECK(office.message.notice().texts_size() == 2);
    office.message.mutable_notice()->set_edition(1);
    office.message.mutable_notice()->set_year(2026);
    CHECK(admin::check(office.message));
}

TEST_CASE("replace, supersede and recall say what they end", "[cli][notice]") {
    const Desk desk;
    Office office;
    FakeDaemon daemon{std::ref(office)};
    REQUIRE(run_tram(&daemon, {"notice", "publish", desk.notice(), "--replace"}).exit_code == kExitFine);
    CHECK(office.replace);
    REQUIRE(run_tram(&daemon, {"notice", "supersede", "38/TB-UBND", "--old-year", "2025", desk.notice()})
                .exit_code == kExitFine);
    CHECK(office.message.notice().supersedes() == "38/TB-UBND");
    CHECK(office.message.notice().supersedes_year() == 2025);
    CHECK_FALSE(office.replace);

    office = {};
    const Ran refused = run_tram(&daemon, {"notice", "recall", kNotice});
    CHECK(refused.exit_code == kExitUsage);
    CHECK_FALSE(office.finished);
    const Ran ran = run_tram(&daemon, {"notice", "recall", kNotice, "--year", "2026", "--yes"});
    CHECK(ran.exit_code == kExitFine);
    CHECK(ran.out.find("recalled by edition 2") != std::string::npos);
    CHECK(office.message.notice().recall());
    CHECK(office.message.notice().year() == 2026);
    CHECK(office.message.version() == admin::kVersion);
}

TEST_CASE("secret documents, broken files and odd options go nowhere", "[cli][notice]") {
    const Desk desk;
    Office office;
    FakeDaemon daemon{std::ref(office)};
    const Ran secret = run_tram(&daemon, {"notice", "publish", desk.notice(R"(,"marks":["MẬT"]})")});
    CHECK(secret.err.find("error: secret: ") == 0);
    CHECK(secret.err.find("bão") == std::string::npos);
    CHECK(run_tram(&daemon, {"notice", "publish", desk.notice("")}).err.find("error: malformed") == 0);
    CHECK(run_tram(&daemon, {"notice", "publish", desk.notice(R"(,"whatever":1})")})
              .err.find("error: invalid_argument") == 0);
    CHECK(run_tram(&daemon, {"notice", "publish", desk.notice(), "--audio", "no-file"})
              .err.find("error: invalid_argument") == 0);
    CHECK(daemon.requests().empty());
}

TEST_CASE("notices are listed page by page", "[cli][notice]") {
    FakeDaemon daemon{[](const Request& request, const std::string&) {
        FakeDaemon::Answer answer;
        auto& reply = *answer.reply.mutable_list_notices();
        const bool first = request.list_notices().after().empty();
        auto& notice = *reply.add_notices();
        notice.set_name(first ? "a" : "b");
        notice.set_document_number(first ? kNotice : "08/TB-UBND");
        notice.set_urgency(first ? 3 : 0);
        notice.set_title("Ứng phó\x1b[31m");
        notice.set_status(first ? "current" : "superseded");
        notice.add_languages("vi");
        notice.add_languages("bru");
        if (first) reply.set_next_after("a");
        return answer;
    }};
    const Ran ran = run_tram(&daemon, {"notice", "list", "--all", "--search", "bão"});
    REQUIRE(ran.lines().size() == 3);
    CHECK(ran.lines()[1].find("vi bru") != std::string::npos);
    CHECK(ran.out.find('\x1b') == std::string::npos);
    CHECK(ran.lines()[2].find("superseded") != std::string::npos);
    CHECK(daemon.requests()[0].list_notices().all());
    CHECK(daemon.requests()[1].list_notices().search() == "bão");
    CHECK(run_tram(&daemon, {"notice", "list", "-o", "name"}).out == kNotice + "\n08/TB-UBND\n");
    CHECK(json::parse(run_tram(&daemon, {"notice", "list", "-o", "json"}).out).as_array().size() == 2);
    const Ran vietnamese = run_tram(&daemon, {"notice", "list"}, {.language = Language::kVietnamese});
    CHECK(vietnamese.out.find("đã được thay thế") != std::string::npos);
}

TEST_CASE("a notice is shown in the wished language, and its recordings are saved", "[cli][notice]") {
    const Desk desk;
    FakeDaemon daemon{show};
    const Ran ran = run_tram(
        &daemon, {"notice", "show", kNotice, "--lang", "hmn,bru", "--save", desk.directory.path().string()});
    CHECK(ran.err.empty());
    REQUIRE(ran.exit_code == kExitFine);
    CHECK(ran.out.find("Bão đổ bộ đêm nay. bru") != std::string::npos);
    CHECK(contents(desk.directory.path() / "audio-bru.opus") == "a voice");
    CHECK(run_tram(&daemon, {"notice", "show", kNotice}).out.find("đêm nay. vi") != std::string::npos);
    const json::value shown = json::parse(run_tram(&daemon, {"notice", "show", kNotice, "-o", "json"}).out);
    CHECK(shown.at("texts").as_array().size() == 2);
    CHECK(run_tram(&daemon, {"notice", "show", kNotice, "--lang", "?"}).exit_code != kExitFine);
}

TEST_CASE("a broken message leaves no file behind", "[cli][notice]") {
    const Desk desk;
    FakeDaemon daemon{[](const Request& request, const std::string& frame) {
        FakeDaemon::Answer answer = show(request, frame);
        if (request.has_read_message() && request.read_message().index() == 1) answer.payload = "ice";
        if (request.has_read_message() && request.read_message().index() == 1) answer.payload[0] = 'X';
        return answer;
    }};
    const Ran ran = run_tram(&daemon, {"notice", "show", kNotice, "--save", desk.directory.path().string()});
    CHECK(ran.err.find("error: bad_crc") == 0);
    CHECK(fs::is_empty(desk.directory.path()));
}

TEST_CASE("marks name languages", "[cli][notice]") {
    FakeDaemon daemon{[](const Request&, const std::string&) { return done(); }};
    const Ran ran = run_tram(&daemon, {"notice", "mark", kNotice, "--displayed", "vi,bru", "--announced",
                                       "bru", "--year", "2026"});
    CHECK(ran.exit_code == kExitFine);
    CHECK(ran.out.find("signed receipt") != std::string::npos);
    const auto mark = daemon.requests().front().mark_notice();
    CHECK(mark.notice().document_number() == kNotice);
    CHECK(mark.notice().year() == 2026);
    CHECK(mark.displayed_size() == 2);
    CHECK(mark.announced_size() == 1);
}

TEST_CASE("a proof says which villages have a notice, and why the others have not", "[cli][notice]") {
    FakeDaemon daemon{prove};
    const Ran ran = run_tram(&daemon, {"notice", "proof", kNotice});
    CHECK(ran.exit_code == kExitWarning);
    REQUIRE(ran.lines().size() == 6);
    CHECK(ran.lines()[0].find("reached 1 of 4 villages") != std::string::npos);
    CHECK(ran.lines()[2].find("18904-ks07") != std::string::npos);
    CHECK(ran.lines()[3].find("handed to nobody yet; nobody was heard of there") != std::string::npos);
    CHECK(ran.lines()[4].find("handed to 18904-lt01; last heard of 9 d ago") != std::string::npos);
    CHECK(ran.lines()[5].find("handed to 18904-lt02; nobody was heard of there") != std::string::npos);
    CHECK(run_tram(&daemon, {"notice", "proof", kNotice, "-o", "name"}).out == "DH-08\nDH-09\nKhâu Slôm\n");
    const json::value proof = json::parse(run_tram(&daemon, {"notice", "proof", kNotice, "-o", "json"}).out);
    CHECK(proof.at("villages").as_array().size() == 4);
    const Ran vietnamese =
        run_tram(&daemon, {"notice", "proof", kNotice}, {.language = Language::kVietnamese});
    CHECK(vietnamese.out.find("chưa giao cho ai; chưa từng có tin từ bản") != std::string::npos);
}

TEST_CASE("every text about notices is there in both languages, with the same places to fill",
          "[cli][notice]") {
    for (std::size_t i = 0; i < kNoticeTextCount; ++i) {
        const auto each = static_cast<NoticeText>(i);
        const std::string_view english = text(each, Language::kEnglish);
        const std::string_view vietnamese = text(each, Language::kVietnamese);
        CHECK_FALSE(english.empty());
        CHECK(english != vietnamese);
        CHECK(std::ranges::count(english, '{') == std::ranges::count(vietnamese, '{'));
    }
}

TEST_CASE("areas are listed, joined and left", "[cli][area]") {
    FakeDaemon daemon{[](const Request& request, const std::string&) {
        FakeDaemon::Answer answer;
        if (!request.has_list_areas()) return done();
        answer.reply.mutable_list_areas()->add_areas()->set_text("18904");
        answer.reply.mutable_list_areas()->mutable_areas(0)->set_configured(true);
        answer.reply.mutable_list_areas()->add_areas()->set_text("18904/Khâu Slôm");
        return answer;
    }};
    const Ran listed = run_tram(&daemon, {"area", "list"});
    REQUIRE(listed.lines().size() == 3);
    CHECK(listed.lines()[1].ends_with("always"));
    CHECK(listed.lines()[2].ends_with("joined"));
    CHECK(run_tram(&daemon, {"area", "join", "18904/Khâu Slôm"}).exit_code == kExitFine);
    CHECK(run_tram(&daemon, {"area", "leave", "18904/Khâu Slôm"}).exit_code == kExitFine);
    CHECK(daemon.requests()[1].join_area().area() == "18904/Khâu Slôm");
    CHECK(daemon.requests()[2].leave_area().area() == "18904/Khâu Slôm");
}
