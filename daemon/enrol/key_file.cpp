#include "daemon/enrol/key_file.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <sodium.h>

#include "proto/base/check.h"
#include "proto/identity/openssl_types.h"
#include "proto/identity/pem.h"

namespace tram::enrol {

namespace {

using identity::OpensslPtr;
using identity::PkeyPtr;
using Pkcs8Ptr = OpensslPtr<PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free>;
using SealedPtr = OpensslPtr<X509_SIG, X509_SIG_free>;

constexpr std::size_t kKeyBytes = 32;
constexpr std::string_view kClear = "PRIVATE KEY";
constexpr std::string_view kProtected = "ENCRYPTED PRIVATE KEY";

// scrypt with 16 MiB of memory: below OpenSSL's default bound for reading, a quarter of a second of work.
constexpr std::uint64_t kScryptN = 1U << 14;
constexpr std::uint64_t kScryptR = 8;
constexpr std::uint64_t kScryptP = 5;
constexpr std::size_t kSaltBytes = 16;

int openssl_kind(KeyKind kind) {
    switch (kind) {
        case KeyKind::kEd25519: return EVP_PKEY_ED25519;
        case KeyKind::kX25519: return EVP_PKEY_X25519;
    }
    return EVP_PKEY_NONE;
}

// What an i2d function writes, wiped inside OpenSSL's memory.
template <typename T>
Secret encoded(int (*encode)(const T*, std::uint8_t**), const T* object) {
    std::uint8_t* der = nullptr;
    const int length = encode(object, &der);
    TRAM_CHECK(length > 0);
    Secret out{Buffer{der, der + length}};
    OPENSSL_clear_free(der, static_cast<std::size_t>(length));
    return out;
}

Secret encrypted(PKCS8_PRIV_KEY_INFO* key, const std::string& passphrase) {
    std::uint8_t salt[kSaltBytes];
    randombytes_buf(salt, sizeof salt);
    X509_ALGOR* scheme =
        PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), salt, sizeof salt, nullptr, kScryptN, kScryptR, kScryptP);
    TRAM_CHECK(scheme != nullptr);
    const SealedPtr sealed{
        PKCS8_set0_pbe(passphrase.data(), static_cast<int>(passphrase.size()), key, scheme)};
    TRAM_CHECK(sealed != nullptr);
    return encoded(i2d_X509_SIG, static_cast<const X509_SIG*>(sealed.get()));
}

std::unexpected<Error> damaged(const std::filesystem::path& file) {
    return fail(ErrorCode::kCorrupt,
                file.string() + " holds no key that can be read; restore it from a backup");
}

Result<Pkcs8Ptr> decrypt(const std::filesystem::path& file, ByteView der, const std::string& passphrase) {
    const std::uint8_t* position = der.data();
    const SealedPtr sealed{d2i_X509_SIG(nullptr, &position, static_cast<long>(der.size()))};
    if (!sealed) return damaged(file);
    if (passphrase.empty()) {
        return fail(ErrorCode::kForbidden, file.string() + " is protected by a passphrase; give it");
    }
    Pkcs8Ptr key{PKCS8_decrypt(sealed.get(), passphrase.data(), static_cast<int>(passphrase.size()))};
    if (!key) return fail(ErrorCode::kForbidden, "this is not the passphrase of " + file.string());
    return key;
}

Result<Pkcs8Ptr> parse(const std::filesystem::path& file, const SecretFile& contents,
                       const std::string& passphrase) {
    std::size_t position = 0;
    auto block = identity::next_pem_block(as_text(contents.contents.view()), position);
    if (!block || !*block) return damaged(file);
    const Secret der{std::move((*block)->data)};
    if ((*block)->label == kProtected) return decrypt(file, der.view(), passphrase);
    if ((*block)->label != kClear) return damaged(file);
    if (contents.others_may_read) {
        return fail(ErrorCode::kIo,
                    "others may read the key " + file.string() +
                        ": run 'chmod 600' on it, and if somebody may have read it, make new keys");
    }
    const std::uint8_t* begin = der.view().data();
    Pkcs8Ptr key{d2i_PKCS8_PRIV_KEY_INFO(nullptr, &begin, static_cast<long>(der.view().size()))};
    if (!key) return damaged(file);
    return key;
}

}  // namespace

Secret generate_key() {
    Buffer key(kKeyBytes);
    randombytes_buf(key.data(), key.size());
    return Secret{std::move(key)};
}

Result<void> write_key(const std::filesystem::path& file, KeyKind kind, const Secret& key,
                       const std::string& passphrase) {
    const identity::ErrorQueueGuard guard;
    const PkeyPtr pkey{
        EVP_PKEY_new_raw_private_key(openssl_kind(kind), nullptr, key.view().data(), key.view().size())};
    TRAM_CHECK(pkey != nullptr);
    const Pkcs8Ptr pkcs8{EVP_PKEY2PKCS8(pkey.get())};
    TRAM_CHECK(pkcs8 != nullptr);
    const bool clear = passphrase.empty();
    const Secret der =
        clear ? encoded(i2d_PKCS8_PRIV_KEY_INFO, static_cast<const PKCS8_PRIV_KEY_INFO*>(pkcs8.get()))
              : encrypted(pkcs8.get(), passphrase);
    std::string pem = identity::to_pem(clear ? kClear : kProtected, der.view());
    auto written = write_file(file, as_bytes(pem), clear ? Readers::kOwner : Readers::kOwnerIfPossible);
    sodium_memzero(pem.data(), pem.size());
    return written;
}

Result<Secret> read_key(const std::filesystem::path& file, KeyKind kind, const std::string& passphrase) {
    const identity::ErrorQueueGuard guard;
    const auto contents = read_secret_file(file);
    if (!contents) return std::unexpected{contents.error()};
    const auto pkcs8 = parse(file, *contents, passphrase);
    if (!pkcs8) return std::unexpected{pkcs8.error()};
    const PkeyPtr pkey{EVP_PKCS82PKEY(pkcs8->get())};
    Buffer raw(kKeyBytes);
    std::size_t length = raw.size();
    const bool good = pkey && EVP_PKEY_get_id(pkey.get()) == openssl_kind(kind) &&
                      EVP_PKEY_get_raw_private_key(pkey.get(), raw.data(), &length) == 1 &&
                      length == kKeyBytes;
    Secret key{std::move(raw)};
    if (!good) return damaged(file);
    return key;
}

}  // namespace tram::enrol
