// Tables aligned by display width, and JSON.
#pragma once

#include <boost/json/value.hpp>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace tram::cli {

/// Terminal columns that `text` (UTF-8) takes: combining marks none, wide characters two.
std::size_t display_width(std::string_view text);

/// `text` fit for a terminal: control characters and broken UTF-8 become '?', so that nothing a peer sent
/// can steer the terminal; with `ascii` every other character beyond ASCII does as well.
std::string printable(std::string_view text, bool ascii);

enum class Align : std::uint8_t { kLeft, kRight };

struct Column {
    std::string title;
    Align align = Align::kLeft;
};

/// Collects rows and prints them in pages: the title once, before the first; columns are as wide as the
/// widest cell so far.
class Table {
  public:
    Table(std::ostream& out, std::vector<Column> columns, bool ascii);

    /// As many cells as there are columns.
    void add(std::vector<std::string> cells);
    /// Prints the rows collected since the last call.
    void flush();

  private:
    void print(const std::vector<std::string>& cells);

    std::ostream& out_;
    std::vector<Column> columns_;
    bool ascii_;
    bool titled_ = false;
    std::vector<std::size_t> widths_;
    std::vector<std::vector<std::string>> rows_;
};

/// One line of JSON and a line end.
void write_json_line(std::ostream& out, const boost::json::value& value);

/// JSON indented by two spaces, and a line end.
void write_json_pretty(std::ostream& out, const boost::json::value& value);

/// Prints one JSON array, an item at a time.
class JsonArray {
  public:
    explicit JsonArray(std::ostream& out) : out_{out} {}
    void add(const boost::json::value& value);
    /// Ends the array.
    void finish();

  private:
    std::ostream& out_;
    bool empty_ = true;
};

}  // namespace tram::cli
