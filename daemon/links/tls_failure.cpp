#include "daemon/links/tls_failure.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "proto/tcpcl/messages.h"

namespace tram::links {
namespace {

constexpr std::uint8_t kAlertRecord = 0x15;      // RFC 8446 5.1
constexpr std::uint8_t kHandshakeRecord = 0x16;  // RFC 8446 5.1

/// The peer's alert (RFC 8446 6.2), where it is about our certificate or our version of TLS.
std::optional<Error> known_alert(int alert) {
    switch (alert) {
        case SSL_AD_UNKNOWN_CA:
            return Error{ErrorCode::kUnknownAuthority,
                         "the peer refused this node's certificate: it trusts no root above it; both nodes "
                         "need the same province root"};
        case SSL_AD_CERTIFICATE_EXPIRED:
            return Error{ErrorCode::kCertificateExpired,
                         "the peer refused this node's certificate as out of its time; renew it, or correct "
                         "the clock of the peer"};
        case SSL_AD_CERTIFICATE_REVOKED:
            return Error{ErrorCode::kCertificateRevoked,
                         "the peer refused this node's certificate: it has been revoked; ask the commune's "
                         "authority"};
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
            return Error{ErrorCode::kCertificateMisused,
                         "the peer refused this node's certificate as not made for TLS; install the one that "
                         "the commune issued for this node"};
        case SSL_AD_BAD_CERTIFICATE:
            return Error{ErrorCode::kCertificateMisused,
                         "the peer refused this node's certificate as damaged or not this node's; install "
                         "the one that the commune issued for this node"};
        case SSL_AD_CERTIFICATE_UNKNOWN:
            return Error{ErrorCode::kWrongCommune,
                         "the peer refused this node's certificate without a closer reason; among tram nodes "
                         "it means that an authority of another commune signed it"};
        case SSL_AD_DECRYPT_ERROR:
            return Error{ErrorCode::kBadSignature,
                         "the peer refused this node's certificate: a signature does not match; install the "
                         "one that the commune issued for this node's key"};
        case SSL_AD_ACCESS_DENIED:
            return Error{ErrorCode::kForbidden,
                         "the peer refused this node although its certificate is good; ask its operator"};
        case SSL_AD_CERTIFICATE_REQUIRED:
            return Error{ErrorCode::kNoCertificate,
                         "the peer refused this node because it showed no certificate; request one"};
        case SSL_AD_PROTOCOL_VERSION:
            return Error{ErrorCode::kTlsFailed,
                         "the peer refused TLS 1.3, and nothing older is spoken here; update the peer"};
        case SSL_AD_HANDSHAKE_FAILURE:
        case SSL_AD_INSUFFICIENT_SECURITY:
            return Error{ErrorCode::kTlsFailed,
                         "the peer refused the handshake: no cipher or signature algorithm in common"};
        default: return std::nullopt;
    }
}

Error refused_by_peer(int alert) {
    if (auto known = known_alert(alert)) return std::move(*known);
    return Error{ErrorCode::kTlsFailed, std::string{"the peer broke TLS off with the alert \""} +
                                            SSL_alert_desc_string_long(alert) + "\"; its log may say more"};
}

Error not_tls(std::uint8_t first_byte) {
    if (first_byte == static_cast<std::uint8_t>(tcpcl::MessageType::kSessTerm))
        return tcpcl::tls_offer_lost();
    return Error{ErrorCode::kTlsFailed,
                 "what the peer sends in the place of a TLS handshake is not TLS at all; see what listens or "
                 "calls there"};
}

/// Reasons of our own end of TLS.
Error refused_here(int reason, const TlsTrouble& trouble) {
    switch (reason) {
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            return Error{ErrorCode::kNoCertificate,
                         "the peer showed no certificate; it has to request one from its commune"};
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_WRONG_SSL_VERSION:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_BAD_LEGACY_VERSION:
            return Error{
                ErrorCode::kTlsFailed,
                "the peer speaks only TLS 1.2 or older, and this node only TLS 1.3; update the peer"};
        case SSL_R_EXCESSIVE_MESSAGE_SIZE:
            return Error{ErrorCode::kTooLarge,
                         "the peer sent a TLS message that is too long; its chain of certificates may have "
                         "16 KiB"};
        case SSL_R_NO_SHARED_CIPHER:
        case SSL_R_NO_SHARED_GROUPS:
        case SSL_R_NO_SUITABLE_GROUPS:
        case SSL_R_NO_SUITABLE_KEY_SHARE:
        case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
        case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
            return Error{ErrorCode::kTlsFailed,
                         "the peer and this node have no cipher or signature algorithm of TLS 1.3 in common"};
        case SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC:
            return Error{ErrorCode::kTlsFailed,
                         "what came from the peer was altered on the way: a TLS record does not decrypt"};
        default: break;
    }
    const char* text = ERR_reason_error_string(ERR_PACK(ERR_LIB_SSL, 0, reason));
    return Error{ErrorCode::kTlsFailed, std::string{trouble.established ? "TLS" : "the TLS handshake"} +
                                            " failed: " + (text != nullptr ? text : "no reason given")};
}

}  // namespace

int verify_error_for(ErrorCode refusal) {
    switch (refusal) {
        case ErrorCode::kUnknownAuthority: return X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
        // RFC 8446 6.2: certificate_expired also stands for "not currently valid".
        case ErrorCode::kCertificateTooEarly:
        case ErrorCode::kCertificateExpired: return X509_V_ERR_CERT_HAS_EXPIRED;
        case ErrorCode::kCertificateRevoked: return X509_V_ERR_CERT_REVOKED;
        case ErrorCode::kCertificateMisused: return X509_V_ERR_INVALID_PURPOSE;
        case ErrorCode::kWrongCommune: return X509_V_ERR_PERMITTED_VIOLATION;
        case ErrorCode::kBadSignature: return X509_V_ERR_CERT_SIGNATURE_FAILURE;
        case ErrorCode::kFull: return X509_V_ERR_UNSPECIFIED;
        default: return X509_V_ERR_CERT_REJECTED;
    }
}

std::optional<Error> take_tls_failure(const TlsTrouble& trouble) {
    int reason = 0;
    while (const unsigned long entry = ERR_get_error()) {
        if (ERR_GET_LIB(entry) == ERR_LIB_SSL && reason == 0) reason = ERR_GET_REASON(entry);
    }
    if (trouble.refusal != nullptr && *trouble.refusal) {
        return Error{(*trouble.refusal)->code,
                     "the peer's certificate is refused: " + (*trouble.refusal)->message};
    }
    if (!trouble.established && trouble.first_byte && *trouble.first_byte != kHandshakeRecord &&
        *trouble.first_byte != kAlertRecord) {
        return not_tls(*trouble.first_byte);
    }
    if (reason == 0 || reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) return std::nullopt;
    if (reason > SSL_AD_REASON_OFFSET) return refused_by_peer(reason - SSL_AD_REASON_OFFSET);
    return refused_here(reason, trouble);
}

}  // namespace tram::links
