// A disk that loses power. It keeps what was synced and, of the rest, as much as chance will have it.
//
//   file data         durable up to the last sync; of what was appended since, a cut keeps a random
//   beginning,
//                     so the last write is torn at any byte
//   directory entries durable at the sync of their directory; of the creations, renames and deletions since,
//                     a cut keeps a random number of the first (a journal is replayed in order)
//
// A cut happens before a chosen operation (cut_after) or on cut(). From then on every operation fails, on
// files that were open too, until power_on(). Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace tram::faults {

/// One file's contents; entries of directories refer to it.
struct SimulatedFile {
    std::string data;
    std::size_t synced = 0;  ///< this many bytes survive a cut
};
using FilePtr = std::shared_ptr<SimulatedFile>;

/// What an operation found. kOff: the power is off, or was since the file was opened.
enum class DiskAnswer : std::uint8_t { kOk, kNotFound, kExists, kOff };

class SimulatedDisk {
  public:
    /// A file that was opened; of no use after a cut.
    struct Handle {
        FilePtr file;
        std::uint64_t boot = 0;
    };

    explicit SimulatedDisk(std::uint64_t seed) : random_{seed} { make_directory_durable("/"); }

    /// Opens a file; a new one, or emptied, with `create`. An existing one keeps its contents with `append`.
    DiskAnswer open(const std::string& path, Handle& handle);
    DiskAnswer create(const std::string& path, bool append, Handle& handle);
    DiskAnswer append(const Handle& handle, std::string_view bytes);
    DiskAnswer truncate(const Handle& handle, std::size_t size);
    DiskAnswer sync(const Handle& handle);
    /// Up to `size` bytes from `offset`, copied to `target`; their count in `got`.
    DiskAnswer read(const Handle& handle, std::size_t offset, std::size_t size, char* target,
                    std::size_t& got) const;
    DiskAnswer size(const Handle& handle, std::size_t& bytes) const;

    DiskAnswer make_directory(const std::string& path);
    DiskAnswer sync_directory(const std::string& path);
    DiskAnswer list(const std::string& path, std::vector<std::string>& names) const;
    DiskAnswer rename(const std::string& from, const std::string& to);
    DiskAnswer link(const std::string& from, const std::string& to);
    DiskAnswer remove(const std::string& path);
    [[nodiscard]] bool is_directory(const std::string& path) const;

    /// The power fails before the `operations`-th next one that changes or syncs something.
    void cut_after(std::uint64_t operations);
    void cut();
    [[nodiscard]] bool is_off() const;
    void power_on();

    /// Flips one bit of a file, as a failing medium does. False when it has no such byte.
    bool flip_bit(const std::string& path, std::size_t byte, unsigned bit);

  private:
    using Entries = std::map<std::string, FilePtr>;  // by name; nullptr is a directory
    struct EntryChange {
        std::string name;
        std::optional<FilePtr> file;  // nothing: the entry is removed
        bool with_next = false;       // first half of a rename, which is atomic
    };
    struct Directory {
        Entries now;
        Entries durable;
        std::vector<EntryChange> unsynced;
    };

    void make_directory_durable(const std::string& path) { directories_[path]; }
    bool step();
    void cut_locked();
    void tear(SimulatedFile& file);
    void change_entry(Directory& directory, EntryChange change);
    Directory* directory_of(const std::string& path, std::string& name);
    const FilePtr* find(const std::string& path) const;
    [[nodiscard]] bool dead(const Handle& handle) const { return off_ || handle.boot != boot_; }

    mutable std::mutex mutex_;
    std::mt19937_64 random_;
    std::map<std::string, Directory> directories_;  // by path
    bool off_ = false;
    std::uint64_t boot_ = 0;
    std::optional<std::uint64_t> steps_left_;
};

}  // namespace tram::faults
