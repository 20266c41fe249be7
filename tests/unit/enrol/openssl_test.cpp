// The openssl program agrees with what we make. TRAM_OPENSSL is its path, empty where it is not installed.
#include <array>
#include <catch2/catch.hpp>
#include <cstdio>

#include "proto/identity/pem.h"
#include "tests/unit/enrol/fixture.h"

using namespace tram;
using namespace tram::enrol;
using namespace tram::test;

namespace {

constexpr std::string_view kOpenssl = TRAM_OPENSSL;

struct Run {
    int status = -1;
    std::string output;
};

Run openssl(const std::string& arguments) {
    const std::string command = std::string{kOpenssl} + " " + arguments + " 2>&1";
    std::FILE* pipe = ::popen(command.c_str(), "r");
    REQUIRE(pipe != nullptr);
    Run run;
    std::array<char, 4096> part{};
    for (std::size_t got = 1; got > 0;) {
        got = std::fread(part.data(), 1, part.size(), pipe);
        run.output.append(part.data(), got);
    }
    run.status = ::pclose(pipe);
    UNSCOPED_INFO(command << "\n" << run.output);
    return run;
}

bool skip() {
    if (!kOpenssl.empty()) return false;
    WARN("the openssl program is not installed; nothing was checked");
    return true;
}

// A device with its certificates as single PEM files: root, authority, tls, sign, seal.
struct Files : Enrolment {
    fs::path here = directory.path();

    Files() {
        enrol_device(kiosk, "dtn://18904-ks07/", true);
        const auto identity = load_identity(kiosk);
        REQUIRE(identity);
        for (const auto& certificate : identity->trust.certificates) {
            write_text(here / (std::string{usage_name(certificate.usage)} + ".pem"),
                       identity::to_pem("CERTIFICATE", certificate.der));
        }
    }
    [[nodiscard]] std::string file(const std::string& name) const {
        return (here / (name + ".pem")).string();
    }
    [[nodiscard]] Run verify(const std::string& name, const std::string& options,
                             identity::UnixTime now) const {
        return openssl("verify -x509_strict -check_ss_sig -attime " + std::to_string(now) + " -CAfile " +
                       file("root") + " -untrusted " + file("authority") + " " + options + " " + file(name));
    }
};

}  // namespace

TEST_CASE("openssl verifies the chains that we make", "[enrol][openssl]") {
    if (skip()) return;
    const Files files;
    const std::string name = GENERATE("tls", "sign", "seal", "authority", "root");
    const auto verified = files.verify(name, "", kToday);
    CHECK(verified.status == 0);
    CHECK(verified.output.find(": OK") != std::string::npos);
    CHECK(files.verify(name, "", kToday + 8000 * kDayLong).status != 0);
}

TEST_CASE("openssl takes TLS certificates for both ends of a TLS link, and no others", "[enrol][openssl]") {
    if (skip()) return;
    const Files files;
    const std::string purpose = GENERATE("sslserver", "sslclient");
    CHECK(files.verify("tls", "-purpose " + purpose, kToday).status == 0);
    CHECK(files.verify("sign", "-purpose " + purpose, kToday).status != 0);
    CHECK(files.verify("seal", "-purpose " + purpose, kToday).status != 0);
}

TEST_CASE("openssl shows the node id in a certificate", "[enrol][openssl]") {
    if (skip()) return;
    const Files files;
    const std::string text = openssl("x509 -noout -text -in " + files.file("tls")).output;
    CHECK(text.find("othername: 1.3.6.1.5.5.7.8.11:") != std::string::npos);
    CHECK(text.find("dtn://18904-ks07/") != std::string::npos);
    CHECK(text.find("Public Key Algorithm: ED25519") != std::string::npos);
    CHECK(text.find("1.3.6.1.5.5.7.3.35") != std::string::npos);
    const std::string sealing = openssl("x509 -noout -text -in " + files.file("seal")).output;
    CHECK(sealing.find("Public Key Algorithm: X25519") != std::string::npos);
    const std::string authority = openssl("x509 -noout -text -in " + files.file("authority")).output;
    CHECK(authority.find("CA:TRUE, pathlen:0") != std::string::npos);
    CHECK(authority.find("dtn://18904/") != std::string::npos);
}

TEST_CASE("openssl reads the keys that we write", "[enrol][openssl]") {
    if (skip()) return;
    const Files files;
    const auto public_key = [&](const std::string& arguments) { return openssl(arguments).output; };
    for (const auto& [key, certificate] :
         {std::pair{"tls.key", "tls"}, std::pair{"sign.key", "sign"}, std::pair{"seal.key", "seal"}}) {
        CHECK(public_key("pkey -pubout -in " + (files.kiosk / key).string()) ==
              public_key("x509 -noout -pubkey -in " + files.file(certificate)));
    }
    const fs::path root = files.here / "protected";
    REQUIRE(create_root(root, "Province", {"correct horse"}, kToday));
    const std::string key = (root / "authority.key").string();
    CHECK(public_key("pkey -pubout -passin 'pass:correct horse' -in " + key) ==
          public_key("x509 -noout -pubkey -in " + (root / "chain.pem").string()));
    CHECK(openssl("pkey -passin pass:wrong -in " + key).status != 0);
    CHECK(openssl("asn1parse -in " + key).output.find("scrypt") != std::string::npos);
}
