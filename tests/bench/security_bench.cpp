#include <array>
#include <cstring>
#include <sodium.h>
#include <string>
#include <utility>
#include <vector>

#include "proto/bpsec/signature.h"
#include "proto/bpv7/codec.h"
#include "proto/envelope/envelope.h"
#include "tests/bench/bench.h"
#include "tests/bench/reference.h"

namespace tram::bench {

namespace {

constexpr std::size_t kMessageBytes = 16U << 20;
const std::string kSender = "dtn://18904-ks07/";
const std::string kRecipient = "dtn://18904-srv/";

/// Runs `ours` and `bare` in turns until `ours` has run for `seconds`; how often each can run in a second.
template <typename Ours, typename Bare>
std::pair<double, double> in_turns(double seconds, Ours ours, Bare bare) {
    Tally mine;
    Tally theirs;
    const auto slice = [](auto& what, Tally& tally) {
        const auto begin = Clock::now();
        while (Clock::now() < begin + kSlice) {
            what();
            ++tally.bundles;
        }
        tally.time += Clock::now() - begin;
    };
    while (mine.time.count() < seconds) {
        slice(bare, theirs);
        slice(ours, mine);
    }
    return {mine.per_second(), theirs.per_second()};
}

cose::SigningKey some_key() {
    return std::move(*cose::SigningKey::from_seed(Buffer(cose::kSeedBytes, 7)));
}

bpv7::Bundle bundle_of(std::size_t payload_bytes) {
    bpv7::Bundle bundle;
    bundle.primary.flags = bpv7::bundle_flag::kMustNotFragment;
    bundle.primary.source = *bpv7::Eid::parse(kSender);
    bundle.primary.destination = *bpv7::Eid::parse(kRecipient + "requests");
    bundle.primary.report_to = bundle.primary.source;
    bundle.primary.timestamp.sequence = 1;
    bundle.primary.lifetime_ms = 10'368'000'000;
    bundle.blocks.push_back({bpv7::block_type::kPayload, bpv7::kPayloadBlockNumber, 0, bpv7::CrcType::kCrc32c,
                             random_bytes(payload_bytes)});
    bundle.set_block(bpv7::block_type::kClass, 0, bpv7::CrcType::kCrc16, bpv7::encode_class({}));
    return bundle;
}

/// Signing a bundle, and reading and verifying the signature of one that arrived, beside what libsodium needs
/// for a message as long as the payload.
Result<void> signatures(const SecurityBenchOptions& options, std::size_t size, const MeasureSink& sink) {
    const cose::SigningKey key = some_key();
    const bpv7::Bundle plain = bundle_of(size);
    const Bytes payload = plain.payload();
    std::array<std::uint8_t, crypto_sign_PUBLICKEYBYTES> public_key{};
    std::array<std::uint8_t, crypto_sign_SECRETKEYBYTES> secret_key{};
    std::array<std::uint8_t, crypto_sign_BYTES> signature{};
    crypto_sign_keypair(public_key.data(), secret_key.data());

    const auto [signs, bare_signs] = in_turns(
        options.seconds,
        [&] {
            bpv7::Bundle bundle = plain;
            bpsec::sign(bundle, key, {});
        },
        [&] {
            crypto_sign_detached(signature.data(), nullptr, payload.data(), payload.size(),
                                 secret_key.data());
        });
    sink({"sign", size, signs, "bundles/s", bare_signs});

    bpv7::Bundle signed_bundle = plain;
    bpsec::sign(signed_bundle, key, {});
    const auto arrived = bpv7::decode(bpv7::encode(signed_bundle));
    if (!arrived) return std::unexpected{arrived.error()};
    bool good = true;
    const auto [verifies, bare_verifies] = in_turns(
        options.seconds,
        [&] {
            const auto claim = bpsec::read_signature(arrived->bundle, {});
            good &= claim && bpsec::verify(*claim, arrived->bundle.payload(), key.public_key());
        },
        [&] {
            good &= crypto_sign_verify_detached(signature.data(), payload.data(), payload.size(),
                                                public_key.data()) == 0;
        });
    if (!good) return fail(ErrorCode::kBadSignature, "a signature of the benchmark did not verify");
    sink({"verify", size, verifies, "bundles/s", bare_verifies});
    return {};
}

struct Correspondence {
    cose::SigningKey signing_key = some_key();
    envelope::SealingKey sealing_key =
        std::move(*envelope::SealingKey::from_secret(Buffer(crypto_box_SECRETKEYBYTES, 9)));
    envelope::Binding binding{kSender, kSender, kRecipient, {}};
    envelope::Header header{kSender, {kRecipient}, {}, kMessageBytes, "application/octet-stream"};
    Bytes content = random_bytes(kMessageBytes);

