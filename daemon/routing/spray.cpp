#include "daemon/routing/spray.h"

#include <algorithm>

#include "daemon/routing/tag.h"

namespace tram::routing {

namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kGivenMax = 8;
constexpr std::size_t kHead = 3;
constexpr std::size_t kEach = 4;

struct Note {
    std::uint16_t copies = 1;
    std::vector<Tag> given{};

    static Note decode(ByteView bytes);
    [[nodiscard]] Bytes encode() const;
    [[nodiscard]] bool has_given(Tag peer) const { return std::ranges::find(given, peer) != given.end(); }
    /// Those that go with a copy for `peer`.
    [[nodiscard]] std::uint16_t half_for(Tag peer) const {
        return has_given(peer) ? 0 : static_cast<std::uint16_t>(copies / 2);
    }
};

Note Note::decode(ByteView bytes) {
    Note note;
    if (bytes.size() < kHead || bytes.size() > kHead + kGivenMax * kEach || bytes[0] != kVersion) return note;
    note.copies = static_cast<std::uint16_t>(bytes[1] << 8U | bytes[2]);
    for (ByteView rest = bytes.subspan(kHead); rest.size() >= kEach; rest = rest.subspan(kEach)) {
        Tag tag = 0;
        for (const std::uint8_t byte : rest.first(kEach))
            tag = tag << 8U | byte;
        note.given.push_back(tag);
    }
    return note;
}

Bytes Note::encode() const {
    Buffer out{kVersion, static_cast<std::uint8_t>(copies >> 8U), static_cast<std::uint8_t>(copies)};
    for (const Tag tag : given) {
        for (unsigned shift = 32; shift > 0; shift -= 8)
            out.push_back(static_cast<std::uint8_t>(tag >> (shift - 8)));
    }
    return Bytes{std::move(out)};
}

class Spray final : public Router {
  public:
    explicit Spray(std::uint16_t copies) : copies_{std::max<std::uint16_t>(copies, 1)} {}

    std::string_view name() const override { return "spray"; }

    Verdict judge(const Carried& carried, const bpv7::Eid& peer, Time) const override {
        if (!carried.singleton) return {Verdict::Copy::kUtility, 1};
        if (carried.destination_node == peer) return {Verdict::Copy::kDirect, 0};
        const Note note = Note::decode(carried.note);
        const bool may = note.copies > 1 || note.has_given(node_tag(peer));
        return {may ? Verdict::Copy::kUtility : Verdict::Copy::kNone, may ? 1.0 : 0.0};
    }
    double worth(const Carried& carried, Time) const override { return Note::decode(carried.note).copies; }

    Bytes begin(const Carried&, Time) const override { return Note{copies_, {}}.encode(); }
    Bytes share(const Carried& carried, const bpv7::Eid& peer, Time) const override {
        return Note{Note::decode(carried.note).half_for(node_tag(peer)), {}}.encode();
    }
    Bytes given(const Carried& carried, const bpv7::Eid& peer, Time) const override {
        Note note = Note::decode(carried.note);
        const Tag tag = node_tag(peer);
        note.copies = static_cast<std::uint16_t>(note.copies - note.half_for(tag));
        std::erase(note.given, tag);
        note.given.insert(note.given.begin(), tag);
        note.given.resize(std::min(note.given.size(), kGivenMax));
        return note.encode();
    }
    Bytes taken(const Carried& carried, const bpv7::Eid&, ByteView shared, Time) const override {
        Note note = carried.note.empty() ? Note{0, {}} : Note::decode(carried.note);
        const std::uint32_t copies =
            std::uint32_t{note.copies} + (shared.empty() ? 1U : Note::decode(shared).copies);
        note.copies = static_cast<std::uint16_t>(std::clamp<std::uint32_t>(copies, 1, copies_));
        return note.encode();
    }

  private:
    std::uint16_t copies_;
};

}  // namespace

std::unique_ptr<Router> make_spray(std::uint16_t copies) {
    return std::make_unique<Spray>(copies);
}

}  // namespace tram::routing
