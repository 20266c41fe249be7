#include <algorithm>
#include <catch2/catch.hpp>
#include <unistd.h>

#include "proto/identity/keyring.h"
#include "tests/unit/enrol/fixture.h"

using namespace tram;
using namespace tram::enrol;
using namespace tram::test;
using identity::TrustBundle;
using identity::Usage;

namespace {

const std::string kKiosk = "dtn://18904-ks07/";

std::size_t count(const TrustBundle& bundle, Usage usage) {
    return static_cast<std::size_t>(
        std::ranges::count(bundle.certificates, usage, &identity::Certificate::usage));
}

}  // namespace

TEST_CASE("a device becomes a member through files", "[enrol]") {
    Enrolment all;
    all.enrol_device(all.kiosk, kKiosk, true);
    const auto identity = load_identity(all.kiosk);
    REQUIRE(identity);
    CHECK(identity->node_id == kKiosk);
    CHECK(identity->tls.usage == Usage::kTls);
    CHECK(identity->signing.usage == Usage::kSign);
    CHECK(identity->sealing->usage == Usage::kSeal);
    CHECK(identity->signing.public_key == identity->signing_key->public_key());
    CHECK(identity->sealing->public_key == identity->sealing_key->public_key());
    CHECK(cose::SigningKey::from_seed(identity->tls_seed)->public_key() == identity->tls.public_key);
    CHECK(identity->trust.certificates.front().usage == Usage::kRoot);
    CHECK(identity->tls.not_before == kToday - kBackdate_s);
    CHECK(identity->tls.not_after == kToday + 365 * kDayLong);

    // What a daemon makes of it.
    identity::Keyring keyring;
    REQUIRE(keyring.add_root(identity->trust.certificates.front()));
    for (std::size_t i = 1; i < identity->trust.certificates.size(); ++i)
        CHECK(keyring.add(identity->trust.certificates[i]).value());
    CHECK(keyring.signer(identity->signing.id, kKiosk, kToday));
}

TEST_CASE("a device that receives nothing sealed has no sealing key", "[enrol]") {
    Enrolment all;
    all.enrol_device(all.kiosk, kKiosk, false);
    const auto identity = load_identity(all.kiosk);
    REQUIRE(identity);
    CHECK(identity->sealing_key == nullptr);
    CHECK_FALSE(identity->sealing);
    CHECK_FALSE(fs::exists(all.kiosk / "seal.key"));
}

TEST_CASE("keys of a device are for its owner alone", "[enrol]") {
    Enrolment all;
    all.enrol_device(all.kiosk, kKiosk, true);
    CHECK(mode_of(all.kiosk) == 0700);
    for (const char* key : {"tls.key", "sign.key", "seal.key"}) {
        CHECK(mode_of(all.kiosk / key) == 0600);
        CHECK(contents_of_file(all.kiosk / key).starts_with("-----BEGIN PRIVATE KEY-----\n"));
    }
    for (const auto& entry : fs::directory_iterator{all.kiosk})
        CHECK(entry.path().extension() != ".new");

    const fs::perms others = GENERATE(fs::perms::group_read, fs::perms::others_read);
    const char* key = GENERATE("tls.key", "sign.key", "seal.key");
    fs::permissions(all.kiosk / key, others, fs::perm_options::add);
    const auto loaded = load_identity(all.kiosk);
    CHECK(code_of(loaded) == ErrorCode::kIo);
    CHECK(loaded.error().message.find(key) != std::string::npos);
    CHECK(loaded.error().message.find("chmod 600") != std::string::npos);
}

TEST_CASE("an office whose sealing key is gone does not become a device without one", "[enrol]") {
    Enrolment all;
    all.enrol_device(all.kiosk, kKiosk, true);
    fs::remove(all.kiosk / "seal.key");
    const auto loaded = load_identity(all.kiosk);
    CHECK(code_of(loaded) == ErrorCode::kCorrupt);
    CHECK(loaded.error().message.find("seal.key is missing; restore it") != std::string::npos);
}

TEST_CASE("certificates without their root cannot be used, and the file that is missing is named",
          "[enrol]") {
    Enrolment all;
    all.enrol_device(all.kiosk, kKiosk, false);
    fs::remove(all.kiosk / "roots.pem");
    const auto loaded = load_identity(all.kiosk);
    CHECK(code_of(loaded) == ErrorCode::kCorrupt);
    CHECK(loaded.error().message.find("roots.pem is missing; restore it") != std::string::npos);
}

