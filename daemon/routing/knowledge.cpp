#include "daemon/routing/knowledge.h"

#include <algorithm>
#include <utility>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::routing {

namespace {

constexpr std::uint64_t kVersion = 1;
enum Word : std::uint8_t { kHave = 0, kRecords = 1, kHeard = 2 };
constexpr std::size_t kEntryBytes = 8;
constexpr double kHour = 3600.0;
constexpr std::uint32_t kNumberMax = 0xffffffff;

void put(Buffer& out, std::uint32_t value) {
    for (unsigned shift = 32; shift > 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(value >> (shift - 8)));
}

std::uint32_t number_at(ByteView bytes) {
    return static_cast<std::uint32_t>(bytes[0]) << 24U | static_cast<std::uint32_t>(bytes[1]) << 16U |
           static_cast<std::uint32_t>(bytes[2]) << 8U | bytes[3];
}

std::size_t encoded_bytes(const ContactRecord& record) {
    cbor::Writer writer;
    record.encode(writer);
    return writer.size() + 4;  // its age may get longer
}

std::uint32_t age_in_hours(double now_s, double made_s) {
    return static_cast<std::uint32_t>(std::clamp((now_s - made_s) / kHour, 0.0, 1e6));
}

}  // namespace

void Knowledge::set_own(std::vector<ContactSummary> contacts, std::uint8_t kept, bool said, double now_s) {
    Held& own = held_[self_];
    bytes_ -= own.bytes;
    const bool next = said || outdated_ || own.record.number == 0;
    const std::uint32_t number = own.record.number + (next && own.record.number < kNumberMax ? 1 : 0);
    outdated_ = false;
    if (number != own.record.number) {
        own.changed = ++counter_;
        own.made_s = now_s;
    }
    own.record = {self_, area_, number, 0, kept, std::move(contacts)};
    own.giver = self_;
    own.bytes = encoded_bytes(own.record);
    bytes_ += own.bytes;
}

Bytes Knowledge::have(Tag peer) const {
    const auto known = peers_.find(peer);
    const std::uint64_t told = known == peers_.end() ? 0 : known->second.told;
    Buffer entries;
    for (const auto& [origin, held] : held_) {
        if (held.changed <= told || held.giver == peer) continue;
        put(entries, origin);
        put(entries, held.record.number);
    }
    cbor::Writer writer;
    writer.open_array(4);
    writer.write_unsigned(kVersion);
    writer.write_unsigned(kHave);
    writer.write_bool(told == 0);
    writer.write_bytes(entries);
    return Bytes{writer.take()};
}

Result<Bytes> Knowledge::hear(Tag peer, ByteView said, double now_s) {
    cbor::Reader in{said};
    const std::uint64_t fields = in.open_array(3, 4);
    if (in.read_unsigned() != kVersion && in.ok())
        return fail(ErrorCode::kUnsupportedVersion, "the peer speaks another version of contact records");
    const std::uint64_t word = in.read_unsigned();
    Bytes answer;
    std::optional<Error> wrong;
    if (word == kHave && fields == 4) {
        wrong = hear_have(peer, in, now_s, answer);
    } else if (word == kRecords && fields == 4) {
        wrong = hear_records(peer, in, now_s, answer);
    } else if (word == kHeard && fields == 3) {
        hear_mark(peer, in.read_unsigned());
    } else {
        in.fail(ErrorCode::kMalformed, "what the peer says about contacts is of no known kind");
    }
    if (wrong) return std::unexpected{*wrong};
    if (!in.ok()) return std::unexpected{*in.error()};
    return answer;
}

std::optional<Error> Knowledge::hear_have(Tag peer, cbor::Reader& in, double now_s, Bytes& answer) {
    const bool all = in.read_bool();
    const ByteView entries = in.read_bytes(kRecordsMax * kEntryBytes);
    if (in.ok() && entries.size() % kEntryBytes != 0)
        in.fail(ErrorCode::kMalformed, "a list of contact records ends in the middle of one");
    if (!in.ok()) return in.error();
    std::unordered_map<Tag, std::uint32_t> listed;
    for (std::size_t at = 0; at < entries.size(); at += kEntryBytes)
        listed[number_at(entries.subspan(at, 4))] = number_at(entries.subspan(at + 4, 4));
    if (all) state_of(peer).told = 0;
    answer = records_for(peer, listed, now_s);
    return std::nullopt;
}

Bytes Knowledge::records_for(Tag peer, const std::unordered_map<Tag, std::uint32_t>& listed, double now_s) {
    forget_old(now_s);
    std::vector<const Held*> lacking;
    for (const auto& [origin, held] : held_) {
        if (held.changed <= state_of(peer).told || origin == peer || held.giver == peer) continue;
        const auto there = listed.find(origin);
        if (there == listed.end() || there->second < held.record.number) lacking.push_back(&held);
    }
    std::ranges::sort(lacking, {}, &Held::changed);
    std::uint64_t mark = counter_;
    std::size_t bytes = 0;
    std::size_t count = 0;
    for (; count < lacking.size() && bytes + lacking[count]->bytes <= kSentBytesMax; ++count)
        bytes += lacking[count]->bytes;
    if (count < lacking.size()) mark = lacking[count]->changed - 1;
    if (count == 0) {
        state_of(peer).told = mark;
        return {};
    }
    cbor::Writer writer{bytes + 32};
    writer.open_array(4);
    writer.write_unsigned(kVersion);
    writer.write_unsigned(kRecords);
    writer.write_unsigned(mark);
    writer.open_array(count);
    for (std::size_t i = 0; i < count; ++i) {
        ContactRecord record = lacking[i]->record;
        record.age_h = age_in_hours(now_s, lacking[i]->made_s);
        record.encode(writer);
    }
    return Bytes{writer.take()};
}

