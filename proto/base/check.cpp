#include "proto/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tram {

void check_failed(const char* condition, const char* file, int line) {
    std::fprintf(stderr, "tram: internal error: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace tram
