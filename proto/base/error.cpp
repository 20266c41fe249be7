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
    }
    return "unknown";
}

}  // namespace tram
