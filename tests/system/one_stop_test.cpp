// The client for an office's own software, as docs/one-stop.md promises it.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "tests/system/harness/daemon_process.h"
#include "tests/system/harness/program.h"
#include "tests/system/harness/province.h"
#include "tests/system/harness/requests.h"
#include "tests/system/harness/search.h"

namespace tram::harness {
namespace {

namespace fs = std::filesystem;

const std::string kServer = "dtn://18904-srv/";
const std::string kKiosk = "dtn://18904-ks07/";
constexpr int kPowerCut = 9;

std::string text_of(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream{file}.rdbuf();
    return text.str();
}

/// A kiosk and its commune's server, with the directories of the office's software.
struct Office {
    Office() {
        server.config().bundles.delivery_lease = seconds{1};
        kiosk.config().peers = {{.id = kServer, .address = server.address()}};
        REQUIRE(server.start_and_wait());
        REQUIRE(kiosk.start_and_wait());
    }
    std::string file(const std::string& who, const std::vector<Paper>& papers) {
        ApiClient client{kiosk.api()};
        const auto number = file_request(client, new_request(who), "key of " + who, papers);
        INFO((number ? "" : number.error().message));
        REQUIRE(number);
        return *number;
    }
    /// A command of /bin/sh, in which $PY is Python and $ONE_STOP where the programs are.
    ProgramOutput run(const std::string& command) {
        return run_program({"env", "TRAM_API=" + server.api(), "TRAM_CACHE=" + (files() / "cache").string(),
                            "ONE_STOP=" ONE_STOP_PATH, "PY=/usr/bin/python3 -B", "sh", "-c",
                            "(" + command + ") 2>&1"});
    }
    /// The same programs, and the power fails when they come to call this function.
    ProgramOutput run_until(const std::string& function, const std::string& program,
                            const std::string& arguments) {
        return run(
            "$PY -c '\nimport os, sys\nsys.path.insert(0, os.environ[\"ONE_STOP\"])\n"
            "sys.argv = [\"" +
            program + "\"] + \"" + arguments + "\".split()\nimport tram_api, durable, " + program + "\n" +
            function + " = lambda *a, **k: os._exit(9)\n" + program + ".main()'");
    }
    [[nodiscard]] fs::path files() const { return directory.path() / "office"; }
    [[nodiscard]] fs::path in() const { return files() / "in"; }
    /// What the importer would see.
    [[nodiscard]] std::set<std::string> dossiers() const {
        std::set<std::string> seen;
        for (const auto& entry : fs::directory_iterator{in()}) {
            if (!entry.path().filename().string().starts_with('.')) seen.insert(entry.path().filename());
        }
        return seen;
    }

