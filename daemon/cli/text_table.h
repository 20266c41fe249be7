// Texts in both languages, one row for each value of an enumeration.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "daemon/cli/messages.h"

namespace tram::cli {

template <class Name>
struct Texts {
    Name name;
    std::string_view english;
    std::string_view vietnamese;
};

/// Whether the rows are those of the values 0, 1, 2 ...; for a static_assert beside the table.
template <class Name, std::size_t kCount>
constexpr bool in_order(const std::array<Texts<Name>, kCount>& table) {
    for (std::size_t i = 0; i < kCount; ++i) {
        if (static_cast<std::size_t>(table[i].name) != i) return false;
    }
    return true;
}

template <class Name, std::size_t kCount>
constexpr std::string_view text_in(const std::array<Texts<Name>, kCount>& table, Name name,
                                   Language language) {
    const Texts<Name>& texts = table.at(static_cast<std::size_t>(name));
    return language == Language::kVietnamese ? texts.vietnamese : texts.english;
}

}  // namespace tram::cli
