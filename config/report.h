// Collects the problems of one file and knows on which line each key stands.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace tram::config {

class Report {
  public:
    explicit Report(std::string file) : file_{std::move(file)} {}

    /// Remembers that `key` (dotted) stands on `line`.
    void locate(const std::string& key, int line);
    /// Records a problem with `key` at its line, or at that of the nearest table around it.
    void add(const std::string& key, std::string message);
    void add_at(int line, const std::string& key, std::string message);

    [[nodiscard]] bool has(std::string_view key) const;
    /// All problems in the order of their lines.
    std::vector<Problem> take();

  private:
    std::string file_;
    std::map<std::string, int, std::less<>> lines_;
    std::vector<Problem> problems_;
};

}  // namespace tram::config
