// What all TLS sessions of this node have in common: its key, its certificates, TLS 1.3 and nothing older, a
// certificate from the peer in both directions, no resumption and no early data.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "daemon/links/tls.h"
#include "proto/base/error.h"
#include "proto/tcpcl/session.h"

extern "C" {
struct ssl_st;
struct ssl_ctx_st;
}

namespace tram::links {

struct SslDeleter {
    void operator()(ssl_st* ssl) const;
    void operator()(ssl_ctx_st* context) const;
};
using SslPtr = std::unique_ptr<ssl_st, SslDeleter>;

/// What the owner's check said about the peer of one session.
struct PeerProof {
    std::string node_id;
    std::optional<Error> refusal;
};

class TlsContext {
  public:
    /// Errors: no_certificate (the chain is empty), invalid_argument (a certificate or key that cannot be
    /// read, or that do not belong together).
    static Result<std::shared_ptr<const TlsContext>> make(const TlsOptions& options);

    /// One session. The one that opened the connection is the client (RFC 9174 4.4.3). `proof` and this
    /// context must outlive it.
    [[nodiscard]] SslPtr open(tcpcl::Role role, PeerProof& proof) const;
    /// Calls the owner's check, inside the limits on chains.
    [[nodiscard]] Result<std::string> check(const std::vector<Bytes>& chain) const;

  private:
    TlsContext() = default;
    Result<void> install(const TlsOptions& options);

    std::unique_ptr<ssl_ctx_st, SslDeleter> context_;
    std::function<Result<std::string>(const std::vector<Bytes>& chain)> check_;
};

}  // namespace tram::links
