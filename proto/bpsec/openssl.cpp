#include "proto/bpsec/openssl.h"

#include <algorithm>
#include <memory>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "proto/base/check.h"

namespace tram::bpsec {

namespace {

constexpr std::size_t kWrapOverhead = 8;
constexpr std::size_t kWrappedKeyBytesMin = 16;
constexpr std::size_t kWrappedKeyBytesMax = 64;
constexpr std::size_t kStep = std::size_t{1} << 30;  // OpenSSL counts in int

struct Free {
    void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
    void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Free>;

CipherContext new_cipher_context() {
    CipherContext context{EVP_CIPHER_CTX_new()};
    TRAM_CHECK(context != nullptr);
    return context;
}

const char* digest_name(ShaVariant variant) {
    switch (variant) {
        case ShaVariant::kSha256: return "SHA256";
        case ShaVariant::kSha384: return "SHA384";
        case ShaVariant::kSha512: return "SHA512";
    }
    return "";
}

const EVP_CIPHER* gcm_of(ByteView key) {
    TRAM_CHECK(key.size() == 16 || key.size() == 32);
    return key.size() == 16 ? EVP_aes_128_gcm() : EVP_aes_256_gcm();
}

const EVP_CIPHER* wrap_of(ByteView kek) {
    switch (kek.size()) {
        case 16: return EVP_aes_128_wrap();
        case 24: return EVP_aes_192_wrap();
        case 32: return EVP_aes_256_wrap();
        default: return nullptr;
    }
}

bool can_be_wrapped(std::size_t bytes) {
    return bytes >= kWrappedKeyBytesMin && bytes <= kWrappedKeyBytesMax && bytes % 8 == 0;
}

CipherContext begin_gcm(ByteView key, ByteView iv, ByteView aad, bool encrypt) {
    TRAM_CHECK(iv.size() >= kGcmIvBytesMin && iv.size() <= kGcmIvBytesMax);
    CipherContext context = new_cipher_context();
    const int direction = encrypt ? 1 : 0;
    TRAM_CHECK(EVP_CipherInit_ex(context.get(), gcm_of(key), nullptr, nullptr, nullptr, direction) == 1);
    TRAM_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(iv.size()),
                                   nullptr) == 1);
    TRAM_CHECK(EVP_CipherInit_ex(context.get(), nullptr, nullptr, key.data(), iv.data(), direction) == 1);
    while (!aad.empty()) {
        const ByteView part = aad.first(std::min(aad.size(), kStep));
        int done = 0;
        TRAM_CHECK(
            EVP_CipherUpdate(context.get(), nullptr, &done, part.data(), static_cast<int>(part.size())) == 1);
        aad = aad.subspan(part.size());
    }
    return context;
}

// Writes as many bytes as it reads.
void run_gcm(EVP_CIPHER_CTX* context, ByteView in, std::uint8_t* out) {
    while (!in.empty()) {
        const ByteView part = in.first(std::min(in.size(), kStep));
        int done = 0;
        TRAM_CHECK(EVP_CipherUpdate(context, out, &done, part.data(), static_cast<int>(part.size())) == 1);
        TRAM_CHECK(static_cast<std::size_t>(done) == part.size());
        in = in.subspan(part.size());
        out += done;
    }
}

std::optional<Buffer> run_wrap(ByteView kek, ByteView in, bool wrap) {
    const CipherContext context = new_cipher_context();
    EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    TRAM_CHECK(EVP_CipherInit_ex(context.get(), wrap_of(kek), nullptr, kek.data(), nullptr, wrap ? 1 : 0) ==
               1);
    Buffer result(in.size() + kWrapOverhead);
    int done = 0;
    if (EVP_CipherUpdate(context.get(), result.data(), &done, in.data(), static_cast<int>(in.size())) != 1)
        return std::nullopt;
    result.resize(static_cast<std::size_t>(done));
    return result;
}

}  // namespace

std::size_t hash_bytes(ShaVariant variant) {
    switch (variant) {
        case ShaVariant::kSha256: return 32;
        case ShaVariant::kSha384: return 48;
        case ShaVariant::kSha512: return 64;
    }
    return 0;
}

Secret::~Secret() {
    OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

Buffer hmac(ShaVariant variant, ByteView key, std::initializer_list<ByteView> parts) {
    static const std::unique_ptr<EVP_MAC, Free> kHmac{EVP_MAC_fetch(nullptr, "HMAC", nullptr)};
    TRAM_CHECK(kHmac != nullptr && !key.empty());
    const std::unique_ptr<EVP_MAC_CTX, Free> context{EVP_MAC_CTX_new(kHmac.get())};
    TRAM_CHECK(context != nullptr);
    const OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>(digest_name(variant)), 0),
        OSSL_PARAM_construct_end()};
    TRAM_CHECK(EVP_MAC_init(context.get(), key.data(), key.size(), parameters) == 1);
    for (const ByteView part : parts)
        TRAM_CHECK(EVP_MAC_update(context.get(), part.data(), part.size()) == 1);
    Buffer out(hash_bytes(variant));
    std::size_t size = 0;
    TRAM_CHECK(EVP_MAC_final(context.get(), out.data(), &size, out.size()) == 1 && size == out.size());
    return out;
}

bool same_bytes(ByteView a, ByteView b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Buffer aes_gcm_encrypt(ByteView key, ByteView iv, ByteView aad, ByteView plaintext) {
    const CipherContext context = begin_gcm(key, iv, aad, true);
    Buffer out(plaintext.size() + kGcmTagBytes);
    run_gcm(context.get(), plaintext, out.data());
    std::uint8_t* tag = out.data() + plaintext.size();
    int done = 0;
    TRAM_CHECK(EVP_CipherFinal_ex(context.get(), tag, &done) == 1 && done == 0);
    TRAM_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kGcmTagBytes, tag) == 1);
    return out;
}

std::optional<Buffer> aes_gcm_decrypt(ByteView key, ByteView iv, ByteView aad, ByteView ciphertext,
                                      ByteView tag) {
    TRAM_CHECK(tag.size() == kGcmTagBytes);
    const CipherContext context = begin_gcm(key, iv, aad, false);
    Buffer out(ciphertext.size());
    run_gcm(context.get(), ciphertext, out.data());
    TRAM_CHECK(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kGcmTagBytes,
                                   const_cast<std::uint8_t*>(tag.data())) == 1);
    int done = 0;
    std::uint8_t nothing = 0;
    if (EVP_CipherFinal_ex(context.get(), &nothing, &done) != 1) {
        OPENSSL_cleanse(out.data(), out.size());
        return std::nullopt;
    }
    return out;
}

std::optional<Buffer> aes_wrap(ByteView kek, ByteView key) {
    if (wrap_of(kek) == nullptr || !can_be_wrapped(key.size())) return std::nullopt;
    return run_wrap(kek, key, true);
}

std::optional<Secret> aes_unwrap(ByteView kek, ByteView wrapped) {
    if (wrap_of(kek) == nullptr || wrapped.size() < kWrapOverhead ||
        !can_be_wrapped(wrapped.size() - kWrapOverhead))
        return std::nullopt;
    auto key = run_wrap(kek, wrapped, false);
    if (!key) return std::nullopt;
    return Secret{std::move(*key)};
}

}  // namespace tram::bpsec
