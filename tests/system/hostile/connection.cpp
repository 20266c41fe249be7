#include "tests/system/hostile/connection.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace tram::hostile {

namespace {

using harness::kPatience;
using harness::SteadyClock;

template <auto kFree>
struct Free {
    template <typename T>
    void operator()(T* object) const {
        kFree(object);
    }
};
using ContextPtr = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, Free<SSL_free>>;
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

void must(bool good, const char* what) {
    if (!good) throw std::runtime_error{std::string{"attacker: "} + what};
}

[[noreturn]] void throw_errno(const char* what) {
    throw std::system_error{errno, std::generic_category(), what};
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

X509Ptr parse(ByteView der) {
    const std::uint8_t* position = der.data();
    return X509Ptr{d2i_X509(nullptr, &position, static_cast<long>(der.size()))};
}

/// A private key that says it belongs to `certified`.
KeyPtr key_called(const EVP_PKEY* certified, ByteView seed) {
    std::array<std::uint8_t, 32> shown{};
    std::size_t size = shown.size();
    must(EVP_PKEY_get_raw_public_key(certified, shown.data(), &size) == 1, "unusable certificate");
    Buffer secret{seed.begin(), seed.end()};
    const std::array<OSSL_PARAM, 3> parts{
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PRIV_KEY, secret.data(), secret.size()),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, shown.data(), shown.size()),
        OSSL_PARAM_construct_end()};
    const std::unique_ptr<EVP_PKEY_CTX, Free<EVP_PKEY_CTX_free>> maker{
        EVP_PKEY_CTX_new_from_name(nullptr, "ED25519", nullptr)};
    EVP_PKEY* key = nullptr;
    must(maker && EVP_PKEY_fromdata_init(maker.get()) == 1 &&
             EVP_PKEY_fromdata(maker.get(), &key, EVP_PKEY_KEYPAIR, const_cast<OSSL_PARAM*>(parts.data())) ==
                 1,
         "unusable key");
    return KeyPtr{key};
}

void present(SSL_CTX* context, const TlsTerms& terms) {
    if (terms.chain.empty()) return;
    const X509Ptr own = parse(terms.chain.front());
    must(own && SSL_CTX_use_certificate(context, own.get()) == 1, "unusable certificate");
    // Also when it is not that of the certificate: then only what he signs will tell.
    const KeyPtr key = key_called(X509_get0_pubkey(own.get()), terms.seed);
    must(key && SSL_CTX_use_PrivateKey(context, key.get()) == 1, "unusable key");
    for (std::size_t i = 1; i < terms.chain.size(); ++i) {
        const X509Ptr above = parse(terms.chain[i]);
        must(above && SSL_CTX_add1_chain_cert(context, above.get()) == 1, "unusable chain");
    }
}

ContextPtr make_context(const TlsTerms& terms) {
    ContextPtr context{SSL_CTX_new(TLS_method())};
    must(context != nullptr, "no TLS");
    SSL_CTX_set_security_level(context.get(), 0);
    const int version = terms.only_tls12 ? TLS1_2_VERSION : TLS1_3_VERSION;
    must(SSL_CTX_set_min_proto_version(context.get(), version) == 1 &&
             SSL_CTX_set_max_proto_version(context.get(), version) == 1,
         "no such TLS version");
    SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
    // Asks for a certificate and takes whatever comes.
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    present(context.get(), terms);
    return context;
}

}  // namespace

struct Connection::State {
    int socket = -1;
    ContextPtr context;
    SslPtr ssl;
    std::optional<int> alert;
    bool ended = false;

    [[nodiscard]] bool ready(short events, milliseconds wait) const {
        pollfd entry{socket, events, 0};
        int count = 0;
        do {
            count = ::poll(&entry, 1, static_cast<int>(wait.count()));
        } while (count < 0 && errno == EINTR);
        return count > 0;
    }

    /// After `result` of an operation of OpenSSL: true when it is to be tried again.
    [[nodiscard]] bool wait_for_ssl(int result, milliseconds wait) const {
        const int error = SSL_get_error(ssl.get(), result);
        if (error == SSL_ERROR_WANT_READ) return ready(POLLIN, wait);
        if (error == SSL_ERROR_WANT_WRITE) return ready(POLLOUT, wait);
        return false;
    }

