#include "config/report.h"

#include <algorithm>
#include <utility>

namespace tram::config {

void Report::locate(const std::string& key, int line) {
    lines_.insert_or_assign(key, line);
}

void Report::add(const std::string& key, std::string message) {
    std::string_view known = key;
    while (true) {
        if (const auto found = lines_.find(known); found != lines_.end()) {
            add_at(found->second, key, std::move(message));
            return;
        }
        const auto cut = known.find_last_of(".[");
        if (cut == std::string_view::npos) break;
        known = known.substr(0, cut);
    }
    add_at(0, key, std::move(message));
}

void Report::add_at(int line, const std::string& key, std::string message) {
    problems_.push_back({.file = file_, .line = line, .key = key, .message = std::move(message)});
}

bool Report::has(std::string_view key) const {
    return std::ranges::any_of(problems_, [&](const Problem& problem) { return problem.key == key; });
}

std::vector<Problem> Report::take() {
    std::ranges::stable_sort(problems_, {}, &Problem::line);
    return std::move(problems_);
}

}  // namespace tram::config
