#include "daemon/node/short_id.h"

#include <array>
#include <cctype>
#include <cstdint>
#include <sodium.h>

namespace tram::node {

namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kDataDigits = kShortIdDigits - 1;
constexpr std::uint64_t kCheckModulus = 31;

// Digits weighted by position, modulo a prime: a changed digit or two swapped neighbours are noticed (but for
// 0 and Z, whose values differ by the modulus).
char check_digit(std::string_view data_digits) {
    std::uint64_t sum = 0;
    std::uint64_t weight = 1;
    for (const char c : data_digits)
        sum += weight++ * kAlphabet.find(c);
    return kAlphabet[sum % kCheckModulus];
}

}  // namespace

std::string short_id(ByteView bundle_key) {
    std::array<std::uint8_t, 16> digest{};
    crypto_generichash(digest.data(), digest.size(), bundle_key.data(), bundle_key.size(), nullptr, 0);
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < 8; ++i)
        bits = bits << 8 | digest[i];
    std::string digits;
    for (std::size_t i = 0; i < kDataDigits; ++i)
        digits.push_back(kAlphabet[bits >> (59 - 5 * i) & 31]);
    digits.push_back(check_digit(digits));
    return digits.substr(0, 4) + '-' + digits.substr(4, 4) + '-' + digits.substr(8);
}

std::optional<std::string> normalized_short_id(std::string_view typed) {
    std::string digits;
    for (char c : typed) {
        if (c == '-' || c == ' ') continue;
        c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        if (c == 'I' || c == 'L') c = '1';
        if (c == 'O') c = '0';
        if (kAlphabet.find(c) == std::string_view::npos) return std::nullopt;
        digits.push_back(c);
    }
    if (digits.empty() || digits.size() > kShortIdDigits) return std::nullopt;
    if (digits.size() == kShortIdDigits && check_digit(digits.substr(0, kDataDigits)) != digits.back()) {
        return std::nullopt;
    }
    return digits;
}

bool short_id_begins(std::string_view id, std::string_view prefix) {
    std::size_t matched = 0;
    for (const char c : id) {
        if (matched == prefix.size()) return true;
        if (c == '-') continue;
        if (c != prefix[matched]) return false;
        ++matched;
    }
    return matched == prefix.size();
}

}  // namespace tram::node
