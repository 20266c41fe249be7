// A log for tests, and its lines.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/audit/audit_log.h"
#include "tests/temporary_directory.h"

namespace tram::audit::test {

using tram::test::TemporaryDirectory;

inline Act act(const std::string& subject) {
    return {.act = "device.approve", .subject = subject, .detail = "18904-ks07", .actor = "uid 0 (root)"};
}

inline std::string contents(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

inline void replace(const std::filesystem::path& file, const std::string& contents) {
    std::ofstream{file, std::ios::binary | std::ios::trunc} << contents;
}

inline std::vector<std::string> lines(const std::filesystem::path& file) {
    std::istringstream in{contents(file)};
    std::vector<std::string> result;
    for (std::string line; std::getline(in, line);)
        result.push_back(line);
    return result;
}

inline void replace(const std::filesystem::path& file, const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines)
        text += line + "\n";
    replace(file, text);
}

}  // namespace tram::audit::test
