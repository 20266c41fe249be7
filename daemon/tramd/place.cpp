#include "daemon/tramd/place.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <string>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "proto/cose/sha256.h"

namespace tram::tramd {

namespace {

/// The first line, or nothing.
std::string line_of(const char* file) {
    std::ifstream in{file};
    std::string line;
    std::getline(in, line);
    return line;
}

}  // namespace

Bytes place_of(const std::filesystem::path& store_directory) {
    std::ostringstream place;
    place << line_of("/sys/class/dmi/id/product_uuid") << '\n' << line_of("/etc/machine-id") << '\n';
    struct statvfs system{};
    // Not the device number: it may be another one after each start of the machine.
    if (statvfs(store_directory.c_str(), &system) == 0) place << system.f_fsid << '\n';
    struct statx directory{};
    if (statx(AT_FDCWD, store_directory.c_str(), 0, STATX_INO | STATX_BTIME, &directory) == 0) {
        place << directory.stx_ino << '\n';
        if ((directory.stx_mask & STATX_BTIME) != 0)
            place << directory.stx_btime.tv_sec << '.' << directory.stx_btime.tv_nsec;
    }
    const cose::Digest digest = cose::sha256(as_bytes(place.str()));
    return Bytes::copy_of(digest);
}

Result<Bytes> draw_chance() {
    Buffer chance(32);
    if (getentropy(chance.data(), chance.size()) == 0) return Bytes{std::move(chance)};
    return fail(ErrorCode::kIo, std::string{"the system gives no random bytes: "} + std::strerror(errno));
}

}  // namespace tram::tramd
