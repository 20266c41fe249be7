// A recorded session of another implementation, replayed from both ends.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/unit/tcpcl/harness.h"

namespace tram::tcpcl::test {

namespace {

std::optional<Buffer> recorded(const std::string& direction) {
    const char* shared = std::getenv("TRAM_SHARED");
    if (shared == nullptr) return std::nullopt;
    std::ifstream file{std::string{shared} + "/data/vectors/tcpclv4/hdtn_plain.1." + direction + ".bin",
                       std::ios::binary};
    if (!file) return std::nullopt;
    return Buffer{std::istreambuf_iterator<char>{file}, {}};
}

constexpr std::size_t kTransfers = 11;
constexpr std::size_t kBundleBytes = 131;

SessionOptions recorded_options(std::string node_id, std::uint16_t keepalive_s) {
    auto o = options(std::move(node_id), keepalive_s);
    o.segment_mru = 200'000;
    o.transfer_mru = 10'000'000;
    return o;
}

}  // namespace

TEST_CASE("the receiving side of the recorded session is reproduced byte for byte", "[tcpcl][interop]") {
    const auto client = recorded("c2s");
    const auto server = recorded("s2c");
    if (!client || !server) {
        WARN("skipped: no recorded session (TRAM_SHARED)");
        return;
    }
    const std::size_t chunk = GENERATE(1U, 17U, 100'000U);
    Solo us{Role::kPassive, recorded_options("ipn:2.0", 15)};
    Buffer out;
    for (std::size_t at = 0; at < client->size(); at += chunk) {
        us.feed(ByteView{*client}.subspan(at, std::min(chunk, client->size() - at)));
        us.collect();
        for (const auto& received : us.all<event::Received>()) {
            CHECK(received.bundle.size() == kBundleBytes);
            us.session.accept_transfer(received.transfer);
        }
        append(out, us.take_output());
    }
    CHECK(us.all<event::Received>().size() == kTransfers);
    CHECK(us.one<event::Established>().peer_node_id == "ipn:1.0");
    CHECK(to_hex(out) == to_hex(*server));
    CHECK(us.failure().empty());
    CHECK(us.session.finished());
}

TEST_CASE("the sending side of the recorded session is reproduced byte for byte", "[tcpcl][interop]") {
    const auto client = recorded("c2s");
    const auto server = recorded("s2c");
    if (!client || !server) {
        WARN("skipped: no recorded session (TRAM_SHARED)");
        return;
    }
    constexpr std::size_t kBeforeAcks = 38;
    Solo us{Role::kActive, recorded_options("ipn:1.0", 17)};
    Buffer out = us.take_output();
    us.feed(ByteView{*server}.first(kBeforeAcks));
    append(out, us.take_output());
    for (std::size_t i = 0; i < kTransfers; ++i) {
        const std::size_t data_at = 38 + i * (22 + kBundleBytes) + 22;
        us.session.send_transfer(Bytes::copy_of(ByteView{*client}.subspan(data_at, kBundleBytes))).value();
    }
    append(out, us.take_output());
    us.feed(ByteView{*server}.subspan(kBeforeAcks, server->size() - 3 - kBeforeAcks));
    CHECK(us.all<event::Acknowledged>().size() == kTransfers);
    us.session.terminate(TermReason::kUnknown, us.now);
    append(out, us.take_output());
    CHECK(to_hex(out) == to_hex(*client));
    us.feed(ByteView{*server}.last(3));
    CHECK(us.failure().empty());
    CHECK(us.session.finished());
}

}  // namespace tram::tcpcl::test
