// What a citizen hands in is nowhere but in the sealed message: not in the log at its most talkative, not in
// what `tram` prints, not among events, not in names of files, not in anybody's arguments, not in a store.
#include <catch2/catch.hpp>
#include <cstdio>
#include <fcntl.h>
#include <optional>
#include <set>
#include <string>
#include <unistd.h>
#include <vector>

#include "proto/admin/message.h"
#include "tests/system/harness/daemon_process.h"
#include "tests/system/harness/messages.h"
#include "tests/system/harness/program.h"
#include "tests/system/harness/province.h"
#include "tests/system/harness/requests.h"
#include "tests/system/harness/search.h"

namespace tram::harness {
namespace {

namespace fs = std::filesystem;

const std::string kServer = "dtn://18904-srv/";
const std::string kRequests = kServer + "requests";
const std::string kKiosk = "dtn://18904-ks07/";
const std::string kLaptop = "dtn://18904-lt01/";

config::Config talkative(config::Config config) {
    config.log.level = config::LogLevel::kDebug;
    return config;
}

/// Somebody who hands in a request, each of whose facts is a word of its own.
struct Citizen {
    std::vector<std::string> words;  ///< all of them
    std::string mark(const std::string& before = {}) { return words.emplace_back(before + new_marker()); }

    std::string name = mark("Giàng Thị ");
    std::string citizen_id = words.emplace_back("0113030" + std::to_string(10'000 + ::getpid() % 90'000));
    std::string language = "hmn-" + words.emplace_back(new_marker().substr(0, 8));
    std::string ethnic_origin = mark("Mông ");
    std::string team = "18904-" + words.emplace_back("to-" + new_marker().substr(0, 10));
    std::string child = mark("Vàng ");
    std::string note = mark("nhà ở ");
    std::string scan = mark("CCCD Giàng ") + ".jpg";
    std::string picture = mark();

    [[nodiscard]] admin::pb::Message request() const {
        admin::pb::Message message = new_request(name);
        admin::pb::Request& request = *message.mutable_request();
        add_field(*request.mutable_subject(), "so_dinh_danh", citizen_id);
        add_field(*request.mutable_subject(), "dan_toc", ethnic_origin);
        add_field(*request.mutable_form(), "con_ho_ten", child);
        request.set_language(language);
        request.set_assisted_by(team);
        request.set_note(note);
        return message;
    }
    [[nodiscard]] std::vector<Paper> papers() const {
        std::string picture_file;
        while (picture_file.size() < 200'000)
            picture_file += picture + "\n";
        return {{scan, picture_file}};
    }
    /// For `tram request send --form -`.
    [[nodiscard]] std::string form() const {
        return R"({"lang": ")" + language + R"(", "assisted_by": ")" + team + R"(", "note": ")" + note +
               R"(", "consent": true, "subject": {"ho_ten": ")" + name + R"(", "so_dinh_danh": ")" +
               citizen_id + R"(", "dan_toc": ")" + ethnic_origin + R"("}, "form": {"con_ho_ten": ")" + child +
               R"("}})";
    }
};

using Words = std::set<std::string>;
const Words kNothing;

/// What `tram` says, on both outputs.
std::string tram(const DaemonProcess& daemon, std::vector<std::string> arguments) {
    std::vector<std::string> all{"sh", "-c", R"("$@" 2>&1)", "sh", TRAM_PATH, "--api", daemon.api()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return run_program(all).text;
}

std::vector<std::string> names(const DaemonProcess& daemon, const std::string& what) {
    std::vector<std::string> all;
    std::string name;
    for (const char c : tram(daemon, {"-o", "name", what, "list"})) {
        if (c != '\n') {
            name.push_back(c);
        } else {
            all.push_back(std::exchange(name, {}));
        }
    }
    return all;
}

/// Everything that an operator can look at without being asked who they are.
std::string looked_at(const DaemonProcess& daemon) {
    std::string text;
    for (const std::string format : {"table", "json", "name"}) {
        for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
                 {"status"},
                 {"peer", "list"},
                 {"bundle", "list"},
                 {"receipt", "list"},
                 {"request", "list"},
                 {"device", "list"},
             }) {
            std::vector<std::string> arguments{"-o", format};
            arguments.insert(arguments.end(), command.begin(), command.end());
            text += tram(daemon, arguments);
        }
        for (const std::string& bundle : names(daemon, "bundle")) {
            text += tram(daemon, {"-o", format, "bundle", "show", bundle});
            text += tram(daemon, {"-o", format, "bundle", "trace", bundle});
        }
        for (const std::string& number : names(daemon, "request"))
            text += tram(daemon, {"-o", format, "request", "show", number});
    }
    return text;
}

