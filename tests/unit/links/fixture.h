// Two ways to talk to a LinkManager on loopback: another LinkManager (Node), and a plain socket with or
// without a session on it (RawPeer), which can do what a well-behaved node does not.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/links/link_manager.h"

namespace tram::links::test {

namespace asio = boost::asio;

/// Runs the loop until `condition` holds; false when it does not within 30 s.
inline bool run_until(asio::io_context& io, const std::function<bool()>& condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        if (io.stopped()) io.restart();
        io.run_one_for(std::chrono::milliseconds{1});
    }
    return true;
}

/// Runs the loop until nothing has been ready for a while.
inline void run_until_quiet(asio::io_context& io) {
    for (int quiet = 0; quiet < 50;) {
        if (io.stopped()) io.restart();
        quiet = io.run_one_for(std::chrono::milliseconds{1}) == 0 ? quiet + 1 : 0;
    }
}

inline Bytes bundle_of(std::size_t size, std::uint8_t fill) {
    return Bytes{Buffer(size, fill)};
}

struct Recorder : LinkListener {
    struct Arrival {
        LinkId link;
        tcpcl::TransferId transfer;
        Bytes bundle;
    };
    struct Down {
        LinkId link;
        std::optional<Error> failure;
    };
    struct Failed {
        std::string address;
        std::optional<std::size_t> peer;
        Error error;
    };

    void link_up(const LinkUp& what) override {
        ups.push_back(what);
        if (when_up) when_up(what);
    }
    void received(LinkId link, tcpcl::TransferId transfer, Bytes bundle) override {
        arrivals.push_back({link, transfer, std::move(bundle)});
        if (when_received) when_received(arrivals.back());
    }
    void acknowledged(LinkId, tcpcl::TransferId transfer) override { acks.push_back(transfer); }
    void refused(LinkId, tcpcl::TransferId transfer, tcpcl::RefuseReason reason) override {
        refusals.emplace_back(transfer, reason);
    }
    void link_ending(LinkId link) override { endings.push_back(link); }
    void link_down(LinkId link, const std::optional<Error>& failure) override {
        downs.push_back({link, failure});
    }
    void attempt_failed(const std::string& address, std::optional<std::size_t> peer,
                        const Error& error) override {
        failures.push_back({address, peer, error});
    }
    void burst_done() override { ++bursts; }

    std::vector<LinkUp> ups;
    std::vector<Arrival> arrivals;
    std::vector<tcpcl::TransferId> acks;
    std::vector<std::pair<tcpcl::TransferId, tcpcl::RefuseReason>> refusals;
    std::vector<LinkId> endings;
    std::vector<Down> downs;
    std::vector<Failed> failures;
    std::size_t bursts = 0;
    std::function<void(const LinkUp&)> when_up;
    std::function<void(const Arrival&)> when_received;
};

/// A manager with its recorder. Accepts whatever it receives unless `when_received` says otherwise.
struct Node {
    Node(asio::io_context& io, LinkOptions options) : manager{io, std::move(options), heard} {
        heard.when_received = [this](const Recorder::Arrival& arrival) {
            manager.accept(arrival.link, arrival.transfer);
        };
    }
    [[nodiscard]] std::string address() const {
        return "127.0.0.1:" + std::to_string(manager.listening_ports().at(0));
    }

    Recorder heard;
    LinkManager manager;
};

/// Quick reconnection and short time limits.
inline LinkOptions options_of(const std::string& node_id) {
    LinkOptions options;
    options.session.node_id = node_id;
    options.reconnect_min = Duration{5};
    options.reconnect_max = Duration{50};
    return options;
}
inline LinkOptions listening(const std::string& node_id) {
    auto options = options_of(node_id);
    options.listen = {"127.0.0.1:0"};
    return options;
}
inline LinkOptions calling(const std::string& node_id, const std::string& address,
                           const std::string& expected = "") {
    auto options = options_of(node_id);
    options.peers = {{expected, address}};
    return options;
}

