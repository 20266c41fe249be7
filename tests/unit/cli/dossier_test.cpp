// tram request and tram update, at both ends of a dossier: what is asked, what is said, what is written
// where.
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/cli/exit_code.h"
#include "proto/admin/message.h"
#include "tests/unit/admin/samples.h"
#include "tests/unit/cli/run.h"

using namespace tram;
using namespace tram::cli;
using namespace tram::cli::test;
using tram::api::pb::Request;
namespace json = boost::json;
namespace fs = std::filesystem;
namespace pb = admin::pb;

namespace {

const std::string kNumber = "18904-ks07-000123";
const std::string kPicture(150'000, 'p');

std::string content_of(const pb::Message& message) {
    const Bytes encoded = admin::encode_message(message).value();
    std::string content{as_text(admin::begin_content(encoded))};
    for (int i = 0; i < message.attachments_size(); ++i)
        content += kPicture;
    return content;
}

pb::Message request() {
    pb::Message message = tram::test::make_request();
    message.clear_attachments();
    tram::test::attach(message, "Hồ Thị Mẫu.jpg", "image/jpeg", kPicture);
    return message;
}

/// A daemon at which messages wait, and which takes what it is asked for.
struct Node {
    std::vector<std::string> waiting;
    std::string sent;  // what was handed in: message and attachments
    bool dropped = false;

    FakeDaemon::Answer operator()(const Request& request, const std::string& frame) {
        FakeDaemon::Answer answer;
        if (request.has_status()) {
            answer.reply.mutable_status()->set_node_id("dtn://18904-srv/");
        } else if (request.has_fetch_message()) {
            auto& found = *answer.reply.mutable_fetch_message();
            found.set_found(!waiting.empty());
            found.set_token("t1");
            found.set_message_id(std::string(16, '\x07'));
            found.set_sender("dtn://18904-ks07/");
            found.set_content_type(std::string{admin::kContentType});
            if (!waiting.empty()) describe(found);
        } else if (request.has_reveal_request()) {
            auto& content = *answer.reply.mutable_reveal_request()->add_contents();
            content.set_token("t1");
            content.set_sequence(2);
            describe(content);
        } else if (request.has_read_message()) {
            const std::size_t at = request.read_message().index() * 65'536;
            const std::string& content = waiting.front();
            answer.payload = content.substr(at, 65'536);
            answer.reply.mutable_read_message()->set_last(at + 65'536 >= content.size());
            answer.reply.mutable_read_message()->set_digest(
                std::string{as_text(cose::sha256(as_bytes(content)))});
        } else if (request.has_acknowledge_message()) {
            waiting.erase(waiting.begin());
            return done();
        } else if (request.has_show_request()) {
            auto& shown = *answer.reply.mutable_show_request();
            shown.mutable_request()->set_local_number(kNumber);
            shown.mutable_request()->set_box("filed");
            shown.add_history()->set_here(true);
        } else if (request.has_file_request() || request.has_send_update()) {
            sent = frame;
            answer.reply.mutable_file_request()->set_token("t1");
            if (request.has_send_update()) {
                answer.reply.mutable_send_update()->set_token("t1");
                answer.reply.mutable_send_update()->set_sequence(3);
            }
        } else if (request.has_append_message()) {
            return done();
        } else if (request.has_finish_message()) {
            answer.reply.mutable_finish_message()->set_local_number(kNumber);
        } else {
            dropped = request.has_drop_message();
            return done();
        }
        return answer;
    }

  private:
    template <typename Reply>
    void describe(Reply& to) const {
        to.set_content_bytes(waiting.front().size());
        to.set_piece_count((waiting.front().size() + 65'535) / 65'536);
    }
};

std::string text_of(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

void check_silent(const Ran& ran) {
    for (const char* personal : {"Hồ", "000197000123", "bru"}) {
        CHECK(ran.out.find(personal) == std::string::npos);
        CHECK(ran.err.find(personal) == std::string::npos);
    }
}

}  // namespace

TEST_CASE("an office receives each request into a directory, then acknowledges it", "[cli][dossier]") {
    const TemporaryDirectory directory;
    Node node;
    node.waiting = {content_of(request())};
    const FakeDaemon daemon{std::ref(node)};
    const std::string output = directory.path().string();
    const Ran ran = run_tram(&daemon, {"request", "receive", "--output", output});
    CAPTURE(ran.err);
    REQUIRE(ran.exit_code == kExitFine);
    CHECK(node.waiting.empty());
    check_silent(ran);
    const fs::path made = directory.path() / kNumber;
    CHECK(text_of(made / "attachment-1.jpg") == kPicture);
    const auto object = json::parse(text_of(made / "request.json")).as_object();
    CHECK(object.at("local_no") == json::string{kNumber});
    CHECK(object.at("att").at(0).at("file") == "attachment-1.jpg");
    CHECK(object.at("tram").at("sender") == "dtn://18904-ks07/");
    CHECK((fs::status(made).permissions() & fs::perms::others_all) == fs::perms::none);

    // The acknowledgement was lost: it comes again, and is recognised.
    node.waiting = {content_of(request())};
    const Ran again = run_tram(&daemon, {"request", "receive", "--output", output, "-o", "json"});
    CHECK(json::parse(again.out).at("already_there") == true);
    pb::Message other = request();
    other.mutable_request()->set_note("another");
    node.waiting = {content_of(other)};
    const Ran clash = run_tram(&daemon, {"request", "receive", "--output", output, "-o", "name"});
    CHECK(clash.out.starts_with(made.string() + "-"));
    CHECK(std::distance(fs::directory_iterator{directory.path()}, {}) == 2);
    CHECK(run_tram(&daemon, {"request", "receive", "--output", output}).exit_code == kExitWarning);
}

TEST_CASE("what is no good is neither named nor acknowledged", "[cli][dossier]") {
    const TemporaryDirectory directory;
    Node node;
    std::string broken = content_of(request());
    broken.back() = 'x';
    node.waiting = {broken};
    const FakeDaemon daemon{[&](const Request& asked, const std::string& frame) {
        static int fetches = 0;
        if (asked.has_fetch_message() && ++fetches > 1) {
            FakeDaemon::Answer nothing;
            nothing.reply.mutable_fetch_message()->set_found(false);
            return nothing;
        }
        return node(asked, frame);
    }};
    const Ran ran = run_tram(&daemon, {"request", "receive", "--output", directory.path().string()});
    CHECK(ran.exit_code != kExitFine);
    CHECK(ran.err.find("bad_crc") != std::string::npos);
    CHECK(node.waiting.size() == 1);
    CHECK(fs::is_empty(directory.path()));
    check_silent(ran);
}

TEST_CASE("show says that words can be revealed, and reveals them only when it is asked to",
          "[cli][dossier]") {
    const TemporaryDirectory directory;
    pb::Message word = tram::test::make_update(2, pb::STATE_SUPPLEMENT_NEEDED);
    word.mutable_update()->set_kind(pb::UPDATE_SUPPLEMENT);
    word.mutable_update()->set_reason("ảnh mờ");
    word.mutable_update()->add_need("giay_chung_sinh");
    tram::test::attach(word, "phieu.pdf", "application/pdf", kPicture);
    Node node;
    node.waiting = {content_of(word)};
    const FakeDaemon daemon{std::ref(node)};
    const Ran shown = run_tram(&daemon, {"request", "show", kNumber});
    CHECK(shown.out.find("ảnh mờ") == std::string::npos);
    CHECK(shown.err.find("--reveal") != std::string::npos);
    const Ran revealed =
        run_tram(&daemon, {"request", "show", kNumber, "--reveal", "--save", directory.path().string()});
    CAPTURE(revealed.err);
    CHECK(revealed.exit_code == kExitFine);
    for (const char* part : {"ảnh mờ", "giay_chung_sinh", "phieu.pdf", "-word-2"})
        CHECK(revealed.out.find(part) != std::string::npos);
    CHECK(text_of(directory.path() / (kNumber + "-word-2") / "attachment-1.pdf") == kPicture);
    const auto object =
        json::parse(run_tram(&daemon, {"request", "show", kNumber, "--reveal", "-o", "json"}).out)
            .as_object();
    CHECK(object.at("contents").at(0).at("reason") == "ảnh mờ");
    CHECK(run_tram(&daemon, {"request", "show", kNumber, "--save", "x"}).exit_code == kExitUsage);
}

TEST_CASE("supplements and withdrawals name their request", "[cli][dossier]") {
    const TemporaryDirectory directory;
    const fs::path paper = directory.path() / "paper.pdf";
    std::ofstream{paper} << "paper";
    Node node;
    const FakeDaemon daemon{std::ref(node)};
    REQUIRE(run_tram(&daemon, {"request", "supplement", kNumber, "--attach", paper.string()}).exit_code ==
            kExitFine);
    auto message = admin::decode_message(as_bytes(node.sent));
    REQUIRE(message);
    CHECK(message->head().local_number() == kNumber);
    CHECK(message->request().purpose() == pb::PURPOSE_SUPPLEMENT);
    CHECK(message->attachments_size() == 1);
    REQUIRE(run_tram(&daemon, {"request", "withdraw", kNumber}).exit_code == kExitFine);
    message = admin::decode_message(as_bytes(node.sent));
    CHECK(message->request().purpose() == pb::PURPOSE_WITHDRAWAL);

    const Ran handed = run_tram(
        &daemon, {"request", "hand-over", kNumber, "--witness", "18904-to-12", "--evidence", paper.string()});
    CHECK(handed.exit_code == kExitFine);
    const auto asked = daemon.requests().back().hand_over();
    CHECK(asked.witness() == "18904-to-12");
    CHECK(asked.evidence() == pb::EVIDENCE_PDF);
    CHECK(asked.evidence_digest() == as_text(cose::sha256(as_bytes("paper"))));
}

TEST_CASE("an update has the form and state of its kind", "[cli][dossier]") {
    const TemporaryDirectory directory;
    const fs::path reason = directory.path() / "reason";
    std::ofstream{reason} << "ảnh mờ\n";
    Node node;
    const FakeDaemon daemon{std::ref(node)};
    const Ran ran =
        run_tram(&daemon, {"update", "send", kNumber, "--kind", "supplement", "--reason-file",
                           reason.string(), "--need", "giay_chung_sinh", "--respond-by", "2026-12-31"});
    CAPTURE(ran.err);
    REQUIRE(ran.exit_code == kExitFine);
    CHECK(ran.out == kNumber + "  word 3 is on its way\n");
    const auto message = admin::decode_message(as_bytes(node.sent));
    REQUIRE(message);
    CHECK(message->update().kind() == pb::UPDATE_SUPPLEMENT);
    CHECK(message->update().form() == pb::FORM_SUPPLEMENT);
    CHECK(message->update().state() == pb::STATE_SUPPLEMENT_NEEDED);
    CHECK(message->update().reason() == "ảnh mờ");
    CHECK(message->update().has_respond_by_day());
    CHECK(daemon.requests()[0].send_update().local_number() == kNumber);
    CHECK(run_tram(&daemon, {"update", "send", kNumber, "--kind", "else"}).exit_code == kExitUsage);

    REQUIRE(run_tram(&daemon, {"update", "accept", kNumber, "--code", tram::test::kCode, "--due",
                               "2026-12-01", "--office-name", "UBND xã Dân Hoá"})
                .exit_code == kExitFine);
    const auto accepted = daemon.requests().back().accept_dossier();
    CHECK(accepted.dossier_code() == tram::test::kCode);
    CHECK(accepted.due_day() == 20'788);
    CHECK_FALSE(accepted.has_accepted_unix_s());
}
