// Sessions on a virtual clock: one against bytes written by hand, or two through a pipe that cuts the stream
// wherever the test wants.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "proto/base/bytes.h"
#include "proto/tcpcl/session.h"

namespace tram::tcpcl::test {

inline Buffer hex(std::string_view text) {
    auto bytes = from_hex(text);
    REQUIRE(bytes);
    return *bytes;
}

inline Bytes pattern(std::size_t bytes, std::uint8_t seed = 1) {
    Buffer out(bytes);
    for (std::size_t i = 0; i < bytes; ++i)
        out[i] = static_cast<std::uint8_t>(seed + i * 7);
    return Bytes{std::move(out)};
}

inline SessionOptions options(std::string node_id, std::uint16_t keepalive_s = 0) {
    SessionOptions o;
    o.node_id = std::move(node_id);
    o.keepalive_s = keepalive_s;
    return o;
}

/// A session and everything it reported.
struct Endpoint {
    Session session;
    std::vector<SessionEvent> events;

    Endpoint(Role role, SessionOptions o, Instant now) : session{role, std::move(o), now} {}

    void collect() {
        while (auto event = session.poll_event())
            events.push_back(std::move(*event));
    }
    template <typename E>
    std::vector<E> all() {
        collect();
        std::vector<E> found;
        for (const SessionEvent& event : events) {
            if (const auto* e = std::get_if<E>(&event)) found.push_back(*e);
        }
        return found;
    }
    template <typename E>
    bool has() {
        return !all<E>().empty();
    }
    /// The only event of this kind.
    template <typename E>
    E one() {
        const auto found = all<E>();
        REQUIRE(found.size() == 1);
        return found.front();
    }
    /// Why the session failed; empty after an orderly end.
    std::string failure() {
        const auto ended = one<event::Ended>();
        return ended.failure ? std::string{code_name(ended.failure->code)} : "";
    }
    Buffer take_output() {
        Buffer out;
        while (true) {
            const ByteView view = session.bytes_to_send();
            if (view.empty()) return out;
            append(out, view);
            session.mark_sent(view.size());
        }
    }
};

/// One session; the test plays the peer.
struct Solo : Endpoint {
    Instant now{};

    explicit Solo(Role role, SessionOptions o = options("dtn://us/"))
        : Endpoint{role, std::move(o), Instant{}} {}

    void feed(ByteView bytes) { session.receive(bytes, now); }
    void feed_hex(std::string_view text) { feed(hex(text)); }
    std::string output_hex() { return to_hex(take_output()); }
    void pass(Duration d) {
        now += d;
        session.handle_timeout(now);
    }
    /// Contact headers and a peer's SESS_INIT with the given numbers; our output is thrown away.
    void establish(std::uint16_t keepalive_s = 0, std::uint64_t segment_mru = 1U << 20,
                   std::uint64_t transfer_mru = 1U << 30) {
        Buffer bytes;
        encode_contact(bytes, 0);
        encode(bytes, SessInit{keepalive_s, segment_mru, transfer_mru, "dtn://peer/", {}});
        feed(bytes);
        REQUIRE(has<event::Established>());
        take_output();
    }
};

/// Encoded messages, for peers played by the test.
inline Buffer segment(std::uint8_t flags, std::uint64_t transfer, ByteView data,
                      std::string_view items_hex = "") {
    const Buffer items = hex(items_hex);
    Buffer out{0x01, flags};
    for (int shift = 56; shift >= 0; shift -= 8)
        out.push_back(static_cast<std::uint8_t>(transfer >> shift));
    if ((flags & kSegmentStart) != 0) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            out.push_back(static_cast<std::uint8_t>(items.size() >> shift));
        }
        append(out, items);
    }
    for (int shift = 56; shift >= 0; shift -= 8) {
        out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(data.size()) >> shift));
    }
    append(out, data);
    return out;
}

template <typename M>
Buffer message(const M& m) {
    Buffer out;
    encode(out, m);
    return out;
}

template <typename M>
std::string message_hex(const M& m) {
    return to_hex(message(m));
}

/// Two sessions and the bytes between them.
struct Pair {
    Instant now{};
    Endpoint active;
    Endpoint passive;
    std::mt19937_64 random{1};
    std::size_t chunk_bytes_max = 1U << 16;

    explicit Pair(SessionOptions a = options("dtn://a/"), SessionOptions b = options("dtn://b/"))
        : active{Role::kActive, std::move(a), now}, passive{Role::kPassive, std::move(b), now} {}

    /// Moves one chunk of random size; false when there was nothing to move.
    bool move(Endpoint& from, Endpoint& to) {
        const ByteView view = from.session.bytes_to_send();
        if (view.empty()) return false;
        const std::size_t bytes = 1 + random() % std::min(view.size(), chunk_bytes_max);
        to.session.receive(view.first(bytes), now);
        from.session.mark_sent(bytes);
        from.collect();
        to.collect();
        return true;
    }
    /// Moves bytes both ways until both sides are silent.
    void pump() {
        bool moved = true;
        while (moved) {
            moved = move(active, passive);
            moved = move(passive, active) || moved;
        }
    }
    void establish() {
        pump();
        REQUIRE(active.has<event::Established>());
        REQUIRE(passive.has<event::Established>());
    }
};

}  // namespace tram::tcpcl::test
