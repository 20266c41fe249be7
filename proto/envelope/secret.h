// Memory for secrets: guarded, kept out of swap and core dumps, wiped at the end.
#pragma once

#include <memory>
#include <sodium.h>
#include <type_traits>

#include "proto/base/check.h"

namespace tram::envelope {

struct SecretDeleter {
    void operator()(void* secret) const { sodium_free(secret); }
};
template <typename T>
using Secret = std::unique_ptr<T, SecretDeleter>;

/// Zeroed. T is plain bytes: the memory need not be aligned for more.
template <typename T>
Secret<T> make_secret() {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) == 1);
    TRAM_CHECK(sodium_init() >= 0);
    void* memory = sodium_malloc(sizeof(T));
    TRAM_CHECK(memory != nullptr);
    sodium_memzero(memory, sizeof(T));
    return Secret<T>{static_cast<T*>(memory)};
}

}  // namespace tram::envelope
