// Reading input files and writing received payloads so that they survive a power cut.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "daemon/cli/context.h"
#include "proto/base/bytes.h"

namespace tram::cli {

/// The whole file, or all of context.in for "-". Errors: not_found, io, too_large above `bytes_max`.
Outcome<Buffer> read_input(Context& context, const std::string& file, std::size_t bytes_max);

/// A file on the disk. Errors: those of read_input().
Outcome<Buffer> read_file(const std::filesystem::path& file, std::size_t bytes_max);
/// So that names in it survive a power cut. Errors: io, not_found.
Outcome<void> sync_directory(const std::filesystem::path& directory);

/// A file descriptor that is closed at the end.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_{fd} {}
    ~Descriptor();
    Descriptor(Descriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
    Descriptor& operator=(Descriptor&& other) noexcept;

    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    [[nodiscard]] int get() const { return fd_; }

  private:
    int fd_ = -1;
};

/// Input that is read in steps, and whose length is known before. What has no length of its own ("-", a pipe)
/// is read into memory first.
class Input {
  public:
    /// Errors: those of read_input(), which `memory_bytes_max` bounds.
    static Outcome<Input> open(Context& context, const std::string& file, std::size_t memory_bytes_max);

    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// The next bytes: `bytes`, or what is left. Errors: io, truncated (the file became shorter).
    Outcome<Buffer> next(std::size_t bytes);
    /// Whether the file became longer.
    [[nodiscard]] bool has_more() const;

  private:
    std::string file_;
    Descriptor in_;  // closed: in memory
    Buffer memory_;
    std::uint64_t size_ = 0;
    std::uint64_t taken_ = 0;
};

enum class Stored : std::uint8_t { kWritten, kAlreadyThere };

/// A file that gets its name when it is complete and on the disk, and leaves nothing behind before.
class NewFile {
  public:
    /// Errors: not_found, io.
    static Outcome<NewFile> create(const std::filesystem::path& directory, const std::string& name);
    ~NewFile();
    NewFile(NewFile&& other) noexcept;
    NewFile& operator=(NewFile&&) = delete;

    Outcome<void> write(ByteView contents);
    /// fsync, the name without overwriting, fsync of the directory. When this returns, the file survives a
    /// power cut. A file with the same contents is left as it is (and synced). Errors: duplicate (the file is
    /// there with other contents), io.
    Outcome<Stored> commit(const Context& context);

  private:
    NewFile() = default;
    int give_name() const;

    std::filesystem::path directory_;
    std::filesystem::path target_;
    std::optional<std::filesystem::path> part_;  // nothing: the file has no name yet, and goes with us
    Descriptor out_;
};

/// Puts `contents` at directory/name, as NewFile does.
Outcome<Stored> store_durably(const Context& context, const std::filesystem::path& directory,
                              const std::string& name, ByteView contents);

/// `text` as a file name: letters, digits, '-' and '_' stay, everything else becomes '_'.
std::string file_name_of(std::string_view text);

}  // namespace tram::cli
