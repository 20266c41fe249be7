// Everything `tram` says to people, in English and Vietnamese. JSON keys and error codes are not here: they
// are English and stable.
#pragma once

#include <cstdint>
#include <string_view>

namespace tram::cli {

enum class Language : std::uint8_t { kEnglish, kVietnamese };

enum class Message : std::uint8_t {
    kError,
    kWarning,
    kCannotReach,
    kNotAllowed,
    kNotAllowedRemedy,
    kNoAnswer,
    kNoAnswerRemedy,
    kUnexpectedAnswer,
    kUnexpectedAnswerRemedy,
    kBadEndpoint,
    kCannotWriteOutput,
    kStatusLine,
    kClockTrusted,
    kClockUntrusted,
    kStatusBundles,
    kStatusOldest,
    kStoreNearlyFull,
    kStoreFull,
    kPeer,
    kLastMet,
    kOut,
    kBytes,
    kOldest,
    kAddress,
    kLastError,
    kNow,
    kNever,
    kAgo,
    kNoPeers,
    kId,
    kState,
    kUrgency,
    kKind,
    kSize,
    kAge,
    kLeft,
    kFrom,
    kTo,
    kNoBundles,
    kListed,
    kBundleId,
    kReportTo,
    kFlags,
    kLifetime,
    kHere,
    kFragment,
    kFragmentOf,
    kWaitingFor,
    kReceivedFrom,
    kForwardedTo,
    kStillHere,
    kGone,
    kStepTo,
    kStepFrom,
    kHeld,
    kReleased,
    kCancelled,
    kWouldCancel,
    kConfirmCancel,
    kNothingDone,
    kNeedYes,
    kQueued,
    kReceived,
    kNothingWaiting,
    kReconnecting,
    kFileDiffers,
    kFileDiffersRemedy,
    kOneOnStdout,
    kOddHex,
    kAuditEntries,
    kAuditHead,
    kAuditTorn,
    kAuditHeadMissing,
    kAuditBrokenRemedy,
    kAuditNumber,
    kAuditTime,
    kAuditActor,
    kAuditAct,
    kAuditSubject,
    kAuditDetail,
    kConfigRemedy,
    kConfigFine,
    kConfigAbsent,
};

/// The text, with {} where fmt puts the arguments; both languages have the same number of them.
std::string_view text(Message message, Language language);

/// Vietnamese when the first of LC_ALL, LC_MESSAGES and LANG that is set begins with "vi".
Language language_of_environment();

/// How many messages there are, for tests.
inline constexpr auto kMessageCount = static_cast<std::size_t>(Message::kConfigAbsent) + 1;

}  // namespace tram::cli
