#include "daemon/cli/file_io.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <istream>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace tram::cli {

namespace {

constexpr std::size_t kChunkBytes = 64U << 10;

class File {
  public:
    File(const std::filesystem::path& path, int flags) : fd_{::open(path.c_str(), flags | O_CLOEXEC, 0666)} {}
    ~File() {
        if (fd_ >= 0) ::close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    [[nodiscard]] int fd() const { return fd_; }

  private:
    int fd_;
};

std::unexpected<Failure> failed_on(const std::filesystem::path& path) {
    const int number = errno;
    return failed(number == ENOENT ? ErrorCode::kNotFound : ErrorCode::kIo,
                  path.string() + ": " + std::strerror(number));
}

std::unexpected<Failure> too_large(const std::string& file, std::size_t bytes_max) {
    return failed(ErrorCode::kTooLarge, file + ": more than " + std::to_string(bytes_max) + " bytes");
}

/// Bytes read into `chunk`, 0 at the end, -1 with errno.
ssize_t read_some(int fd, std::span<std::uint8_t> chunk) {
    while (true) {
        const ssize_t count = ::read(fd, chunk.data(), chunk.size());
        if (count >= 0 || errno != EINTR) return count;
    }
}

bool write_all(int fd, ByteView contents) {
    while (!contents.empty()) {
        const ssize_t count = ::write(fd, contents.data(), contents.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        contents = contents.subspan(static_cast<std::size_t>(count));
    }
    return true;
}

bool same_contents(int fd, ByteView contents) {
    Buffer chunk(kChunkBytes);
    while (true) {
        const ssize_t count = read_some(fd, chunk);
        if (count < 0) return false;
        if (count == 0) return contents.empty();
        const auto length = static_cast<std::size_t>(count);
        if (length > contents.size() || !std::equal(chunk.begin(), chunk.begin() + count, contents.begin())) {
            return false;
        }
        contents = contents.subspan(length);
    }
}

Outcome<void> sync_directory(const std::filesystem::path& directory) {
    const File handle{directory, O_RDONLY | O_DIRECTORY};
    if (!handle.is_open() || ::fsync(handle.fd()) != 0) return failed_on(directory);
    return {};
}

Outcome<void> write_synced(const std::filesystem::path& path, ByteView contents) {
    const File out{path, O_WRONLY | O_CREAT | O_TRUNC};
    if (!out.is_open() || !write_all(out.fd(), contents) || ::fsync(out.fd()) != 0) return failed_on(path);
    return {};
}

/// rename() that fails with EEXIST instead of overwriting. File systems without RENAME_NOREPLACE (FAT) get a
/// look first; only this program writes under these names.
int rename_new(const std::filesystem::path& from, const std::filesystem::path& to) {
    const int result = ::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE);
    if (result == 0 || (errno != EINVAL && errno != ENOSYS)) return result;
    if (::access(to.c_str(), F_OK) == 0) {
        errno = EEXIST;
        return -1;
    }
    return ::rename(from.c_str(), to.c_str());
}

/// What is at `target` already: nothing, or the same; other contents are a failure.
Outcome<bool> there_already(const Context& context, const std::filesystem::path& target, ByteView contents) {
    const File present{target, O_RDONLY | O_NOFOLLOW};
    if (!present.is_open()) {
        if (errno == ENOENT) return false;
        return failed_on(target);
    }
    if (!same_contents(present.fd(), contents)) {
        return failed(ErrorCode::kDuplicate, context.say(Message::kFileDiffers, target.string()),
                      context.say(Message::kFileDiffersRemedy));
    }
    if (::fsync(present.fd()) != 0) return failed_on(target);
    return true;
}

}  // namespace

Outcome<Buffer> read_input(Context& context, const std::string& file, std::size_t bytes_max) {
    Buffer result;
    Buffer chunk(kChunkBytes);
    if (file == "-") {
        while (context.in.read(reinterpret_cast<char*>(chunk.data()), kChunkBytes), context.in.gcount() > 0) {
            append(result, ByteView{chunk}.first(static_cast<std::size_t>(context.in.gcount())));
            if (result.size() > bytes_max) return too_large(file, bytes_max);
        }
        return result;
    }
    const File in{file, O_RDONLY};
    if (!in.is_open()) return failed_on(file);
    while (true) {
        const ssize_t count = read_some(in.fd(), chunk);
        if (count < 0) return failed_on(file);
        if (count == 0) return result;
        append(result, ByteView{chunk}.first(static_cast<std::size_t>(count)));
        if (result.size() > bytes_max) return too_large(file, bytes_max);
    }
}

Outcome<Stored> store_durably(const Context& context, const std::filesystem::path& directory,
                              const std::string& name, ByteView contents) {
    const std::filesystem::path target = directory / name;
    const std::filesystem::path part = directory / ("." + name + "." + std::to_string(::getpid()) + ".part");
    auto there = there_already(context, target, contents);
    if (!there) return std::unexpected{there.error()};
    if (!*there) {
        if (auto written = write_synced(part, contents); !written) {
            ::unlink(part.c_str());
            return std::unexpected{written.error()};
        }
        if (rename_new(part, target) != 0) {
            auto failure = failed_on(target);
            const bool raced = errno == EEXIST;
            ::unlink(part.c_str());
            if (!raced) return failure;
            auto now_there = there_already(context, target, contents);
            if (!now_there) return std::unexpected{now_there.error()};
        }
    }
    if (auto synced = sync_directory(directory); !synced) return std::unexpected{synced.error()};
    return *there ? Stored::kAlreadyThere : Stored::kWritten;
}

std::string file_name_of(std::string_view text) {
    std::string name;
    for (const char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                           c == '-' || c == '_';
        name += plain ? c : '_';
    }
    return name.empty() ? "_" : name;
}

}  // namespace tram::cli
