#include "store/anchor.h"

#include <array>
#include <charconv>
#include <fmt/format.h>
#include <string_view>
#include <utility>

#include "proto/base/checksum.h"
#include "store/database.h"

namespace tram::store {

namespace {

constexpr std::string_view kMagic = "tram-anchor 1 ";
constexpr std::size_t kSequenceDigits = 20;
constexpr std::size_t kCrcDigits = 8;
constexpr std::size_t kFileBytes = kMagic.size() + kSequenceDigits + 1 + kCrcDigits + 1;

std::string anchor_text(std::uint64_t sequence) {
    const std::string text = fmt::format("{}{:020}", kMagic, sequence);
    return fmt::format("{} {:08x}\n", text, crc32c(as_bytes(text)));
}

std::unexpected<Error> failed(const rocksdb::IOStatus& status, std::string_view doing) {
    return std::unexpected{error_from(status, doing)};
}

}  // namespace

Anchor::Anchor(std::shared_ptr<rocksdb::FileSystem> file_system, std::string directory)
    : file_system_{std::move(file_system)}, directory_{std::move(directory)}, path_{directory_ + "/anchor"} {}

Result<std::optional<std::uint64_t>> Anchor::read() const {
    std::unique_ptr<rocksdb::FSSequentialFile> file;
    auto status = file_system_->NewSequentialFile(path_, {}, &file, nullptr);
    if (status.IsNotFound() || status.IsPathNotFound()) return std::nullopt;
    if (!status.ok()) return failed(status, "open the anchor file");
    std::array<char, kFileBytes + 1> buffer{};
    rocksdb::Slice text;
    status = file->Read(buffer.size(), {}, &text, buffer.data(), nullptr);
    if (!status.ok()) return failed(status, "read the anchor file");

    std::uint64_t sequence = 0;
    if (text.size() == kFileBytes) {
        const char* digits = text.data() + kMagic.size();
        std::from_chars(digits, digits + kSequenceDigits, sequence);
    }
    if (text.ToStringView() != anchor_text(sequence)) {
        return fail(ErrorCode::kCorrupt, "the anchor file is damaged");
    }
    return sequence;
}

Result<void> Anchor::write(std::uint64_t sequence) {
    const std::string fresh = path_ + ".new";
    std::unique_ptr<rocksdb::FSWritableFile> file;
    auto status = file_system_->NewWritableFile(fresh, {}, &file, nullptr);
    if (status.ok()) status = file->Append(anchor_text(sequence), {}, nullptr);
    if (status.ok()) status = file->Sync({}, nullptr);
    if (status.ok()) status = file->Close({}, nullptr);
    if (status.ok()) status = file_system_->RenameFile(fresh, path_, {}, nullptr);
    if (!status.ok()) return failed(status, "write the anchor file");
    return sync_directory(*file_system_, directory_);
}

Result<void> sync_directory(rocksdb::FileSystem& file_system, const std::string& directory) {
    std::unique_ptr<rocksdb::FSDirectory> handle;
    auto status = file_system.NewDirectory(directory, {}, &handle, nullptr);
    if (status.ok()) status = handle->Fsync({}, nullptr);
    if (!status.ok()) return failed(status, "sync the directory of the store");
    return {};
}

}  // namespace tram::store
