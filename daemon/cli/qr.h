// QR codes in a terminal.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "proto/base/error.h"

namespace tram::cli {

class QrCode {
  public:
    /// The smallest code that holds `text`, with the lowest error correction: a screen has no stains.
    /// Upper-case letters, digits and "$%*+-./: " take least room. Errors: too_large, invalid_argument
    /// (empty).
    static Result<QrCode> of(const std::string& text);

    /// Modules along one side, without the quiet zone.
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] int version() const { return static_cast<int>((size_ - 17) / 4); }
    /// Whether a module is dark; outside of the code none is.
    [[nodiscard]] bool dark(std::ptrdiff_t x, std::ptrdiff_t y) const;

  private:
    QrCode(std::size_t size, std::vector<bool> dark) : size_{size}, dark_{std::move(dark)} {}
    std::size_t size_;
    std::vector<bool> dark_;
};

struct QrStyle {
    /// Two columns for each module instead of half of one character.
    bool ascii = false;
    /// Escape codes make it dark on light whatever the terminal's colours are. Without them it is drawn for a
    /// terminal with light letters on dark ground, and with `ascii` for paper.
    bool color = false;
};

/// Modules of light around the code, as ISO/IEC 18004 asks for.
inline constexpr std::size_t kQuietModules = 4;

/// Columns that the lines of print_qr() take.
std::size_t qr_columns(const QrCode& code, const QrStyle& style);
std::string print_qr(const QrCode& code, const QrStyle& style);

}  // namespace tram::cli
