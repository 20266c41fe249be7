#include "proto/admin/text.h"

#include <catch2/catch.hpp>
#include <random>

using namespace tram;
using namespace tram::admin;

namespace {

/// "Đăng ký khai sinh cho trẻ" with every mark as a character of its own.
const std::string kDecomposed =
    "\xC4\x90"
    "a\xCC\x86ng ky\xCC\x81 khai sinh cho tre\xCC\x89";
const std::string kComposed = "Đăng ký khai sinh cho trẻ";

std::string code_of(const Result<std::string>& result) {
    return result ? *result : std::string{code_name(result.error().code)};
}

}  // namespace

TEST_CASE("text is kept in NFC whatever form it came in", "[admin][text]") {
    REQUIRE(kDecomposed != kComposed);
    CHECK(normalized(kDecomposed, Lines::kOne, 100) == kComposed);
    CHECK(normalized(kComposed, Lines::kOne, 100) == kComposed);
    CHECK(is_normalized(kComposed, Lines::kOne, 100));
    CHECK_FALSE(is_normalized(kDecomposed, Lines::kOne, 100));
    // One letter, three code points in an odd order of marks: ệ.
    CHECK(normalized("e\xCC\xA3\xCC\x82", Lines::kOne, 100) == std::string{"ệ"});
    CHECK(normalized("e\xCC\x82\xCC\xA3", Lines::kOne, 100) == std::string{"ệ"});
    CHECK(normalized("", Lines::kOne, 100) == std::string{});
}

TEST_CASE("white space around a text goes, line ends become one kind", "[admin][text]") {
    CHECK(normalized("  bản \xC2\xA0\n", Lines::kMany, 100) == std::string{"bản"});
    CHECK(normalized("a\r\nb\rc\nd", Lines::kMany, 100) == std::string{"a\nb\nc\nd"});
    CHECK(normalized(" a\tb", Lines::kMany, 100) == std::string{"a\tb"});
}

TEST_CASE("what cannot be kept as text is refused without being quoted", "[admin][text]") {
    const auto [text, lines, code] = GENERATE(table<std::string, Lines, std::string>({
        {"a\xC3", Lines::kOne, "malformed"},             // cut
        {"\xC0\xAF", Lines::kOne, "malformed"},          // longer than needed
        {"\xED\xA0\x80", Lines::kOne, "malformed"},      // a surrogate
        {"\xF4\x90\x80\x80", Lines::kOne, "malformed"},  // above U+10FFFF
        {"a\nb", Lines::kOne, "malformed"},              //
        {"a\tb", Lines::kOne, "malformed"},              //
        {std::string("a\0b", 3), Lines::kMany, "malformed"},
        {"a\x1b[31m", Lines::kMany, "malformed"},   // turns a terminal red
        {"a\xC2\x85z", Lines::kMany, "malformed"},  // a control character of Latin-1
        {"12\xE2\x80\xAE"
         "34",
         Lines::kMany, "malformed"},  // right-to-left override
        {std::string(101, 'x'), Lines::kOne, "too_large"},
    }));
    const auto result = normalized(text, lines, 100);
    CAPTURE(text);
    CHECK(code_of(result) == code);
    CHECK(result.error().message.find(text) == std::string::npos);
}

TEST_CASE("a text that grows beyond its bound in NFC is refused", "[admin][text]") {
    // U+0958 has no composed form: three bytes become six.
    std::string text;
    for (int i = 0; i < 30; ++i)
        text += "\xE0\xA5\x98";
    CHECK(code_of(normalized(text, Lines::kOne, 100)) == "too_large");
    CHECK(normalized(text, Lines::kOne, 180).has_value());
}

