#include "daemon/cli/qr.h"

#include <cerrno>
#include <memory>
#include <qrencode.h>

namespace tram::cli {

namespace {

struct Freed {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

constexpr auto kQuiet = static_cast<std::ptrdiff_t>(kQuietModules);

std::string ascii_line(const QrCode& code, std::ptrdiff_t y, std::ptrdiff_t end) {
    std::string line;
    for (std::ptrdiff_t x = -kQuiet; x < end; ++x)
        line += code.dark(x, y) ? "##" : "  ";
    return line;
}

/// Two rows of modules in one line of half blocks. `lit`: whether a character's ink is light.
std::string half_block_line(const QrCode& code, std::ptrdiff_t y, std::ptrdiff_t end, bool lit) {
    std::string line;
    for (std::ptrdiff_t x = -kQuiet; x < end; ++x) {
        const bool upper = code.dark(x, y) != lit;
        // Below the last row of an odd number the terminal's own ground shows.
        const bool lower = y + 1 < end ? code.dark(x, y + 1) != lit : false;
        line += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ");
    }
    return line;
}

/// Dark modules of `##` are black on black, so that no gap shows between the characters.
std::string coloured_ascii_line(const QrCode& code, std::ptrdiff_t y, std::ptrdiff_t end) {
    std::string line;
    bool dark_before = true;
    for (std::ptrdiff_t x = -kQuiet; x < end; ++x) {
        const bool dark = code.dark(x, y);
        if (dark != dark_before) line += dark ? "\033[38;5;16;48;5;16m" : "\033[38;5;16;48;5;231m";
        dark_before = dark;
        line += dark ? "##" : "  ";
    }
    return line + "\033[0m";
}

}  // namespace

Result<QrCode> QrCode::of(const std::string& text) {
    if (text.find('\0') != std::string::npos)
        return fail(ErrorCode::kInvalidArgument, "text with a zero byte");
    errno = 0;
    const std::unique_ptr<QRcode, Freed> made{
        QRcode_encodeString(text.c_str(), 0, QR_ECLEVEL_L, QR_MODE_8, 1)};
    if (!made && errno == ERANGE) return fail(ErrorCode::kTooLarge, "too much text for a QR code");
    if (!made) return fail(ErrorCode::kInvalidArgument, "no text for a QR code");
    const auto size = static_cast<std::size_t>(made->width);
    std::vector<bool> dark(size * size);
    for (std::size_t i = 0; i < dark.size(); ++i)
        dark[i] = (made->data[i] & 1U) != 0;
    return QrCode{size, std::move(dark)};
}

bool QrCode::dark(std::ptrdiff_t x, std::ptrdiff_t y) const {
    const auto size = static_cast<std::ptrdiff_t>(size_);
    if (x < 0 || y < 0 || x >= size || y >= size) return false;
    return dark_[static_cast<std::size_t>(y * size + x)];
}

std::size_t qr_columns(const QrCode& code, const QrStyle& style) {
    return (code.size() + 2 * kQuietModules) * (style.ascii ? 2 : 1);
}

std::string print_qr(const QrCode& code, const QrStyle& style) {
    const auto end = static_cast<std::ptrdiff_t>(code.size()) + kQuiet;
    std::string text;
    for (std::ptrdiff_t y = -kQuiet; y < end; y += style.ascii ? 1 : 2) {
        if (style.ascii) {
            text += style.color ? coloured_ascii_line(code, y, end) : ascii_line(code, y, end);
        } else if (style.color) {
            text += "\033[38;5;16;48;5;231m" + half_block_line(code, y, end, false) + "\033[0m";
        } else {
            text += half_block_line(code, y, end, true);
        }
        text += "\n";
    }
    return text;
}

}  // namespace tram::cli
