#include "tests/faults/power_cut_fs.h"

#include <cstdarg>
#include <limits>
#include <mutex>
#include <rocksdb/env.h>
#include <set>
#include <string>
#include <utility>

namespace tram::faults {

namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus status_of(DiskAnswer answer, const std::string& path) {
    switch (answer) {
        case DiskAnswer::kOk: return IOStatus::OK();
        case DiskAnswer::kNotFound: return IOStatus::PathNotFound(path);
        case DiskAnswer::kExists: return IOStatus::IOError(path, "exists");
        case DiskAnswer::kOff: return IOStatus::IOError(path, "the power is off");
    }
    return IOStatus::IOError(path);
}

// RocksDB writes "dir//file" and "dir/" here and there.
std::string clean(const std::string& path) {
    std::string clean;
    for (const char c : path) {
        if (c != '/' || clean.empty() || clean.back() != '/') clean += c;
    }
    if (clean.size() > 1 && clean.back() == '/') clean.pop_back();
    return clean;
}

class SequentialFile final : public rocksdb::FSSequentialFile {
  public:
    SequentialFile(std::shared_ptr<SimulatedDisk> disk, SimulatedDisk::Handle handle)
        : disk_{std::move(disk)}, handle_{std::move(handle)} {}
    IOStatus Read(std::size_t n, const IOOptions&, Slice* result, char* scratch, IODebugContext*) override {
        std::size_t got = 0;
        const auto answer = disk_->read(handle_, offset_, n, scratch, got);
        offset_ += got;
        *result = {scratch, got};
        return status_of(answer, "read");
    }
    IOStatus Skip(std::uint64_t n) override {
        offset_ += n;
        return IOStatus::OK();
    }

  private:
    std::shared_ptr<SimulatedDisk> disk_;
    SimulatedDisk::Handle handle_;
    std::size_t offset_ = 0;
};

class RandomAccessFile final : public rocksdb::FSRandomAccessFile {
  public:
    RandomAccessFile(std::shared_ptr<SimulatedDisk> disk, SimulatedDisk::Handle handle)
        : disk_{std::move(disk)}, handle_{std::move(handle)} {}
    IOStatus Read(std::uint64_t offset, std::size_t n, const IOOptions&, Slice* result, char* scratch,
                  IODebugContext*) const override {
        std::size_t got = 0;
        const auto answer = disk_->read(handle_, offset, n, scratch, got);
        *result = {scratch, got};
        return status_of(answer, "read");
    }

  private:
    std::shared_ptr<SimulatedDisk> disk_;
    SimulatedDisk::Handle handle_;
};

class WritableFile final : public rocksdb::FSWritableFile {
  public:
    WritableFile(std::shared_ptr<SimulatedDisk> disk, SimulatedDisk::Handle handle)
        : disk_{std::move(disk)}, handle_{std::move(handle)} {}
    using FSWritableFile::Append;
    IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
        return status_of(disk_->append(handle_, data.ToStringView()), "append");
    }
    IOStatus Truncate(std::uint64_t size, const IOOptions&, IODebugContext*) override {
        return status_of(disk_->truncate(handle_, size), "truncate");
    }
    IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    IOStatus Sync(const IOOptions&, IODebugContext*) override {
        return status_of(disk_->sync(handle_), "sync");
    }
    std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
        std::size_t bytes = 0;
        disk_->size(handle_, bytes);
        return bytes;
    }

  private:
    std::shared_ptr<SimulatedDisk> disk_;
    SimulatedDisk::Handle handle_;
};

class Directory final : public rocksdb::FSDirectory {
  public:
    Directory(std::shared_ptr<SimulatedDisk> disk, std::string path)
        : disk_{std::move(disk)}, path_{std::move(path)} {}
    IOStatus Fsync(const IOOptions&, IODebugContext*) override {
        return status_of(disk_->sync_directory(path_), path_);
    }
    IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

  private:
    std::shared_ptr<SimulatedDisk> disk_;
    std::string path_;
};

class Lock final : public rocksdb::FileLock {
  public:
    explicit Lock(std::string path) : path_{std::move(path)} {}
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// In place of RocksDB's information log, which nobody reads here.
class Silence final : public rocksdb::Logger {
  public:
    using Logger::Logv;
    void Logv(const char*, va_list) override {}
    std::size_t GetLogFileSize() const override { return 0; }
};

class PowerCutFileSystem final : public rocksdb::FileSystemWrapper {
  public:
    explicit PowerCutFileSystem(std::shared_ptr<SimulatedDisk> disk)
        : FileSystemWrapper{rocksdb::FileSystem::Default()}, disk_{std::move(disk)} {}
    const char* Name() const override { return "PowerCutFileSystem"; }

    IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSSequentialFile>* file, IODebugContext*) override {
        return open<SequentialFile>(path, file);
    }
    IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                 IODebugContext*) override {
        return open<RandomAccessFile>(path, file);
    }
    IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext*) override {
        return create(path, false, file);
    }
    IOStatus ReopenWritableFile(const std::string& path, const FileOptions&,
                                std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext*) override {
        return create(path, true, file);
    }
    IOStatus ReuseWritableFile(const std::string& path, const std::string& old, const FileOptions&,
                               std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext*) override {
        const auto answer = disk_->rename(clean(old), clean(path));
        return answer == DiskAnswer::kOk ? create(path, false, file) : status_of(answer, path);
    }
    IOStatus NewRandomRWFile(const std::string&, const FileOptions&,
                             std::unique_ptr<rocksdb::FSRandomRWFile>*, IODebugContext*) override {
        return IOStatus::NotSupported("random writes");
    }
    IOStatus NewMemoryMappedFileBuffer(const std::string&,
                                       std::unique_ptr<rocksdb::MemoryMappedFileBuffer>*) override {
        return IOStatus::NotSupported("memory maps");
    }
    IOStatus NewDirectory(const std::string& path, const IOOptions&,
                          std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext*) override {
        if (!disk_->is_directory(clean(path))) return IOStatus::PathNotFound(path);
        *directory = std::make_unique<Directory>(disk_, clean(path));
        return IOStatus::OK();
    }
    IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
        if (disk_->is_directory(clean(path))) return IOStatus::OK();
        SimulatedDisk::Handle handle;
        const auto answer = disk_->open(clean(path), handle);
        return answer == DiskAnswer::kNotFound ? IOStatus::NotFound() : status_of(answer, path);
    }
    IOStatus GetChildren(const std::string& path, const IOOptions&, std::vector<std::string>* names,
                         IODebugContext*) override {
        return status_of(disk_->list(clean(path), *names), path);
    }
    IOStatus GetChildrenFileAttributes(const std::string& path, const IOOptions& options,
                                       std::vector<rocksdb::FileAttributes>* found,
                                       IODebugContext* debug) override {
        return FileSystem::GetChildrenFileAttributes(path, options, found, debug);
    }
    IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
        return status_of(disk_->remove(clean(path)), path);
    }
    IOStatus Truncate(const std::string& path, std::size_t size, const IOOptions&, IODebugContext*) override {
        SimulatedDisk::Handle handle;
        auto answer = disk_->open(clean(path), handle);
        if (answer == DiskAnswer::kOk) answer = disk_->truncate(handle, size);
        return status_of(answer, path);
    }
    IOStatus CreateDir(const std::string& path, const IOOptions&, IODebugContext*) override {
        return status_of(disk_->make_directory(clean(path)), path);
    }
    IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override {
        const auto answer = disk_->make_directory(clean(path));
        return answer == DiskAnswer::kExists ? IOStatus::OK() : status_of(answer, path);
    }
    IOStatus DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) override {
        return IOStatus::NotSupported(path);
    }
    IOStatus GetFileSize(const std::string& path, const IOOptions&, std::uint64_t* bytes,
                         IODebugContext*) override {
        SimulatedDisk::Handle handle;
        std::size_t size = 0;
        auto answer = disk_->open(clean(path), handle);
        if (answer == DiskAnswer::kOk) answer = disk_->size(handle, size);
        *bytes = size;
        return status_of(answer, path);
    }
    IOStatus GetFileModificationTime(const std::string&, const IOOptions&, std::uint64_t* time,
                                     IODebugContext*) override {
        *time = 0;
        return IOStatus::OK();
    }
    IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                        IODebugContext*) override {
        return status_of(disk_->rename(clean(from), clean(to)), from);
    }
    IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
        return status_of(disk_->link(clean(from), clean(to)), from);
    }
    IOStatus NumFileLinks(const std::string&, const IOOptions&, std::uint64_t*, IODebugContext*) override {
        return IOStatus::NotSupported("link counts");
    }
    IOStatus AreFilesSame(const std::string&, const std::string&, const IOOptions&, bool*,
                          IODebugContext*) override {
        return IOStatus::NotSupported("comparing files");
    }
    IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is, IODebugContext*) override {
        *is = disk_->is_directory(clean(path));
        return IOStatus::OK();
    }
    IOStatus GetFreeSpace(const std::string&, const IOOptions&, std::uint64_t* bytes,
                          IODebugContext*) override {
        *bytes = std::numeric_limits<std::uint64_t>::max();
        return IOStatus::OK();
    }
    IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* absolute,
                             IODebugContext*) override {
        *absolute = path;
        return IOStatus::OK();
    }
    IOStatus NewLogger(const std::string&, const IOOptions&, std::shared_ptr<rocksdb::Logger>* logger,
                       IODebugContext*) override {
        *logger = std::make_shared<Silence>();
        return IOStatus::OK();
    }
    IOStatus LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** lock,
                      IODebugContext*) override {
        const std::lock_guard guard{mutex_};
        if (!locked_.insert(path).second) return IOStatus::IOError("lock " + path, "held");
        *lock = new Lock{path};  // RocksDB gives it back to UnlockFile()
        return IOStatus::OK();
    }
    IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
        const std::lock_guard guard{mutex_};
        const std::unique_ptr<Lock> held{static_cast<Lock*>(lock)};
        locked_.erase(held->path());
        return IOStatus::OK();
    }

  private:
    template <typename File, typename Base>
    IOStatus open(const std::string& path, std::unique_ptr<Base>* file) {
        SimulatedDisk::Handle handle;
        const auto answer = disk_->open(clean(path), handle);
        if (answer == DiskAnswer::kOk) *file = std::make_unique<File>(disk_, std::move(handle));
        return status_of(answer, path);
    }
    IOStatus create(const std::string& path, bool append, std::unique_ptr<rocksdb::FSWritableFile>* file) {
        SimulatedDisk::Handle handle;
        const auto answer = disk_->create(clean(path), append, handle);
        if (answer == DiskAnswer::kOk) *file = std::make_unique<WritableFile>(disk_, std::move(handle));
        return status_of(answer, path);
    }

    std::shared_ptr<SimulatedDisk> disk_;
    std::mutex mutex_;
    std::set<std::string> locked_;
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> make_power_cut_file_system(std::shared_ptr<SimulatedDisk> disk) {
    return std::make_shared<PowerCutFileSystem>(std::move(disk));
}

}  // namespace tram::faults
