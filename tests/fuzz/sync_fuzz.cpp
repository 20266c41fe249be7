#include "tests/fuzz/sync_fuzz.h"

#include <algorithm>
#include <vector>

#include "proto/base/check.h"
#include "proto/sync/messages.h"
#include "proto/sync/reconciler.h"

namespace tram::sync::fuzz {

namespace {

constexpr std::uint64_t kItems = 300;

void check_bounds(const Hello& hello) {
    TRAM_CHECK(hello.communes.size() <= kCommunesMax);
    TRAM_CHECK(std::ranges::all_of(hello.communes,
                                   [](const std::string& name) { return name.size() <= kCommuneBytesMax; }));
    TRAM_CHECK(hello.gossip.size() <= kGossipBytesMax);
}

void check_bounds(const Ranges& ranges) {
    TRAM_CHECK(ranges.wire.size() <= kMessageBytesMax);
}

void check_bounds(const Offer& offer) {
    TRAM_CHECK(offer.items.size() <= kOfferItemsMax);
    for (const Offered& item : offer.items) {
        const auto indices = item.part_indices();
        TRAM_CHECK(!indices.empty() && indices.size() <= kOfferPartsMax);
        TRAM_CHECK(indices.size() == item.part_count());
        TRAM_CHECK(std::ranges::is_sorted(indices) && indices.back() < item.count);
        TRAM_CHECK(item.note.size() <= kNoteBytesMax);
    }
}

void check_bounds(const Want& want) {
    TRAM_CHECK(want.answers.size() <= kOfferItemsMax);
    for (const Answer& answer : want.answers)
        TRAM_CHECK(answer.parts.size() <= kOfferPartsMax / 8);
}

void check_bounds(const Gossip& gossip) {
    TRAM_CHECK(gossip.said.size() <= kGossipBytesMax);
}

void check_bounds(const RoomAgain&) {}

ItemSet some_items() {
    std::vector<Item> items;
    for (std::uint64_t i = 0; i < kItems; ++i)
        items.push_back({i / 3 * 1'000, (i + 1) * 0x9E37'79B9'7F4A'7C15ULL});
    std::ranges::sort(items);
    return ItemSet{items};
}

}  // namespace

void run_message(ByteView input) {
    const auto message = decode(Bytes::copy_of(input));
    if (!message) return;
    std::visit([](const auto& what) { check_bounds(what); }, *message);
    const Bytes written = encode(*message);
    const auto again = decode(written);
    TRAM_CHECK(again && again->index() == message->index() && encode(*again) == written);
}

/// The input is cut into messages: two bytes say how long each is.
void run_reconciliation(ByteView input) {
    static const ItemSet items = some_items();
    Reconciler reconciler{items};
    if (!input.empty() && input.front() % 2 == 0) TRAM_CHECK(decode_ranges(reconciler.begin()));
    while (input.size() > 2 && !reconciler.is_over()) {
        const std::size_t said = std::min<std::size_t>(input[0] * 256U + input[1], input.size() - 2);
        const auto answer = reconciler.receive(input.subspan(2, said));
        input = input.subspan(2 + said);
        TRAM_CHECK(answer || reconciler.is_over());
        if (!answer || !*answer) break;
        TRAM_CHECK((*answer)->size() <= kMessageBytesMax && decode_ranges(**answer));
    }
    auto lacking = reconciler.lacking();
    std::ranges::sort(lacking);
    TRAM_CHECK(std::ranges::adjacent_find(lacking) == lacking.end());
    TRAM_CHECK(lacking.empty() || lacking.back() < items.size());
}

}  // namespace tram::sync::fuzz