    TestDirectory directory;
    Province province{directory.path() / "province", "Yen Bai"};
    DaemonProcess server{directory, "server", province.enrol(kServer, true)};
    DaemonProcess kiosk{directory, "kiosk", province.enrol(kKiosk, true)};
};

TEST_CASE("dossiers come into directories of their own, whole or not at all", "[system][one_stop]") {
    Office office;
    const std::string who = new_marker();
    const std::string scan = new_marker();
    const std::string picture = std::string(150'000, 'x') + new_marker();
    const std::string first = office.file(who, {{scan + ".jpg", picture}, {"tờ khai.jpg", "khai"}});
    const std::string second = office.file("somebody else", {});
    const std::string receive = "$PY $ONE_STOP/receive.py --wait 60 --output " + office.in().string();
    std::string said;

    // A disk that is full, the power gone before the name and before the acknowledgement.
    ProgramOutput output = office.run("ulimit -f 100; " + receive + " --count 2");
    said += output.text;
    INFO(output.text);
    CHECK(output.status == 1);
    CHECK(output.text.find("File too large") != std::string::npos);
    CHECK(office.dossiers().empty());
    const std::string arguments = "--wait 60 --output " + office.in().string();
    CHECK(office.run_until("os.rename", "receive", arguments).status == kPowerCut);
    CHECK(office.dossiers().empty());
    CHECK(office.run_until("tram_api.Tram.acknowledge", "receive", arguments).status == kPowerCut);
    CHECK(office.dossiers().size() == 1);

    output = office.run(receive + " --count 2");
    said += output.text;
    INFO(output.text);
    CHECK(output.status == 0);
    CHECK(office.dossiers() == std::set{first, second});
    CHECK(text_of(office.in() / first / "attachment-1.jpg") == picture);
    CHECK(text_of(office.in() / first / "attachment-2.jpg") == "khai");
    const std::string request = text_of(office.in() / first / "request.json");
    CHECK(found_in_text(request, {who, scan}) == std::set{who, scan});
    CHECK(request.find("\"sender\": \"" + kKiosk + "\"") != std::string::npos);
    CHECK(fs::status(office.in() / first / "request.json").permissions() ==
          (fs::perms::owner_read | fs::perms::owner_write));

    output = office.run("$PY $ONE_STOP/receive.py --output " + office.in().string());
    said += output.text;
    CHECK(output.text == "nothing waits\n");
    for (const auto& entry : fs::directory_iterator{office.in()})
        CHECK(entry.path().filename().string().starts_with(".incoming") == false);
    CHECK(found_in_text(said, {who, scan}).empty());
    CHECK(found_in_names(office.files(), {who, scan}).empty());
}

/// A directory with an answer for answer.py.
std::string answer(const Office& office, const std::string& name, const std::string& json) {
    const fs::path directory = office.files() / "out" / name;
    fs::create_directories(directory);
    std::ofstream{directory / "answer.json"} << json;
    std::ofstream{directory / "giay.pdf"} << std::string(100'000, 'p');
    return directory.string();
}

TEST_CASE("answers go out once, also when the power fails in between", "[system][one_stop]") {
    Office office;
    const std::string number = office.file(new_marker(), {});
    const std::string in = "--wait 60 --output " + office.in().string();
    REQUIRE(office.run("$PY $ONE_STOP/receive.py --count 1 " + in).status == 0);
    const std::string of = R"("local_no": ")" + number + '"';
    const std::string reason = new_marker();
    const std::string accepted = answer(office, "1",
                                        R"({"kind": "accepted", "dossier": "H50.99.1-261124-0012",
        "due": "2026-12-01", "office_name": "Ủy ban nhân dân xã Dân Hóa", )" +
                                            of + "}");
    const std::string supplement =
        answer(office, "2",
               R"({"kind": "supplement", "form": "Mẫu 02", "state": 5, "reason": ")" + reason +
                   R"(", "need": ["giay_chung_sinh"], "respond_by": "2026-12-31", )" + of + "}");
    const std::string result =
        answer(office, "3",
               R"({"kind": "result", "state": 9, "title": "Giấy khai sinh", "hand_over": "kiosk",
        "att": [{"name": "giay.pdf"}], )" +
                   of + "}");
    const std::string send = "$PY $ONE_STOP/answer.py ";

    CHECK(office.run_until("tram_api.Tram.call", "answer", accepted).status == kPowerCut);
    CHECK(office.run_until("durable.write_json", "answer", accepted).status == kPowerCut);
    ProgramOutput output = office.run(send + accepted + " " + supplement);
    INFO(output.text);
    CHECK(output.status == 0);
    CHECK(output.text.find("\"sequence\": 1") != std::string::npos);
    CHECK(output.text.find(reason) == std::string::npos);

    CHECK(office.run_until("tram_api.Tram.upload", "answer", result).status == kPowerCut);
    CHECK(office.run_until("durable.write_json", "answer", result).status == kPowerCut);
    output = office.run(send + result);
    INFO(output.text);
    CHECK(output.status == 0);
    CHECK(output.text.find("\"sequence\": 2, \"sent_before\": true") != std::string::npos);
    CHECK(office.run(send + accepted + " " + supplement + " " + result).status == 0);
    std::ofstream{fs::path{result} / "answer.json"} << "{}";
    CHECK(office.run(send + result).text.starts_with("error: contradiction"));

    ApiClient client{office.kiosk.api()};
    pb::Request show;
    show.mutable_show_request()->set_local_number(number);
    pb::ShowRequestReply shown;
    CHECK(wait_until([&] {
        const auto reply = client.call(show);
        if (reply) shown = reply->reply.show_request();
        return shown.request().state() == 9 && shown.history_size() == 2;
    }));
    CHECK(shown.request().dossier_code() == "H50.99.1-261124-0012");
    CHECK(shown.request().due_day() == 20'788);
    CHECK(shown.history(0).sequence() == 2);
    CHECK(shown.history(1).form() == 2);
}

TEST_CASE("a client that cannot go on says why, in one line and without a traceback", "[system][one_stop]") {
    Office office;
    const auto [command, expected] = GENERATE(table<std::string, std::string>({
        {"TRAM_API=ipc:///nowhere/api TRAM_TIMEOUT=1 $PY $ONE_STOP/receive.py --output $OUT", "unavailable"},
        {"TRAM_PROTO=/nowhere TRAM_CACHE=$OUT/c $PY $ONE_STOP/receive.py --output $OUT", "not_found"},
        {"mkdir -p $OUT/c; chmod 777 $OUT/c; TRAM_CACHE=$OUT/c $PY $ONE_STOP/receive.py --output $OUT",
         "others can write"},
        {"$PY $ONE_STOP/receive.py --output /proc/nowhere", "No such file"},
        {"mkdir $OUT; exec 9>$OUT/.lock; flock 9; $PY $ONE_STOP/receive.py --output $OUT", "busy"},
        {"$PY $ONE_STOP/answer.py $OUT", "No such file"},
        {"mkdir $OUT; echo no > $OUT/answer.json; $PY $ONE_STOP/answer.py $OUT", "malformed"},
        {"mkdir $OUT; echo '{\"local_no\": \"../x\"}' > $OUT/answer.json; $PY $ONE_STOP/answer.py $OUT",
         "invalid_argument: local_no"},
        {"mkdir $OUT; echo '{\"kind\": \"progress\", \"form\": \"Mẫu 01\", \"state\": 2, "
         "\"local_no\": \"18904-ks07-000001\"}' > $OUT/answer.json; $PY $ONE_STOP/answer.py $OUT",
         "invalid_argument: form"},
        {"mkdir $OUT; echo '{\"kind\": \"progress\", \"state\": 4, \"local_no\": "
         "\"18904-ks07-000001\"}' > $OUT/answer.json; $PY $ONE_STOP/answer.py $OUT",
         "not_found"},
    }));
    const ProgramOutput output =
        office.run("OUT=" + (office.directory.path() / "out").string() + "; " + command);
    INFO(command << "\n" << output.text);
    CHECK(output.status == 1);
    CHECK(output.text.starts_with("error: "));
    CHECK(output.text.find(expected) != std::string::npos);
    CHECK(output.text.find("Traceback") == std::string::npos);
}

}  // namespace
}  // namespace tram::harness
