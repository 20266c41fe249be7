#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <sys/wait.h>
#include <unistd.h>

#include "proto/identity/keyring.h"
#include "tests/identities.h"
#include "tests/unit/enrol/fixture.h"

using namespace tram;
using namespace tram::enrol;
using namespace tram::test;
using identity::TrustBundle;
using identity::Usage;

namespace {

const std::string kKiosk = "dtn://18904-ks07/";
const std::string kServer = "dtn://18904-srv/";

}  // namespace

TEST_CASE("a root and an authority are made once", "[enrol]") {
    Enrolment all;
    CHECK(mode_of(all.root) == 0700);
    CHECK(mode_of(all.root / "authority.key") == 0600);
    CHECK(code_of(create_root(all.root, "Again", all.open, kToday)) == ErrorCode::kDuplicate);
    CHECK(code_of(create_root(all.commune, "Again", all.open, kToday)) == ErrorCode::kDuplicate);
    CHECK(code_of(create_authority(all.commune, "18904", "", all.open)) == ErrorCode::kDuplicate);
    CHECK(code_of(create_authority(all.root, "18904", "", all.open)) == ErrorCode::kDuplicate);
    const fs::path unmade = all.directory.path() / "unmade";
    CHECK(code_of(create_root(unmade, "", all.open, kToday)) == ErrorCode::kInvalidArgument);
    CHECK(code_of(create_root(unmade, "x", all.open, 0)) == ErrorCode::kInvalidArgument);
    for (const char* commune : {"1890", "189044", "1890a", ""})
        CHECK(code_of(create_authority(unmade, commune, "", all.open)) == ErrorCode::kInvalidArgument);
    CHECK(code_of(create_authority(unmade, "18904", "a\tb", all.open)) == ErrorCode::kInvalidArgument);
    write_text(unmade, "");
    CHECK(code_of(create_root(unmade, "x", all.open, kToday)) == ErrorCode::kIo);
    CHECK(code_of(create_authority(unmade, "18904", "", all.open)) == ErrorCode::kIo);
}

TEST_CASE("certificates of roots and authorities last as long as they should", "[enrol]") {
    Enrolment all;
    const auto chain = identity::trust_from_pem(contents_of_file(all.commune / "chain.pem"));
    REQUIRE(chain);
    REQUIRE(chain->certificates.size() == 2);
    const auto& root = chain->certificates.front();
    const auto& authority = chain->certificates.back();
    CHECK(root.usage == Usage::kRoot);
    CHECK(root.name == "Province");
    CHECK(authority.eid == "dtn://18904/");
    CHECK(authority.name == "Commune 18904");
    CHECK(authority.not_before == kToday - kBackdate_s);
    CHECK(root.not_after - kToday == (20 * 365 + 5) * kDayLong);
    CHECK(authority.not_after - kToday == (5 * 365 + 1) * kDayLong);
    // The file begins with its own certificate, as programs that read chains expect.
    const auto first = identity::from_pem("CERTIFICATE", contents_of_file(all.commune / "chain.pem"));
    CHECK(std::ranges::equal(*first, authority.der.view()));
}

TEST_CASE("months are those of the calendar", "[enrol]") {
    Enrolment all;
    struct Case {
        identity::UnixTime now;
        std::uint32_t months;
        identity::UnixTime end;
    };
    const auto [now, months, end] = GENERATE(
        // 2027-01-31 + 1 month = 2027-02-28; 2028-01-31 + 1 = 2028-02-29; 2028-02-29 + 12 = 2029-02-28
        Case{1'801'353'600, 1, 1'803'772'800}, Case{1'832'889'600, 1, 1'835'395'200},
        Case{1'835'438'400 + 3, 12, 1'866'974'400 + 3});
    const auto request = create_device(all.kiosk, kKiosk, "", false);
    const auto grant = all.approve(*request, now, months);
    CHECK(grant.certificates.back().not_after == end);
}

