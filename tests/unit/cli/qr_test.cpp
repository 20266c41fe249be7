#include "daemon/cli/qr.h"

#include <catch2/catch.hpp>
#include <sstream>

using namespace tram;
using namespace tram::cli;

namespace {

/// What a device asks for: about as long as requests are.
std::string request_text() {
    std::string text = "TRAM-REQUEST:";
    for (int i = 0; i < 516; ++i)
        text += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[(i * 7 + i / 32) % 32];
    return text;
}

QrCode code_of(const std::string& text) {
    auto code = QrCode::of(text);
    REQUIRE(code);
    return *code;
}

std::vector<std::string> lines(const std::string& text) {
    std::istringstream in{text};
    std::vector<std::string> result;
    for (std::string line; std::getline(in, line);)
        result.push_back(line);
    return result;
}

/// Rows of ink ('#') and none (' ') of half blocks.
std::vector<std::string> inked(const std::vector<std::string>& lines) {
    std::vector<std::string> rows;
    for (const std::string& line : lines) {
        std::string upper;
        std::string lower;
        for (std::size_t i = 0; i < line.size();) {
            const std::string_view rest = std::string_view{line}.substr(i);
            const bool full = rest.starts_with("█");
            const bool top = full || rest.starts_with("▀");
            const bool bottom = full || rest.starts_with("▄");
            upper += top ? '#' : ' ';
            lower += bottom ? '#' : ' ';
            i += top || bottom ? 3 : 1;
        }
        rows.push_back(upper);
        rows.push_back(lower);
    }
    return rows;
}

/// The rows with every second character left out.
std::vector<std::string> halved(const std::vector<std::string>& lines) {
    std::vector<std::string> rows;
    for (const std::string& line : lines) {
        std::string row;
        for (std::size_t i = 0; i + 1 < line.size(); i += 2) {
            REQUIRE(line[i] == line[i + 1]);
            row += line[i];
        }
        rows.push_back(row);
    }
    return rows;
}

std::string without_escapes(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\033') i = text.find('m', i) + 1;
        if (i < text.size()) result += text[i];
    }
    return result;
}

/// Whether `rows` are the code with its quiet zone, `ink` standing for dark modules.
void check_rows(const QrCode& code, const std::vector<std::string>& rows, bool ink_is_dark) {
    const auto end = static_cast<std::ptrdiff_t>(code.size() + kQuietModules);
    const auto begin = -static_cast<std::ptrdiff_t>(kQuietModules);
    REQUIRE(rows.size() >= code.size() + 2 * kQuietModules);
    for (std::ptrdiff_t y = begin; y < end; ++y) {
        const std::string& row = rows.at(static_cast<std::size_t>(y - begin));
        REQUIRE(row.size() == code.size() + 2 * kQuietModules);
        for (std::ptrdiff_t x = begin; x < end; ++x) {
            const bool ink = row.at(static_cast<std::size_t>(x - begin)) == '#';
            REQUIRE(code.dark(x, y) == (ink == ink_is_dark));
        }
    }
}

}  // namespace

TEST_CASE("QR code has the size that its text needs", "[cli][qr]") {
    // Capacities of ISO/IEC 18004 table 7, level L, alphanumeric.
    const auto [length, version] = GENERATE(
        table<std::size_t, int>({{25, 1}, {26, 2}, {47, 2}, {48, 3}, {535, 12}, {536, 13}, {619, 13}}));
    CAPTURE(length);
    const QrCode code = code_of(std::string(length, 'A'));
    CHECK(code.version() == version);
    CHECK(code.size() == static_cast<std::size_t>(17 + 4 * version));
}

TEST_CASE("QR code of a request fits a terminal of 80 columns", "[cli][qr]") {
    CHECK(qr_columns(code_of(request_text()), {}) <= 80);
}

TEST_CASE("QR code has its three finders and the timing between them", "[cli][qr]") {
    const QrCode code = code_of(request_text());
    const auto far = static_cast<std::ptrdiff_t>(code.size()) - 7;
    for (const auto& [left, top] : {std::pair{std::ptrdiff_t{0}, std::ptrdiff_t{0}}, {far, 0}, {0, far}}) {
        for (std::ptrdiff_t y = 0; y < 7; ++y) {
            for (std::ptrdiff_t x = 0; x < 7; ++x) {
                const auto from_middle = std::max(std::abs(x - 3), std::abs(y - 3));
                REQUIRE(code.dark(left + x, top + y) == (from_middle != 2));
            }
        }
    }
    for (std::ptrdiff_t i = 8; i < far; ++i)
        REQUIRE(code.dark(i, 6) == (i % 2 == 0));
}

TEST_CASE("QR code as printed is the code, whatever the style", "[cli][qr]") {
    const QrCode code = code_of(request_text());
    SECTION("half blocks, light ink on a dark terminal") {
        check_rows(code, inked(lines(print_qr(code, {}))), false);
    }
    SECTION("half blocks, black on white") {
        const std::string text = print_qr(code, {.color = true});
        for (const std::string& line : lines(text)) {
            CHECK(line.starts_with("\033[38;5;16;48;5;231m"));
            CHECK(line.ends_with("\033[0m"));
        }
        check_rows(code, inked(lines(without_escapes(text))), true);
    }
    SECTION("ASCII") {
        check_rows(code, halved(lines(print_qr(code, {.ascii = true}))), true);
    }
    SECTION("ASCII, black on white") {
        const std::string text = print_qr(code, {.ascii = true, .color = true});
        CHECK(std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }));
        check_rows(code, halved(lines(without_escapes(text))), true);
        // The ground has the colour of the module.
        bool dark = false;
        std::size_t modules = 0;
        for (std::size_t i = 0; i < text.size(); ++i) {
            if (text[i] == '\033') {
                const std::size_t end = text.find('m', i);
                dark = text.substr(i, end - i).ends_with("48;5;16");
                i = end;
            } else if (text[i] != '\n') {
                REQUIRE(dark == (text[i] == '#'));
                ++modules;
            }
        }
        CHECK(modules == 2 * (code.size() + 8) * (code.size() + 8));
    }
}

TEST_CASE("QR code as printed is as wide as it says", "[cli][qr]") {
    const QrCode code = code_of("TRAM");
    CHECK(qr_columns(code, {}) == 29);
    CHECK(qr_columns(code, {.ascii = true}) == 58);
    CHECK(lines(print_qr(code, {.ascii = true})).at(0).size() == 58);
    CHECK(lines(print_qr(code, {})).size() == 15);
}

TEST_CASE("QR code of nothing or too much is an error", "[cli][qr]") {
    CHECK(QrCode::of("").error().code == ErrorCode::kInvalidArgument);
    CHECK(QrCode::of(std::string("a\0b", 3)).error().code == ErrorCode::kInvalidArgument);
    CHECK(QrCode::of(std::string(4'297, 'A')).error().code == ErrorCode::kTooLarge);
    CHECK(QrCode::of(std::string(4'296, 'A')).has_value());
}
