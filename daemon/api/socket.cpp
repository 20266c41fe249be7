#include "daemon/api/socket.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>
#include <zmq.hpp>
#include <zmq_addon.hpp>

namespace tram::api {

namespace {

namespace asio = boost::asio;

constexpr std::string_view kIpc = "ipc://";
// Messages taken in one go before links and store get their turn.
constexpr int kMessagesPerTurn = 256;
constexpr mode_t kSocketMode = 0660;
// Answers that wait for one client. ZeroMQ drops what is more without a word, and one synced batch answers
// thousands of requests at once.
constexpr int kAnswersWaitingMax = 100'000;

std::string ipc_path(const std::string& endpoint) {
    return endpoint.starts_with(kIpc) ? endpoint.substr(kIpc.size()) : std::string{};
}

/// Whether somebody listens on this ipc path: binding would silently take it away from them. A socket file
/// that a killed daemon left behind refuses at once.
bool is_answered(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return false;  // binding says so
    path.copy(address.sun_path, path.size());
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (probe < 0) return false;
    const bool answered = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    return answered;
}

}  // namespace

struct Sockets::Impl {
    Impl(asio::io_context& io_context, SocketOptions socket_options, Receiver on_message, BurstDone on_burst)
        : io{io_context},
          options{std::move(socket_options)},
          receiver{std::move(on_message)},
          burst_done{std::move(on_burst)},
          router{context, zmq::socket_type::router},
          publisher{context, zmq::socket_type::xpub},
          readable{io},
          subscriptions_readable{io} {}

    Result<void> bind(zmq::socket_t& socket, const std::string& endpoint) {
        const std::string path = ipc_path(endpoint);
        try {
            if (!path.empty()) {
                std::filesystem::create_directories(std::filesystem::path{path}.parent_path());
                if (is_answered(path)) {
                    return fail(ErrorCode::kBusy,
                                "another program answers at " + endpoint +
                                    "; is tramd running already? Else choose another api endpoint");
                }
            }
            socket.set(zmq::sockopt::linger, 500);
            socket.bind(endpoint);
        } catch (const zmq::error_t& error) {
            return fail(ErrorCode::kIo, "cannot open the API at " + endpoint + ": " + error.what());
        } catch (const std::filesystem::filesystem_error& error) {
            return fail(ErrorCode::kIo,
                        "cannot make the directory of " + endpoint + ": " + error.code().message());
        }
        if (!path.empty()) ::chmod(path.c_str(), kSocketMode);
        return {};
    }

    void wait() {
        readable.async_wait(asio::posix::stream_descriptor::wait_read,
                            [this](const boost::system::error_code& error) {
                                if (error || stopped) return;
                                drain();
                                wait();
                            });
    }

    void wait_for_subscriptions() {
        subscriptions_readable.async_wait(asio::posix::stream_descriptor::wait_read,
                                          [this](const boost::system::error_code& error) {
                                              if (error || stopped) return;
                                              count_subscriptions();
                                              wait_for_subscriptions();
                                          });
    }

    /// An XPUB socket hears of each first subscription and last unsubscription as a byte 1 or 0 and the
    /// topic.
    void count_subscriptions() {
        zmq::message_t change;
        while (publisher.recv(change, zmq::recv_flags::dontwait)) {
            if (change.size() == 0) continue;
            subscriptions += *change.data<unsigned char>() == 1 ? 1 : -1;
        }
    }

    /// Reads what is there, a turn's worth; goes on in the next turn when there is more.
    void drain() {
        drain_posted = false;
        if (stopped) return;
        int taken = 0;
        while (taken < kMessagesPerTurn && (router.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0) {
            receive_one();
            ++taken;
        }
        if (taken != 0) burst_done();
        if (taken == kMessagesPerTurn) drain_soon();
    }

    void drain_soon() {
        if (std::exchange(drain_posted, true)) return;
        asio::post(io, [this] { drain(); });
    }

    void receive_one() {
        std::vector<zmq::message_t> parts;
        if (!zmq::recv_multipart(router, std::back_inserter(parts), zmq::recv_flags::dontwait)) return;
        Message message;
        message.client = parts.front().to_string();
        // REQ sockets put an empty frame first and expect it back.
        message.delimited = parts.size() > 2 && parts[1].size() == 0;
        for (std::size_t i = message.delimited ? 2 : 1; i < parts.size(); ++i) {
            message.frames.push_back(
                Bytes::copy_of({static_cast<const std::uint8_t*>(parts[i].data()), parts[i].size()}));
        }
        receiver(std::move(message));
    }

    asio::io_context& io;
    SocketOptions options;
    Receiver receiver;
    BurstDone burst_done;
    zmq::context_t context;
    zmq::socket_t router;
    zmq::socket_t publisher;
    asio::posix::stream_descriptor readable;
    asio::posix::stream_descriptor subscriptions_readable;
    int subscriptions = 0;
    bool drain_posted = false;
    bool stopped = false;
};

Sockets::Sockets(asio::io_context& io, SocketOptions options, Receiver receiver, BurstDone burst_done)
    : impl_{std::make_unique<Impl>(io, std::move(options), std::move(receiver), std::move(burst_done))} {}

Sockets::~Sockets() {
    stop();
}

Result<void> Sockets::start() {
    impl_->router.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(impl_->options.frame_bytes_max));
    impl_->router.set(zmq::sockopt::router_mandatory, true);
    impl_->router.set(zmq::sockopt::sndhwm, kAnswersWaitingMax);
    if (auto bound = impl_->bind(impl_->router, impl_->options.requests); !bound) return bound;
    if (auto bound = impl_->bind(impl_->publisher, impl_->options.events); !bound) return bound;
    impl_->readable.assign(impl_->router.get(zmq::sockopt::fd));
    impl_->wait();
    impl_->drain_soon();
    impl_->subscriptions_readable.assign(impl_->publisher.get(zmq::sockopt::fd));
    impl_->wait_for_subscriptions();
    return {};
}

void Sockets::stop() {
    if (std::exchange(impl_->stopped, true)) return;
    // The descriptors belong to ZeroMQ.
    if (impl_->readable.is_open()) impl_->readable.release();
    if (impl_->subscriptions_readable.is_open()) impl_->subscriptions_readable.release();
    impl_->router.close();
    impl_->publisher.close();
}

bool Sockets::send(const Message& message) {
    if (impl_->stopped) return false;
    constexpr auto kMore = zmq::send_flags::sndmore | zmq::send_flags::dontwait;
    bool sent = false;
    try {
        // The first frame decides: it is refused when the client is gone or takes no more answers.
        sent = impl_->router.send(zmq::buffer(message.client), kMore).has_value();
        if (sent && message.delimited) impl_->router.send(zmq::message_t{}, kMore);
        for (std::size_t i = 0; sent && i < message.frames.size(); ++i) {
            const Bytes& frame = message.frames[i];
            const bool last = i + 1 == message.frames.size();
            impl_->router.send(zmq::buffer(frame.data(), frame.size()),
                               last ? zmq::send_flags::dontwait : kMore);
        }
    } catch (const zmq::error_t&) {
        sent = false;
    }
    impl_->drain_soon();
    return sent;
}

bool Sockets::has_subscribers() const {
    return impl_->subscriptions > 0;
}

void Sockets::publish(const std::string& topic, const std::string& event) {
    if (impl_->stopped) return;
    impl_->publisher.send(zmq::buffer(topic), zmq::send_flags::sndmore | zmq::send_flags::dontwait);
    impl_->publisher.send(zmq::buffer(event), zmq::send_flags::dontwait);
    impl_->count_subscriptions();
}

}  // namespace tram::api
