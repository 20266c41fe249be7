#include "tests/faults/simulated_disk.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

namespace tram::faults {

namespace {

std::string parent_of(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == 0 || slash == std::string::npos ? "/" : path.substr(0, slash);
}

std::string name_of(const std::string& path) {
    return path.substr(path.rfind('/') + 1);
}

}  // namespace

DiskAnswer SimulatedDisk::open(const std::string& path, Handle& handle) {
    const std::lock_guard lock{mutex_};
    if (off_) return DiskAnswer::kOff;
    const FilePtr* file = find(path);
    if (file == nullptr || *file == nullptr) return DiskAnswer::kNotFound;
    handle = {*file, boot_};
    return DiskAnswer::kOk;
}

DiskAnswer SimulatedDisk::create(const std::string& path, bool append, Handle& handle) {
    const std::lock_guard lock{mutex_};
    if (!step()) return DiskAnswer::kOff;
    std::string name;
    Directory* directory = directory_of(path, name);
    if (directory == nullptr) return DiskAnswer::kNotFound;
    const auto there = directory->now.find(name);
    if (append && there != directory->now.end()) {
        handle = {there->second, boot_};
        return DiskAnswer::kOk;
    }
    // Emptying a file in place is not durable either; a new file under the old name models that.
    auto file = std::make_shared<SimulatedFile>();
    change_entry(*directory, {name, file, false});
    handle = {std::move(file), boot_};
    return DiskAnswer::kOk;
}

DiskAnswer SimulatedDisk::append(const Handle& handle, std::string_view bytes) {
    const std::lock_guard lock{mutex_};
    if (dead(handle)) return DiskAnswer::kOff;
    // The write that the cut interrupts is on its way already: a part of it may arrive.
    handle.file->data.append(bytes);
    return step() ? DiskAnswer::kOk : DiskAnswer::kOff;
}

DiskAnswer SimulatedDisk::truncate(const Handle& handle, std::size_t size) {
    const std::lock_guard lock{mutex_};
    if (dead(handle) || !step()) return DiskAnswer::kOff;
    handle.file->data.resize(size);
    handle.file->synced = std::min(handle.file->synced, size);
    return DiskAnswer::kOk;
}

DiskAnswer SimulatedDisk::sync(const Handle& handle) {
    const std::lock_guard lock{mutex_};
    if (dead(handle) || !step()) return DiskAnswer::kOff;
    handle.file->synced = handle.file->data.size();
    return DiskAnswer::kOk;
}

DiskAnswer SimulatedDisk::read(const Handle& handle, std::size_t offset, std::size_t size, char* target,
                               std::size_t& got) const {
    const std::lock_guard lock{mutex_};
    got = 0;
    if (dead(handle)) return DiskAnswer::kOff;
    const std::string& data = handle.file->data;
    if (offset >= data.size()) return DiskAnswer::kOk;
    got = std::min(size, data.size() - offset);
    std::memcpy(target, data.data() + offset, got);
    return DiskAnswer::kOk;
}

DiskAnswer SimulatedDisk::size(const Handle& handle, std::size_t& bytes) const {
    const std::lock_guard lock{mutex_};
    if (dead(handle)) return DiskAnswer::kOff;
    bytes = handle.file->data.size();
    return DiskAnswer::kOk;
}

DiskAnswer SimulatedDisk::make_directory(const std::string& path) {
    const std::lock_guard lock{mutex_};
    if (!step()) return DiskAnswer::kOff;
    if (directories_.contains(path)) return DiskAnswer::kExists;
    std::string name;
    Directory* parent = directory_of(path, name);
    if (parent == nullptr) return DiskAnswer::kNotFound;
    change_entry(*parent, {name, FilePtr{}, false});
    directories_[path];
    return DiskAnswer::kOk;
}

DiskAnswer SimulatedDisk::sync_directory(const std::string& path) {
    const std::lock_guard lock{mutex_};
    if (!step()) return DiskAnswer::kOff;
    const auto directory = directories_.find(path);
    if (directory == directories_.end()) return DiskAnswer::kNotFound;
    directory->second.durable = directory->second.now;
    directory->second.unsynced.clear();
    return DiskAnswer::kOk;
}

DiskAnswer SimulatedDisk::list(const std::string& path, std::vector<std::string>& names) const {
    const std::lock_guard lock{mutex_};
    if (off_) return DiskAnswer::kOff;
    const auto directory = directories_.find(path);
    if (directory == directories_.end()) return DiskAnswer::kNotFound;
    names.clear();
    for (const auto& [name, file] : directory->second.now)
        names.push_back(name);
    return DiskAnswer::kOk;
}

DiskAnswer SimulatedDisk::rename(const std::string& from, const std::string& to) {
    const std::lock_guard lock{mutex_};
    if (!step()) return DiskAnswer::kOff;
    std::string old_name;
    std::string new_name;
    Directory* source = directory_of(from, old_name);
    Directory* target = directory_of(to, new_name);
    const FilePtr* file = find(from);
    if (source == nullptr || target == nullptr || file == nullptr) return DiskAnswer::kNotFound;
    const FilePtr moved = *file;
    change_entry(*target, {new_name, moved, source == target});
    change_entry(*source, {old_name, std::nullopt, false});
    return DiskAnswer::kOk;
}

DiskAnswer SimulatedDisk::link(const std::string& from, const std::string& to) {
    const std::lock_guard lock{mutex_};
    if (!step()) return DiskAnswer::kOff;
    std::string name;
    Directory* target = directory_of(to, name);
    const FilePtr* file = find(from);
    if (target == nullptr || file == nullptr) return DiskAnswer::kNotFound;
    if (target->now.contains(name)) return DiskAnswer::kExists;
    change_entry(*target, {name, *file, false});
    return DiskAnswer::kOk;
}

DiskAnswer SimulatedDisk::remove(const std::string& path) {
    const std::lock_guard lock{mutex_};
    if (!step()) return DiskAnswer::kOff;
    std::string name;
    Directory* directory = directory_of(path, name);
    if (directory == nullptr || !directory->now.contains(name)) return DiskAnswer::kNotFound;
    change_entry(*directory, {name, std::nullopt, false});
    return DiskAnswer::kOk;
}

bool SimulatedDisk::is_directory(const std::string& path) const {
    const std::lock_guard lock{mutex_};
    return directories_.contains(path);
}

void SimulatedDisk::cut_after(std::uint64_t operations) {
    const std::lock_guard lock{mutex_};
    steps_left_ = operations;
}

void SimulatedDisk::cut() {
    const std::lock_guard lock{mutex_};
    cut_locked();
}

bool SimulatedDisk::is_off() const {
    const std::lock_guard lock{mutex_};
    return off_;
}

void SimulatedDisk::power_on() {
    const std::lock_guard lock{mutex_};
    off_ = false;
}

bool SimulatedDisk::flip_bit(const std::string& path, std::size_t byte, unsigned bit) {
    const std::lock_guard lock{mutex_};
    const FilePtr* file = find(path);
    if (file == nullptr || *file == nullptr || byte >= (*file)->data.size()) return false;
    char& damaged = (*file)->data[byte];
    damaged = static_cast<char>(static_cast<unsigned char>(damaged) ^ 1U << bit);
    return true;
}

// Counts one operation; false when the power is off, or fails just now.
bool SimulatedDisk::step() {
    if (off_) return false;
    if (!steps_left_) return true;
    if (*steps_left_ > 0) {
        --*steps_left_;
        return true;
    }
    cut_locked();
    return false;
}

void SimulatedDisk::cut_locked() {
    if (off_) return;
    off_ = true;
    ++boot_;
    steps_left_.reset();
    std::set<SimulatedFile*> files;
    for (auto& [path, directory] : directories_) {
        auto& changes = directory.unsynced;
        // Half of the cuts keep no unsynced entry at all: the strict reading of what a disk owes.
        std::size_t kept = random_() % 2 == 0 ? 0 : random_() % (changes.size() + 1);
        if (kept > 0 && changes[kept - 1].with_next) --kept;
        for (std::size_t i = 0; i < kept; ++i) {
            if (changes[i].file) {
                directory.durable[changes[i].name] = *changes[i].file;
            } else {
                directory.durable.erase(changes[i].name);
            }
        }
        changes.clear();
        directory.now = directory.durable;
        for (const auto& [name, file] : directory.now) {
            if (file != nullptr && files.insert(file.get()).second) tear(*file);
        }
    }
    std::erase_if(directories_, [this](const auto& entry) {
        if (entry.first == "/") return false;
        const auto parent = directories_.find(parent_of(entry.first));
        return parent == directories_.end() || !parent->second.now.contains(name_of(entry.first));
    });
}

void SimulatedDisk::tear(SimulatedFile& file) {
    const std::size_t unsynced = file.data.size() - file.synced;
    const std::size_t kept = unsynced == 0 || random_() % 4 == 0 ? 0 : random_() % (unsynced + 1);
    file.data.resize(file.synced + kept);
    file.synced = file.data.size();
}

void SimulatedDisk::change_entry(Directory& directory, EntryChange change) {
    if (change.file) {
        directory.now[change.name] = *change.file;
    } else {
        directory.now.erase(change.name);
    }
    directory.unsynced.push_back(std::move(change));
}

SimulatedDisk::Directory* SimulatedDisk::directory_of(const std::string& path, std::string& name) {
    name = name_of(path);
    const auto directory = directories_.find(parent_of(path));
    return directory == directories_.end() ? nullptr : &directory->second;
}

const FilePtr* SimulatedDisk::find(const std::string& path) const {
    const auto directory = directories_.find(parent_of(path));
    if (directory == directories_.end()) return nullptr;
    const auto file = directory->second.now.find(name_of(path));
    return file == directory->second.now.end() ? nullptr : &file->second;
}

}  // namespace tram::faults
