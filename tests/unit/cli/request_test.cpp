// tram request: what is filed, what is said, and what never leaves the sealed message.
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "daemon/cli/context.h"
#include "daemon/cli/exit_code.h"
#include "proto/admin/message.h"
#include "proto/admin/rules.h"
#include "proto/admin/words.h"
#include "tests/unit/cli/run.h"

using namespace tram;
using namespace tram::cli;
using namespace tram::cli::test;
using tram::api::pb::Request;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

const std::string kNumber = "18904-ks07-000123";
const std::string kForm = R"({"kind":"request","proc_name":"Đăng ký khai sinh","lang":"bru",
  "subject":{"ho_ten":"Hồ Thị Mẫu","so_dinh_danh":"000197000123","dan_toc":"Bru-Vân Kiều"},
  "form":{"con_ho_ten":"Hồ Văn Thử"},"att":[{"name":"old.jpg","bytes":1}],"consent":true)";
constexpr std::uint64_t kOffset = 500;

struct Desk {
    TemporaryDirectory directory;

    std::string file(const std::string& name, const std::string& text) const {
        const fs::path path = directory.path() / name;
        std::ofstream{path, std::ios::binary} << text;
        return path.string();
    }
    std::string form(const std::string& more = "}") const { return file("form.json", kForm + more); }
};

/// Takes a request as the daemon does.
struct Office {
    admin::pb::Message message;
    std::string key;
    std::string content;
    bool finished = false;
    bool dropped = false;
    std::string filed_before;
    bool fail_append = false;

    FakeDaemon::Answer operator()(const Request& request, const std::string& frame) {
        FakeDaemon::Answer answer;
        if (request.has_file_request()) {
            message = admin::decode_message(as_bytes(frame)).value();
            key = request.file_request().key();
            answer.reply.mutable_file_request()->set_local_number(filed_before);
            answer.reply.mutable_file_request()->set_token("t1");
            answer.reply.mutable_file_request()->set_offset(kOffset);
        } else if (request.has_append_message()) {
            if (fail_append) return failure("bad_crc", "an attachment is not what was said", "");
            if (request.append_message().offset() != kOffset + content.size())
                return failure("invalid_argument", "a gap", "");
            content += frame;
            return done();
        } else if (request.has_finish_message()) {
            finished = true;
            answer.reply.mutable_finish_message()->set_local_number(kNumber);
        } else {
            dropped = request.has_drop_message();
            return done();
        }
        return answer;
    }
};

Ran send(const FakeDaemon& daemon, std::vector<std::string> more, const Setting& setting = {}) {
    std::vector<std::string> arguments{"request", "send", "--procedure", "1.001193@2"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tram(&daemon, std::move(arguments), setting);
}

void check_silent(const Ran& ran) {
    for (const char* personal : {"Hồ", "000197000123", "Bru", "bru", "Thử"}) {
        CHECK(ran.out.find(personal) == std::string::npos);
        CHECK(ran.err.find(personal) == std::string::npos);
    }
}

}  // namespace

TEST_CASE("a request is sent with its attachments, and its local number comes first", "[cli][request]") {
    const Desk desk;
    Office office;
    FakeDaemon daemon{std::ref(office)};
    const std::string large(1'500'000, 'x');
    const Ran ran =
        send(daemon, {"--form", desk.form(), "--to", "xa:18904", "--attach", desk.file("scan.JPG", large),
                      "--attach", desk.file("b.pdf", "paper"), "--note-file", desk.file("note", "gấp"),
                      "--idempotency-key", "0123456789"});
    CHECK(ran.err.empty());
    REQUIRE(ran.exit_code == kExitFine);
    CHECK(ran.out.starts_with(kNumber + "  local number, not the office's code"));
    CHECK(office.content == large + "paper");
    CHECK(office.finished);
    CHECK(office.key == "0123456789");

    admin::pb::Message& message = office.message;
    CHECK(message.head().title() == "Đăng ký khai sinh");
    CHECK(message.head().local_number().empty());
    CHECK(message.request().procedure() == "1.001193");
    CHECK(message.request().procedure_version() == 2);
    CHECK(message.request().note() == "gấp");
    REQUIRE(message.attachments_size() == 2);
    CHECK(message.attachments(0).name() == "scan.JPG");
    CHECK(message.attachments(0).media_type() == "image/jpeg");
    CHECK(message.attachments(0).sha256() == as_text(cose::sha256(as_bytes(large))));
    message.mutable_head()->set_local_number(kNumber);
    CHECK(admin::check(message));
    check_silent(ran);
}

TEST_CASE("what is said about a filed request, in both languages and all formats", "[cli][request]") {
    const Desk desk;
    Office office;
    FakeDaemon daemon{std::ref(office)};
    const Ran vietnamese = send(daemon, {"--form", desk.form()}, {.language = Language::kVietnamese});
    CHECK(vietnamese.out.starts_with(kNumber + "  mã tạm, không phải mã hồ sơ"));
    CHECK(send(daemon, {"--form", desk.form(), "-o", "name"}).out == kNumber + "\n");
    const Ran as_json = send(daemon, {"--form", desk.form(), "-o", "json"});
    CHECK(json::parse(as_json.out) == json::object{{"local_number", kNumber}, {"filed_before", false}});
}

