#include "daemon/cli/visit_text.h"

#include <array>

#include "daemon/cli/text_table.h"

namespace tram::cli {

namespace {

using Row = Texts<VisitText>;

constexpr std::array<Row, kVisitTextCount> kTexts{{
    {VisitText::kPublished,
     "plan {} of {}  published, visits: {}, {} to {}; goes along with the next contact",
     "lịch {} của {}  đã phát hành, số chuyến: {}, từ {} đến {}; đi cùng lần kết nối tới"},
    {VisitText::kUnderstood, "visits: {}, {} to {}; nothing was published",
     "số chuyến: {}, từ {} đến {}; chưa phát hành gì"},
    {VisitText::kFileWrong, "{} cannot be understood, problems: {}; nothing was published",
     "không hiểu được {}, số lỗi: {}; chưa phát hành gì"},
    {VisitText::kFileWrongRemedy, "tram visit sample shows a plan file with every key",
     "tram visit sample cho xem tệp mẫu với mọi khóa"},
    {VisitText::kUnknownNode, "no certificate of {} is known here: right if the device comes later",
     "ở đây chưa biết chứng thư của {}: không sao nếu thiết bị sẽ có sau"},
    {VisitText::kNoPlans, "no visit plan is known here", "ở đây chưa có lịch đi thôn nào"},
    {VisitText::kPlanLine, "plan {} of {}, by {}, {} to {}: {}", "lịch {} của {}, do {}, từ {} đến {}: {}"},
    {VisitText::kInForce, "in force", "còn hiệu lực"},
    {VisitText::kNotYet, "not yet begun", "chưa đến hạn"},
    {VisitText::kOver, "over", "đã hết hạn"},
    {VisitText::kNoClock, "the clock is not trusted: not in use", "đồng hồ không tin cậy: chưa dùng"},
    {VisitText::kVisitor, "WHO", "AI ĐI"},
    {VisitText::kHost, "WHOM", "ĐẾN ĐÂU"},
    {VisitText::kWhen, "WHEN", "KHI NÀO"},
    {VisitText::kTimes, "TIMES", "SỐ LẦN"},
    {VisitText::kNext, "NEXT", "LẦN TỚI"},
    {VisitText::kProbability, "PROBABILITY", "XÁC SUẤT"},
    {VisitText::kNote, "NOTE", "GHI CHÚ"},
    {VisitText::kWeekly, "{} {}-{}", "{} {}-{}"},
    {VisitText::kEveryWeeks, "{} {}-{} every {} weeks", "{} {}-{} cách {} tuần"},
    {VisitText::kSince, "{}, from {}", "{}, từ {}"},
    {VisitText::kIn, "in {}", "sau {}"},
    {VisitText::kNow, "now", "đang diễn ra"},
    {VisitText::kKept, "planned visits of this node: {:.2f} of those expected took place, of about {:.0f}",
     "chuyến theo lịch của máy này: {:.2f} số chuyến dự kiến đã diễn ra, trong khoảng {:.0f}"},
    {VisitText::kKeptGuess, "planned visits of this node: none was due yet; {:.2f} of them are counted on",
     "chuyến theo lịch của máy này: chưa có chuyến nào đến hạn; tạm tính {:.2f}"},
    {VisitText::kMonday, "Mon", "T2"},
    {VisitText::kTuesday, "Tue", "T3"},
    {VisitText::kWednesday, "Wed", "T4"},
    {VisitText::kThursday, "Thu", "T5"},
    {VisitText::kFriday, "Fri", "T6"},
    {VisitText::kSaturday, "Sat", "T7"},
    {VisitText::kSunday, "Sun", "CN"},
}};

static_assert(in_order(kTexts));

}  // namespace

std::string_view text(VisitText message, Language language) {
    return text_in(kTexts, message, language);
}

}  // namespace tram::cli
