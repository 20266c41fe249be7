#include "proto/cose/sha256.h"

#include <openssl/evp.h>

#include "proto/base/check.h"

namespace tram::cose {

namespace {

EVP_MD_CTX* as_context(const auto& context) {
    return static_cast<EVP_MD_CTX*>(context.get());
}

}  // namespace

void Sha256::Free::operator()(void* context) const {
    EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context));
}

Sha256::Sha256() : context_{EVP_MD_CTX_new()} {
    TRAM_CHECK(context_ != nullptr);
    TRAM_CHECK(EVP_DigestInit_ex(as_context(context_), EVP_sha256(), nullptr) == 1);
}

void Sha256::update(ByteView piece) {
    TRAM_CHECK(EVP_DigestUpdate(as_context(context_), piece.data(), piece.size()) == 1);
}

Digest Sha256::finish() {
    Digest digest;
    TRAM_CHECK(EVP_DigestFinal_ex(as_context(context_), digest.data(), nullptr) == 1);
    return digest;
}

Digest sha256(ByteView data) {
    Sha256 hash;
    hash.update(data);
    return hash.finish();
}

}  // namespace tram::cose
