// What the measurements of TLS share: one identity for both ends, and OpenSSL without anything of ours.
#pragma once

#include <memory>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string>
#include <utility>
#include <vector>

#include "daemon/links/tls.h"
#include "proto/base/bytes.h"
#include "tests/bench/reference.h"

namespace tram::bench {

struct FreeOpenSsl {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* connection) const { SSL_free(connection); }
};
template <typename T>
using Handle = std::unique_ptr<T, FreeOpenSsl>;

/// An Ed25519 key and a certificate that it signed itself: as much work for TLS as a device's.
struct Credentials {
    Bytes seed = random_bytes(32);
    Handle<EVP_PKEY> key{EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size())};
    Handle<X509> certificate{X509_new()};

    Credentials() {
        X509_set_version(certificate.get(), X509_VERSION_3);
        ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
        X509_set_pubkey(certificate.get(), key.get());
        X509_sign(certificate.get(), key.get(), nullptr);
    }

    [[nodiscard]] Bytes der() const {
        Buffer out(static_cast<std::size_t>(i2d_X509(certificate.get(), nullptr)));
        unsigned char* at = out.data();
        i2d_X509(certificate.get(), &at);
        return Bytes{std::move(out)};
    }
};

/// Our identity for links; whoever shows a certificate is taken for `peer`.
inline links::TlsOptions identity_of(const Credentials& credentials, const std::string& peer) {
    return {{credentials.der()},
            {credentials.seed.view().begin(), credentials.seed.view().end()},
            [peer](const std::vector<Bytes>&) { return Result<std::string>{peer}; }};
}

/// TLS 1.3 with certificates on both sides, for either end.
inline Handle<SSL_CTX> bare_context(const Credentials& credentials) {
    Handle<SSL_CTX> context{SSL_CTX_new(TLS_method())};
    SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
    SSL_CTX_set_num_tickets(context.get(), 0);
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_use_certificate(context.get(), credentials.certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), credentials.key.get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_cert_verify_callback(context.get(), [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
    return context;
}

}  // namespace tram::bench
