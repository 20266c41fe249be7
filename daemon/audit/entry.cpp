#include "daemon/audit/entry.h"

#include <algorithm>
#include <array>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/chrono.h>
#include <openssl/evp.h>
#include <optional>

#include "proto/base/bytes.h"
#include "proto/base/check.h"

namespace tram::audit {

namespace json = boost::json;

namespace {

constexpr std::size_t kHashDigits = 64;
constexpr std::string_view kBegin = "{\"seq\":";
constexpr std::string_view kHashMember = ",\"hash\":\"";
constexpr std::string_view kEnd = "\"}";

constexpr std::size_t kActBytesMax = 64;
constexpr std::size_t kSubjectBytesMax = 512;
constexpr std::size_t kActorBytesMax = 256;
constexpr std::size_t kDetailBytesMax = 1'024;
// JSON writes a control character as six bytes; everything else of an entry is short.
static_assert(6 * (kActBytesMax + kSubjectBytesMax + kActorBytesMax + kDetailBytesMax) + 1'024 <=
              kLineBytesMax);

std::string sha256(std::string_view text) {
    std::array<std::uint8_t, 32> digest{};
    const int done = EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
    TRAM_CHECK(done == 1);
    return to_hex(digest);
}

/// Bytes of the UTF-8 character at the beginning of `text`; 0 when there is none.
std::size_t character_bytes(std::string_view text) {
    const auto at = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
    const std::uint8_t first = at(0);
    if (first < 0x80) return 1;
    const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((at(i) & 0xC0U) != 0x80) return 0;
    }
    const bool overlong = (first == 0xE0 && at(1) < 0xA0) || (first == 0xF0 && at(1) < 0x90);
    const bool surrogate = first == 0xED && at(1) >= 0xA0;
    const bool beyond = first == 0xF4 && at(1) >= 0x90;
    return overlong || surrogate || beyond ? 0 : length;
}

/// `text` as UTF-8 of at most `bytes_max` bytes.
std::string fitted(std::string_view text, std::size_t bytes_max) {
    std::string result;
    while (!text.empty()) {
        const std::size_t length = character_bytes(text);
        if (result.size() + std::max<std::size_t>(length, 1) > bytes_max) break;
        result += length == 0 ? std::string_view{"?"} : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return result;
}

/// Whether a line that is no JSON may be what a power cut left: the beginning of an entry, or blocks that the
/// file system had reserved but not written.
bool looks_torn(std::string_view line) {
    const std::string_view begin = line.substr(0, std::min(line.find('\0'), kBegin.size()));
    return line.size() <= kLineBytesMax && kBegin.starts_with(begin);
}

Line bad(std::string why) {
    Line line;
    line.why = std::move(why);
    return line;
}

/// What the entry says of itself; nothing when it is no entry.
struct Members {
    std::uint64_t seq = 0;
    std::string_view prev;
};
std::optional<Members> members_of(const json::value& value) {
    const json::object* object = value.if_object();
    if (object == nullptr) return std::nullopt;
    const json::value* seq = object->if_contains("seq");
    const json::value* prev = object->if_contains("prev");
    const json::value* hash = object->if_contains("hash");
    if (seq == nullptr || prev == nullptr || hash == nullptr) return std::nullopt;
    if (!seq->is_int64() || seq->get_int64() <= 0 || !prev->is_string() || !hash->is_string())
        return std::nullopt;
    return Members{static_cast<std::uint64_t>(seq->get_int64()), prev->get_string()};
}

}  // namespace

std::string no_hash() {
    return std::string(kHashDigits, '0');
}

Written write_entry(const Act& act, const Head& before, std::time_t now) {
    const json::object entry{{"seq", before.seq + 1},
                             {"time", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(now))},
                             {"clock", act.clock_trusted ? "trusted" : "untrusted"},
                             {"actor", fitted(act.actor, kActorBytesMax)},
                             {"act", fitted(act.act, kActBytesMax)},
                             {"subject", fitted(act.subject, kSubjectBytesMax)},
                             {"detail", fitted(act.detail, kDetailBytesMax)},
                             {"prev", before.seq == 0 ? no_hash() : before.hash}};
    Written written;
    written.line = json::serialize(entry);
    written.head = {before.seq + 1, sha256(written.line)};
    written.line.pop_back();
    written.line.append(kHashMember).append(written.head.hash).append(kEnd);
    return written;
}

Line read_line(std::string_view line) {
    if (line.size() > kLineBytesMax) return bad("is longer than an entry can be");
    boost::system::error_code failure;
    const json::value value = json::parse(line, failure);
    if (failure) {
        Line torn;
        torn.kind = Line::Kind::kTorn;
        return looks_torn(line) ? torn : bad("is no entry");
    }
    const auto members = members_of(value);
    constexpr std::size_t kTailBytes = kHashMember.size() + kHashDigits + kEnd.size();
    if (!members || line.size() <= kTailBytes) return bad("is no entry");
    const std::string_view before = line.substr(0, line.size() - kTailBytes);
    Line entry;
    entry.head = {members->seq, sha256(std::string{before} + "}")};
    entry.prev = members->prev;
    const std::string tail = fmt::format("{}{}{}", kHashMember, entry.head.hash, kEnd);
    if (!line.ends_with(tail)) return bad("was changed: its hash does not fit");
    entry.kind = Line::Kind::kEntry;
    return entry;
}

}  // namespace tram::audit
