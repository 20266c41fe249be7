// SHA-256 on OpenSSL, which uses the processor's instructions for it (four times as fast as libsodium's).
#pragma once

#include <array>
#include <memory>

#include "proto/base/bytes.h"

namespace tram::cose {

using Digest = std::array<std::uint8_t, 32>;

/// The digest of what comes in pieces.
class Sha256 {
  public:
    Sha256();
    void update(ByteView piece);
    /// Once; nothing may follow.
    [[nodiscard]] Digest finish();

  private:
    struct Free {
        void operator()(void* context) const;
    };
    std::unique_ptr<void, Free> context_;
};

Digest sha256(ByteView data);

}  // namespace tram::cose