TEST_CASE("search folds tones, marks, đ and case", "[admin][text]") {
    const auto [text, folded] = GENERATE(table<std::string, std::string>({
        {"Đăng ký khai sinh", "dang ky khai sinh"},
        {kDecomposed, "dang ky khai sinh cho tre"},
        {"Hoá", "hoa"},
        {"Hóa", "hoa"},
        {"ỦY BAN NHÂN DÂN", "uy ban nhan dan"},
        {"Ðồng Văn", "dong van"},  // the Icelandic letter that some keyboards give
        {"07/CĐ-UBND", "07 cd ubnd"},
        {"  “Ngày không hẹn”, thứ Tư!", "ngay khong hen thu tu"},
        {"１２３", "123"},
        {"", ""},
        {"a\xC3", ""},
    }));
    CHECK(fold(text) == folded);
}

TEST_CASE("a search finds words from their beginning", "[admin][text]") {
    CHECK(matches_search("Đăng ký khai sinh", "khai sinh"));
    CHECK(matches_search("Đăng ký khai sinh", "Khai SI"));
    CHECK(matches_search("Đăng ký khai sinh", "đăng kí") == false);  // kí is not ký
    CHECK(matches_search("Xã Dân Hoá", "hoa"));
    CHECK(matches_search("Xã Dân Hóa", "hoa"));
    CHECK(matches_search("Xã Dân Hóa", "Hoá"));
    CHECK(matches_search("anything", ""));
    CHECK(matches_search("18904-ks07-000123", "000123"));
    CHECK_FALSE(matches_search("Y khoa", "hoa"));
    CHECK(matches_search("Khoa hoa", "hoa"));
    CHECK_FALSE(matches_search("", "hoa"));
}

TEST_CASE("words keep their tones apart from where they are written", "[admin][text]") {
    CHECK(fold_tones("Hoá") == fold_tones("Hóa"));
    CHECK(fold_tones("HOÁ") == fold_tones("hóa"));
    CHECK(fold_tones("Hoà") != fold_tones("Hoá"));
    CHECK(fold_tones("Na") != fold_tones("Nà"));
    CHECK(fold_tones("Rồng") != fold_tones("Ròng"));
    CHECK(fold_tones("thuỷ") == fold_tones("thủy"));
    CHECK(fold_tones("Đà") != fold_tones("Dà"));
}

TEST_CASE("numbers in the shape of a citizen id are seen", "[admin][text]") {
    const auto [text, seen] = GENERATE(table<std::string, bool>({
        {"so 000197000123.", true},
        {"197000123456", true},
        {"000 197 000 123", true},
        {"0001-9700-0123", true},
        {"000197 000123", true},
        {"xin gặp 012 345 678 901 2026", true},
        {"０００１９７０００１２３", true},
        {"a\xC3", true},
        {"1970001234567", false},  // 13 digits
        {"0912 345 678", false},   // a telephone
        {"0912 345 678 hoặc 0987 654 321", false},
        {"150.000.000.000 đồng", false},
        {"120 000 000 000 đồng", false},  // does not begin with 0
        {"07:30 ngày 05/12/2026", false},
        {"H50.99.1-261124-0012", false},
        {"18904-ks07-000123", false},
        {"", false},
    }));
    CAPTURE(text);
    CHECK(has_citizen_id(text) == seen);
}

TEST_CASE("any bytes are folded or refused, and what is kept stays as it is", "[admin][text]") {
    const auto seed = GENERATE(range(0U, 200U));
    std::mt19937_64 random{seed};
    // Pieces of valid text with broken ones between them.
    const std::vector<std::string> pieces{"a", "Đ",        "o\xCC\x81", "\xC3",     "ộ",
                                          " ", "\xE1\xBB", "7",         "\xCC\xA3", "-"};
    std::string text;
    for (std::size_t i = random() % 40; i > 0; --i)
        text += pieces[random() % pieces.size()];
    const auto kept = normalized(text, Lines::kOne, 200);
    if (!kept) {
        CHECK((fold(text).empty() || text.find('\xC3') == std::string::npos));
        CHECK((fold_tones(text).empty() || text.find('\xC3') == std::string::npos));
        CHECK(has_citizen_id(text));
        return;
    }
    CHECK(is_normalized(*kept, Lines::kOne, 200));
    CHECK(fold(*kept) == fold(text));
    CHECK(fold(fold(text)) == fold(text));
}