std::optional<Error> Knowledge::hear_records(Tag peer, cbor::Reader& in, double now_s, Bytes& answer) {
    const std::uint64_t mark = in.read_unsigned();
    const std::uint64_t count = in.open_array(0, kRecordsMax);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        ContactRecord record = ContactRecord::decode(in);
        if (in.ok()) accept(std::move(record), peer, now_s);
    }
    if (!in.ok()) return in.error();
    cbor::Writer writer;
    writer.open_array(3);
    writer.write_unsigned(kVersion);
    writer.write_unsigned(kHeard);
    writer.write_unsigned(mark);
    answer = Bytes{writer.take()};
    return std::nullopt;
}

void Knowledge::hear_mark(Tag peer, std::uint64_t mark) {
    PeerState& state = state_of(peer);
    state.told = std::max(state.told, std::min(mark, counter_));
}

void Knowledge::accept(ContactRecord record, Tag giver, double now_s) {
    if (record.age_h > ContactRecord::kAgeMax_h) return;
    if (record.origin == self_) {
        // We have forgotten what we once said, or somebody made it up: the next word must be newer.
        Held& own = held_[self_];
        if (record.number > own.record.number) {
            own.record.number = record.number;
            outdated_ = true;
        }
        return;
    }
    const auto known = held_.find(record.origin);
    if (known != held_.end() && known->second.record.number >= record.number) return;
    const double made_s = now_s - record.age_h * kHour;
    record.age_h = 0;
    const std::size_t bytes = encoded_bytes(record);
    drop(record.origin);
    if (!make_room(bytes, giver)) return;
    bytes_ += bytes;
    const Tag origin = record.origin;
    held_[origin] = {std::move(record), made_s, ++counter_, giver, bytes};
}

bool Knowledge::make_room(std::size_t bytes, Tag giver) {
    while (held_.size() >= kRecordsMax || bytes_ + bytes > kBytesMax) {
        std::unordered_map<Tag, std::size_t> given;
        for (const auto& [origin, held] : held_)
            given[held.giver] += origin == held.giver ? 0 : 1;
        const auto most = std::ranges::max_element(given, {}, [](const auto& entry) { return entry.second; });
        if (most == given.end() || most->second == 0 || most->first == giver) return false;
        const auto oldest = [&](const auto& a, const auto& b) {
            const auto rank = [&](const auto& entry) {
                const bool theirs = entry.second.giver == most->first && entry.first != most->first;
                return std::pair{!theirs, entry.second.made_s};
            };
            return rank(a) < rank(b);
        };
        drop(std::ranges::min_element(held_, oldest)->first);
    }
    return true;
}

void Knowledge::forget_old(double now_s) {
    if (now_s - forgot_s_ < kHour && now_s >= forgot_s_) return;
    forgot_s_ = now_s;
    std::vector<Tag> old;
    for (const auto& [origin, held] : held_) {
        if (origin != self_ && age_in_hours(now_s, held.made_s) > ContactRecord::kAgeMax_h)
            old.push_back(origin);
    }
    for (const Tag origin : old)
        drop(origin);
}

void Knowledge::drop(Tag origin) {
    const auto known = held_.find(origin);
    if (known == held_.end()) return;
    bytes_ -= known->second.bytes;
    held_.erase(known);
}

Knowledge::PeerState& Knowledge::state_of(Tag peer) {
    if (peers_.size() >= kPeersMax && !peers_.contains(peer)) {
        peers_.erase(
            std::ranges::min_element(peers_, {}, [](const auto& entry) { return entry.second.used; }));
    }
    PeerState& state = peers_[peer];
    state.used = ++uses_;
    return state;
}

void Knowledge::encode(cbor::Writer& out, double now_s) const {
    out.open_array(held_.size());
    for (const auto& [origin, held] : held_) {
        ContactRecord record = held.record;
        record.age_h = age_in_hours(now_s, held.made_s);
        out.open_array(2);
        out.write_unsigned(held.giver);
        record.encode(out);
    }
}

void Knowledge::decode(cbor::Reader& in, double now_s) {
    const std::uint64_t count = in.open_array(0, kRecordsMax);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        in.open_array(2, 2);
        const auto giver = static_cast<Tag>(in.read_unsigned());
        ContactRecord record = ContactRecord::decode(in);
        if (!in.ok()) return;
        if (record.origin != self_) {
            accept(std::move(record), giver, now_s);
            continue;
        }
        drop(self_);
        Held& own = held_[self_];
        own = {std::move(record), now_s, ++counter_, self_, 0};
        own.bytes = encoded_bytes(own.record);
        bytes_ += own.bytes;
    }
}

}  // namespace tram::routing
