#include "proto/identity/pem.h"

#include <algorithm>
#include <sodium.h>

namespace tram::identity {

namespace {

constexpr std::string_view kBegin = "-----BEGIN ";
constexpr std::string_view kEnd = "-----END ";
constexpr std::string_view kRule = "-----";
constexpr std::size_t kLineCharacters = 64;
constexpr std::size_t kLabelBytesMax = 64;
constexpr int kVariant = sodium_base64_VARIANT_ORIGINAL;

bool is_label_character(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ';
}

std::unexpected<Error> damaged(std::string_view label, std::string_view why) {
    return fail(ErrorCode::kMalformed,
                "the PEM block \"" + std::string{label} + "\" is damaged: " + std::string{why});
}

// Base64 with line ends and blanks in it.
Result<Buffer> read_base64(std::string_view label, std::string_view text) {
    Buffer data(text.size() / 4 * 3 + 3);
    std::size_t length = 0;
    const char* end = nullptr;
    const int status = sodium_base642bin(data.data(), data.size(), text.data(), text.size(), " \t\r\n",
                                         &length, &end, kVariant);
    if (status != 0 || end != text.data() + text.size()) return damaged(label, "it is not base64");
    data.resize(length);
    return data;
}

}  // namespace

std::string to_pem(std::string_view label, ByteView data) {
    std::string base64(sodium_base64_encoded_len(data.size(), kVariant), '\0');
    sodium_bin2base64(base64.data(), base64.size(), data.data(), data.size(), kVariant);
    base64.pop_back();  // the final zero
    std::string out;
    out.reserve(base64.size() + base64.size() / kLineCharacters + 2 * (label.size() + 18));
    out.append(kBegin).append(label).append(kRule).append("\n");
    for (std::size_t i = 0; i < base64.size(); i += kLineCharacters)
        out.append(base64, i, kLineCharacters).append("\n");
    out.append(kEnd).append(label).append(kRule).append("\n");
    sodium_memzero(base64.data(), base64.size());
    return out;
}

Result<std::optional<PemBlock>> next_pem_block(std::string_view text, std::size_t& position) {
    std::size_t begin = text.find(kBegin, position);
    while (begin != std::string_view::npos && begin != 0 && text[begin - 1] != '\n')
        begin = text.find(kBegin, begin + 1);
    if (begin == std::string_view::npos) return std::nullopt;
    const std::size_t label_begin = begin + kBegin.size();
    const std::size_t label_end = text.find(kRule, label_begin);
    const std::string_view label = label_end == std::string_view::npos
                                       ? std::string_view{}
                                       : text.substr(label_begin, label_end - label_begin);
    if (label.empty() || label.size() > kLabelBytesMax || !std::ranges::all_of(label, is_label_character)) {
        return fail(ErrorCode::kMalformed, "a PEM block has no proper first line");
    }
    const std::size_t data_begin = label_end + kRule.size();
    const std::string last_line = std::string{kEnd}.append(label).append(kRule);
    const std::size_t data_end = text.find(kRule, data_begin);
    if (data_end == std::string_view::npos || !text.substr(data_end).starts_with(last_line)) {
        return damaged(label, "its last line is missing");
    }
    auto data = read_base64(label, text.substr(data_begin, data_end - data_begin));
    if (!data) return std::unexpected{std::move(data.error())};
    position = data_end + last_line.size();
    return PemBlock{std::string{label}, std::move(*data)};
}

Result<Buffer> from_pem(std::string_view label, std::string_view text) {
    std::size_t position = 0;
    while (true) {
        auto block = next_pem_block(text, position);
        if (!block) return std::unexpected{std::move(block.error())};
        if (!*block) {
            return fail(ErrorCode::kNotFound, "there is no PEM block \"" + std::string{label} + "\"");
        }
        if ((*block)->label == label) return std::move((*block)->data);
    }
}

}  // namespace tram::identity