TEST_CASE("pipes and links in the place of files stop nobody", "[enrol]") {
    Enrolment all;
    all.enrol_device(all.kiosk, kKiosk, true);
    const fs::path file =
        all.kiosk / GENERATE("tls.key", "seal.key", "request.pem", "roots.pem", "trust.pem");
    INFO(file);
    fs::rename(file, all.directory.path() / "moved");
    REQUIRE(::mkfifo(file.c_str(), 0600) == 0);
    if (file.filename() == "request.pem") {
        CHECK(code_of(read_device_request(all.kiosk)) == ErrorCode::kIo);
    } else {
        CHECK(code_of(load_identity(all.kiosk)) == ErrorCode::kIo);
    }
    if (file.extension() != ".key") return;
    fs::remove(file);
    fs::create_symlink(all.directory.path() / "moved", file);
    const auto loaded = load_identity(all.kiosk);
    CHECK(code_of(loaded) == ErrorCode::kIo);
    CHECK(loaded.error().message.find("is a symbolic link") != std::string::npos);
}

TEST_CASE("files made by root belong to whom the directory above belongs to", "[enrol]") {
    if (::geteuid() != 0) return;
    Enrolment all;
    const fs::path home = all.directory.path() / "home";
    fs::create_directory(home);
    REQUIRE(::chown(home.c_str(), 65534, 65533) == 0);
    const fs::path deep = home / "lib" / "identity";
    all.enrol_device(deep, kKiosk, true);
    struct stat status{};
    for (const auto& entry : fs::recursive_directory_iterator{home}) {
        INFO(entry.path());
        REQUIRE(::stat(entry.path().c_str(), &status) == 0);
        CHECK(status.st_uid == 65534);
        CHECK(status.st_gid == 65533);
    }
    CHECK(mode_of(home / "lib") == 0755);
    CHECK(mode_of(deep) == 0700);
}

TEST_CASE("device names that cannot be certified are refused before anything is made", "[enrol]") {
    const TemporaryDirectory directory;
    const fs::path where = directory.path() / "x";
    const std::string name = GENERATE("dtn://18904/", "dtn://ks07/", "dtn://18904-KS07/", "dtn://18904-/",
                                      "dtn://18904-a", "ipn:12.0", "dtn://1890-ks07/", "dtn://18904-a/b", "");
    CHECK(code_of(create_device(where, name, "", false)) == ErrorCode::kInvalidArgument);
    CHECK(code_of(create_device(where, kKiosk, "a\nb", false)) == ErrorCode::kInvalidArgument);
    CHECK_FALSE(fs::exists(where));
}

TEST_CASE("making a device twice changes nothing", "[enrol]") {
    Enrolment all;
    const auto grant = all.ask(all.kiosk, kKiosk);
    const std::string key = contents_of_file(all.kiosk / "sign.key");
    CHECK(code_of(create_device(all.kiosk, kKiosk, "", false)) == ErrorCode::kDuplicate);
    CHECK(contents_of_file(all.kiosk / "sign.key") == key);
    REQUIRE(accept_grant(all.kiosk, grant));
    fs::remove(all.kiosk / "request.pem");
    CHECK(code_of(create_device(all.kiosk, kKiosk, "", false)) == ErrorCode::kDuplicate);
    CHECK(load_identity(all.kiosk));
}

TEST_CASE("making a device goes on after an interruption with the keys that are there", "[enrol]") {
    Enrolment all;
    const bool sealing = GENERATE(true, false);
    const auto before = create_device(all.kiosk, kKiosk, "", sealing);
    REQUIRE(before);
    fs::remove(all.kiosk / "request.pem");
    const char* missing = GENERATE("", "sign.key");
    if (*missing != '\0') fs::remove(all.kiosk / missing);
    write_text(all.kiosk / "tls.key.new", "half a k");
    if (sealing) CHECK(code_of(create_device(all.kiosk, kKiosk, "", false)) == ErrorCode::kDuplicate);
    const auto after = create_device(all.kiosk, kKiosk, "", sealing);
    REQUIRE(after);
    CHECK(after->tls_key == before->tls_key);
    CHECK(after->sealing_key == before->sealing_key);
    CHECK((after->signing_key == before->signing_key) == (*missing == '\0'));
}

