#include "config/table_reader.h"

#include <algorithm>
#include <numeric>

#include "config/quantity.h"

namespace tram::config {

namespace {

int line_of(const toml::node& node) {
    return static_cast<int>(node.source().begin.line);
}

std::string_view type_text(toml::node_type type) {
    switch (type) {
        case toml::node_type::none: return "nothing";
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "a list";
        case toml::node_type::string: return "a text";
        case toml::node_type::integer: return "a whole number";
        case toml::node_type::floating_point: return "a number with a fraction";
        case toml::node_type::boolean: return "true or false";
        case toml::node_type::date: return "a date";
        case toml::node_type::time: return "a time";
        case toml::node_type::date_time: return "a date with time";
    }
    return "something else";
}

std::string got(const toml::node& node) {
    return ", got " + std::string{type_text(node.type())};
}

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
        }
    }
    return row.back();
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
    const std::string* best = nullptr;
    std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
    for (const std::string& candidate : candidates) {
        const bool extends = word.starts_with(candidate) || candidate.starts_with(word);
        const std::size_t distance = extends ? 1 : edit_distance(word, candidate);
        if (distance < best_distance && distance < candidate.size()) {
            best = &candidate;
            best_distance = distance;
        }
    }
    return best == nullptr ? std::string{} : *best;
}

TableReader::TableReader(const toml::table& table, std::string path, Report& report)
    : table_{table}, path_{std::move(path)}, report_{report} {}

std::string TableReader::name_of(std::string_view key) const {
    return path_.empty() ? std::string{key} : path_ + "." + std::string{key};
}

const toml::node* TableReader::find(std::string_view key) {
    asked_.emplace_back(key);
    const toml::node* node = table_.get(key);
    if (node != nullptr) report_.locate(name_of(key), line_of(*node));
    return node;
}

void TableReader::expected(std::string_view key, std::string message) {
    report_.add(name_of(key), "expected " + std::move(message));
}

template <typename T>
std::optional<T> TableReader::value(std::string_view key, std::string_view what) {
    const toml::node* node = find(key);
    if (node == nullptr) return std::nullopt;
    if (const auto found = node->value_exact<T>()) return found;
    expected(key, std::string{what} + got(*node));
    return std::nullopt;
}

void TableReader::flag(std::string_view key, bool& out) {
    if (const auto found = value<bool>(key, "true or false")) out = *found;
}

void TableReader::text(std::string_view key, std::string& out) {
    if (auto found = value<std::string>(key, "a text in quotes")) out = std::move(*found);
}

void TableReader::texts(std::string_view key, std::vector<std::string>& out) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    const toml::array* list = node->as_array();
    if (list == nullptr) return expected(key, "a list of texts, [\"...\", \"...\"]" + got(*node));
    std::vector<std::string> found;
    for (std::size_t i = 0; i < list->size(); ++i) {
        const toml::node& item = *list->get(i);
        const std::string item_key = std::string{key} + "[" + std::to_string(i) + "]";
        report_.locate(name_of(item_key), line_of(item));
        if (const auto text = item.value_exact<std::string>()) {
            found.push_back(*text);
        } else {
            expected(item_key, "a text in quotes" + got(item));
        }
    }
    if (found.size() == list->size()) out = std::move(found);
}

void TableReader::whole(std::string_view key, std::uint64_t& out, std::uint64_t min, std::uint64_t max) {
    const std::string range = "a whole number from " + std::to_string(min) + " to " + std::to_string(max);
    const auto found = value<std::int64_t>(key, range);
    if (!found) return;
    if (*found < 0 || static_cast<std::uint64_t>(*found) < min || static_cast<std::uint64_t>(*found) > max) {
        return expected(key, range + ", got " + std::to_string(*found));
    }
    out = static_cast<std::uint64_t>(*found);
}

void TableReader::size(std::string_view key, std::uint64_t& out, std::uint64_t min, std::uint64_t max) {
    const auto found = value<std::string>(key, "a size with its unit in quotes, such as \"20 GB\"");
    if (!found) return;
    const auto bytes = parse_size(*found);
    if (!bytes) return expected(key, "a size such as \"20 GB\": " + bytes.error().message);
    if (*bytes < min || *bytes > max) {
        return expected(key, "a size from " + exact_size(min) + " to " + exact_size(max) + ", got " + *found);
    }
    out = *bytes;
}

void TableReader::duration(std::string_view key, Duration& out, Duration min, Duration max, Duration step) {
    const auto found = value<std::string>(key, "a duration with its unit in quotes, such as \"60 s\"");
    if (!found) return;
    const auto length = parse_duration(*found);
    if (!length) return expected(key, "a duration such as \"60 s\": " + length.error().message);
    if (*length < min || *length > max) {
        return expected(
            key, "a duration from " + exact_duration(min) + " to " + exact_duration(max) + ", got " + *found);
    }
    if (*length % step != Duration::zero()) {
        return expected(key, "a multiple of " + exact_duration(step) + ", got " + *found);
    }
    out = *length;
}

void TableReader::choice(std::string_view key, std::size_t& out, std::span<const std::string_view> names) {
    std::string all;
    for (const std::string_view name : names) {
        if (!all.empty()) all += name == names.back() ? " or " : ", ";
        all += "\"" + std::string{name} + "\"";
    }
    const auto found = value<std::string>(key, all);
    if (!found) return;
    const auto place = std::ranges::find(names, *found);
    if (place != names.end()) {
        out = static_cast<std::size_t>(place - names.begin());
        return;
    }
    const std::string guess = nearest(*found, {names.begin(), names.end()});
    expected(key, all + ", got \"" + *found + "\"" +
                      (guess.empty() ? std::string{} : "; did you mean \"" + guess + "\"?"));
}

std::optional<TableReader> TableReader::table(std::string_view key) {
    const toml::node* node = find(key);
    if (node == nullptr) return std::nullopt;
    if (const toml::table* inner = node->as_table()) return TableReader{*inner, name_of(key), report_};
    expected(key, "a table, written [" + name_of(key) + "]" + got(*node));
    return std::nullopt;
}

std::vector<TableReader> TableReader::tables(std::string_view key) {
    const toml::node* node = find(key);
    if (node == nullptr) return {};
    const toml::array* list = node->as_array();
    if (list == nullptr || (!list->empty() && !list->is_array_of_tables())) {
        expected(key, "tables, each beginning with [[" + name_of(key) + "]] in double brackets" + got(*node));
        return {};
    }
    std::vector<TableReader> readers;
    for (std::size_t i = 0; i < list->size(); ++i) {
        std::string name = name_of(key) + "[" + std::to_string(i) + "]";
        report_.locate(name, line_of(*list->get(i)));
        readers.emplace_back(*list->get(i)->as_table(), std::move(name), report_);
    }
    return readers;
}

void TableReader::finish() {
    for (const auto& [key, node] : table_) {
        if (std::ranges::find(asked_, key.str()) != asked_.end()) continue;
        const std::string guess = nearest(key.str(), asked_);
        std::string message = "unknown key";
        if (!guess.empty()) message += "; did you mean " + name_of(guess) + "?";
        report_.add_at(static_cast<int>(key.source().begin.line), name_of(key.str()), std::move(message));
    }
}

}  // namespace tram::config
