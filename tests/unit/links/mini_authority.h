// A certificate authority for tests: Ed25519, one root, node ids as common names. What a real one checks
// (proto/identity) is not its business.
#pragma once

#include <cstdint>
#include <memory>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdexcept>
#include <string>
#include <vector>

#include "daemon/links/tls.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::links::test {

class MiniAuthority {
  public:
    MiniAuthority() : key_{new_key()} { root_ = certify("Test root", key_.get()); }

    /// A certificate and its key for `node_id`, and a check that believes what this authority has signed.
    [[nodiscard]] TlsOptions issue(const std::string& node_id) const {
        const KeyPtr key = new_key();
        TlsOptions options;
        options.chain = {certify(node_id, key.get()), root_};
        options.seed.resize(32);
        std::size_t size = options.seed.size();
        require(EVP_PKEY_get_raw_private_key(key.get(), options.seed.data(), &size) == 1 && size == 32);
        options.check = [public_key = key_](const std::vector<Bytes>& chain) {
            return check(public_key.get(), chain);
        };
        return options;
    }

  private:
    struct Free {
        void operator()(X509* certificate) const { X509_free(certificate); }
    };
    using KeyPtr = std::shared_ptr<EVP_PKEY>;
    using CertificatePtr = std::unique_ptr<X509, Free>;

    static void require(bool done) {
        if (!done) throw std::runtime_error{"OpenSSL refuses to make a certificate"};
    }

    static KeyPtr new_key() {
        EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
        require(key != nullptr);
        return {key, EVP_PKEY_free};
    }

    static void set_name(X509_NAME* name, const std::string& common_name) {
        require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                           reinterpret_cast<const unsigned char*>(common_name.data()),
                                           static_cast<int>(common_name.size()), -1, 0) == 1);
    }

    [[nodiscard]] Bytes certify(const std::string& name, EVP_PKEY* key) const {
        const CertificatePtr certificate{X509_new()};
        X509* made = certificate.get();
        require(X509_set_version(made, 2) == 1);
        require(ASN1_INTEGER_set(X509_get_serialNumber(made), 1) == 1);
        require(X509_gmtime_adj(X509_getm_notBefore(made), -60) != nullptr);
        require(X509_gmtime_adj(X509_getm_notAfter(made), 86'400) != nullptr);
        set_name(X509_get_subject_name(made), name);
        set_name(X509_get_issuer_name(made), "Test root");
        require(X509_set_pubkey(made, key) == 1);
        require(X509_sign(made, key_.get(), nullptr) > 0);
        Buffer der(static_cast<std::size_t>(i2d_X509(made, nullptr)));
        unsigned char* at = der.data();
        i2d_X509(made, &at);
        return Bytes{std::move(der)};
    }

    static Result<std::string> check(EVP_PKEY* root_key, const std::vector<Bytes>& chain) {
        if (chain.empty()) return fail(ErrorCode::kNoCertificate, "no certificate");
        const unsigned char* at = chain.front().data();
        const CertificatePtr certificate{d2i_X509(nullptr, &at, static_cast<long>(chain.front().size()))};
        if (!certificate) return fail(ErrorCode::kMalformed, "not a certificate");
        if (X509_verify(certificate.get(), root_key) != 1) {
            return fail(ErrorCode::kUnknownAuthority, "signed by a stranger");
        }
        char name[256] = {};
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                                  sizeof(name));
        return std::string{name};
    }

    KeyPtr key_;
    Bytes root_;
};

}  // namespace tram::links::test