/// A listening node and one that calls it, with the session up.
struct Pair {
    explicit Pair(asio::io_context& io, LinkOptions a_options = listening("dtn://a/"),
                  LinkOptions b_options = options_of("dtn://b/"))
        : a{io, std::move(a_options)} {
        start = a.manager.start();
        b_options.peers = {{"dtn://a/", a.address()}};
        b = std::make_unique<Node>(io, std::move(b_options));
        if (start) start = b->manager.start();
        connected = run_until(io, [&] { return !a.heard.ups.empty() && !b->heard.ups.empty(); });
    }
    [[nodiscard]] LinkId a_link() const { return a.heard.ups.back().link; }
    [[nodiscard]] LinkId b_link() const { return b->heard.ups.back().link; }

    Node a;
    std::unique_ptr<Node> b;
    Result<void> start;
    bool connected = false;
};

using tcp = asio::ip::tcp;

/// A non-blocking socket moved along by step(); with a session on it once talk() was called.
struct RawPeer {
    explicit RawPeer(tcp::socket connected) : socket{std::move(connected)} { socket.non_blocking(true); }
    static RawPeer connect(asio::io_context& io, std::uint16_t port) {
        tcp::socket socket{io};
        socket.connect({asio::ip::address_v4::loopback(), port});
        return RawPeer{std::move(socket)};
    }

    void talk(tcpcl::Role role, const std::string& node_id) {
        tcpcl::SessionOptions options;
        options.node_id = node_id;
        options.keepalive_s = 0;
        session = std::make_unique<tcpcl::Session>(role, options, now());
    }
    static Instant now() {
        return Instant{std::chrono::floor<Duration>(std::chrono::steady_clock::now().time_since_epoch())};
    }
    void write(ByteView bytes) { asio::write(socket, asio::buffer(bytes.data(), bytes.size())); }

    /// Reads once; the number of bytes that came.
    std::size_t read() {
        Buffer buffer(1U << 20);
        boost::system::error_code error;
        const auto count = socket.read_some(asio::buffer(buffer), error);
        if (error && error != asio::error::would_block) {
            closed = true;
            closed_with = error;
        }
        received += count;
        if (session && count > 0) {
            session->receive(ByteView{buffer.data(), count}, now());
            while (auto event = session->poll_event())
                note(*event);
        }
        return count;
    }
    /// Writes at most `limit` bytes of what the session has to say.
    std::size_t write_some(std::size_t limit) {
        const ByteView output = session->bytes_to_send();
        if (output.empty() || closed) return 0;
        boost::system::error_code error;
        const auto count =
            socket.write_some(asio::buffer(output.data(), std::min(limit, output.size())), error);
        session->mark_sent(count);
        return count;
    }
    void step() {
        read();
        if (session) write_some(1U << 20);
    }
    void note(const tcpcl::SessionEvent& event) {
        if (std::holds_alternative<tcpcl::event::Established>(event)) established = true;
        if (std::holds_alternative<tcpcl::event::Acknowledged>(event)) ++acknowledged;
        if (const auto* end = std::get_if<tcpcl::event::Terminating>(&event)) {
            if (end->by_peer) terminated = end->reason;
        }
    }
    /// Resets the connection, as a killed machine's router would.
    void kill() {
        socket.set_option(asio::socket_base::linger{true, 0});
        socket.close();
    }

    tcp::socket socket;
    std::unique_ptr<tcpcl::Session> session;
    std::size_t received = 0;
    std::size_t acknowledged = 0;
    std::optional<tcpcl::TermReason> terminated;
    boost::system::error_code closed_with;
    bool established = false;
    bool closed = false;
};

/// Accepts one connection on a plain socket.
inline std::unique_ptr<RawPeer> take_call(asio::io_context& io, tcp::acceptor& acceptor) {
    acceptor.non_blocking(true);
    std::unique_ptr<RawPeer> peer;
    run_until(io, [&] {
        boost::system::error_code error;
        tcp::socket socket{io};
        acceptor.accept(socket, error);
        if (!error) peer = std::make_unique<RawPeer>(std::move(socket));
        return peer != nullptr;
    });
    return peer;
}

}  // namespace tram::links::test
