#include "store/space_watch.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <limits>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace tram::store {

namespace {

constexpr const char* kReserveName = "reserve";
/// Manifest, a new log, the anchor.
constexpr std::uint64_t kOpenBytesMin = 4U << 20;

}  // namespace

SpaceWatch::SpaceWatch(std::shared_ptr<rocksdb::FileSystem> file_system, std::filesystem::path directory,
                       std::uint64_t reserve_bytes)
    : file_system_{std::move(file_system)},
      directory_{std::move(directory)},
      reserve_path_{directory_ / kReserveName},
      reserve_bytes_{reserve_bytes} {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(reserve_path_, ignored);
    reserve_made_ = !ignored && size == reserve_bytes_;
    if (!reserve_made_) {
        give_up_reserve();
        if (free_bytes() >= 2 * reserve_bytes_) make_reserve();
    }
}

Result<void> SpaceWatch::make_room_to_open(rocksdb::FileSystem& file_system,
                                           const std::filesystem::path& directory, std::uint64_t log_bytes) {
    const std::uint64_t needed = log_bytes + kOpenBytesMin;
    std::uint64_t free = 0;
    const auto enough = [&] {
        const auto status = file_system.GetFreeSpace(directory.string(), {}, &free, nullptr);
        return !status.ok() || free >= needed;
    };
    if (enough()) return {};
    std::error_code ignored;
    std::filesystem::remove(directory / kReserveName, ignored);
    if (enough()) return {};
    return fail(ErrorCode::kFull,
                fmt::format("the disk of {} is full: opening the store takes {} bytes, {} are free",
                            directory.string(), needed, free));
}

SpaceWatch::Room SpaceWatch::check(std::uint64_t upcoming_bytes) {
    if (reserve_bytes_ == 0) return Room::kEnough;
    const auto free_after = [&] {
        const std::uint64_t free = free_bytes();
        return free > upcoming_bytes ? free - upcoming_bytes : 0;
    };
    std::uint64_t free = free_after();
    if (!reserve_made_ && free >= 2 * reserve_bytes_) {
        make_reserve();
        free = free_after();
    }
    // Once the reserve was given up, bundles wait until it is there again.
    if (free >= reserve_bytes_) return reserve_made_ ? Room::kEnough : Room::kErasingOnly;
    if (reserve_made_ && free < reserve_bytes_ / 2) {
        give_up_reserve();
        return free_after() < reserve_bytes_ / 4 ? Room::kNone : Room::kErasingOnly;
    }
    return free < reserve_bytes_ / 4 ? Room::kNone : Room::kErasingOnly;
}

std::uint64_t SpaceWatch::free_bytes() const {
    std::uint64_t free = 0;
    const auto status = file_system_->GetFreeSpace(directory_.string(), {}, &free, nullptr);
    return status.ok() ? free : std::numeric_limits<std::uint64_t>::max();
}

void SpaceWatch::make_reserve() {
    if (reserve_bytes_ == 0) return;
    const int file = ::open(reserve_path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return;
    reserve_made_ = ::posix_fallocate(file, 0, static_cast<off_t>(reserve_bytes_)) == 0;
    ::close(file);
    // Half a reserve would only take space: without it the watch alone guards the disk.
    if (!reserve_made_) give_up_reserve();
}

void SpaceWatch::give_up_reserve() {
    std::error_code ignored;
    std::filesystem::remove(reserve_path_, ignored);
    reserve_made_ = false;
}

}  // namespace tram::store
