#include "daemon/enrol/files.h"

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace tram::enrol {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kSecretBytesMax = 16U << 10;
constexpr mode_t kOthers = S_IRWXG | S_IRWXO;

// Who changes a directory needs a moment; who holds it for longer is stuck, and must not stop a daemon.
constexpr std::chrono::seconds kLockPatience{10};
constexpr std::chrono::milliseconds kLockPause{5};

// Without O_NONBLOCK a pipe in place of a file would stop us here.
constexpr int kReadFlags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;

class Descriptor {
  public:
    explicit Descriptor(int number) : number_{number} {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int get() const { return number_; }
    [[nodiscard]] bool ok() const { return number_ >= 0; }

  private:
    int number_;
};

fs::path directory_of(const fs::path& file) {
    const fs::path parent = file.parent_path();
    return parent.empty() ? fs::path{"."} : parent;
}

Result<void> sync_directory(const fs::path& directory) {
    const Descriptor handle{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    // Some file systems of USB sticks cannot sync a directory; that is no reason to fail.
    if (!handle.ok() || (::fsync(handle.get()) != 0 && errno != EINVAL)) return io_failure(directory, errno);
    return {};
}

// As root, gives what was made in `directory` to the directory's owner: the daemon does not run as root.
Result<void> follow_owner(int made, const fs::path& path, const fs::path& directory) {
    if (::geteuid() != 0) return {};
    struct stat above{};
    struct stat own{};
    if (::stat(directory.c_str(), &above) != 0 || ::fstat(made, &own) != 0) return io_failure(path, errno);
    const bool same = above.st_uid == own.st_uid && above.st_gid == own.st_gid;
    if (!same && ::fchown(made, above.st_uid, above.st_gid) != 0) return io_failure(path, errno);
    return {};
}

Result<void> make_directory(const fs::path& directory, mode_t mode) {
    if (::mkdir(directory.c_str(), mode) != 0) return io_failure(directory, errno);
    const Descriptor made{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!made.ok()) return io_failure(directory, errno);
    if (auto done = follow_owner(made.get(), directory, directory_of(directory)); !done) return done;
    return sync_directory(directory_of(directory));
}

Result<void> make_parents(const fs::path& directory) {
    const fs::path parent = directory_of(directory);
    if (parent == directory || is_there(parent)) return {};
    if (auto done = make_parents(parent); !done) return done;
    return make_directory(parent, 0755);
}

Result<Buffer> read_all(int descriptor, const fs::path& file, std::size_t bytes_max) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) return io_failure(file, errno);
    if (!S_ISREG(status.st_mode)) {
        return fail(ErrorCode::kIo, file.string() + " is not a plain file");
    }
    if (static_cast<std::uint64_t>(status.st_size) > bytes_max) {
        return fail(ErrorCode::kTooLarge, file.string() + " is too large for what it should be");
    }
    Buffer contents(static_cast<std::size_t>(status.st_size));
    std::size_t done = 0;
    while (done < contents.size()) {
        const ssize_t got = ::read(descriptor, contents.data() + done, contents.size() - done);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return io_failure(file, errno);
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    contents.resize(done);
    return contents;
}

Result<void> write_all(int descriptor, const fs::path& file, ByteView contents) {
    while (!contents.empty()) {
        const ssize_t put = ::write(descriptor, contents.data(), contents.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return io_failure(file, errno);
        contents = contents.subspan(static_cast<std::size_t>(put));
    }
    return {};
}

Result<void> keep_others_out(int descriptor, const fs::path& file, Readers readers) {
    struct stat status{};
    if (::fstat(descriptor, &status) != 0) return io_failure(file, errno);
    const bool others = (status.st_mode & kOthers) != 0;
    if (readers == Readers::kAll) {
        if (!others) ::fchmod(descriptor, 0644);  // where it cannot be done, it does no harm
        return {};
    }
    if (!others || readers == Readers::kOwnerIfPossible) return {};
    return fail(ErrorCode::kIo,
                "the file system of " + file.string() +
                    " cannot keep others from reading it; use another place, or a passphrase");
}

Result<void> write_new(const fs::path& file, ByteView contents, Readers readers) {
    const Descriptor handle{::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)};
    if (!handle.ok()) return io_failure(file, errno);
    auto done = keep_others_out(handle.get(), file, readers);
    if (done) done = follow_owner(handle.get(), file, directory_of(file));
    if (done) done = write_all(handle.get(), file, contents);
    if (done && ::fsync(handle.get()) != 0) done = io_failure(file, errno);
    return done;
}

}  // namespace

Secret& Secret::operator=(Secret&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
}

Secret::~Secret() {
    sodium_memzero(bytes_.data(), bytes_.size());
}

std::unexpected<Error> io_failure(const fs::path& path, int error_number) {
    return fail(ErrorCode::kIo, path.string() + ": " + std::strerror(error_number));
}

Result<void> make_private_directory(const fs::path& directory) {
    const fs::path path = directory.has_filename() ? directory : directory.parent_path();
    if (!is_there(path)) {
        if (auto done = make_parents(path); !done) return done;
        return make_directory(path, 0700);
    }
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return io_failure(path, errno);
    if (!S_ISDIR(status.st_mode)) return fail(ErrorCode::kIo, path.string() + " is not a directory");
    if ((status.st_mode & S_IWOTH) != 0) {
        return fail(ErrorCode::kIo,
                    "anybody may put files into " + path.string() + "; use a directory of its own inside it");
    }
    return {};
}

Result<DirectoryLock> DirectoryLock::take(const fs::path& directory) {
    const int handle = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (handle < 0 && errno == ENOENT) {
        return fail(ErrorCode::kNotFound, "there is no directory " + directory.string());
    }
    if (handle < 0) return io_failure(directory, errno);
    DirectoryLock lock{handle};
    const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
    while (::flock(handle, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return io_failure(directory, errno);
        if (std::chrono::steady_clock::now() >= deadline) {
            return fail(ErrorCode::kBusy, "another program is changing " + directory.string() +
                                              "; see which: fuser -v " + directory.string());
        }
        std::this_thread::sleep_for(kLockPause);
    }
    return lock;
}

DirectoryLock::~DirectoryLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

bool is_there(const fs::path& file) {
    struct stat status{};
    return ::lstat(file.c_str(), &status) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

Result<std::string> read_file(const fs::path& file, std::size_t bytes_max) {
    const Descriptor handle{::open(file.c_str(), kReadFlags)};
    if (!handle.ok() && errno == ENOENT) return fail(ErrorCode::kNotFound, "there is no " + file.string());
    if (!handle.ok()) return io_failure(file, errno);
    const auto contents = read_all(handle.get(), file, bytes_max);
    if (!contents) return std::unexpected{contents.error()};
    return std::string{as_text(*contents)};
}

Result<SecretFile> read_secret_file(const fs::path& file) {
    const Descriptor handle{::open(file.c_str(), kReadFlags | O_NOFOLLOW)};
    if (!handle.ok() && errno == ENOENT) return fail(ErrorCode::kNotFound, "there is no " + file.string());
    if (!handle.ok() && errno == ELOOP) {
        return fail(ErrorCode::kIo,
                    file.string() + " is a symbolic link; put the key itself there, or name its directory");
    }
    if (!handle.ok()) return io_failure(file, errno);
    struct stat status{};
    if (::fstat(handle.get(), &status) != 0) return io_failure(file, errno);
    auto contents = read_all(handle.get(), file, kSecretBytesMax);
    if (!contents) return std::unexpected{std::move(contents.error())};
    return SecretFile{Secret{std::move(*contents)}, (status.st_mode & kOthers) != 0};
}

Result<void> write_file(const fs::path& file, ByteView contents, Readers readers) {
    fs::path beside = file;
    beside += ".new";
    ::unlink(beside.c_str());  // of somebody who was interrupted
    if (auto done = write_new(beside, contents, readers); !done) {
        ::unlink(beside.c_str());
        return done;
    }
    if (::rename(beside.c_str(), file.c_str()) != 0) {
        const int why = errno;
        ::unlink(beside.c_str());
        return io_failure(file, why);
    }
    return sync_directory(directory_of(file));
}

}  // namespace tram::enrol
