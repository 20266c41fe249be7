// Files that survive a power cut whole, and secrets that nobody else may read.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::enrol {

/// Bytes that are wiped at the end. Moves, never copies.
class Secret {
  public:
    Secret() = default;
    explicit Secret(Buffer bytes) : bytes_{std::move(bytes)} {}
    Secret(Secret&& other) noexcept : bytes_{std::move(other.bytes_)} { other.bytes_.clear(); }
    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret();

    [[nodiscard]] ByteView view() const { return bytes_; }

  private:
    Buffer bytes_;
};

/// "/x/y: No such file or directory", as an io error.
[[nodiscard]] std::unexpected<Error> io_failure(const std::filesystem::path& path, int error_number);

/// Makes the directory for its owner alone (0700), and those above it that are missing (0755). Run as root, a
/// new directory belongs to whom the directory above it belongs to. A directory that is there already stays
/// as it is, but must not be one that anybody may write to. Errors: io.
Result<void> make_private_directory(const std::filesystem::path& directory);

/// Keeps other processes of ours out of a directory while they write; waits for them, but not for ever.
/// Errors: not_found, busy (one of them holds it for more than 10 s), io.
class DirectoryLock {
  public:
    static Result<DirectoryLock> take(const std::filesystem::path& directory);
    DirectoryLock(DirectoryLock&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
    DirectoryLock(const DirectoryLock&) = delete;
    DirectoryLock& operator=(const DirectoryLock&) = delete;
    DirectoryLock& operator=(DirectoryLock&&) = delete;
    ~DirectoryLock();

  private:
    explicit DirectoryLock(int descriptor) : descriptor_{descriptor} {}
    int descriptor_;
};

/// False only when there is certainly nothing of that name.
[[nodiscard]] bool is_there(const std::filesystem::path& file);

/// Errors: not_found, too_large, io.
Result<std::string> read_file(const std::filesystem::path& file, std::size_t bytes_max);

struct SecretFile {
    Secret contents;
    bool others_may_read = false;  ///< group or others
};
/// Errors: not_found, io (also: not a plain file, a symbolic link).
Result<SecretFile> read_secret_file(const std::filesystem::path& file);

enum class Readers : std::uint8_t { kOwner, kOwnerIfPossible, kAll };

/// Writes beside the place, syncs, renames, syncs the directory: afterwards there is the old file or the new
/// one. Run as root, the file belongs to whom the directory belongs to. Call it with the DirectoryLock.
/// Errors: io (also: kOwner where the file system cannot keep others out).
Result<void> write_file(const std::filesystem::path& file, ByteView contents, Readers readers);

}  // namespace tram::enrol
