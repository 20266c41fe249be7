#include "daemon/audit/file.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace tram::audit {

namespace {

// Appending takes one sync; who holds the lock for longer is stuck, and must not stop the daemon for good.
constexpr std::chrono::seconds kLockPatience{10};
constexpr std::chrono::milliseconds kLockPause{5};

std::unexpected<Error> failed_on(const std::filesystem::path& path, const char* what, int number) {
    const ErrorCode code = number == ENOENT                       ? ErrorCode::kNotFound
                           : number == ENOSPC || number == EDQUOT ? ErrorCode::kFull
                                                                  : ErrorCode::kIo;
    return fail(code,
                fmt::format("the audit log {} cannot be {}: {}", path.string(), what, std::strerror(number)));
}

std::filesystem::path parent_of(const std::filesystem::path& path) {
    return path.has_parent_path() ? path.parent_path() : ".";
}

/// What root began, the service's user must be able to go on with.
void give_to_owner_of_directory(int fd, const std::filesystem::path& path) {
    struct stat parent{};
    if (::geteuid() != 0 || ::stat(parent_of(path).c_str(), &parent) != 0) return;
    // When this fails, the service says that it cannot open its log.
    [[maybe_unused]] const int ignored = ::fchown(fd, parent.st_uid, parent.st_gid);
}

}  // namespace

LogFile::LogFile(LogFile&& other) noexcept
    : fd_{std::exchange(other.fd_, -1)}, path_{std::move(other.path_)} {}

LogFile::~LogFile() {
    if (fd_ >= 0) ::close(fd_);
}

std::unexpected<Error> LogFile::failed(const char* what, int number) const {
    return failed_on(path_, what, number);
}

Result<LogFile> LogFile::opened(int fd, const std::filesystem::path& path) {
    if (fd < 0) return failed_on(path, "opened", errno);
    LogFile file{fd, path};
    struct stat state{};
    if (::fstat(fd, &state) != 0) return failed_on(path, "opened", errno);
    if (!S_ISREG(state.st_mode)) {
        return fail(ErrorCode::kIo, fmt::format("the audit log {} is not a file", path.string()));
    }
    return file;
}

Result<LogFile> LogFile::open_to_append(const std::filesystem::path& path) {
    // Without O_NONBLOCK a pipe in place of the log would stop us here.
    constexpr int kFlags = O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK;
    while (true) {
        int fd = ::open(path.c_str(), kFlags);
        if (fd >= 0 || errno != ENOENT) return opened(fd, path);
        fd = ::open(path.c_str(), kFlags | O_CREAT | O_EXCL, 0640);
        if (fd >= 0) {
            give_to_owner_of_directory(fd, path);
            return opened(fd, path);
        }
        if (errno == ENOENT) return failed_on(path, "made", ENOTDIR);
        if (errno != EEXIST) return failed_on(path, "made", errno);
    }
}

Result<LogFile> LogFile::open_to_read(const std::filesystem::path& path) {
    return opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), path);
}

Result<void> LogFile::lock() {
    return lock_as(LOCK_EX);
}

Result<void> LogFile::lock_to_read() {
    return lock_as(LOCK_SH);
}

Result<void> LogFile::lock_as(int how) {
    const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
    while (::flock(fd_, how | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return failed("locked", errno);
        if (std::chrono::steady_clock::now() >= deadline) {
            return fail(ErrorCode::kBusy,
                        fmt::format("the audit log {} is locked by another program: fuser -v {}",
                                    path_.string(), path_.string()));
        }
        std::this_thread::sleep_for(kLockPause);
    }
    return {};
}

Result<void> LogFile::unlock() {
    if (::flock(fd_, LOCK_UN) != 0) return failed("unlocked", errno);
    return {};
}

Result<std::uint64_t> LogFile::size() const {
    struct stat state{};
    if (::fstat(fd_, &state) != 0) return failed("read", errno);
    return static_cast<std::uint64_t>(state.st_size);
}

Result<std::string> LogFile::read(std::uint64_t offset, std::size_t length) const {
    std::string text(length, '\0');
    std::size_t done = 0;
    while (done < length) {
        const ssize_t count =
            ::pread(fd_, text.data() + done, length - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return failed("read", errno);
        if (count == 0) return fail(ErrorCode::kIo, "the audit log " + path_.string() + " became shorter");
        done += static_cast<std::size_t>(count);
    }
    return text;
}

Result<void> LogFile::append_synced(std::string_view text) {
    const auto before = size();
    if (!before) return std::unexpected{before.error()};
    int number = 0;
    while (!text.empty() && number == 0) {
        const ssize_t count = ::write(fd_, text.data(), text.size());
        if (count >= 0) {
            text.remove_prefix(static_cast<std::size_t>(count));
        } else if (errno != EINTR) {
            number = errno;
        }
    }
    if (number == 0 && ::fsync(fd_) != 0) number = errno;
    if (number == 0) return *before == 0 ? sync_directory() : Result<void>{};
    // Part of a line would be taken for a torn one, but why leave it there.
    if (::ftruncate(fd_, static_cast<off_t>(*before)) == 0) ::fsync(fd_);
    return failed("written", number);
}

Result<void> LogFile::sync_directory() const {
    const int fd = ::open(parent_of(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return failed("made durable", errno);
    const int number = ::fsync(fd) == 0 ? 0 : errno;
    ::close(fd);
    if (number != 0) return failed("made durable", number);
    return {};
}

}  // namespace tram::audit
