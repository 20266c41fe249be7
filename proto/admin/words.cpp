#include "proto/admin/words.h"

#include <array>
#include <cstddef>
#include <span>

namespace tram::admin {

namespace {

struct Word {
    std::string_view vietnamese;
    std::string_view english;
};

constexpr std::array kKinds{Word{"", ""}, Word{"yêu cầu", "request"}, Word{"tin về hồ sơ", "update"},
                            Word{"thông báo", "notice"}};
constexpr std::array kUrgencies{Word{"thường", "normal"}, Word{"khẩn", "urgent"},
                                Word{"thượng khẩn", "very urgent"}, Word{"hỏa tốc", "express"},
                                Word{"hỏa tốc hẹn giờ", "timed express"}};
constexpr std::array kSecrecies{Word{"thường", "public"}, Word{"mật", "confidential"},
                                Word{"tối mật", "secret"}, Word{"tuyệt mật", "top secret"}};
constexpr std::array kStates{
    Word{"", ""},
    Word{"mới đăng ký", "registered"},
    Word{"được tiếp nhận", "accepted"},
    Word{"không được tiếp nhận", "refused"},
    Word{"đang xử lý", "in progress"},
    Word{"yêu cầu bổ sung giấy tờ", "supplement needed"},
    Word{"yêu cầu thực hiện nghĩa vụ tài chính", "payment needed"},
    Word{"công dân yêu cầu rút hồ sơ", "withdrawal asked"},
    Word{"dừng xử lý", "stopped"},
    Word{"đã xử lý xong", "done"},
    Word{"đã trả kết quả", "handed over"},
};
constexpr std::array kChannels{Word{"", ""}, Word{"trực tiếp", "in person"}, Word{"trực tuyến", "online"},
                               Word{"qua bưu chính công ích", "by post"}};
constexpr std::array kUpdateKinds{Word{"", ""},
                                  Word{"trạng thái hồ sơ", "progress"},
                                  Word{"yêu cầu bổ sung", "supplement request"},
                                  Word{"kết quả", "result"},
                                  Word{"từ chối tiếp nhận", "rejection"},
                                  Word{"xin lỗi và hẹn lại ngày trả", "delay"}};
constexpr std::array kHandOvers{Word{"", ""}, Word{"tại máy tự phục vụ", "at the kiosk"},
                                Word{"trực tiếp", "in person"}, Word{"qua bưu chính công ích", "by post"}};
constexpr std::array kPurposes{Word{"hồ sơ mới", "new"}, Word{"bổ sung hồ sơ", "supplement"},
                               Word{"rút hồ sơ", "withdrawal"}};

std::string choose(std::span<const Word> words, int value, Tongue tongue) {
    if (value < 0 || static_cast<std::size_t>(value) >= words.size()) return std::to_string(value);
    const Word& found = words[static_cast<std::size_t>(value)];
    const std::string_view text = tongue == Tongue::kVietnamese ? found.vietnamese : found.english;
    return text.empty() ? std::to_string(value) : std::string{text};
}

}  // namespace

std::string word(pb::Kind value, Tongue tongue) {
    return choose(kKinds, value, tongue);
}

std::string word(pb::Urgency value, Tongue tongue) {
    return choose(kUrgencies, value, tongue);
}

std::string word(pb::Secrecy value, Tongue tongue) {
    return choose(kSecrecies, value, tongue);
}

std::string word(pb::DossierState value, Tongue tongue) {
    return choose(kStates, value, tongue);
}

std::string word(pb::Channel value, Tongue tongue) {
    return choose(kChannels, value, tongue);
}

std::string word(pb::UpdateKind value, Tongue tongue) {
    return choose(kUpdateKinds, value, tongue);
}

std::string word(pb::HandOver value, Tongue tongue) {
    return choose(kHandOvers, value, tongue);
}

std::string word(pb::RequestPurpose value, Tongue tongue) {
    return choose(kPurposes, value, tongue);
}

std::string_view secret_refusal(Tongue tongue) {
    return tongue == Tongue::kVietnamese ? "từ chối: văn bản mật không được gửi qua hệ thống này"
                                         : "refused: secret documents must not go through this system";
}

}  // namespace tram::admin