    Result<std::vector<Bytes>> seal() const {
        auto sealer = envelope::Sealer::begin(binding, header, {{kRecipient, sealing_key.public_key()}},
                                              signing_key, {});
        if (!sealer) return std::unexpected{sealer.error()};
        std::vector<Bytes> chunks;
        if (auto written = sealer->write(content, chunks); !written) return std::unexpected{written.error()};
        if (auto ended = sealer->finish(chunks); !ended) return std::unexpected{ended.error()};
        return chunks;
    }

    Result<void> open(const std::vector<Bytes>& chunks) const {
        envelope::Opener opener{binding, chunks.size(), kRecipient, &sealing_key,
                                [this](const cose::CertificateId&, const std::string&) {
                                    return Result<cose::PublicKey>{signing_key.public_key()};
                                }};
        for (const Bytes& chunk : chunks) {
            if (auto piece = opener.open(chunk); !piece) return std::unexpected{piece.error()};
        }
        if (!opener.complete()) return fail(ErrorCode::kCutMessage, "the message did not come to its end");
        return {};
    }
};

/// crypto_secretstream over the same content in the same pieces.
class BareStream {
  public:
    explicit BareStream(const Bytes& content) : content_{content}, sealed_(content.size() * 2) {
        crypto_secretstream_xchacha20poly1305_keygen(key_.data());
    }

    void push() {
        crypto_secretstream_xchacha20poly1305_state state;
        crypto_secretstream_xchacha20poly1305_init_push(&state, stream_header_.data(), key_.data());
        std::size_t out = 0;
        for (std::size_t at = 0; at < content_.size(); at += envelope::kPieceBytes) {
            crypto_secretstream_xchacha20poly1305_push(&state, sealed_.data() + out, nullptr,
                                                       content_.data() + at, envelope::kPieceBytes, nullptr,
                                                       0, 0);
            out += envelope::kPieceBytes + crypto_secretstream_xchacha20poly1305_ABYTES;
        }
    }

    bool pull() {
        crypto_secretstream_xchacha20poly1305_state state;
        crypto_secretstream_xchacha20poly1305_init_pull(&state, stream_header_.data(), key_.data());
        constexpr std::size_t kSealedBytes =
            envelope::kPieceBytes + crypto_secretstream_xchacha20poly1305_ABYTES;
        bool good = true;
        for (std::size_t at = 0; at < content_.size(); at += envelope::kPieceBytes) {
            unsigned char tag = 0;
            good &= crypto_secretstream_xchacha20poly1305_pull(
                        &state, piece_.data(), nullptr, &tag,
                        sealed_.data() + at / envelope::kPieceBytes * kSealedBytes, kSealedBytes, nullptr,
                        0) == 0;
        }
        return good;
    }

  private:
    const Bytes& content_;
    Buffer sealed_;
    Buffer piece_ = Buffer(envelope::kPieceBytes);
    std::array<std::uint8_t, crypto_secretstream_xchacha20poly1305_KEYBYTES> key_{};
    std::array<std::uint8_t, crypto_secretstream_xchacha20poly1305_HEADERBYTES> stream_header_{};
};

Result<void> sealing(const SecurityBenchOptions& options, const MeasureSink& sink) {
    const Correspondence letters;
    BareStream bare{letters.content};
    constexpr double kMegabytes = kMessageBytes / 1e6;
    Result<std::vector<Bytes>> chunks = letters.seal();
    if (!chunks) return std::unexpected{chunks.error()};
    bare.push();
    const auto [seals, pushes] =
        in_turns(options.seconds, [&] { chunks = letters.seal(); }, [&] { bare.push(); });
    if (!chunks) return std::unexpected{chunks.error()};
    sink({"seal", kMessageBytes, seals * kMegabytes, "MB/s", pushes * kMegabytes});

    Result<void> opened;
    bool pulled = true;
    const auto [opens, pulls] = in_turns(
        options.seconds, [&] { opened = opened ? letters.open(*chunks) : opened; },
        [&] { pulled &= bare.pull(); });
    if (!opened) return opened;
    if (!pulled) return fail(ErrorCode::kBadSeal, "the bare stream did not open");
    sink({"open", kMessageBytes, opens * kMegabytes, "MB/s", pulls * kMegabytes});
    return {};
}

}  // namespace

Result<void> bench_security(const SecurityBenchOptions& options, const MeasureSink& sink) {
    if (sodium_init() < 0) return fail(ErrorCode::kUnavailable, "libsodium does not work here");
    for (const std::size_t size : {std::size_t{1024}, std::size_t{64} << 10}) {
        if (auto done = signatures(options, size, sink); !done) return done;
    }
    if (auto done = sealing(options, sink); !done) return done;
    return bench_tls(options, sink);
}

}  // namespace tram::bench
