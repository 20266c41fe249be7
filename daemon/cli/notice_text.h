// What `tram notice` and `tram area` say, in English and Vietnamese.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "daemon/cli/say.h"

namespace tram::cli {

enum class NoticeText : std::uint8_t {
    kNoNotices,
    kDocumentNumber,
    kTitle,
    kLanguages,
    kRecordings,
    kLoudspeaker,
    kAudience,
    kDisplayedHere,
    kAnnouncedHere,
    kCurrent,
    kSuperseded,
    kRecalled,
    kExpired,
    kNewer,
    kTextsGone,
    kPublished,
    kRecallSent,
    kConfirmRecall,
    kAudioOption,
    kSavedAs,
    kMarked,
    kProofLine,
    kVillage,
    kDisplayedIn,
    kAnnouncedIn,
    kTimes,
    kProofBy,
    kProofNotTaken,
    kProofOnTheWay,
    kProofHeard,
    kProofNeverHeard,
    kArea,
    kAreaFrom,
    kAreaConfigured,
    kAreaJoined,
    kAreaIn,
    kAreaLeft,
    kNoAreas,
    kNoneExpected,
};

/// How many there are, for tests.
inline constexpr auto kNoticeTextCount = static_cast<std::size_t>(NoticeText::kNoneExpected) + 1;

/// The text, with {} where fmt puts the arguments; both languages have the same number of them.
std::string_view text(NoticeText message, Language language);

}  // namespace tram::cli
