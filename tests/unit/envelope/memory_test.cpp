// Sealing and opening hold one piece, whatever the message's length: counted in bytes that operator new gave.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>

#include "samples.h"

namespace {

std::size_t live_bytes = 0;
std::size_t peak_bytes = 0;

constexpr std::size_t kFrontBytes = 16;  // keeps the alignment; holds the size

}  // namespace

void* operator new(std::size_t bytes) {
    auto* front = static_cast<std::size_t*>(std::malloc(bytes + kFrontBytes));
    if (front == nullptr) std::abort();
    *front = bytes;
    live_bytes += bytes;
    peak_bytes = std::max(peak_bytes, live_bytes);
    return reinterpret_cast<char*>(front) + kFrontBytes;
}

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
    return operator new(bytes);
}

void operator delete(void* memory) noexcept {
    if (memory == nullptr) return;
    auto* front = reinterpret_cast<std::size_t*>(static_cast<char*>(memory) - kFrontBytes);
    live_bytes -= *front;
    std::free(front);
}

void operator delete(void* memory, std::size_t) noexcept {
    operator delete(memory);
}

using namespace tram;
using namespace tram::envelope;
using namespace tram::envelope::test;

TEST_CASE("64 MiB pass through a sealer and an opener in a few pieces of memory", "[envelope]") {
    constexpr std::size_t kFrame = 1U << 20;
    constexpr std::size_t kFrames = 64;
    const Party sender = party(0);
    const Party office = party(1);
    const bool is_public = GENERATE(false, true);
    const std::vector<Recipient> recipients =
        is_public ? std::vector<Recipient>{} : std::vector<Recipient>{office.recipient()};
    const Buffer frame = content_of(kFrame);
    const Header header = header_of(sender, recipients, kFrame * kFrames);

    const std::size_t before = live_bytes;
    peak_bytes = before;
    auto sealer = Sealer::begin(binding_of(sender), header, recipients, sender.signing, sender.certificate);
    REQUIRE(sealer);
    Opener opener{binding_of(sender), sealer->chunk_count(), office.node_id, &office.sealing, everybody()};
    std::vector<Bytes> chunks;
    std::uint64_t content_bytes = 0;
    const auto open_chunks = [&] {
        for (const Bytes& chunk : chunks) {
            const auto content = opener.open(chunk);
            if (!content) FAIL(content.error().message);
            content_bytes += content->size();
        }
        chunks.clear();
    };
    for (std::size_t i = 0; i < kFrames; ++i) {
        // As much as one chunk at a time, as a caller does who wants to hold little.
        for (std::size_t from = 0; from < kFrame; from += kPieceBytes) {
            REQUIRE(sealer->write(ByteView{frame}.subspan(from, kPieceBytes), chunks));
            open_chunks();
        }
    }
    REQUIRE(sealer->finish(chunks));
    open_chunks();
    CHECK(opener.complete());
    CHECK(content_bytes == kFrame * kFrames);
    CHECK(peak_bytes - before < 8 * kPieceBytes);
}
