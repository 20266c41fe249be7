// Steps that all durable rows share.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::admin::rows {

inline constexpr std::uint32_t kVersion = 1;
inline constexpr std::size_t kRowBytesMax = 1U << 20;

inline std::unexpected<Error> corrupt(std::string_view what) {
    return fail(ErrorCode::kCorrupt, "a stored " + std::string{what} + " is damaged");
}

template <typename Message>
Result<Message> parse(ByteView row, std::string_view what) {
    Message message;
    const bool parsed =
        row.size() <= kRowBytesMax && message.ParseFromArray(row.data(), static_cast<int>(row.size()));
    if (!parsed || message.version() == 0) return corrupt(what);
    if (message.version() > kVersion) {
        return fail(ErrorCode::kUnsupportedVersion,
                    "a stored " + std::string{what} + " was written by a newer program; install that one");
    }
    return message;
}

template <typename Message>
Bytes encode(Message message) {
    message.set_version(kVersion);
    Buffer out(message.ByteSizeLong());
    message.SerializeWithCachedSizesToArray(out.data());
    return Bytes{std::move(out)};
}

template <std::size_t kBytes>
std::string text_of(const std::array<std::uint8_t, kBytes>& bytes) {
    return std::string{as_text(bytes)};
}

template <std::size_t kBytes>
bool read_bytes(std::string_view from, std::array<std::uint8_t, kBytes>& to) {
    if (from.size() != kBytes) return false;
    std::ranges::copy(as_bytes(from), to.begin());
    return true;
}

}  // namespace tram::admin::rows
