#include "daemon/cli/output.h"

#include <boost/json/serialize.hpp>
#include <clocale>
#include <cwchar>
#include <functional>
#include <ostream>
#include <utility>

#include "proto/base/check.h"

namespace tram::cli {

namespace {

/// Character classes of glibc's C.UTF-8 for the calling thread, whatever the user's locale is.
class Utf8Locale {
  public:
    Utf8Locale() : before_{::uselocale(utf8())} {}
    ~Utf8Locale() { ::uselocale(before_); }
    Utf8Locale(const Utf8Locale&) = delete;
    Utf8Locale& operator=(const Utf8Locale&) = delete;

  private:
    static locale_t utf8() {
        static const locale_t locale = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
        return locale;  // a null locale leaves the present one in place
    }
    locale_t before_;
};

/// Calls `visit(character, bytes)` for every character, with L'\0' for bytes that are no UTF-8.
void for_each_character(std::string_view text, const std::function<void(wchar_t, std::string_view)>& visit) {
    const Utf8Locale locale;
    std::mbstate_t state{};
    while (!text.empty()) {
        wchar_t character = 0;
        std::size_t length = std::mbrtowc(&character, text.data(), text.size(), &state);
        if (length == 0 || length > text.size()) {
            character = 0;
            length = 1;
            state = {};
        }
        visit(character, text.substr(0, length));
        text.remove_prefix(length);
    }
}

/// Steers the terminal or the direction of writing instead of showing something.
bool is_control(wchar_t character) {
    return character < 0x20 || (character >= 0x7f && character < 0xa0) ||
           (character >= 0x202a && character <= 0x202e) || (character >= 0x2066 && character <= 0x2069);
}

void indent(std::ostream& out, std::size_t depth) {
    out << "\n" << std::string(depth * 2, ' ');
}

void write_pretty(std::ostream& out, const boost::json::value& value, std::size_t depth) {
    const char* separator = "";
    if (const auto* object = value.if_object(); object != nullptr && !object->empty()) {
        out << "{";
        for (const auto& [key, member] : *object) {
            out << std::exchange(separator, ",");
            indent(out, depth + 1);
            out << boost::json::serialize(key) << ": ";
            write_pretty(out, member, depth + 1);
        }
        indent(out, depth);
        out << "}";
    } else if (const auto* array = value.if_array(); array != nullptr && !array->empty()) {
        out << "[";
        for (const auto& item : *array) {
            out << std::exchange(separator, ",");
            indent(out, depth + 1);
            write_pretty(out, item, depth + 1);
        }
        indent(out, depth);
        out << "]";
    } else {
        out << boost::json::serialize(value);
    }
}

}  // namespace

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    for_each_character(text, [&](wchar_t character, std::string_view) {
        const int columns = ::wcwidth(character);
        width += columns < 0 || character == 0 ? 1 : static_cast<std::size_t>(columns);
    });
    return width;
}

std::string printable(std::string_view text, bool ascii) {
    std::string result;
    for_each_character(text, [&](wchar_t character, std::string_view bytes) {
        if (!is_control(character) && (!ascii || character < 0x80)) {
            result += bytes;
        } else if (!ascii || ::wcwidth(character) != 0) {
            result += '?';
        }
    });
    return result;
}

Table::Table(std::ostream& out, std::vector<Column> columns, bool ascii)
    : out_{out}, columns_{std::move(columns)}, ascii_{ascii} {
    for (Column& column : columns_) {
        column.title = printable(column.title, ascii_);
        widths_.push_back(display_width(column.title));
    }
}

void Table::add(std::vector<std::string> cells) {
    TRAM_CHECK(cells.size() == columns_.size());
    for (std::size_t i = 0; i < cells.size(); ++i) {
        cells[i] = printable(cells[i], ascii_);
        widths_[i] = std::max(widths_[i], display_width(cells[i]));
    }
    rows_.push_back(std::move(cells));
}

void Table::flush() {
    if (!rows_.empty() && !std::exchange(titled_, true)) {
        std::vector<std::string> titles;
        for (const Column& column : columns_)
            titles.push_back(column.title);
        print(titles);
    }
    for (const auto& row : rows_)
        print(row);
    rows_.clear();
    out_.flush();
}

void Table::print(const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) line += "  ";
        const std::string padding(widths_[i] - display_width(cells[i]), ' ');
        line += columns_[i].align == Align::kRight ? padding + cells[i] : cells[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out_ << line << "\n";
}

void write_json_line(std::ostream& out, const boost::json::value& value) {
    out << boost::json::serialize(value) << "\n";
}

void write_json_pretty(std::ostream& out, const boost::json::value& value) {
    write_pretty(out, value, 0);
    out << "\n";
}

void JsonArray::add(const boost::json::value& value) {
    out_ << (std::exchange(empty_, false) ? "[\n" : ",\n") << boost::json::serialize(value);
}

void JsonArray::finish() {
    out_ << (empty_ ? "[]\n" : "\n]\n");
    out_.flush();
}

}  // namespace tram::cli