TEST_CASE("a request that was filed under the key before is not sent again", "[cli][request]") {
    const Desk desk;
    Office office;
    office.filed_before = kNumber;
    FakeDaemon daemon{std::ref(office)};
    const Ran ran = send(daemon, {"--form", desk.form(), "--attach", desk.file("a", "b")});
    CHECK(ran.exit_code == kExitFine);
    CHECK(ran.out.starts_with(kNumber + "  local number; filed before"));
    CHECK(office.content.empty());
    CHECK_FALSE(office.finished);
}

TEST_CASE("secret documents go nowhere", "[cli][request]") {
    const Desk desk;
    Office office;
    FakeDaemon daemon{std::ref(office)};
    const auto language = GENERATE(Language::kEnglish, Language::kVietnamese);
    const auto tongue = language == Language::kEnglish ? admin::Tongue::kEnglish : admin::Tongue::kVietnamese;
    const Ran ran = send(daemon, {"--form", desk.form(R"(,"secrecy":2})")}, {.language = language});
    CHECK(ran.exit_code == exit_code_of({"secret", "", ""}));
    CHECK(ran.exit_code != kExitFine);
    CHECK(ran.err.find(admin::secret_refusal(tongue)) != std::string::npos);
    CHECK(daemon.requests().empty());
    check_silent(ran);
}

TEST_CASE("failures file nothing, and quote no form", "[cli][request]") {
    const Desk desk;
    Office office;
    office.fail_append = true;
    FakeDaemon daemon{std::ref(office)};
    const Ran refused = send(daemon, {"--form", desk.form(), "--attach", desk.file("a", "b")});
    CHECK(refused.exit_code != kExitFine);
    CHECK(refused.out.empty());
    CHECK(office.dropped);
    CHECK_FALSE(office.finished);
    const std::vector<std::string> bad{
        desk.file("cut", kForm), desk.file("type", kForm + R"(,"channel":"Hồ Thị Mẫu"})"),
        desk.file("list", R"(["Hồ Thị Mẫu"])"), (desk.directory.path() / "none").string()};
    for (const std::string& form : bad) {
        const Ran ran = send(daemon, {"--form", form});
        CHECK(ran.exit_code != kExitFine);
        CHECK(ran.out.empty());
        check_silent(ran);
    }
}

TEST_CASE("requests are listed page by page and shown", "[cli][request]") {
    FakeDaemon daemon{[](const Request& request, const std::string&) {
        FakeDaemon::Answer answer;
        if (request.has_list_requests()) {
            const bool first = request.list_requests().after().empty();
            auto& reply = *answer.reply.mutable_list_requests();
            if (request.list_requests().box() == "received") return answer;
            auto& filed = *reply.add_requests();
            filed.set_local_number(first ? kNumber : "18904-ks07-000124");
            filed.set_title("Đăng ký khai sinh");
            filed.set_state(first ? 0 : 5);
            if (first) reply.set_next_after(kNumber);
            return answer;
        }
        if (request.show_request().local_number() != kNumber) return failure("not_found", "no", "");
        auto& shown = *answer.reply.mutable_show_request();
        shown.mutable_request()->set_local_number(kNumber);
        shown.mutable_request()->set_state(4);
        shown.mutable_request()->set_missing(2);
        shown.mutable_request()->set_due_day(20'781);
        shown.set_parts(7);
        shown.set_parts_here(3);
        shown.add_handed_to("dtn://18904-lt01/");
        shown.add_history()->set_sequence(3);
        return answer;
    }};
    const Ran listed = run_tram(&daemon, {"request", "list", "--search", "khai sinh", "--state", "5"});
    REQUIRE(listed.exit_code == kExitFine);
    REQUIRE(listed.lines().size() == 3);
    CHECK(listed.lines()[1].starts_with(kNumber));
    const auto asked = daemon.requests();
    REQUIRE(asked.size() == 3);
    CHECK(asked[2].list_requests().box() == "received");
    CHECK(asked[1].list_requests().after() == kNumber);
    CHECK(asked[0].list_requests().search() == "khai sinh");
    CHECK(asked[0].list_requests().state() == 5);
    CHECK(run_tram(&daemon, {"request", "list", "-o", "name"}).lines().size() == 2);
    CHECK(json::parse(run_tram(&daemon, {"request", "list", "-o", "json"}).out).as_array().size() == 2);

    const Ran shown = run_tram(&daemon, {"request", "show", kNumber}, {.language = Language::kVietnamese});
    CHECK(shown.exit_code == kExitFine);
    for (const char* part : {"MÃ TẠM  18904-ks07-000123", "đang xử lý", "còn 3 trên 7 phần", "2026-11-24",
                             "dtn://18904-lt01/"}) {
        CAPTURE(part, shown.out);
        CHECK(shown.out.find(part) != std::string::npos);
    }
    const auto object =
        json::parse(run_tram(&daemon, {"request", "show", kNumber, "-o", "json"}).out).as_object();
    CHECK(object.at("missing") == 2);
    CHECK(object.at("parts_here") == 3);
    CHECK(run_tram(&daemon, {"request", "show", "18904-ks07-000999"}).exit_code != kExitFine);
}