TEST_CASE("no certificate outlasts the one that issued it", "[enrol]") {
    Enrolment all;
    const auto request = create_device(all.kiosk, kKiosk, "", false);
    const auto grant = all.approve(*request, kToday, 240);
    CHECK(grant.certificates.back().not_after == grant.certificates.at(1).not_after);
    for (const IssueTerms& terms : {IssueTerms{kToday, 0}, IssueTerms{kToday, 241}, IssueTerms{0, 12}}) {
        CHECK(code_of(approve(all.commune, *request, terms, all.open)) == ErrorCode::kInvalidArgument);
    }
    const IssueTerms late{kToday + 2000 * kDayLong, 12};
    CHECK(code_of(approve(all.commune, *request, late, all.open)) == ErrorCode::kCertificateExpired);
    const IssueTerms early{kToday - 2 * kDayLong, 12};
    CHECK(code_of(approve(all.commune, *request, early, all.open)) == ErrorCode::kCertificateTooEarly);
}

TEST_CASE("a grant holds what a device needs and nothing else", "[enrol]") {
    Enrolment all;
    all.enrol_device(all.directory.path() / "server", kServer, true);
    const TrustBundle grant = all.ask(all.kiosk, kKiosk, true);
    std::vector<std::pair<Usage, std::string>> held;
    std::set<std::string> serials;
    for (const auto& certificate : grant.certificates) {
        held.emplace_back(certificate.usage, certificate.eid);
        serials.insert(to_hex(certificate.serial));
        CHECK(certificate.serial.size() == 16);
    }
    CHECK(held == std::vector<std::pair<Usage, std::string>>{{Usage::kRoot, ""},
                                                             {Usage::kAuthority, "dtn://18904/"},
                                                             {Usage::kTls, kKiosk},
                                                             {Usage::kSign, kKiosk},
                                                             {Usage::kSeal, kKiosk},
                                                             {Usage::kSeal, kServer}});
    CHECK(serials.size() == held.size());
    CHECK(grant.lists.empty());

    REQUIRE(revoke(all.commune, kServer, kToday, all.open));
    const TrustBundle later = all.approve(*read_device_request(all.kiosk), kToday + 400 * kDayLong);
    CHECK(later.certificates.size() == 5);  // neither the revoked nor the expired sealing certificates
    REQUIRE(later.lists.size() == 1);
    CHECK(later.lists.front().authority == "dtn://18904/");

    const auto decoded = identity::decode_trust(identity::encode_trust(later));
    CHECK(decoded->certificates.size() == 5);
}

TEST_CASE("an authority approves devices of its own commune and nothing else", "[enrol]") {
    Enrolment all;
    const auto device = create_device(all.kiosk, "dtn://18905-ks07/", "", false);
    CHECK(code_of(approve(all.commune, *device, {kToday, 12}, all.open)) == ErrorCode::kWrongCommune);
    CHECK(code_of(approve(all.root, *device, {kToday, 12}, all.open)) == ErrorCode::kInvalidArgument);
    const auto authority = create_authority(all.directory.path() / "second", "18904", "", all.open);
    CHECK(code_of(approve(all.commune, *authority, {kToday, 12}, all.open)) == ErrorCode::kInvalidArgument);
    CHECK(code_of(approve(all.directory.path() / "second", *device, {kToday, 12}, all.open)) ==
          ErrorCode::kNoCertificate);
    CHECK(code_of(approve(all.kiosk, *device, {kToday, 12}, all.open)) == ErrorCode::kNotFound);
    CHECK(code_of(approve(all.directory.path() / "none", *device, {kToday, 12}, all.open)) ==
          ErrorCode::kNotFound);
    CHECK(list_issued(all.commune)->empty());
}

TEST_CASE("an authority believes the signed request only", "[enrol]") {
    Enrolment all;
    auto request = *create_device(all.kiosk, kKiosk, "", false);
    Buffer altered{request.wire.view().begin(), request.wire.view().end()};
    altered.back() ^= 1;
    request.wire = Bytes{altered};
    CHECK(code_of(approve(all.commune, request, {kToday, 12}, all.open)) == ErrorCode::kBadSignature);

    request = *read_device_request(all.kiosk);
    request.eid = kServer;  // not what was signed
    CHECK(all.approve(request).certificates.back().eid == kKiosk);
}

