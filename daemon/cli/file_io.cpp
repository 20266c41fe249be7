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

/// What is received is nobody else's business on this machine: a new file is not for all.
Descriptor open_file(const std::filesystem::path& path, int flags) {
    return Descriptor{::open(path.c_str(), flags | O_CLOEXEC, 0640)};
}

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

/// Compares from the beginning of both.
bool same_contents(int one, int other) {
    Buffer chunk(kChunkBytes);
    Buffer expected(kChunkBytes);
    off_t offset = 0;
    while (true) {
        const ssize_t count = ::pread(one, chunk.data(), chunk.size(), offset);
        if (count < 0) return false;
        const auto length = static_cast<std::size_t>(count);
        // One byte more, so that a longer file is noticed.
        std::size_t got = 0;
        const std::size_t wanted = std::max<std::size_t>(length, 1);
        while (got < wanted) {
            const ssize_t some =
                ::pread(other, expected.data() + got, wanted - got, offset + static_cast<off_t>(got));
            if (some < 0) return false;
            if (some == 0) break;
            got += static_cast<std::size_t>(some);
        }
        if (got != length || !std::equal(chunk.begin(), chunk.begin() + count, expected.begin()))
            return false;
        if (length == 0) return true;
        offset += count;
    }
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

}  // namespace

Outcome<void> sync_directory(const std::filesystem::path& directory) {
    const Descriptor handle = open_file(directory, O_RDONLY | O_DIRECTORY);
    if (!handle.is_open() || ::fsync(handle.get()) != 0) return failed_on(directory);
    return {};
}

Outcome<Buffer> read_input(Context& context, const std::string& file, std::size_t bytes_max) {
    if (file == "-") {
        Buffer result;
        Buffer chunk(kChunkBytes);
        while (context.in.read(reinterpret_cast<char*>(chunk.data()), kChunkBytes), context.in.gcount() > 0) {
            append(result, ByteView{chunk}.first(static_cast<std::size_t>(context.in.gcount())));
            if (result.size() > bytes_max) return too_large(file, bytes_max);
        }
        return result;
    }
    return read_file(file, bytes_max);
}

Outcome<Buffer> read_file(const std::filesystem::path& file, std::size_t bytes_max) {
    Buffer result;
    Buffer chunk(kChunkBytes);
    const Descriptor in = open_file(file, O_RDONLY);
    if (!in.is_open()) return failed_on(file);
    while (true) {
        const ssize_t count = read_some(in.get(), chunk);
        if (count < 0) return failed_on(file);
        if (count == 0) return result;
        append(result, ByteView{chunk}.first(static_cast<std::size_t>(count)));
        if (result.size() > bytes_max) return too_large(file.string(), bytes_max);
    }
}

Descriptor::~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Outcome<Input> Input::open(Context& context, const std::string& file, std::size_t memory_bytes_max) {
    Input input;
    input.file_ = file;
    if (file != "-") {
        struct stat status{};
        input.in_ = open_file(file, O_RDONLY);
        if (!input.in_.is_open() || ::fstat(input.in_.get(), &status) != 0) return failed_on(file);
        if (S_ISREG(status.st_mode)) {
            input.size_ = static_cast<std::uint64_t>(status.st_size);
            return input;
        }
        input.in_ = {};
    }
    auto all = read_input(context, file, memory_bytes_max);
    if (!all) return std::unexpected{all.error()};
    input.memory_ = std::move(*all);
    input.size_ = input.memory_.size();
    return input;
}

Outcome<Buffer> Input::next(std::size_t bytes) {
    Buffer part(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, size_ - taken_)));
    std::size_t got = 0;
    if (!in_.is_open()) {
        const auto begin = memory_.begin() + static_cast<std::ptrdiff_t>(taken_);
        std::copy_n(begin, part.size(), part.begin());
        got = part.size();
    }
    while (got < part.size()) {
        const ssize_t count = read_some(in_.get(), std::span{part}.subspan(got));
        if (count < 0) return failed_on(file_);
        if (count == 0) return failed(ErrorCode::kTruncated, file_ + ": the file became shorter meanwhile");
        got += static_cast<std::size_t>(count);
    }
    taken_ += part.size();
    return part;
}

bool Input::has_more() const {
    std::uint8_t byte = 0;
    return in_.is_open() && read_some(in_.get(), {&byte, 1}) > 0;
}

// Best without any name: then not even a kill leaves something behind. Where the file system cannot do that
// (FAT), a hidden file beside the target, always the same, so that the next attempt removes it.
Outcome<NewFile> NewFile::create(const std::filesystem::path& directory, const std::string& name) {
    NewFile file;
    file.directory_ = directory;
    file.target_ = directory / name;
    if (::access("/proc/self/fd", X_OK) == 0) file.out_ = open_file(directory, O_RDWR | O_TMPFILE);
    if (file.out_.is_open()) return file;
    file.part_ = directory / ("." + name + ".part");
    ::unlink(file.part_->c_str());
    file.out_ = open_file(*file.part_, O_RDWR | O_CREAT | O_EXCL);
    if (file.out_.is_open()) return file;
    file.part_.reset();
    return failed_on(directory);
}

NewFile::NewFile(NewFile&& other) noexcept
    : directory_{std::move(other.directory_)},
      target_{std::move(other.target_)},
      part_{std::exchange(other.part_, std::nullopt)},
      out_{std::move(other.out_)} {}

NewFile::~NewFile() {
    if (part_) ::unlink(part_->c_str());
}

Outcome<void> NewFile::write(ByteView contents) {
    if (!write_all(out_.get(), contents)) return failed_on(target_);
    return {};
}

int NewFile::give_name() const {
    if (part_) return rename_new(*part_, target_);
    const std::string self = "/proc/self/fd/" + std::to_string(out_.get());
    return ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, target_.c_str(), AT_SYMLINK_FOLLOW);
}

Outcome<Stored> NewFile::commit(const Context& context) {
    if (::fsync(out_.get()) != 0) return failed_on(target_);
    Stored stored = Stored::kWritten;
    if (give_name() == 0) {
        part_.reset();
    } else {
        if (errno != EEXIST) return failed_on(target_);
        const Descriptor present = open_file(target_, O_RDONLY | O_NOFOLLOW);
        if (!present.is_open()) return failed_on(target_);
        if (!same_contents(out_.get(), present.get())) {
            return failed(ErrorCode::kDuplicate, context.say(Message::kFileDiffers, target_.string()),
                          context.say(Message::kFileDiffersRemedy));
        }
        if (::fsync(present.get()) != 0) return failed_on(target_);
        stored = Stored::kAlreadyThere;
    }
    if (auto synced = sync_directory(directory_); !synced) return std::unexpected{synced.error()};
    return stored;
}

Outcome<Stored> store_durably(const Context& context, const std::filesystem::path& directory,
                              const std::string& name, ByteView contents) {
    auto file = NewFile::create(directory, name);
    if (!file) return std::unexpected{file.error()};
    if (auto written = file->write(contents); !written) return std::unexpected{written.error()};
    return file->commit(context);
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
