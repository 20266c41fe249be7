#include "proto/base/error.h"

namespace tram {

std::string_view code_name(ErrorCode code) {
    switch (code) {
        case ErrorCode::kTruncated: return "truncated";
        case ErrorCode::kMalformed: return "malformed";
        case ErrorCode::kTrailingData: return "trailing_data";
        case ErrorCode::kTooLarge: return "too_large";
        case ErrorCode::kUnsupportedVersion: return "unsupported_version";
        case ErrorCode::kBadCrc: return "bad_crc";
        case ErrorCode::kForbidden: return "forbidden";
        case ErrorCode::kInvalidArgument: return "invalid_argument";
        case ErrorCode::kNotFound: return "not_found";
        case ErrorCode::kAmbiguous: return "ambiguous";
        case ErrorCode::kFull: return "full";
        case ErrorCode::kDuplicate: return "duplicate";
        case ErrorCode::kExpired: return "expired";
        case ErrorCode::kCorrupt: return "corrupt";
        case ErrorCode::kIo: return "io";
        case ErrorCode::kUnavailable: return "unavailable";
        case ErrorCode::kBusy: return "busy";
        case ErrorCode::kNoTls: return "no_tls";
        case ErrorCode::kTlsFailed: return "tls_failed";
        case ErrorCode::kNoCertificate: return "no_certificate";
        case ErrorCode::kUnknownAuthority: return "unknown_authority";
        case ErrorCode::kCertificateExpired: return "certificate_expired";
        case ErrorCode::kCertificateTooEarly: return "certificate_too_early";
        case ErrorCode::kCertificateRevoked: return "certificate_revoked";
        case ErrorCode::kCertificateMisused: return "certificate_misused";
        case ErrorCode::kWrongNodeId: return "wrong_node_id";
        case ErrorCode::kWrongCommune: return "wrong_commune";
        case ErrorCode::kUnsigned: return "unsigned";
        case ErrorCode::kBadSignature: return "bad_signature";
        case ErrorCode::kUnknownSigner: return "unknown_signer";
        case ErrorCode::kUnsupportedSecurity: return "unsupported_security";
        case ErrorCode::kNarrowSignature: return "narrow_signature";
        case ErrorCode::kNoSealingKey: return "no_sealing_key";
        case ErrorCode::kNotRecipient: return "not_recipient";
        case ErrorCode::kBadSeal: return "bad_seal";
        case ErrorCode::kCutMessage: return "cut_message";
        case ErrorCode::kForeignChunk: return "foreign_chunk";
        case ErrorCode::kWrongSender: return "wrong_sender";
        case ErrorCode::kUnknownSuite: return "unknown_suite";
        case ErrorCode::kOutdated: return "outdated";
        case ErrorCode::kSecret: return "secret";
        case ErrorCode::kPersonalData: return "personal_data";
        case ErrorCode::kContradiction: return "contradiction";
    }
    return "unknown";
}

}  // namespace tram