TEST_CASE("a request can be read again", "[enrol]") {
    Enrolment all;
    const auto made = create_device(all.kiosk, kKiosk, "Kiosk 7", true);
    REQUIRE(made);
    const auto read = read_device_request(all.kiosk);
    REQUIRE(read);
    CHECK(read->wire == made->wire);
    CHECK(read->name == "Kiosk 7");
    CHECK(code_of(read_device_request(all.directory.path())) == ErrorCode::kNotFound);
    write_text(all.kiosk / "request.pem", "not a request");
    CHECK(code_of(read_device_request(all.kiosk)) == ErrorCode::kCorrupt);
}

TEST_CASE("a grant must be for this device, its name and its keys", "[enrol]") {
    Enrolment all;
    const fs::path other = all.directory.path() / "other";
    const TrustBundle own = all.ask(all.kiosk, kKiosk, true);

    SECTION("of another device") {
        const TrustBundle grant = all.ask(other, "dtn://18904-srv/");
        CHECK(code_of(accept_grant(all.kiosk, grant)) == ErrorCode::kWrongNodeId);
    }
    SECTION("of other keys of the same name") {
        const TrustBundle grant = all.ask(other, kKiosk);
        CHECK(code_of(accept_grant(all.kiosk, grant)) == ErrorCode::kCertificateMisused);
    }
    SECTION("of its own keys under another name") {
        fs::create_directory(other);
        for (const char* key : {"tls.key", "sign.key", "seal.key"})
            fs::copy_file(all.kiosk / key, other / key);
        const TrustBundle grant = all.ask(other, "dtn://18904-srv/", true);
        CHECK(code_of(accept_grant(all.kiosk, grant)) == ErrorCode::kWrongNodeId);
    }
    SECTION("without the sealing certificate that was asked for") {
        TrustBundle grant = own;
        std::erase_if(grant.certificates, [](const auto& each) { return each.usage == Usage::kSeal; });
        CHECK(code_of(accept_grant(all.kiosk, grant)) == ErrorCode::kNoCertificate);
    }
    SECTION("with nothing for a device in it") {
        TrustBundle grant = own;
        std::erase_if(grant.certificates, [](const auto& each) { return !each.eid.ends_with("18904/"); });
        grant.certificates.push_back(own.certificates.front());
        CHECK(code_of(accept_grant(all.kiosk, grant)) == ErrorCode::kNoCertificate);
    }
    SECTION("without its authority") {
        TrustBundle grant = own;
        std::erase_if(grant.certificates, [](const auto& each) { return each.usage == Usage::kAuthority; });
        CHECK(code_of(accept_grant(all.kiosk, grant)) == ErrorCode::kUnknownAuthority);
    }
    SECTION("without its root") {
        TrustBundle grant = own;
        std::erase_if(grant.certificates, [](const auto& each) { return each.usage == Usage::kRoot; });
        CHECK(code_of(accept_grant(all.kiosk, grant)) == ErrorCode::kUnknownAuthority);
    }
    SECTION("with two roots") {
        TrustBundle grant = own;
        REQUIRE(create_root(all.directory.path() / "second", "Second", all.open, kToday));
        grant.certificates.push_back(
            identity::trust_from_pem(contents_of_file(all.directory.path() / "second" / "chain.pem"))
                ->certificates.front());
        CHECK(code_of(accept_grant(all.kiosk, grant)) == ErrorCode::kUnknownAuthority);
    }
    SECTION("already revoked") {
        TrustBundle grant = own;
        grant.lists.push_back(*revoke(all.commune, kKiosk, kToday, all.open));
        CHECK(code_of(accept_grant(all.kiosk, grant)) == ErrorCode::kCertificateRevoked);
    }
    SECTION("where nothing was asked") {
        CHECK(code_of(accept_grant(all.directory.path(), own)) == ErrorCode::kNotFound);
        CHECK(code_of(accept_grant(all.commune, own)) == ErrorCode::kInvalidArgument);
    }
    CHECK_FALSE(fs::exists(all.kiosk / "trust.pem"));
    CHECK_FALSE(fs::exists(all.kiosk / "roots.pem"));
    CHECK(code_of(load_identity(all.kiosk)) == ErrorCode::kNoCertificate);
    CHECK(accept_grant(all.kiosk, own));
    CHECK(load_identity(all.kiosk));
}

