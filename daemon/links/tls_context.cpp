#include "daemon/links/tls_context.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "daemon/links/tls_failure.h"
#include "proto/base/check.h"

namespace tram::links {
namespace {

struct X509Deleter {
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using X509Ptr = std::unique_ptr<X509, X509Deleter>;
using KeyPtr = std::unique_ptr<EVP_PKEY, X509Deleter>;

X509Ptr read_certificate(ByteView der) {
    const unsigned char* at = der.data();
    X509Ptr certificate{d2i_X509(nullptr, &at, static_cast<long>(der.size()))};
    const bool whole = at == der.data() + der.size();
    return whole ? std::move(certificate) : nullptr;
}

Bytes to_der(X509* certificate) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(certificate, &der);
    if (size <= 0) return {};
    Bytes bytes = Bytes::copy_of(ByteView{der, static_cast<std::size_t>(size)});
    OPENSSL_free(der);
    return bytes;
}

/// Takes the place of OpenSSL's own verification: the chain goes to the owner's check, and its refusal comes
/// back as the verification error that makes OpenSSL send the right alert.
int verify(X509_STORE_CTX* store, void* context) noexcept {
    const auto* ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* proof = static_cast<PeerProof*>(SSL_get_app_data(ssl));
    std::vector<Bytes> chain;
    STACK_OF(X509)* shown = X509_STORE_CTX_get0_untrusted(store);
    for (int i = 0; i < sk_X509_num(shown); ++i)
        chain.push_back(to_der(sk_X509_value(shown, i)));
    auto node_id = static_cast<const TlsContext*>(context)->check(chain);
    if (node_id) {
        proof->node_id = std::move(*node_id);
        X509_STORE_CTX_set_error(store, X509_V_OK);
        return 1;
    }
    X509_STORE_CTX_set_error(store, verify_error_for(node_id.error().code));
    proof->refusal = std::move(node_id.error());
    return 0;
}

void set_rules(SSL_CTX* context) {
    // Buffers of idle sessions are given back. Without AUTO_RETRY a read returns after each record that is
    // not data, so that a flood of those cannot hold the thread. No read ahead: it gains nothing, and what
    // OpenSSL has not asked for stays in the socket, whose readiness therefore tells everything.
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                                  SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_max_early_data(context, 0);
    SSL_CTX_set_max_cert_list(context, static_cast<long>(kChainBytesMax));
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

std::unexpected<Error> unusable(const std::string& what) {
    ERR_clear_error();
    return fail(ErrorCode::kInvalidArgument, "TLS cannot be set up: " + what);
}

}  // namespace

void SslDeleter::operator()(ssl_st* ssl) const {
    SSL_free(ssl);
}

void SslDeleter::operator()(ssl_ctx_st* context) const {
    SSL_CTX_free(context);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const TlsOptions& options) {
    const std::shared_ptr<TlsContext> made{new TlsContext};
    if (auto installed = made->install(options); !installed) return std::unexpected{installed.error()};
    return made;
}

Result<void> TlsContext::install(const TlsOptions& options) {
    if (options.chain.empty()) {
        return fail(ErrorCode::kNoCertificate, "this node has no certificate for TLS");
    }
    if (!options.check) return unusable("nobody checks the peers' certificates");
    check_ = options.check;
    context_.reset(SSL_CTX_new(TLS_method()));
    if (!context_ || SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(context_.get(), TLS1_3_VERSION) != 1) {
        return unusable("this OpenSSL has no TLS 1.3");
    }
    set_rules(context_.get());
    SSL_CTX_set_cert_verify_callback(context_.get(), verify, this);

    const X509Ptr own = read_certificate(options.chain.front());
    if (!own || SSL_CTX_use_certificate(context_.get(), own.get()) != 1) {
        return unusable("this node's certificate cannot be read");
    }
    for (std::size_t i = 1; i < options.chain.size(); ++i) {
        const X509Ptr above = read_certificate(options.chain[i]);
        if (!above || SSL_CTX_add1_chain_cert(context_.get(), above.get()) != 1) {
            return unusable("certificate " + std::to_string(i + 1) + " of the chain cannot be read");
        }
    }
    const KeyPtr key{
        EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, options.seed.data(), options.seed.size())};
    if (!key) return unusable("the private key is not an Ed25519 seed of 32 bytes");
    if (SSL_CTX_use_PrivateKey(context_.get(), key.get()) != 1 ||
        SSL_CTX_check_private_key(context_.get()) != 1) {
        return unusable("the private key does not belong to this node's certificate");
    }
    return {};
}

SslPtr TlsContext::open(tcpcl::Role role, PeerProof& proof) const {
    SslPtr ssl{SSL_new(context_.get())};
    TRAM_CHECK(ssl != nullptr);
    SSL_set_app_data(ssl.get(), &proof);
    if (role == tcpcl::Role::kActive) {
        SSL_set_connect_state(ssl.get());
    } else {
        SSL_set_accept_state(ssl.get());
    }
    return ssl;
}

Result<std::string> TlsContext::check(const std::vector<Bytes>& chain) const {
    if (chain.size() > kChainCertificatesMax) {
        return fail(ErrorCode::kTooLarge, "the chain has " + std::to_string(chain.size()) +
                                              " certificates, at most " +
                                              std::to_string(kChainCertificatesMax) + " are looked at");
    }
    return check_(chain);
}

}  // namespace tram::links
