#include "proto/identity/check_groups.h"

#include <array>
#include <cstdint>
#include <sodium.h>

namespace tram::identity {

namespace {

constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::size_t kGroupCharacters = kCheckGroupDigits + 1;
constexpr unsigned kBitsOfDigit = 5;
constexpr unsigned kPolynomial = 0b10'0101;

// Twice `value` in GF(32).
constexpr unsigned doubled(unsigned value) {
    const unsigned twice = value << 1;
    return (twice & 0b10'0000) != 0 ? twice ^ kPolynomial : twice;
}

// The groups without blanks and dashes.
std::string characters_of(ByteView data) {
    std::array<std::uint8_t, crypto_generichash_BYTES> digest{};
    crypto_generichash(digest.data(), digest.size(), data.data(), data.size(), nullptr, 0);
    std::string out;
    std::size_t bit = 0;
    for (std::size_t group = 0; group < kCheckGroups; ++group) {
        for (std::size_t i = 0; i < kCheckGroupDigits; ++i, bit += kBitsOfDigit) {
            const unsigned pair = static_cast<unsigned>(digest[bit / 8]) << 8 | digest[bit / 8 + 1];
            out.push_back(kAlphabet[pair >> (16 - kBitsOfDigit - bit % 8) & 31]);
        }
        out.push_back(check_character(std::string_view{out}.substr(group * kGroupCharacters)));
    }
    return out;
}

char normalized(char c) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == 'I' || c == 'L') return '1';
    if (c == 'O') return '0';
    return c;
}

bool is_separator(char c) {
    return c == ' ' || c == '-' || c == '\t' || c == '\n' || c == '\r';
}

Result<void> refuse(std::string message) {
    return fail(ErrorCode::kInvalidArgument, std::move(message));
}

std::string group_number(std::size_t character) {
    return "group " + std::to_string(character / kGroupCharacters + 1);
}

}  // namespace

// Horner's rule from the last digit down: weights 2, 4, 8, 16. In characteristic 2 the sum is its own
// opposite.
char check_character(std::string_view digits) {
    unsigned sum = 0;
    for (std::size_t i = digits.size(); i-- > 0;)
        sum = doubled(sum ^ static_cast<unsigned>(kAlphabet.find(digits[i])));
    return kAlphabet[sum];
}

std::string check_groups(ByteView data) {
    const std::string characters = characters_of(data);
    std::string out;
    for (std::size_t i = 0; i < characters.size(); ++i) {
        if (i != 0 && i % kGroupCharacters == 0) out.push_back(' ');
        if (i % kGroupCharacters == kCheckGroupDigits) out.push_back('-');
        out.push_back(characters[i]);
    }
    return out;
}

Result<void> compare_check_groups(std::string_view typed, ByteView data) {
    constexpr std::size_t kAll = kCheckGroups * kGroupCharacters;
    std::string characters;
    for (const char raw : typed) {
        if (is_separator(raw)) continue;
        const char c = normalized(raw);
        if (characters.size() == kAll) return refuse("these are more than six groups");
        if (kAlphabet.find(c) == std::string_view::npos) {
            return refuse(group_number(characters.size()) +
                          " has a character that does not occur in groups; compare it again");
        }
        characters.push_back(c);
        const bool whole = characters.size() % kGroupCharacters == 0;
        const std::size_t begin = characters.size() - kGroupCharacters;
        if (whole && check_character(characters.substr(begin, kCheckGroupDigits)) != c) {
            return refuse(group_number(begin) + " is wrong in itself; compare it again");
        }
    }
    if (characters.size() < kAll) {
        return refuse("only " + std::to_string(characters.size() / kGroupCharacters) +
                      " whole groups of six were given");
    }
    if (characters != characters_of(data)) {
        return refuse("the groups are right in themselves but belong to something else: do not go on");
    }
    return {};
}

}  // namespace tram::identity