TEST_CASE("a device keeps to the root that it trusted first", "[enrol]") {
    Enrolment all;
    Enrolment elsewhere;
    const TrustBundle grant = all.ask(all.kiosk, kKiosk);
    const TrustBundle of_others = elsewhere.approve(*read_device_request(all.kiosk));
    REQUIRE(accept_grant(all.kiosk, grant));
    const std::string before = contents_of_file(all.kiosk / "trust.pem");
    const auto refused = accept_grant(all.kiosk, of_others);
    CHECK(code_of(refused) == ErrorCode::kUnknownAuthority);
    CHECK(refused.error().message.find("another root") != std::string::npos);
    TrustBundle both = grant;
    both.certificates.insert(both.certificates.end(), of_others.certificates.begin(),
                             of_others.certificates.end());
    CHECK(code_of(accept_grant(all.kiosk, both)) == ErrorCode::kUnknownAuthority);
    CHECK(contents_of_file(all.kiosk / "trust.pem") == before);
    CHECK(accept_grant(all.kiosk, grant));  // again
}

TEST_CASE("renewed certificates take the place of old ones", "[enrol]") {
    Enrolment all;
    all.enrol_device(all.kiosk, kKiosk, true);
    const auto first = load_identity(all.kiosk);
    const TrustBundle renewed = all.approve(*read_device_request(all.kiosk), kToday + 300 * kDayLong);
    REQUIRE(accept_grant(all.kiosk, renewed));
    const auto second = load_identity(all.kiosk);
    REQUIRE(second);
    CHECK(second->tls.not_after > first->tls.not_after);
    CHECK(second->sealing->id != first->sealing->id);
    CHECK(second->signing_key->public_key() == first->signing_key->public_key());
    CHECK(count(second->trust, Usage::kTls) == 2);
}

TEST_CASE("a device hears of offices and revocations", "[enrol]") {
    Enrolment all;
    const fs::path server = all.directory.path() / "server";
    all.enrol_device(server, "dtn://18904-srv/", true);
    all.enrol_device(all.kiosk, kKiosk, false);
    CHECK(count(load_identity(all.kiosk)->trust, Usage::kSeal) == 1);

    const auto list = revoke(all.commune, "dtn://18904-srv/", kToday, all.open);
    REQUIRE(list);
    CHECK(code_of(add_trust(all.directory.path() / "nowhere", {{}, {*list}})) == ErrorCode::kNotFound);
    CHECK(code_of(add_trust(all.root, {{}, {*list}})) == ErrorCode::kNotFound);
    REQUIRE(add_trust(all.kiosk, {{}, {*list}}));
    CHECK(load_identity(all.kiosk)->trust.lists.front().number == 1);
    CHECK(load_identity(all.kiosk)->node_id == kKiosk);
    REQUIRE(add_trust(server, {{}, {*list}}));
    CHECK(load_identity(server));  // it still knows who it was

    // A grant with an older list does not turn it back.
    const auto newer =
        identity::make_revocation_list(*cose::SigningKey::from_seed(Buffer(32, 1)),
                                       load_identity(all.kiosk)->trust.certificates.at(1), 2, kToday, {});
    CHECK(code_of(add_trust(all.kiosk, {{}, {newer}})) == ErrorCode::kBadSignature);
    TrustBundle without_list = all.approve(*read_device_request(all.kiosk));
    without_list.lists.clear();
    REQUIRE(accept_grant(all.kiosk, without_list));
    CHECK(load_identity(all.kiosk)->trust.lists.front().number == 1);
}