/// Files a request at the command line, and looks at the arguments of all processes while it is being typed
/// in.
void type_in(const DaemonProcess& kiosk, const Citizen& citizen, const fs::path& said) {
    int ends[2]{};
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const int out = ::open(said.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const std::string input = "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(ends[0]);
    const pid_t pid = spawn_program({TRAM_PATH, "--api", kiosk.api(), "-o", "json", "request", "send",
                                     "--procedure", "1.001193", "--form", input},
                                    out, out);
    ::close(out);
    const std::string form = citizen.form();
    REQUIRE(::write(ends[1], form.data(), form.size()) == static_cast<ssize_t>(form.size()));
    REQUIRE(wait_until([&] { return found_in_arguments({kiosk.api()}) == Words{kiosk.api()}; }));
    CHECK(found_in_arguments(citizen.words) == kNothing);
    ::close(ends[1]);
    const int status = wait_for_end(pid);
    ::close(ends[0]);
    INFO(run_program({"cat", said}).text);
    CHECK(status == 0);
}

/// Requests with a mistake in them: what is said about it quotes nothing.
std::string mistakes(ApiClient& client, const Citizen& citizen) {
    std::string said;
    const auto refuse = [&](const admin::pb::Message& message, const std::vector<Paper>& papers) {
        const auto filed = file_request(client, message, "a key by chance", papers);
        CHECK_FALSE(filed);
        if (!filed) said += filed.error().message + "\n";
    };
    admin::pb::Message message = citizen.request();
    message.mutable_head()->set_title("Giấy tờ của " + citizen.citizen_id);
    refuse(message, {});
    message = citizen.request();
    message.mutable_head()->set_secrecy(admin::pb::SECRECY_SECRET);
    refuse(message, {});
    message = citizen.request();
    message.mutable_request()->set_procedure(citizen.name);
    refuse(message, {});
    message = citizen.request();
    message.mutable_request()->set_language(citizen.name);
    refuse(message, {});
    message = citizen.request();
    message.mutable_request()->set_assisted_by(citizen.name);
    refuse(message, {});
    message = citizen.request();
    message.mutable_request()->set_to(citizen.name);
    refuse(message, {});
    message = citizen.request();
    add_field(*message.mutable_request()->mutable_subject(), "ho_ten", citizen.child);
    refuse(message, {});
    refuse(citizen.request(), {{citizen.name + "/" + citizen.scan, citizen.picture}});
    const auto with_id_as_key = file_request(client, citizen.request(), "khai sinh " + citizen.citizen_id);
    CHECK_FALSE(with_id_as_key);
    if (!with_id_as_key) said += with_id_as_key.error().message;
    return said;
}

/// One request and its answer; fails the test when there is none.
pb::Reply ask(ApiClient& client, const pb::Request& request, std::optional<ByteView> payload = {}) {
    auto answer = client.call(request, payload);
    INFO((answer ? "" : answer.error().message));
    REQUIRE(answer);
    return answer->reply;
}

/// The office accepts the dossier and says a word about it that has everything in it.
void answer(ApiClient& at_server, const Citizen& citizen, const std::string& number) {
    pb::Request accept;
    pb::AcceptDossierRequest& terms = *accept.mutable_accept_dossier();
    terms.set_local_number(number);
    terms.set_dossier_code("H50.99.1-261124-0012");
    terms.set_due_day(20'788);
    terms.set_office_name("UBND xã Dân Hóa");
    ask(at_server, accept);
    admin::pb::Message word;
    admin::stamp(word);
    word.mutable_head()->set_kind(admin::pb::KIND_UPDATE);
    word.mutable_head()->set_title("yêu cầu bổ sung");
    word.mutable_update()->set_kind(admin::pb::UPDATE_SUPPLEMENT);
    word.mutable_update()->set_form(admin::pb::FORM_SUPPLEMENT);
    word.mutable_update()->set_state(admin::pb::STATE_SUPPLEMENT_NEEDED);
    for (const std::string& each : citizen.words) {
        word.mutable_update()->set_reason(word.update().reason() + each + "; ");
        word.mutable_update()->add_need(each);
    }
    pb::Request send;
    send.mutable_send_update()->set_local_number(number);
    send.mutable_send_update()->set_key("a word by chance");
    pb::Request finish;
    finish.mutable_finish_message()->set_token(
        ask(at_server, send, as_bytes(word.SerializeAsString())).send_update().token());
    ask(at_server, finish);
}

/// What the office said about a request that was filed there, as somebody reads it who may.
std::string revealed(ApiClient& client, const std::string& number) {
    pb::Request reveal;
    reveal.mutable_reveal_request()->set_local_number(number);
    const pb::Reply reply = ask(client, reveal);
    std::string text;
    for (const pb::Content& each : reply.reveal_request().contents()) {
        pb::Request read;
        read.mutable_read_message()->set_token(each.token());
        const auto piece = client.call(read);
        REQUIRE(piece);
        text += as_text(piece->payload);
    }
    return text;
}

TEST_CASE("nothing about a person is outside of the sealed message", "[system][privacy]") {
    const TestDirectory directory;
    Province province{directory.path() / "province", "Tuyen Quang"};
    // Nodes that open messages first: the others must know whom they seal for.
    DaemonProcess server{directory, "server", talkative(province.enrol(kServer, true))};
    DaemonProcess kiosk{directory, "kiosk", talkative(province.enrol(kKiosk, true))};
    DaemonProcess laptop{directory, "laptop", talkative(province.enrol(kLaptop))};
    Citizen citizen;
    std::string everything_said;

    kiosk.config().peers = {{.id = kLaptop, .address = laptop.address()}};
    server.config().peers = {{.id = kLaptop, .address = laptop.address()}};
    REQUIRE(kiosk.start_and_wait());
    EventTap kiosk_events{kiosk.config().api.events};
    ApiClient at_kiosk{kiosk.api()};
    everything_said += mistakes(at_kiosk, citizen);
    const auto number = file_request(at_kiosk, citizen.request(), "a key by chance", citizen.papers());
    INFO((number ? "" : number.error().message));
    REQUIRE(number);
    type_in(kiosk, citizen, directory.path() / "kiosk" / "said");
    everything_said += looked_at(kiosk);

    REQUIRE(laptop.start_and_wait());
    EventTap laptop_events{laptop.config().api.events};
    REQUIRE(wait_until([&] { return laptop.stored() >= kiosk.stored() && kiosk.stored() > 0; }));
    everything_said += looked_at(laptop);
    CHECK(found_in_arguments(citizen.words) == kNothing);
    REQUIRE(server.start_and_wait());
    EventTap server_events{server.config().api.events};

    // Where they belong they are, all of them.
    ApiClient at_server{server.api()};
    std::string opened;
    for (int i = 0; i < 2; ++i) {
        const auto message = fetch_message(at_server, kRequests, seconds{60});
        INFO((message ? "" : message.error().message));
        REQUIRE(message);
        REQUIRE(message->head.found());
        CHECK(found_in_text(message->head.ShortDebugString(), citizen.words) == kNothing);
        opened += as_text(message->content);
    }
    CHECK(found_in_text(opened, citizen.words) == Words(citizen.words.begin(), citizen.words.end()));

    answer(at_server, citizen, *number);
    REQUIRE(
        wait_until([&] { return kiosk.status().unreceipted() == 0 && server.status().unreceipted() == 0; }));
    CHECK(found_in_text(revealed(at_kiosk, *number), citizen.words).size() == citizen.words.size());
    for (const DaemonProcess* each : {&kiosk, &laptop, &server})
        everything_said += looked_at(*each);
    for (const std::string& receipt : names(kiosk, "receipt")) {
        const fs::path file = directory.path() / "kiosk" / ("receipt-" + receipt);
        everything_said += tram(kiosk, {"receipt", "export", receipt, "--output", file});
        everything_said += tram(kiosk, {"-o", "json", "receipt", "verify", file});
    }
    CHECK(found_in_text(everything_said, citizen.words) == kNothing);
    CHECK(found_in_text(everything_said, {*number, kRequests}) == Words{*number, kRequests});
    for (EventTap* each : {&kiosk_events, &laptop_events, &server_events}) {
        CHECK(found_in_text(each->heard(), citizen.words) == kNothing);
        CHECK(found_in_text(each->heard(), {kRequests}) == Words{kRequests});
    }
    CHECK(found_in_arguments(citizen.words) == kNothing);
    for (DaemonProcess* each : {&kiosk, &laptop, &server})
        REQUIRE(each->stop() == std::optional{0});
    CHECK(found_in(directory.path(), citizen.words) == kNothing);
    CHECK(found_in_names(directory.path(), citizen.words) == kNothing);
    CHECK(found_in(directory.path() / "laptop" / "log", {kLaptop}) == Words{kLaptop});
}

TEST_CASE("the same searches find what somebody says in the open", "[system][privacy]") {
    const TestDirectory directory;
    DaemonProcess kiosk{directory, "kiosk", talkative(fast_config(kKiosk))};
    REQUIRE(kiosk.start_and_wait());
    EventTap events{kiosk.config().api.events};
    const std::string place = new_marker();
    const std::string paper = new_marker();
    ApiClient client{kiosk.api()};
    REQUIRE(wait_until([&] {  // until the tap is connected
        REQUIRE(client.send("dtn://18904-desk/" + place, as_bytes(paper)));
        return !found_in_text(events.heard(), {place}).empty();
    }));
    CHECK(found_in_text(looked_at(kiosk), {place, paper}) == Words{place});
    CHECK(found_in(kiosk.config().store.directory, {place, paper}) == Words{place, paper});
    const fs::path named = directory.path() / "kiosk" / place;
    CHECK(found_in_names(directory.path(), {place}) == kNothing);
    fs::create_directory(named);
    CHECK(found_in_names(directory.path(), {place}) == Words{place});
}

}  // namespace
}  // namespace tram::harness
