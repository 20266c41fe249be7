// Roots, authorities and devices for tests, without files and without chance: the same label always gives the
// same keys. Programs that use this link tram_identity and libsodium.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <sodium.h>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/check.h"
#include "proto/cose/keys.h"
#include "proto/identity/issue.h"

namespace tram::test {

inline constexpr identity::UnixTime kDay = 86'400;
inline constexpr identity::UnixTime kBegin = 1'793'000'000;  ///< certificates begin here, in October 2026
inline constexpr identity::UnixTime kNow = kBegin + 10 * kDay;
inline constexpr identity::UnixTime kEnd = kBegin + 365 * kDay;

/// 32 bytes that stand for `label`.
inline Buffer seed_of(std::string_view label) {
    const auto digest = cose::certificate_id(as_bytes(label));
    return {digest.begin(), digest.end()};
}

inline cose::SigningKey key_of(std::string_view label) {
    auto key = cose::SigningKey::from_seed(seed_of(label));
    TRAM_CHECK(key.has_value());
    return std::move(*key);
}

/// X25519; its private key is seed_of(label).
inline std::array<std::uint8_t, 32> sealing_public_key_of(std::string_view label) {
    std::array<std::uint8_t, 32> out{};
    crypto_scalarmult_base(out.data(), seed_of(label).data());
    return out;
}

inline Bytes serial_of(std::string_view label) {
    Buffer serial = seed_of(label);
    serial.resize(identity::kSerialBytes);
    serial[0] = static_cast<std::uint8_t>(0x40 | (serial[0] & 0x3f));
    return Bytes{serial};
}

/// A certificate as the form says; the form's serial may be empty (it is then made of its other fields).
inline identity::Certificate issue(identity::CertificateForm form, const cose::SigningKey& key,
                                   const identity::Certificate* issuer) {
    if (form.serial.empty()) {
        form.serial = serial_of(form.eid + form.name + std::string{usage_name(form.usage)} +
                                to_hex(form.public_key) + std::to_string(form.not_before));
    }
    if (form.not_after == 0) {
        form.not_before = kBegin;
        form.not_after = kEnd;
    }
    auto certificate = issue_certificate(form, key, issuer);
    TRAM_CHECK(certificate.has_value());
    return std::move(*certificate);
}

/// A province's root or a commune's authority.
struct Authority {
    cose::SigningKey key;
    identity::Certificate certificate;
};

inline Authority make_root(const std::string& label = "root") {
    cose::SigningKey key = key_of(label);
    auto certificate =
        issue({.usage = identity::Usage::kRoot, .name = label, .public_key = key.public_key()}, key, nullptr);
    return {std::move(key), std::move(certificate)};
}

inline Authority make_authority(const Authority& root, const std::string& commune,
                                const std::string& label = "") {
    const std::string name = label.empty() ? "authority " + commune : label;
    cose::SigningKey key = key_of(name);
    auto certificate = issue({.usage = identity::Usage::kAuthority,
                              .eid = identity::commune_eid(commune),
                              .name = name,
                              .public_key = key.public_key()},
                             root.key, &root.certificate);
    return {std::move(key), std::move(certificate)};
}

struct Device {
    std::string node_id;
    Buffer tls_seed;
    cose::SigningKey tls_key;
    cose::SigningKey signing_key;
    Buffer sealing_secret;
    identity::Certificate tls;
    identity::Certificate signing;
    identity::Certificate sealing;
};

/// A device with all three certificates.
inline Device make_device(const Authority& authority, const std::string& node_id) {
    using identity::Usage;
    const auto certify = [&](Usage usage, const std::array<std::uint8_t, 32>& key) {
        return issue({.usage = usage, .eid = node_id, .name = "", .public_key = key}, authority.key,
                     &authority.certificate);
    };
    cose::SigningKey tls = key_of(node_id + " tls");
    cose::SigningKey signing = key_of(node_id + " sign");
    auto tls_certificate = certify(Usage::kTls, tls.public_key());
    auto signing_certificate = certify(Usage::kSign, signing.public_key());
    auto sealing_certificate = certify(Usage::kSeal, sealing_public_key_of(node_id + " seal"));
    return {node_id,
            seed_of(node_id + " tls"),
            std::move(tls),
            std::move(signing),
            seed_of(node_id + " seal"),
            std::move(tls_certificate),
            std::move(signing_certificate),
            std::move(sealing_certificate)};
}

}  // namespace tram::test
