#include "daemon/cli/notice_text.h"

#include <array>

#include "daemon/cli/text_table.h"

namespace tram::cli {

namespace {

using Row = Texts<NoticeText>;

constexpr std::array<Row, kNoticeTextCount> kTexts{{
    {NoticeText::kNoNotices, "no notices", "không có thông báo nào"},
    {NoticeText::kDocumentNumber, "NUMBER", "SỐ HIỆU"},
    {NoticeText::kTitle, "TITLE", "TRÍCH YẾU"},
    {NoticeText::kLanguages, "LANGUAGES", "NGÔN NGỮ"},
    {NoticeText::kRecordings, "RECORDINGS", "BẢN GHI ÂM"},
    {NoticeText::kLoudspeaker, "TO BE PLAYED", "SỐ LẦN PHÁT"},
    {NoticeText::kAudience, "FOR", "NƠI NHẬN"},
    {NoticeText::kDisplayedHere, "SHOWN HERE", "ĐÃ HIỂN THỊ"},
    {NoticeText::kAnnouncedHere, "PLAYED HERE", "ĐÃ PHÁT"},
    {NoticeText::kCurrent, "valid", "còn hiệu lực"},
    {NoticeText::kSuperseded, "superseded", "đã được thay thế"},
    {NoticeText::kRecalled, "recalled", "đã thu hồi"},
    {NoticeText::kExpired, "over", "hết hiệu lực"},
    {NoticeText::kNewer, "needs a newer program", "cần phần mềm mới hơn"},
    {NoticeText::kTextsGone, "its text is not here", "không có nội dung tại đây"},
    {NoticeText::kPublished, "{}  edition {}, published; goes along with the next contact",
     "{}  lần ban hành {}, đã phát hành; đi cùng lần kết nối tới"},
    {NoticeText::kRecallSent, "{}  recalled by edition {}; goes along with the next contact",
     "{}  đã thu hồi bằng lần ban hành {}; đi cùng lần kết nối tới"},
    {NoticeText::kConfirmRecall, "This withdraws {} everywhere. Type its number to go on: ",
     "Việc này thu hồi {} ở mọi nơi. Nhập số hiệu để tiếp tục: "},
    {NoticeText::kAudioOption, "--audio {}: expected a language, = and a file, such as bru=audio-bru.opus",
     "--audio {}: cần ngôn ngữ, dấu = và tệp, như bru=audio-bru.opus"},
    {NoticeText::kSavedAs, "saved {}", "đã lưu {}"},
    {NoticeText::kMarked, "{}  noted; the signed receipt goes along with the next contact",
     "{}  đã ghi; biên nhận đã ký đi cùng lần kết nối tới"},
    {NoticeText::kProofLine, "{}  edition {}: reached {} of {} villages, displayed in {}, announced in {}",
     "{}  lần ban hành {}: đã tới {} trên {} bản, hiển thị ở {}, phát loa ở {}"},
    {NoticeText::kVillage, "VILLAGE", "THÔN, BẢN"},
    {NoticeText::kDisplayedIn, "DISPLAYED IN", "HIỂN THỊ BẰNG"},
    {NoticeText::kAnnouncedIn, "ANNOUNCED IN", "PHÁT LOA BẰNG"},
    {NoticeText::kTimes, "TIMES", "SỐ LẦN"},
    {NoticeText::kProofBy, "BY, OR WHY NOT", "AI, HOẶC VÌ SAO CHƯA"},
    {NoticeText::kProofNotTaken, "handed to nobody yet", "chưa giao cho ai"},
    {NoticeText::kProofOnTheWay, "handed to {}", "đã giao cho {}"},
    {NoticeText::kProofHeard, "last heard of {} ago", "có tin lần cuối cách đây {}"},
    {NoticeText::kProofNeverHeard, "nobody was heard of there", "chưa từng có tin từ bản"},
    {NoticeText::kArea, "AREA", "ĐỊA BÀN"},
    {NoticeText::kAreaFrom, "SINCE", "TỪ ĐÂU"},
    {NoticeText::kAreaConfigured, "always", "cố định"},
    {NoticeText::kAreaJoined, "joined", "đã tham gia"},
    {NoticeText::kAreaIn, "{}: notices of this area are shown here",
     "{}: thông báo của địa bàn này hiển thị tại đây"},
    {NoticeText::kAreaLeft, "{}: left", "{}: đã rời"},
    {NoticeText::kNoAreas, "no areas: tram area join COMMUNE/VILLAGE",
     "chưa có địa bàn: tram area join COMMUNE/VILLAGE"},
    {NoticeText::kNoneExpected, "no village is expected: name them in node.villages of tram.toml",
     "chưa có bản nào cần báo lại: hãy ghi tên các bản vào node.villages trong tram.toml"},
}};

static_assert(in_order(kTexts));

}  // namespace

std::string_view text(NoticeText message, Language language) {
    return text_in(kTexts, message, language);
}

}  // namespace tram::cli
