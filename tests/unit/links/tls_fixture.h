// Nodes with certificates, and a peer that speaks TLS by itself and so can do it wrong.
#pragma once

#include <csignal>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tests/unit/links/fixture.h"
#include "tests/unit/links/mini_authority.h"

namespace tram::links::test {

inline LinkOptions with_tls(LinkOptions options, const MiniAuthority& authority) {
    options.tls = authority.issue(options.session.node_id);
    return options;
}

/// Lets writes to a closed connection fail instead of ending the program, for OpenSSL's own writes to a
/// socket. Not ignored for good: the code under test has to manage without.
class WithoutSigpipe {
  public:
    WithoutSigpipe() {
        sigemptyset(&pipe_);
        sigaddset(&pipe_, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_, nullptr);
    }
    ~WithoutSigpipe() {
        const timespec at_once{};
        while (sigtimedwait(&pipe_, nullptr, &at_once) > 0) {
        }
        pthread_sigmask(SIG_UNBLOCK, &pipe_, nullptr);
    }
    WithoutSigpipe(const WithoutSigpipe&) = delete;
    WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

  private:
    sigset_t pipe_{};
};

/// TLS on the socket of a RawPeer, which has exchanged contact headers already.
struct RawTls {
    struct Free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
        void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    };

    /// `identity` null: no certificate is shown. Whatever the other side shows is taken.
    RawTls(RawPeer& raw, tcpcl::Role role, const TlsOptions* identity, int version = TLS1_3_VERSION)
        : peer{&raw}, context{SSL_CTX_new(TLS_method())} {
        SSL_CTX_set_min_proto_version(context.get(), version);
        SSL_CTX_set_max_proto_version(context.get(), version);
        if (identity != nullptr) show(*identity);
        if (role == tcpcl::Role::kPassive) {
            SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
        }
        ssl.reset(SSL_new(context.get()));
        SSL_set_fd(ssl.get(), raw.socket.native_handle());
        if (role == tcpcl::Role::kActive) {
            SSL_set_connect_state(ssl.get());
        } else {
            SSL_set_accept_state(ssl.get());
        }
    }

    void show(const TlsOptions& identity) {
        for (std::size_t i = 0; i < identity.chain.size(); ++i) {
            const unsigned char* at = identity.chain[i].data();
            X509* certificate = d2i_X509(nullptr, &at, static_cast<long>(identity.chain[i].size()));
            if (i == 0) {
                SSL_CTX_use_certificate(context.get(), certificate);
            } else {
                SSL_CTX_add1_chain_cert(context.get(), certificate);
            }
            X509_free(certificate);
        }
        EVP_PKEY* key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, identity.seed.data(),
                                                     identity.seed.size());
        SSL_CTX_use_PrivateKey(context.get(), key);
        EVP_PKEY_free(key);
    }

    /// Moves the handshake along; true when it is done.
    bool shake() {
        if (failed) return false;
        const WithoutSigpipe guard;
        ERR_clear_error();
        const int result = SSL_do_handshake(ssl.get());
        if (result == 1) return true;
        note(result);
        return false;
    }
    /// Reads and writes for the session on the peer, through TLS.
    void step() {
        if (failed || closed) return;
        const WithoutSigpipe guard;
        Buffer buffer(64U << 10);
        ERR_clear_error();
        const int count = SSL_read(ssl.get(), buffer.data(), static_cast<int>(buffer.size()));
        if (count > 0 && peer->session) {
            peer->session->receive(ByteView{buffer.data(), static_cast<std::size_t>(count)}, RawPeer::now());
            while (auto event = peer->session->poll_event())
                peer->note(*event);
        } else if (count <= 0) {
            note(count);
        }
        if (!peer->session || failed) return;
        const ByteView output = peer->session->bytes_to_send();
        if (output.empty()) return;
        const int written = SSL_write(ssl.get(), output.data(), static_cast<int>(output.size()));
        if (written > 0) peer->session->mark_sent(static_cast<std::size_t>(written));
    }
    void note(int result) {
        const int error = SSL_get_error(ssl.get(), result);
        if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
        if (error == SSL_ERROR_ZERO_RETURN) {
            closed = true;
            return;
        }
        failed = true;
        const int reason = ERR_GET_REASON(ERR_peek_error());
        if (reason > SSL_AD_REASON_OFFSET) alert = reason - SSL_AD_REASON_OFFSET;
    }

    RawPeer* peer;
    std::unique_ptr<SSL_CTX, Free> context;
    std::unique_ptr<SSL, Free> ssl;
    bool failed = false;
    bool closed = false;       // with close_notify
    std::optional<int> alert;  // that came from the other side
};

inline const Buffer kContactTls{'d', 't', 'n', '!', 4, 1};
inline const Buffer kContactPlain{'d', 't', 'n', '!', 4, 0};

/// Exchanges contact headers as a peer that offers TLS; false when that does not come to its end.
inline bool exchange_contact(asio::io_context& io, RawPeer& peer) {
    peer.write(kContactTls);
    std::size_t got = 0;
    Buffer header(kContactTls.size());
    return run_until(io,
                     [&] {
                         boost::system::error_code error;
                         got += peer.socket.read_some(asio::buffer(header.data() + got, header.size() - got),
                                                      error);
                         return got == header.size();
                     }) &&
           header == kContactTls;
}

/// Sits between two nodes and may change what each says first.
struct Middleman {
    Middleman(asio::io_context& io, std::uint16_t target_port)
        : acceptor{io, {asio::ip::address_v4::loopback(), 0}}, target{target_port} {}
    [[nodiscard]] std::string address() const {
        return "127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    }
    /// Moves what there is; `clear_from_caller` and `clear_from_called` take CAN_TLS out of a contact header.
    void step(asio::io_context& io) {
        if (!caller) {
            boost::system::error_code error;
            tcp::socket socket{io};
            acceptor.non_blocking(true);
            acceptor.accept(socket, error);
            if (error) return;
            caller = std::make_unique<RawPeer>(std::move(socket));
            called = std::make_unique<RawPeer>(RawPeer::connect(io, target));
        }
        pass(*caller, *called, from_caller, clear_from_caller);
        pass(*called, *caller, from_called, clear_from_called);
    }
    static void pass(RawPeer& from, RawPeer& to, std::size_t& passed, bool clear) {
        Buffer buffer(64U << 10);
        boost::system::error_code error;
        const std::size_t count = from.socket.read_some(asio::buffer(buffer), error);
        if (error == asio::error::eof) to.socket.shutdown(tcp::socket::shutdown_send, error);
        constexpr std::size_t kFlags = 5;
        if (clear && passed <= kFlags && passed + count > kFlags) buffer[kFlags - passed] = 0;
        passed += count;
        if (count > 0) asio::write(to.socket, asio::buffer(buffer.data(), count), error);
    }

    tcp::acceptor acceptor;
    std::uint16_t target;
    std::unique_ptr<RawPeer> caller;
    std::unique_ptr<RawPeer> called;
    std::size_t from_caller = 0;
    std::size_t from_called = 0;
    bool clear_from_caller = false;
    bool clear_from_called = false;
};

}  // namespace tram::links::test