    static void note_alert(const SSL* ssl, int where, int value) {
        if ((where & SSL_CB_READ_ALERT) != SSL_CB_READ_ALERT) return;
        const int number = value & 0xff;
        if (number == SSL_AD_CLOSE_NOTIFY) return;
        static_cast<State*>(SSL_get_app_data(ssl))->alert = number;
    }
};

Connection::Connection(int socket) : state_{std::make_unique<State>()} {
    state_->socket = socket;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::fcntl(socket, F_SETFL, O_NONBLOCK) != 0) throw_errno("fcntl");
}

Connection::Connection(std::uint16_t port)
    : Connection{[port] {
          const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
          if (socket < 0) throw_errno("socket");
          const sockaddr_in address = loopback(port);
          if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
              throw_errno("connect to the victim");
          }
          return socket;
      }()} {}

Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;

Connection::~Connection() {
    if (!state_) return;
    // Without this OpenSSL would keep errors of this connection for the next one.
    ERR_clear_error();
    state_->ssl.reset();
    ::close(state_->socket);
}

bool Connection::start_tls(Side side, const TlsTerms& terms) {
    State& state = *state_;
    state.context = make_context(terms);
    state.ssl.reset(SSL_new(state.context.get()));
    must(state.ssl && SSL_set_fd(state.ssl.get(), state.socket) == 1, "no TLS connection");
    SSL_set_app_data(state.ssl.get(), &state);
    SSL_set_info_callback(state.ssl.get(), &State::note_alert);
    while (true) {
        ERR_clear_error();
        const int result = side == Side::kCaller ? SSL_connect(state.ssl.get()) : SSL_accept(state.ssl.get());
        if (result == 1) return true;
        if (!state.wait_for_ssl(result, kPatience)) break;
    }
    state.ended = true;
    return false;
}

bool Connection::send(ByteView bytes) {
    while (!bytes.empty() && !state_->ended) {
        ERR_clear_error();
        ssize_t sent = 0;
        if (state_->ssl) {
            sent = SSL_write(state_->ssl.get(), bytes.data(), static_cast<int>(bytes.size()));
            if (sent <= 0 && state_->wait_for_ssl(static_cast<int>(sent), kPatience)) continue;
        } else {
            sent = ::send(state_->socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN && state_->ready(POLLOUT, kPatience)) continue;
        }
        if (sent <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return bytes.empty();
}

void Connection::end_sending() {
    ::shutdown(state_->socket, SHUT_WR);
}

std::optional<Buffer> Connection::receive(milliseconds wait) {
    if (state_->ended) return Buffer{};
    const auto end = SteadyClock::now() + wait;
    std::array<std::uint8_t, 65'536> chunk{};
    while (true) {
        ERR_clear_error();
        const auto left =
            std::max(std::chrono::duration_cast<milliseconds>(end - SteadyClock::now()), milliseconds{0});
        ssize_t got = 0;
        if (state_->ssl) {
            got = SSL_read(state_->ssl.get(), chunk.data(), static_cast<int>(chunk.size()));
            const int error = got > 0 ? 0 : SSL_get_error(state_->ssl.get(), static_cast<int>(got));
            if (error == SSL_ERROR_WANT_READ) {
                if (!state_->ready(POLLIN, left)) return std::nullopt;
                continue;
            }
        } else {
            if (!state_->ready(POLLIN, left)) return std::nullopt;
            got = ::recv(state_->socket, chunk.data(), chunk.size(), 0);
        }
        if (got > 0) return Buffer{chunk.begin(), chunk.begin() + got};
        state_->ended = true;
        return Buffer{};
    }
}

std::optional<int> Connection::alert() const {
    return state_->alert;
}

Listener::Listener() {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket_ < 0) throw_errno("socket");
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(socket_, 8) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        throw_errno("listen");
    }
    port_ = ntohs(address.sin_port);
}

Listener::~Listener() {
    ::close(socket_);
}

Connection Listener::accept() {
    pollfd entry{socket_, POLLIN, 0};
    if (::poll(&entry, 1, static_cast<int>(milliseconds{kPatience}.count())) <= 0) {
        throw std::runtime_error{"nobody calls the attacker"};
    }
    const int socket = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) throw_errno("accept");
    return Connection{socket};
}

}  // namespace tram::hostile