TEST_CASE("an authority installs a grant for its own key only", "[enrol]") {
    Enrolment all;
    const fs::path second = all.directory.path() / "second";
    const fs::path third = all.directory.path() / "third";
    const auto approve_by_root = [&](const identity::DeviceRequest& request) {
        return *approve(all.root, request, {kToday, kAuthorityMonths}, all.open);
    };
    const TrustBundle own = approve_by_root(*create_authority(second, "18905", "", all.open));

    SECTION("another commune") {
        const TrustBundle other = approve_by_root(*create_authority(third, "18906", "", all.open));
        CHECK(code_of(accept_authority_grant(second, other)) == ErrorCode::kWrongNodeId);
    }
    SECTION("another key") {
        const TrustBundle other = approve_by_root(*create_authority(third, "18905", "", all.open));
        CHECK(code_of(accept_authority_grant(second, other)) == ErrorCode::kCertificateMisused);
    }
    SECTION("no certificate, no root, two roots") {
        TrustBundle grant = own;
        grant.certificates.pop_back();
        CHECK(code_of(accept_authority_grant(second, grant)) == ErrorCode::kNoCertificate);
        grant = own;
        grant.certificates.erase(grant.certificates.begin());
        CHECK(code_of(accept_authority_grant(second, grant)) == ErrorCode::kUnknownAuthority);
        grant = own;
        grant.certificates.push_back(make_root().certificate);
        CHECK(code_of(accept_authority_grant(second, grant)) == ErrorCode::kUnknownAuthority);
    }
    SECTION("another root's signature") {
        TrustBundle grant = own;
        grant.certificates.front() = make_root().certificate;
        CHECK(code_of(accept_authority_grant(second, grant)) == ErrorCode::kUnknownAuthority);
    }
    SECTION("another directory") {
        CHECK(code_of(accept_authority_grant(all.root, own)) == ErrorCode::kNotFound);
        CHECK(code_of(accept_authority_grant(third, own)) == ErrorCode::kNotFound);
        write_text(second / "request.pem", "x");
        CHECK(code_of(accept_authority_grant(second, own)) == ErrorCode::kCorrupt);
        return;
    }
    CHECK_FALSE(fs::exists(second / "chain.pem"));
    CHECK(accept_authority_grant(second, own));
    CHECK(list_issued(second)->empty());
}

TEST_CASE("an authority stays with its root", "[enrol]") {
    Enrolment all;
    const auto request = identity::request_from_text(contents_of_file(all.commune / "request.pem"));
    const fs::path other = all.directory.path() / "other root";
    REQUIRE(create_root(other, "Other", all.open, kToday));
    const auto grant = approve(other, *request, {kToday, 60}, all.open);
    CHECK(code_of(accept_authority_grant(all.commune, *grant)) == ErrorCode::kUnknownAuthority);
    const auto renewed = approve(all.root, *request, {kToday + 100 * kDayLong, 60}, all.open);
    REQUIRE(accept_authority_grant(all.commune, *renewed));
    CHECK(identity::trust_from_pem(contents_of_file(all.commune / "chain.pem"))
              ->certificates.back()
              .not_before == kToday + 100 * kDayLong - kBackdate_s);
}

