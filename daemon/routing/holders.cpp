#include "daemon/routing/holders.h"

#include <algorithm>

namespace tram::routing {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kHead = 3;
constexpr std::size_t kEach = 7;
constexpr double kMinute = 60.0;
constexpr std::uint32_t kShort = 0xffffff;

void put_number(Buffer& out, std::uint32_t value, unsigned bytes) {
    for (unsigned left = bytes; left > 0; --left)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * (left - 1))));
}

std::uint32_t number_in(ByteView bytes) {
    std::uint32_t value = 0;
    for (const std::uint8_t byte : bytes)
        value = value << 8U | byte;
    return value;
}

}  // namespace

std::optional<Holders> Holders::decode(ByteView note, double now_s) {
    return decode(note, 0, now_s);
}

std::optional<Holders> Holders::decode_shared(ByteView shared, double now_s) {
    return decode(shared, now_s, now_s);
}

std::optional<Holders> Holders::decode(ByteView note, double from_s, double now_s) {
    if (note.size() < kHead || note.size() > kHead + kMax * kEach || (note.size() - kHead) % kEach != 0 ||
        note[0] != kVersion)
        return std::nullopt;
    Holders holders;
    holders.spare = std::min(number_in(note.subspan(1, 2)), kSpareMax);
    for (ByteView rest = note.subspan(kHead); !rest.empty(); rest = rest.subspan(kEach)) {
        const double at_s = from_s + number_in(rest.subspan(3, 4)) * kMinute;
        if (at_s > now_s) holders.put_short(number_in(rest.first(3)), at_s);
    }
    return holders;
}

Bytes Holders::encode(double from_s) const {
    Buffer out;
    out.reserve(kHead + holders_.size() * kEach);
    out.push_back(kVersion);
    put_number(out, std::min(spare, kSpareMax), 2);
    for (const Holder& holder : holders_) {
        put_number(out, holder.tag, 3);
        put_number(out, static_cast<std::uint32_t>(std::clamp((holder.at_s - from_s) / kMinute, 0.0, 4e9)),
                   4);
    }
    return Bytes{std::move(out)};
}

bool Holders::has(Tag node) const {
    return std::ranges::find(holders_, node & kShort, &Holder::tag) != holders_.end();
}

void Holders::put(Tag node, double at_s) {
    put_short(node & kShort, at_s);
}

void Holders::put_short(std::uint32_t tag, double at_s) {
    std::erase_if(holders_, [&](const Holder& holder) { return holder.tag == tag; });
    holders_.insert(std::ranges::upper_bound(holders_, at_s, {}, &Holder::at_s), {tag, at_s});
    if (holders_.size() > kMax) holders_.pop_back();
}

std::optional<double> Holders::remove(Tag node) {
    const auto found = std::ranges::find(holders_, node & kShort, &Holder::tag);
    if (found == holders_.end()) return std::nullopt;
    const double at_s = found->at_s;
    holders_.erase(found);
    return at_s;
}

void Holders::merge(const Holders& others) {
    for (const Holder& holder : others.holders_)
        put_short(holder.tag, holder.at_s);
}

}  // namespace tram::routing
