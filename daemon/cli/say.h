// Texts of the tables beside Message (text_table.h), in the user's language.
#pragma once

#include <fmt/format.h>
#include <string>
#include <type_traits>

#include "daemon/cli/context.h"

namespace tram::cli {

/// As Context::say(), for every enumeration that has a text().
template <typename Name, typename... Args>
    requires std::is_enum_v<Name>
std::string say(const Context& context, Name name, const Args&... args) {
    return fmt::format(fmt::runtime(text(name, context.ascii ? Language::kEnglish : context.language)),
                       args...);
}

}  // namespace tram::cli
