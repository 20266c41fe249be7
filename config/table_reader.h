// Reads the keys of one table of tram.toml, one call a key, and then knows which keys were never asked for.
//
// Each call leaves `out` as it is when the key is missing or its value does not fit; the second is reported.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <toml++/toml.h>
#include <utility>
#include <vector>

#include "config/report.h"
#include "proto/base/time.h"

namespace tram::config {

class TableReader {
  public:
    /// `path` is the dotted name of `table`, empty for the whole file. Both references must outlive this.
    TableReader(const toml::table& table, std::string path, Report& report);

    void flag(std::string_view key, bool& out);
    void text(std::string_view key, std::string& out);
    void texts(std::string_view key, std::vector<std::string>& out);
    /// A whole number from `min` to `max`.
    void whole(std::string_view key, std::uint64_t& out, std::uint64_t min, std::uint64_t max);
    /// A text such as "20 GB", from `min` to `max` bytes.
    void size(std::string_view key, std::uint64_t& out, std::uint64_t min, std::uint64_t max);
    /// A text such as "60 s", from `min` to `max`, a multiple of `step`.
    void duration(std::string_view key, Duration& out, Duration min, Duration max, Duration step);
    /// One of `names`; `out` is its index.
    void choice(std::string_view key, std::size_t& out, std::span<const std::string_view> names);

    [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }
    /// The dotted name of `key`.
    [[nodiscard]] std::string name_of(std::string_view key) const;

    /// The table `[key]`, if it is there.
    std::optional<TableReader> table(std::string_view key);
    /// The tables `[[key]]`, in order.
    std::vector<TableReader> tables(std::string_view key);

    /// For values of other shapes: the value of `key`, or null; and a report that something else was
    /// expected.
    const toml::node* find(std::string_view key);
    void expected(std::string_view key, std::string message);

    /// Reports every key that no call asked for, with the nearest that one did.
    void finish();

  private:
    /// The value of `key` as T, or a report that `expected` was expected.
    template <typename T>
    std::optional<T> value(std::string_view key, std::string_view expected);

    const toml::table& table_;
    std::string path_;
    Report& report_;
    std::vector<std::string> asked_;
};

/// The candidate that `word` was probably meant to be: one that it begins or that begins it, or the nearest
/// by edit distance when that is at most a third of the length (and at least 2). Empty when none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace tram::config
