#include "config/document.h"

namespace tram::config {

namespace {

// The parser nests one table for each dot of a key, and frees them one inside the other: without a bound a
// crafted line uses up the stack. No key of ours has more than two.
constexpr int kDotsMax = 64;

/// The first line with more than kDotsMax dots in its key, from 1; 0 when there is none.
int line_nested_too_deeply(std::string_view text) {
    int line = 1;
    int dots = 0;
    bool in_key = true;
    for (const char c : text) {
        if (c == '\n' || c == '{' || c == ',') {
            if (c == '\n') ++line;
            dots = 0;
            in_key = true;
        } else if (c == '=' || c == '#') {
            in_key = false;
        } else if (c == '.' && in_key && ++dots > kDotsMax) {
            return line;
        }
    }
    return 0;
}

}  // namespace

std::optional<toml::table> parse_document(std::string_view text, const std::string& file, Report& report) {
    if (text.size() > kFileBytesMax) {
        report.add_at(0, "", "expected at most 1 MiB");
        return std::nullopt;
    }
    if (const int line = line_nested_too_deeply(text); line != 0) {
        report.add_at(line, "", "expected at most " + std::to_string(kDotsMax) + " dots in a key");
        return std::nullopt;
    }
    try {
        return toml::parse(text, file);
    } catch (const toml::parse_error& error) {
        report.add_at(static_cast<int>(error.source().begin.line), "", std::string{error.description()});
        return std::nullopt;
    }
}

}  // namespace tram::config
