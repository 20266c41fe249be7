#include "daemon/links/wire.h"

#include <cerrno>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "daemon/links/tls_failure.h"
#include "proto/base/check.h"

namespace tram::links {

/// OpenSSL's way to the socket. Its own one for sockets writes without MSG_NOSIGNAL, and keeps the number of
/// a descriptor that may have been closed and be somebody else's by now.
struct SocketBio {
    static bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

    static Wire& wire_of(BIO* bio) { return *static_cast<Wire*>(BIO_get_data(bio)); }

    static int read(BIO* bio, char* into, int size) {
        Wire& wire = wire_of(bio);
        BIO_clear_retry_flags(bio);
        const ssize_t count = ::recv(wire.socket_->native_handle(), into, static_cast<std::size_t>(size), 0);
        if (count < 0 && would_block()) BIO_set_retry_read(bio);
        if (count == 0) wire.at_end_ = true;
        if (count > 0 && !wire.first_byte_) wire.first_byte_ = static_cast<std::uint8_t>(*into);
        return static_cast<int>(count);
    }

    static int write(BIO* bio, const char* from, int size) {
        BIO_clear_retry_flags(bio);
        const ssize_t count =
            ::send(wire_of(bio).socket_->native_handle(), from, static_cast<std::size_t>(size), MSG_NOSIGNAL);
        if (count < 0 && would_block()) BIO_set_retry_write(bio);
        return static_cast<int>(count);
    }

    static long control(BIO* bio, int command, long /*number*/, void* /*pointer*/) {
        if (command == BIO_CTRL_FLUSH) return 1;
        return command == BIO_CTRL_EOF && wire_of(bio).at_end_ ? 1 : 0;
    }

    static const BIO_METHOD* method() {
        static const BIO_METHOD* made = [] {
            BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tram socket");
            TRAM_CHECK(method != nullptr);
            BIO_meth_set_read(method, read);
            BIO_meth_set_write(method, write);
            BIO_meth_set_ctrl(method, control);
            return method;
        }();
        return made;
    }

    static void attach(SSL* ssl, Wire& wire) {
        BIO* bio = BIO_new(method());
        TRAM_CHECK(bio != nullptr);
        BIO_set_data(bio, &wire);
        BIO_set_init(bio, 1);
        SSL_set_bio(ssl, bio, bio);
    }
};

namespace {

Wire::Step broken() {
    return {.status = Wire::Status::kBroken};
}

Wire::Step blocked(Socket::wait_type wait) {
    return {.status = Wire::Status::kBlocked, .wait = wait};
}

bool try_later(const error_code& error) {
    return error == asio::error::would_block || error == asio::error::interrupted;
}

}  // namespace

Wire::~Wire() = default;

void Wire::start_tls(const TlsContext& context, tcpcl::Role role) {
    ssl_ = context.open(role, proof_);
    SocketBio::attach(ssl_.get(), *this);
}

Wire::Step Wire::shake_hands() {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (result != 1) return after(result);
    established_ = true;
    return {};
}

/// What an operation of OpenSSL came to that did not succeed.
Wire::Step Wire::after(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
        case SSL_ERROR_WANT_READ: return blocked(Socket::wait_read);
        case SSL_ERROR_WANT_WRITE: return blocked(Socket::wait_write);
        case SSL_ERROR_ZERO_RETURN: return {.status = Status::kClosed};
        default: break;
    }
    auto failure = take_tls_failure(
        {.established = established_, .first_byte = first_byte_, .refusal = &proof_.refusal});
    if (!failure_) failure_ = std::move(failure);
    broken_ = true;
    return broken();
}

Wire::Step Wire::read(std::span<std::uint8_t> into) {
    return ssl_ ? read_tls(into) : read_plain(into);
}

Wire::Step Wire::read_plain(std::span<std::uint8_t> into) {
    error_code error;
    const std::size_t count = socket_->read_some(asio::buffer(into.data(), into.size()), error);
    if (!error) return {.bytes = count, .wait = Socket::wait_read};
    if (try_later(error)) return blocked(Socket::wait_read);
    return {.status = error == asio::error::eof ? Status::kClosed : Status::kBroken};
}

Wire::Step Wire::read_tls(std::span<std::uint8_t> into) {
    if (end_) return *end_;
    std::size_t filled = 0;
    while (filled < into.size()) {
        ERR_clear_error();
        std::size_t count = 0;
        const int result = SSL_read_ex(ssl_.get(), into.data() + filled, into.size() - filled, &count);
        if (result == 1) {
            filled += count;
            continue;
        }
        const Step step = after(result);
        if (filled == 0) return step;
        if (step.status == Status::kBlocked) return {.bytes = filled, .wait = step.wait};
        end_ = step;
        break;
    }
    return {.bytes = filled};
}

Wire::Step Wire::write(ByteView from) {
    if (!ssl_) {
        error_code error;
        const std::size_t count = socket_->write_some(asio::buffer(from.data(), from.size()), error);
        if (!error) return {.bytes = count};
        return try_later(error) ? blocked(Socket::wait_write) : broken();
    }
    std::size_t written = 0;
    while (written < from.size()) {
        ERR_clear_error();
        std::size_t count = 0;
        const int result = SSL_write_ex(ssl_.get(), from.data() + written, from.size() - written, &count);
        if (result == 1) {
            written += count;
            continue;
        }
        const Step step = after(result);
        if (written == 0) return step;
        break;
    }
    return {.bytes = written};
}

bool Wire::say_goodbye() {
    if (!established_ || broken_) return true;
    ERR_clear_error();
    const int result = SSL_shutdown(ssl_.get());
    return result >= 0 || SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_WRITE;
}

Wire::Step Wire::discard(std::span<std::uint8_t> scratch) {
    return read_plain(scratch);
}

}  // namespace tram::links
