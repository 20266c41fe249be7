// `tram receipt` against a daemon that says what the test wants, and files on their own.
#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>

#include "proto/admin/receipt_file.h"
#include "proto/admin/text.h"
#include "proto/identity/pem.h"
#include "tests/identities.h"
#include "tests/unit/cli/machine.h"

namespace tram::cli::test {

namespace {

using api::pb::Request;

struct Commune {
    tram::test::Authority root = tram::test::make_root();
    tram::test::Authority authority = tram::test::make_authority(root, "18904");
    tram::test::Device server = tram::test::make_device(authority, "dtn://18904-srv/");
    tram::test::Device kiosk = tram::test::make_device(authority, "dtn://18904-ks07/");
    identity::Keyring keyring;

    Commune() {
        REQUIRE(keyring.add_root(root.certificate));
        for (const auto* each : {&authority.certificate, &server.signing, &kiosk.signing})
            REQUIRE(keyring.add(*each));
    }
    [[nodiscard]] std::string root_pem() const {
        return identity::trust_to_pem({.certificates = {root.certificate}, .lists = {}});
    }
    /// A file with a receipt that says it is of the server, signed by `by`.
    [[nodiscard]] std::string file(const tram::test::Device& by) const {
        admin::Receipt receipt{.says = admin::Delivered{.attachments_complete = true}};
        receipt.message_id.fill(7);
        receipt.message_digest.emplace().fill(9);
        receipt.source = "dtn://18904-ks07/";
        receipt.holder = "dtn://18904-srv/";
        receipt.signed_unix_s = tram::test::kNow;
        const auto wire = admin::make_receipt(receipt, by.signing_key, by.signing.id);
        REQUIRE(wire);
        const auto file = admin::gather_receipt_file(*admin::read_receipt(*wire), keyring);
        REQUIRE(file);
        return admin::encode_receipt_file(*file);
    }
};

void fill(api::pb::Receipt& receipt, const std::string& name, const std::string& type) {
    receipt.set_name(name);
    receipt.set_message_id(std::string(16, '\7'));
    receipt.set_type(type);
    receipt.set_holder("dtn://18904-srv/");
    receipt.set_source("dtn://18904-ks07/");
    receipt.set_signed_unix_s(tram::test::kNow);
    receipt.set_received_ago_ms(7'200'000);
}

FakeDaemon::Handler lists(int count) {
    return [count](const Request& request, const std::string&) {
        FakeDaemon::Answer answer;
        auto& list = *answer.reply.mutable_list_receipts();
        list.set_total(static_cast<std::uint64_t>(count));
        const int skip = static_cast<int>(request.list_receipts().skip());
        for (int i = skip; i < std::min(count, skip + 2); ++i)
            fill(*list.add_receipts(), std::string(31, 'a') + std::to_string(i),
                 i == 0 ? "official" : "delivered");
        return answer;
    };
}

constexpr const char* kOfficialName = "giay tiep nhan ho so va hen tra ket qua";

}  // namespace

TEST_CASE("receipt list shows every page, in the words of receipts", "[cli][receipt]") {
    const FakeDaemon daemon{lists(3)};
    const Ran ran = run_tram(&daemon, {"receipt", "list"});
    CHECK(ran.exit_code == 0);
    REQUIRE(ran.lines().size() == 4);
    CHECK(contains(ran.lines()[1], "Official receipt"));
    CHECK(contains(ran.lines()[2], "Transport receipt: the recipient's machine has it"));
    CHECK(contains(ran.lines()[2], "070707070707"));
    CHECK(contains(ran.lines()[2], "18904-srv"));
    CHECK(contains(ran.lines()[2], "2 h"));
    CHECK(run_tram(&daemon, {"receipt", "list", "-o", "name"}).lines().size() == 3);
    const auto json = boost::json::parse(run_tram(&daemon, {"receipt", "list", "-o", "json"}).out).as_array();
    REQUIRE(json.size() == 3);
    CHECK(json[1].at("type") == "delivered");
    CHECK(json[1].at("message_id") == "07070707070707070707070707070707");
}

TEST_CASE("a transport receipt is never called the official one", "[cli][receipt]") {
    const FakeDaemon daemon{lists(2)};
    const Ran ran = run_tram(&daemon, {"receipt", "list"}, {.language = Language::kVietnamese});
    REQUIRE(ran.lines().size() == 3);
    CHECK(admin::contains_folded(admin::fold(ran.lines()[1]), kOfficialName));
    CHECK_FALSE(admin::contains_folded(admin::fold(ran.lines()[2]), kOfficialName));
    CHECK(contains(ran.lines()[2], "Máy chủ xã đã nhận"));
}

TEST_CASE("without receipts the list says so", "[cli][receipt]") {
    const FakeDaemon daemon{lists(0)};
    const Ran ran = run_tram(&daemon, {"receipt", "list"});
    CHECK(ran.exit_code == 0);
    CHECK(contains(ran.err, "no receipts yet"));
    CHECK(run_tram(&daemon, {"receipt", "list", "-o", "json"}).out.starts_with("["));
}

TEST_CASE("receipt export writes what verify finds good", "[cli][receipt]") {
    const Commune commune;
    const std::string file = commune.file(commune.server);
    const FakeDaemon daemon{[&](const Request& request, const std::string&) {
        if (request.get_receipt().name() != "aaaa") return failure("not_found", "no receipt", "");
        FakeDaemon::Answer answer;
        fill(*answer.reply.mutable_get_receipt()->mutable_receipt(), "aaaa", "delivered");
        answer.payload = file;
        return answer;
    }};
    const TemporaryDirectory directory;
    const std::string target = (directory.path() / "receipt.pem").string();
    const std::string root = (directory.path() / "root.pem").string();
    write(root, commune.root_pem());
    CHECK(run_tram(&daemon, {"receipt", "export", "bbbb", "--output", target}).exit_code == 1);
    const Ran ran = run_tram(&daemon, {"receipt", "export", "aaaa", "--output", target});
    CHECK(ran.exit_code == 0);
    CHECK(contents(target) == file);
    const Ran verified = run_tram(nullptr, {"receipt", "verify", target, "--root", root});
    CHECK(verified.exit_code == 0);
    CHECK(verified.out.starts_with("OK  Transport receipt"));
    CHECK(contains(verified.out, "signed by dtn://18904-srv/"));
    const Ran json = run_tram(nullptr, {"receipt", "verify", target, "--root", root, "-o", "json"});
    CHECK(boost::json::parse(json.out).at("verdict") == "OK");
}

TEST_CASE("receipt verify tells forged from what nobody can tell", "[cli][receipt]") {
    const Commune commune;
    const TemporaryDirectory directory;
    const auto at = [&](const std::string& name) { return (directory.path() / name).string(); };
    const std::string good = commune.file(commune.server);
    write(at("root.pem"), commune.root_pem());
    write(at("good.pem"), good);
    write(at("forged.pem"), commune.file(commune.kiosk));
    std::string altered = good;
    const std::size_t middle = altered.find('\n') + 40;
    altered[middle] = altered[middle] == 'A' ? 'B' : 'A';
    write(at("altered.pem"), altered);
    write(at("cut.pem"), good.substr(0, good.size() / 3));
    const auto other = tram::test::make_root("elsewhere");
    write(at("other.pem"), identity::trust_to_pem({.certificates = {other.certificate}, .lists = {}}));
    write(at("empty.pem"), "");
    const auto verify = [&](const std::string& file, const std::string& root) {
        return run_tram(nullptr, {"receipt", "verify", at(file), "--root", at(root)});
    };
    CHECK(verify("good.pem", "root.pem").exit_code == 0);
    const Ran forged = verify("forged.pem", "root.pem");
    CHECK(forged.exit_code == 2);
    CHECK(forged.out.starts_with("REFUSED"));
    CHECK(contains(forged.out, "wrong_node_id"));
    CHECK(verify("altered.pem", "root.pem").exit_code == 2);
    CHECK(verify("cut.pem", "root.pem").exit_code == 2);
    CHECK(verify("root.pem", "root.pem").exit_code == 2);  // no receipt in it
    const Ran stranger = verify("good.pem", "other.pem");
    CHECK(stranger.exit_code == 2);
    CHECK(contains(stranger.out, "unknown_authority"));
    CHECK(verify("absent.pem", "root.pem").exit_code == 3);
    CHECK(verify("good.pem", "absent.pem").exit_code == 3);
    CHECK(verify("good.pem", "empty.pem").exit_code == 3);
    CHECK(run_tram(nullptr, {"receipt", "verify"}).exit_code == 64);
    CHECK(run_tram(nullptr, {"receipt", "verify", at("good.pem"), "--config", at("absent.toml")}).exit_code ==
          3);
}

TEST_CASE("without --root the device's own roots decide", "[cli][receipt]") {
    const Commune commune;
    const TemporaryDirectory directory;
    const auto at = [&](const std::string& name) { return (directory.path() / name).string(); };
    write(at("roots.pem"), commune.root_pem());
    write(at("good.pem"), commune.file(commune.server));
    write(at("tram.toml"), "[security]\nidentity = \"" + directory.path().string() + "\"\n");
    CHECK(run_tram(nullptr, {"receipt", "verify", at("good.pem"), "--config", at("tram.toml")}).exit_code ==
          0);
}

}  // namespace tram::cli::test