TEST_CASE("an authority that its root has revoked approves nothing more", "[enrol]") {
    Enrolment all;
    const auto list = revoke(all.root, "dtn://18904/", kToday, all.open);
    REQUIRE(list);
    CHECK(list->authority.starts_with("root:"));
    // A grant for somebody else carries the root's list; the new authority passes it on.
    all.make_authority(all.directory.path() / "second", "18905");
    const auto device = create_device(all.kiosk, "dtn://18905-ks07/", "", false);
    const auto grant = approve(all.directory.path() / "second", *device, {kToday, 12}, all.open);
    REQUIRE(grant);
    REQUIRE(grant->lists.size() == 1);
    CHECK(grant->lists.front().authority == list->authority);

    const auto request = identity::request_from_text(contents_of_file(all.commune / "request.pem"));
    auto chain = *identity::trust_from_pem(contents_of_file(all.commune / "chain.pem"));
    chain.lists.push_back(*list);
    CHECK(code_of(accept_authority_grant(all.commune, chain)) == ErrorCode::kCertificateRevoked);
    write_text(all.commune / "chain.pem", identity::trust_to_pem(chain));
    const auto own = create_device(all.directory.path() / "own", kKiosk, "", false);
    CHECK(code_of(approve(all.commune, *own, {kToday, 12}, all.open)) == ErrorCode::kCertificateRevoked);
}

TEST_CASE("revoking a node takes every certificate it was given", "[enrol]") {
    Enrolment all;
    all.ask(all.kiosk, kKiosk, true);
    all.approve(*read_device_request(all.kiosk));  // a second time: three more
    all.ask(all.directory.path() / "server", kServer, true);

    CHECK(code_of(revoke(all.commune, "dtn://18904-nobody/", kToday, all.open)) == ErrorCode::kNotFound);
    CHECK(code_of(revoke(all.commune, kKiosk, 0, all.open)) == ErrorCode::kInvalidArgument);
    CHECK(code_of(revoke(all.directory.path() / "none", kKiosk, kToday, all.open)) == ErrorCode::kNotFound);
    const auto first = revoke(all.commune, kKiosk, kToday, all.open);
    REQUIRE(first);
    CHECK(first->number == 1);
    CHECK(first->serials.size() == 6);
    CHECK(code_of(revoke(all.commune, kKiosk, kToday, all.open)) == ErrorCode::kDuplicate);

    const auto second = revoke(all.commune, kServer, kToday - 5 * kDayLong, all.open);
    REQUIRE(second);
    CHECK(second->number == 2);
    CHECK(second->serials.size() == 9);
    CHECK(second->issued == first->issued);  // the clock went back, the list does not

    const auto issued = list_issued(all.commune);
    REQUIRE(issued);
    REQUIRE(issued->size() == 9);
    CHECK(std::ranges::all_of(*issued, &Issued::revoked));
    CHECK(issued->front().certificate.eid == kKiosk);
    CHECK(issued->back().certificate.eid == kServer);

    all.approve(*read_device_request(all.kiosk));  // the device was found again
    CHECK(std::ranges::count(*list_issued(all.commune), false, &Issued::revoked) == 3);
    CHECK(revoke(all.commune, kKiosk, kToday, all.open)->number == 3);
}