TEST_CASE("loading an identity says what is missing and what to do", "[enrol]") {
    Enrolment all;
    const auto nothing = load_identity(all.kiosk);
    CHECK(code_of(nothing) == ErrorCode::kNotFound);
    CHECK(nothing.error().message.find("tram device init") != std::string::npos);

    const TrustBundle grant = all.ask(all.kiosk, kKiosk, true);
    const auto uncertified = load_identity(all.kiosk);
    CHECK(code_of(uncertified) == ErrorCode::kNoCertificate);
    CHECK(uncertified.error().message.find("tram device request") != std::string::npos);
    CHECK(uncertified.error().message.find("tram device accept FILE") != std::string::npos);
    REQUIRE(accept_grant(all.kiosk, grant));
    REQUIRE(load_identity(all.kiosk));

    const std::string file = GENERATE("sign.key", "tls.key", "seal.key", "roots.pem", "trust.pem");
    const std::string damage = GENERATE("empty", "torn", "garbage", "no PEM");
    const std::string good = contents_of_file(all.kiosk / file);
    if (damage == "empty") write_text(all.kiosk / file, "");
    if (damage == "torn") write_text(all.kiosk / file, good.substr(0, good.size() / 2));
    if (damage == "no PEM") write_text(all.kiosk / file, "hello\n");
    if (damage == "garbage") {
        std::string bad = good;
        std::ranges::fill(bad.begin() + 40, bad.begin() + 48, '!');
        write_text(all.kiosk / file, bad);
    }
    const auto loaded = load_identity(all.kiosk);
    CHECK(code_of(loaded) == ErrorCode::kCorrupt);
    CHECK(loaded.error().message.find(file) != std::string::npos);
}

TEST_CASE("loading an identity notices files that are gone or exchanged", "[enrol]") {
    Enrolment all;
    all.enrol_device(all.kiosk, kKiosk, true);
    const fs::path other = all.directory.path() / "other";
    all.enrol_device(other, "dtn://18904-srv/", true);

    SECTION("a key is gone") {
        const char* key = GENERATE("tls.key", "sign.key");
        fs::remove(all.kiosk / key);
        CHECK(code_of(load_identity(all.kiosk)) == ErrorCode::kCorrupt);
    }
    SECTION("the roots are gone") {
        fs::remove(all.kiosk / "roots.pem");
        const auto loaded = load_identity(all.kiosk);
        CHECK((code_of(loaded) == ErrorCode::kNotFound || code_of(loaded) == ErrorCode::kCorrupt));
        CHECK(loaded.error().message.find("roots.pem") != std::string::npos);
    }
    SECTION("a key of another device") {
        const char* key = GENERATE("tls.key", "sign.key", "seal.key");
        fs::copy_file(other / key, all.kiosk / key, fs::copy_options::overwrite_existing);
        CHECK(code_of(load_identity(all.kiosk)) == ErrorCode::kCorrupt);
    }
    SECTION("a key of another kind") {
        fs::copy_file(all.kiosk / "seal.key", all.kiosk / "sign.key", fs::copy_options::overwrite_existing);
        CHECK(code_of(load_identity(all.kiosk)) == ErrorCode::kCorrupt);
    }
    SECTION("a key that is a link or a directory") {
        fs::remove(all.kiosk / "tls.key");
        const bool link = GENERATE(true, false);
        if (link) {
            fs::create_symlink(other / "tls.key", all.kiosk / "tls.key");
        } else {
            fs::create_directory(all.kiosk / "tls.key");
        }
        CHECK(code_of(load_identity(all.kiosk)) == ErrorCode::kIo);
    }
    SECTION("a request that does not fit the keys") {
        fs::copy_file(other / "request.pem", all.kiosk / "request.pem", fs::copy_options::overwrite_existing);
        CHECK(code_of(accept_grant(all.kiosk, load_identity(all.kiosk)->trust)) == ErrorCode::kCorrupt);
    }
}

TEST_CASE("places where a device cannot be made say so", "[enrol]") {
    Enrolment all;
    SECTION("a file is in the way") {
        write_text(all.kiosk, "x");
        CHECK(code_of(create_device(all.kiosk, kKiosk, "", false)) == ErrorCode::kIo);
        CHECK(code_of(create_device(all.kiosk / "below", kKiosk, "", false)) == ErrorCode::kIo);
    }
    SECTION("anybody may write there") {
        fs::create_directory(all.kiosk);
        fs::permissions(all.kiosk, fs::perms::all);
        CHECK(code_of(create_device(all.kiosk, kKiosk, "", false)) == ErrorCode::kIo);
        CHECK(mode_of(all.kiosk) == 0777);
    }
    SECTION("a trailing slash is no problem") {
        CHECK(create_device(all.kiosk / "", kKiosk, "", false));
    }
}
