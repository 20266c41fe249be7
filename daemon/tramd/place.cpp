#include "daemon/tramd/place.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <ostream>
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

/// Inode and time of birth: what a copy of a file or directory does not share.
void add_birth(std::ostream& place, const std::filesystem::path& path) {
    struct statx status{};
    if (statx(AT_FDCWD, path.c_str(), 0, STATX_INO | STATX_BTIME, &status) != 0) return;
    place << status.stx_ino << '\n';
    if ((status.stx_mask & STATX_BTIME) != 0)
        place << status.stx_btime.tv_sec << '.' << status.stx_btime.tv_nsec << '\n';
}

}  // namespace

Bytes place_of(const std::filesystem::path& store_directory) {
    std::ostringstream place;
    place << line_of("/sys/class/dmi/id/product_uuid") << '\n' << line_of("/etc/machine-id") << '\n';
    struct statvfs system{};
    // Not the device number: it may be another one after each start of the machine.
    if (statvfs(store_directory.c_str(), &system) == 0) place << system.f_fsid << '\n';
    add_birth(place, store_directory);
    // RocksDB writes it once in the life of a store. A backup put back into the same directory makes it anew.
    add_birth(place, store_directory / "rows" / "IDENTITY");
    const cose::Digest digest = cose::sha256(as_bytes(place.str()));
    return Bytes::copy_of(digest);
}

Result<Bytes> draw_chance() {
    Buffer chance(32);
    if (getentropy(chance.data(), chance.size()) == 0) return Bytes{std::move(chance)};
    return fail(ErrorCode::kIo, std::string{"the system gives no random bytes: "} + std::strerror(errno));
}

}  // namespace tram::tramd