TEST_CASE("a passphrase protects the keys that certify", "[enrol]") {
    const TemporaryDirectory directory;
    const fs::path root = directory.path() / "root";
    const KeyProtection good{"correct horse"};
    const KeyProtection wrong{"battery staple"};
    const KeyProtection none{};
    REQUIRE(create_root(root, "Province", good, kToday));
    const std::string pem = contents_of_file(root / "authority.key");
    CHECK(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    const auto request = create_authority(directory.path() / "commune", "18904", "", good);
    REQUIRE(request);

    const auto by = [&](const KeyProtection& protection) {
        return approve(root, *request, {kToday, 60}, protection);
    };
    const auto refused = by(wrong);
    CHECK(code_of(refused) == ErrorCode::kForbidden);
    CHECK(refused.error().message.find("not the passphrase") != std::string::npos);
    CHECK(code_of(by(none)) == ErrorCode::kForbidden);
    CHECK(list_issued(root)->empty());
    CHECK(by(good));
    CHECK(code_of(revoke(root, "dtn://18904/", kToday, wrong)) == ErrorCode::kForbidden);
    CHECK_FALSE(fs::exists(root / "revoked.pem"));

    // On a stick anybody may read the file; under its passphrase that is no reason to refuse it.
    fs::permissions(root / "authority.key", fs::perms::others_read, fs::perm_options::add);
    CHECK(revoke(root, "dtn://18904/", kToday, good));

    // An interrupted beginning goes on with the key, and needs its passphrase.
    fs::remove(root / "chain.pem");
    CHECK(code_of(create_root(root, "Province", wrong, kToday)) == ErrorCode::kForbidden);
    CHECK(create_root(root, "Province", good, kToday));
    CHECK(contents_of_file(root / "authority.key") == pem);
}

TEST_CASE("damage to an authority's files is named", "[enrol]") {
    Enrolment all;
    all.ask(all.kiosk, kKiosk);
    REQUIRE(revoke(all.commune, kKiosk, kToday, all.open));
    const auto request = read_device_request(all.kiosk);
    const std::string file = GENERATE("authority.key", "chain.pem", "issued.pem", "revoked.pem");
    const std::string good = contents_of_file(all.commune / file);
    write_text(all.commune / file, good.substr(0, good.size() / 2));
    const auto result = approve(all.commune, *request, {kToday, 12}, all.open);
    CHECK(code_of(result) == ErrorCode::kCorrupt);
    CHECK(result.error().message.find(file) != std::string::npos);
    if (file != "authority.key") CHECK(code_of(list_issued(all.commune)) == ErrorCode::kCorrupt);
    CHECK(code_of(revoke(all.commune, kKiosk, kToday, all.open)) ==
          (file == "authority.key" ? ErrorCode::kDuplicate : ErrorCode::kCorrupt));
}

TEST_CASE("an authority's files that belong to others are refused", "[enrol]") {
    Enrolment all;
    const fs::path second = all.directory.path() / "second";
    all.make_authority(second, "18905");
    all.ask(all.kiosk, kKiosk);
    const auto request = read_device_request(all.kiosk);
    const auto replace = [&](const fs::path& from, const char* file) {
        fs::copy_file(from / file, all.commune / file, fs::copy_options::overwrite_existing);
    };
    SECTION("the key") {
        replace(second, "authority.key");
        CHECK(code_of(approve(all.commune, *request, {kToday, 12}, all.open)) == ErrorCode::kCorrupt);
    }
    SECTION("the list of another authority") {
        REQUIRE(revoke(all.root, "dtn://18905/", kToday, all.open));
        replace(all.root, "revoked.pem");
        CHECK(code_of(list_issued(all.commune)) == ErrorCode::kCorrupt);
    }
    SECTION("the chain of a device") {
        REQUIRE(accept_grant(all.kiosk, all.approve(*request)));
        fs::copy_file(all.kiosk / "trust.pem", all.commune / "chain.pem",
                      fs::copy_options::overwrite_existing);
        CHECK(code_of(list_issued(all.commune)) == ErrorCode::kCorrupt);
    }
    SECTION("a key in the clear that others may read") {
        fs::permissions(all.commune / "authority.key", fs::perms::group_read, fs::perm_options::add);
        CHECK(code_of(approve(all.commune, *request, {kToday, 12}, all.open)) == ErrorCode::kIo);
    }
}

TEST_CASE("processes that approve at the same time lose nothing", "[enrol]") {
    Enrolment all;
    constexpr int kProcesses = 4;
    constexpr int kEach = 5;
    const auto request = create_device(all.kiosk, kKiosk, "", false);
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            bool good = true;
            for (int k = 0; k < kEach; ++k)
                good = good && approve(all.commune, *request, {kToday, 12}, all.open).has_value();
            ::_exit(good ? 0 : 1);
        }
        children.push_back(child);
    }
    // Meanwhile a reader sees whole files.
    for (int k = 0; k < 10; ++k)
        CHECK(list_issued(all.commune)->size() % 2 == 0);
    for (const pid_t child : children) {
        int status = -1;
        REQUIRE(::waitpid(child, &status, 0) == child);
        CHECK(status == 0);
    }
    CHECK(list_issued(all.commune)->size() == kProcesses * kEach * 2);
}
