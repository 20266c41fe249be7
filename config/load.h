// Reading and validating tram.toml. A wrong key, type or range names file, line, key, what was expected and
// the nearest valid key; all problems of a file are reported, not only the first.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "proto/base/error.h"

namespace tram::config {

struct Problem {
    std::string file;
    int line = 0;         ///< from 1; 0 when the file as a whole is meant
    std::string key;      ///< dotted path, e.g. "links.keepalive_s"
    std::string message;  ///< what was expected, and the nearest valid key where there is one

    /// "tram.toml:12: links.keepalive: unknown key; did you mean links.keepalive_s?"
    [[nodiscard]] std::string to_string() const;
};

struct Loaded {
    Config config;  ///< meaningful only when `problems` is empty
    std::vector<Problem> problems;
};

/// Reads `text` as the contents of `file` (used in messages only).
Loaded parse(std::string_view text, const std::string& file);

/// Reads the file. A file that cannot be read is a problem with line 0. Files above 1 MiB are refused.
Loaded load(const std::filesystem::path& file);

/// The same for a file that nobody asked for by name: when it is not there, the defaults apply.
Loaded load_or_default(const std::filesystem::path& file);

/// The configuration as a tram.toml that loads to the same (`tram config show`).
std::string to_toml(const Config& config);

/// The same as one JSON object on one line; sizes and durations are texts as in the file.
std::string to_json(const Config& config);

}  // namespace tram::config
