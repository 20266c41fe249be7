// The file of the audit log: opening, locking, and adding to it so that nothing or everything is there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "proto/base/error.h"

namespace tram::audit {

class LogFile {
  public:
    /// Opens for appending and makes the file when it is not there. Errors: io.
    static Result<LogFile> open_to_append(const std::filesystem::path& path);
    /// Errors: not_found, io.
    static Result<LogFile> open_to_read(const std::filesystem::path& path);

    LogFile(LogFile&& other) noexcept;
    LogFile& operator=(LogFile&&) = delete;
    ~LogFile();

    /// Nobody else appends from now until this object ends. Errors: busy (somebody held it for too long), io.
    Result<void> lock();
    /// As lock(), beside other readers.
    Result<void> lock_to_read();
    Result<void> unlock();

    /// Errors: io.
    [[nodiscard]] Result<std::uint64_t> size() const;
    /// The bytes [offset, offset + length), which must be there. Errors: io.
    [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::size_t length) const;
    /// Adds `text` and syncs the file, and its directory when it was empty. When this fails the file is as it
    /// was before, if the system allows. Errors: io, full.
    Result<void> append_synced(std::string_view text);

  private:
    LogFile(int fd, std::filesystem::path path) : fd_{fd}, path_{std::move(path)} {}
    static Result<LogFile> opened(int fd, const std::filesystem::path& path);
    Result<void> lock_as(int how);
    [[nodiscard]] std::unexpected<Error> failed(const char* what, int number) const;
    Result<void> sync_directory() const;

    int fd_;
    std::filesystem::path path_;
};

}  // namespace tram::audit
