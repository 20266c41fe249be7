// The fuzz body under the ordinary compiler: random bytes, and valid messages that were damaged.
#include <catch2/catch.hpp>
#include <random>

#include "proto/tcpcl/codec.h"
#include "tests/fuzz/session_fuzz.h"

namespace tram::tcpcl::fuzz {

namespace {

void append_message(Buffer& out, std::mt19937_64& random) {
    const auto byte = [&random] { return static_cast<std::uint8_t>(random()); };
    switch (random() % 8) {
        case 0:
        case 1: {
            const auto flags = static_cast<std::uint8_t>(random() % 4);
            const std::size_t bytes = random() % 40;
            const bool announce = (flags & kSegmentStart) != 0 && random() % 2 == 0;
            encode_segment_head(out, flags, random() % 4,
                                announce ? std::optional{random() % 80} : std::nullopt, bytes);
            for (std::size_t i = 0; i < bytes; ++i)
                out.push_back(byte());
            break;
        }
        case 2: encode(out, Ack{static_cast<std::uint8_t>(random() % 4), random() % 4, random() % 60}); break;
        case 3: encode(out, Refusal{static_cast<std::uint8_t>(random() % 8), random() % 4}); break;
        case 4: encode(out, Keepalive{}); break;
        case 5:
            if (random() % 8 == 0) encode(out, Term{static_cast<std::uint8_t>(random() % 2), byte()});
            break;
        case 6:
            encode(out,
                   Reject{static_cast<std::uint8_t>(random() % 4), static_cast<std::uint8_t>(random() % 9)});
            break;
        case 7: encode(out, SessInit{byte(), random() % 100, random() % 100, "dtn://x/", {}}); break;
    }
}

}  // namespace

TEST_CASE("random input never breaks a session", "[tcpcl][fuzz]") {
    std::mt19937_64 random{20'220'131};
    for (int i = 0; i < 20'000; ++i) {
        Buffer input(random() % 300);
        for (auto& byte : input)
            byte = static_cast<std::uint8_t>(random());
        run_session(input);
    }
    SUCCEED("no invariant was broken");
}

TEST_CASE("damaged messages never break a session", "[tcpcl][fuzz]") {
    std::mt19937_64 random{9'174};
    for (int i = 0; i < 20'000; ++i) {
        Buffer stream;
        for (int m = 0; m < 12; ++m)
            append_message(stream, random);
        if (!stream.empty() && random() % 2 == 0)
            stream[random() % stream.size()] ^= static_cast<std::uint8_t>(1U << random() % 8);
        // Interleave the stream with what the owner does: see Run::step().
        Buffer input{static_cast<std::uint8_t>(random() & ~0x40U), 0};
        for (std::size_t at = 0; at < stream.size();) {
            const std::size_t bytes = std::min<std::size_t>(1 + random() % 60, stream.size() - at);
            input.push_back(0);
            input.push_back(static_cast<std::uint8_t>(bytes));
            append(input, ByteView{stream}.subspan(at, bytes));
            at += bytes;
            for (int k = 0; k < 2; ++k) {
                input.push_back(static_cast<std::uint8_t>(3 + random() % 5));
                input.push_back(static_cast<std::uint8_t>(random() % 8));
            }
        }
        run_session(input);
    }
    SUCCEED("no invariant was broken");
}

}  // namespace tram::tcpcl::fuzz
