#include "daemon/cli/messages.h"

#include <array>
#include <cstdlib>

namespace tram::cli {

namespace {

struct Texts {
    Message message;
    std::string_view english;
    std::string_view vietnamese;
};

constexpr std::array<Texts, kMessageCount> kTexts{{
    {Message::kError, "error", "lỗi"},
    {Message::kWarning, "warning", "cảnh báo"},
    {Message::kCannotReach, "cannot reach tramd at {}: is it running? systemctl status tram",
     "không kết nối được với tramd tại {}: tramd có đang chạy không? systemctl status tram"},
    {Message::kNotAllowed, "you may not use the socket {}", "bạn không có quyền dùng ổ nối {}"},
    {Message::kNotAllowedRemedy, "the permissions of the file decide who may: ls -l {}",
     "quyền của tệp quyết định ai được dùng: ls -l {}"},
    {Message::kNoAnswer, "tramd at {} did not answer within {}", "tramd tại {} không trả lời trong {}"},
    {Message::kNoAnswerRemedy, "look at its log: journalctl -u tram -e",
     "xem nhật ký: journalctl -u tram -e"},
    {Message::kUnexpectedAnswer, "tramd at {} answered with something else than was asked for",
     "tramd tại {} trả lời không đúng điều được hỏi"},
    {Message::kUnexpectedAnswerRemedy, "tram and tramd may be of different versions: tram --version",
     "tram và tramd có thể khác phiên bản: tram --version"},
    {Message::kBadEndpoint, "\"{}\" is not a ZeroMQ endpoint such as ipc:///run/tram/api",
     "\"{}\" không phải là điểm kết nối ZeroMQ như ipc:///run/tram/api"},
    {Message::kCannotWriteOutput, "cannot write the output: {}", "không ghi được kết quả: {}"},
    {Message::kStatusLine, "{}  store {} % of {}  clock: {}", "{}  kho {} % của {}  đồng hồ: {}"},
    {Message::kClockTrusted, "trusted", "tin cậy"},
    {Message::kClockUntrusted, "not trusted", "không tin cậy"},
    {Message::kStatusBundles, "bundles {} ({}): {} to forward, {} to deliver here, {} held",
     "gói tin {} ({}): {} cần chuyển tiếp, {} cần giao tại đây, {} đang giữ"},
    {Message::kStatusOldest, "oldest {}, up {}, router {}", "cũ nhất {}, đã chạy {}, định tuyến {}"},
    {Message::kStoreNearlyFull, "store at {} %, messages of others are refused: tram bundle list",
     "kho đã đầy {} %, không nhận tin của nơi khác: tram bundle list"},
    {Message::kStoreFull, "store at {} %, nothing can be sent from here: tram bundle list",
     "kho đã đầy {} %, không gửi được gì từ đây: tram bundle list"},
    {Message::kPeer, "PEER", "NÚT"},
    {Message::kLastMet, "LAST MET", "GẶP LẦN CUỐI"},
    {Message::kOut, "OUT", "CHỜ GỬI"},
    {Message::kBytes, "BYTES", "DUNG LƯỢNG"},
    {Message::kOldest, "OLDEST", "CŨ NHẤT"},
    {Message::kAddress, "ADDRESS", "ĐỊA CHỈ"},
    {Message::kLastError, "LAST ERROR", "LỖI GẦN NHẤT"},
    {Message::kNow, "now", "bây giờ"},
    {Message::kNever, "never", "chưa gặp"},
    {Message::kAgo, "{} ago", "{} trước"},
    {Message::kNoPeers, "no peers yet", "chưa có nút nào"},
    {Message::kId, "ID", "MÃ"},
    {Message::kState, "STATE", "TRẠNG THÁI"},
    {Message::kUrgency, "URGENCY", "ĐỘ KHẨN"},
    {Message::kKind, "KIND", "LOẠI"},
    {Message::kSize, "SIZE", "CỠ"},
    {Message::kAge, "AGE", "TUỔI"},
    {Message::kLeft, "LEFT", "CÒN LẠI"},
    {Message::kFrom, "FROM", "TỪ"},
    {Message::kTo, "TO", "ĐẾN"},
    {Message::kNoBundles, "no bundles", "không có gói tin nào"},
    {Message::kListed, "{} bundles", "{} gói tin"},
    {Message::kBundleId, "BUNDLE ID", "MÃ ĐẦY ĐỦ"},
    {Message::kReportTo, "REPORT TO", "BÁO CHO"},
    {Message::kFlags, "FLAGS", "CỜ"},
    {Message::kLifetime, "LIFETIME", "THỜI HẠN"},
    {Message::kHere, "HERE", "Ở ĐÂY"},
    {Message::kFragment, "FRAGMENT", "MẢNH"},
    {Message::kFragmentOf, "from byte {} of {}", "từ byte {} của {}"},
    {Message::kWaitingFor, "WAITING FOR", "ĐANG CHỜ"},
    {Message::kReceivedFrom, "RECEIVED FROM", "NHẬN TỪ"},
    {Message::kForwardedTo, "FORWARDED TO", "ĐÃ CHUYỂN CHO"},
    {Message::kStillHere, "still here", "vẫn còn ở đây"},
    {Message::kGone, "no longer here", "không còn ở đây"},
    {Message::kStepTo, "to {}", "đến {}"},
    {Message::kStepFrom, "from {}", "từ {}"},
    {Message::kHeld, "held {}", "đã giữ {}"},
    {Message::kReleased, "released {}", "đã thả {}"},
    {Message::kCancelled, "cancelled {}", "đã hủy {}"},
    {Message::kWouldCancel, "would cancel {} to {} ({})", "sẽ hủy {} gửi đến {} ({})"},
    {Message::kConfirmCancel, "This deletes {} to {} ({}) from this node. Type {} to go on: ",
     "Thao tác này xóa {} gửi đến {} ({}) khỏi nút này. Gõ {} để tiếp tục: "},
    {Message::kNothingDone, "nothing was done", "chưa làm gì cả"},
    {Message::kNeedYes, "there is no terminal to ask on; add --yes to cancel {}",
     "không có thiết bị đầu cuối để hỏi; thêm --yes để hủy {}"},
    {Message::kQueued, "queued {}  {}", "đã xếp hàng {}  {}"},
    {Message::kReceived, "received {} from {} ({}) into {}", "đã nhận {} từ {} ({}) vào {}"},
    {Message::kNothingWaiting, "nothing is waiting at {}", "không có gì đang chờ tại {}"},
    {Message::kReconnecting, "lost tramd at {}, trying again until it is back",
     "mất kết nối với tramd tại {}, sẽ thử lại đến khi có"},
    {Message::kFileDiffers, "{} is there with other contents and is not overwritten",
     "{} đã có với nội dung khác và không bị ghi đè"},
    {Message::kFileDiffersRemedy, "move it away; the bundle waits", "hãy dời tệp đi; gói tin vẫn chờ"},
    {Message::kOneOnStdout, "--follow and --count need a directory, or -o json",
     "--follow và --count cần một thư mục hoặc -o json"},
    {Message::kOddHex, "an odd number of hexadecimal digits", "số chữ số thập lục phân là số lẻ"},
    {Message::kAuditEntries, "{}  {} entries", "{}  {} mục"},
    {Message::kAuditHead, "head {} {}  write it down: tram audit verify --head finds lines cut off later",
     "đầu chuỗi {} {}  hãy ghi lại: tram audit verify --head phát hiện dòng bị cắt về sau"},
    {Message::kAuditTorn, "{} lines torn by power cuts; what they tell of was never done",
     "{} dòng bị cắt do mất điện; việc ghi trong đó chưa được làm"},
    {Message::kAuditHeadMissing,
     "no entry has the hash that was written down: lines were cut off or replaced",
     "không mục nào có mã băm đã ghi lại: có dòng bị cắt bỏ hoặc thay thế"},
    {Message::kAuditBrokenRemedy, "keep a copy of {} and find out who could write it: ls -l",
     "giữ một bản sao của {} và tìm xem ai có thể ghi vào: ls -l"},
    {Message::kAuditNumber, "NO", "SỐ"},
    {Message::kAuditTime, "TIME", "THỜI GIAN"},
    {Message::kAuditActor, "WHO", "AI"},
    {Message::kAuditAct, "ACT", "VIỆC"},
    {Message::kAuditSubject, "TO WHAT", "ĐỐI TƯỢNG"},
    {Message::kAuditDetail, "DETAIL", "CHI TIẾT"},
    {Message::kConfigRemedy, "see all problems: tram config check --config {}",
     "xem mọi vấn đề: tram config check --config {}"},
    {Message::kConfigFine, "{}: no problems", "{}: không có vấn đề"},
    {Message::kConfigAbsent, "{} does not exist, the defaults apply",
     "{} không tồn tại, dùng giá trị mặc định"},
}};

constexpr bool in_order() {
    for (std::size_t i = 0; i < kTexts.size(); ++i) {
        if (static_cast<std::size_t>(kTexts[i].message) != i) return false;
    }
    return true;
}
static_assert(in_order());

}  // namespace

std::string_view text(Message message, Language language) {
    const Texts& texts = kTexts.at(static_cast<std::size_t>(message));
    return language == Language::kVietnamese ? texts.vietnamese : texts.english;
}

Language language_of_environment() {
    for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        return std::string_view{value}.starts_with("vi") ? Language::kVietnamese : Language::kEnglish;
    }
    return Language::kEnglish;
}

}  // namespace tram::cli
