#include "daemon/audit/audit_log.h"

#include <algorithm>
#include <ctime>
#include <fmt/format.h>

#include "daemon/audit/entry.h"
#include "daemon/audit/file.h"

namespace tram::audit {

namespace {

/// How far back the last entry is looked for: behind it there are only lines torn by power cuts.
constexpr std::uint64_t kTailBytes = 8 * kLineBytesMax;
constexpr std::size_t kChunkBytes = 64U << 10;

std::unexpected<Error> corrupt(const std::filesystem::path& file, const std::string& why) {
    return fail(
        ErrorCode::kCorrupt,
        fmt::format("the audit log {} {}: tram audit verify {}; to go on, move it away and keep it: a new "
                    "one begins",
                    file.string(), why, file.string()));
}

struct End {
    Head head;
    bool open_line = false;  ///< the last line has no line end
};

/// The head of the log that is in `log`. Errors: io, corrupt.
Result<End> find_end(const LogFile& log, const std::filesystem::path& file) {
    const auto size = log.size();
    if (!size) return std::unexpected{size.error()};
    if (*size == 0) return End{};
    const std::uint64_t begin = *size - std::min(*size, kTailBytes);
    auto text = log.read(begin, static_cast<std::size_t>(*size - begin));
    if (!text) return std::unexpected{text.error()};
    End end;
    end.open_line = text->back() != '\n';
    std::string_view rest = *text;
    if (!end.open_line) rest.remove_suffix(1);
    while (true) {
        const std::size_t line_end = rest.rfind('\n');
        if (line_end == std::string_view::npos && begin > 0) break;  // its beginning is not here
        const Line line = read_line(line_end == std::string_view::npos ? rest : rest.substr(line_end + 1));
        if (line.kind == Line::Kind::kEntry) {
            end.head = line.head;
            return end;
        }
        if (line.kind == Line::Kind::kBad) return corrupt(file, "ends with a line that " + line.why);
        if (line_end == std::string_view::npos) return end;  // only torn lines: the first entry never was
        rest = rest.substr(0, line_end);
    }
    return corrupt(file, "ends with lines that are no entries");
}

/// Looks at lines as they come and remembers what they make.
class Chain {
  public:
    explicit Chain(const std::function<void(const std::string& line)>& each) : each_{each} {}

    void take(const std::string& text) {
        ++number_;
        const Line line = read_line(text);
        if (line.kind == Line::Kind::kTorn) {
            ++verdict_.torn_lines;
            return;
        }
        if (line.kind == Line::Kind::kBad) {
            broken(line.why);
            return;
        }
        // After a break the chain begins again, so that what is good behind it can still be read.
        if (verdict_.head.seq + 1 != line.head.seq) {
            broken(fmt::format("has number {}, not {}: entries are missing, or were put in or moved",
                               line.head.seq, verdict_.head.seq + 1));
        } else if (line.prev != (verdict_.head.seq == 0 ? no_hash() : verdict_.head.hash)) {
            broken("does not follow the entry before it: that one was replaced, or this one was put in");
        }
        verdict_.head = line.head;
        ++verdict_.entries;
        if (each_) each_(text);
    }

    Verdict take_verdict() { return std::move(verdict_); }

  private:
    void broken(const std::string& why) {
        if (verdict_.broken) return;
        verdict_.broken = Error{ErrorCode::kCorrupt, fmt::format("line {} {}", number_, why)};
    }

    const std::function<void(const std::string& line)>& each_;
    Verdict verdict_;
    std::uint64_t number_ = 0;
};

/// Feeds the lines of the first `size` bytes to `chain`; of a line that is far too long only the beginning.
Result<void> read_lines(const LogFile& log, std::uint64_t size, Chain& chain) {
    std::string line;
    for (std::uint64_t offset = 0; offset < size;) {
        const auto length = static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, size - offset));
        auto chunk = log.read(offset, length);
        if (!chunk) return std::unexpected{chunk.error()};
        offset += length;
        std::string_view rest = *chunk;
        while (!rest.empty()) {
            const std::size_t line_end = rest.find('\n');
            const std::string_view part = rest.substr(0, line_end);
            line += part.substr(0, kLineBytesMax + 1 - std::min(line.size(), kLineBytesMax + 1));
            if (line_end == std::string_view::npos) break;
            chain.take(line);
            line.clear();
            rest.remove_prefix(line_end + 1);
        }
    }
    if (!line.empty()) chain.take(line);
    return {};
}

}  // namespace

Result<Head> append(const std::filesystem::path& file, const Act& act) {
    auto log = LogFile::open_to_append(file);
    if (!log) return std::unexpected{log.error()};
    if (auto locked = log->lock(); !locked) return std::unexpected{locked.error()};
    const auto end = find_end(*log, file);
    if (!end) return std::unexpected{end.error()};
    const Written written = write_entry(act, end->head, std::time(nullptr));
    if (auto done = log->append_synced((end->open_line ? "\n" : "") + written.line + "\n"); !done) {
        return std::unexpected{done.error()};
    }
    return written.head;
}

Result<Verdict> verify(const std::filesystem::path& file,
                       const std::function<void(const std::string& line)>& each) {
    auto log = LogFile::open_to_read(file);
    if (!log) return std::unexpected{log.error()};
    // What is there when nobody writes stays as it is; reading it need not hold up those who append.
    if (auto locked = log->lock_to_read(); !locked) return std::unexpected{locked.error()};
    const auto size = log->size();
    if (auto unlocked = log->unlock(); !unlocked) return std::unexpected{unlocked.error()};
    if (!size) return std::unexpected{size.error()};
    Chain chain{each};
    if (auto read = read_lines(*log, *size, chain); !read) return std::unexpected{read.error()};
    return chain.take_verdict();
}

}  // namespace tram::audit
