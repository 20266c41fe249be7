#include "tests/unit/store/raw_database.h"

#include <algorithm>
#include <fstream>

#include "proto/base/check.h"

namespace tram::store::test {

RawDatabase::RawDatabase(const std::filesystem::path& store_directory, rocksdb::WALRecoveryMode mode) {
    const std::string path = (store_directory / "rows").string();
    rocksdb::Options options;
    options.wal_recovery_mode = mode;
    options.disable_auto_compactions = true;
    std::vector<std::string> names;
    TRAM_CHECK(rocksdb::DB::ListColumnFamilies(options, path, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names)
        families.emplace_back(name, options);
    rocksdb::DB* db = nullptr;
    const auto opened = rocksdb::DB::Open(options, path, families, &handles_, &db);
    TRAM_CHECK(opened.ok());
    db_.reset(db);
}

RawDatabase::~RawDatabase() {
    for (auto* handle : handles_)
        db_->DestroyColumnFamilyHandle(handle);
}

std::string RawDatabase::get(const std::string& family, const std::string& key) {
    std::string value;
    TRAM_CHECK(db_->Get({}, handle(family), key, &value).ok());
    return value;
}

void RawDatabase::put(const std::string& family, const std::string& key, const std::string& value) {
    TRAM_CHECK(db_->Put({}, handle(family), key, value).ok());
}

void RawDatabase::flush(const std::string& family) {
    TRAM_CHECK(db_->Flush({}, handle(family)).ok());
}

std::size_t RawDatabase::rows(const std::string& family) {
    const std::unique_ptr<rocksdb::Iterator> it{db_->NewIterator({}, handle(family))};
    std::size_t count = 0;
    for (it->SeekToFirst(); it->Valid(); it->Next())
        ++count;
    TRAM_CHECK(it->status().ok());
    return count;
}

rocksdb::ColumnFamilyHandle* RawDatabase::handle(const std::string& family) {
    const auto found =
        std::ranges::find_if(handles_, [&](const auto* handle) { return handle->GetName() == family; });
    TRAM_CHECK(found != handles_.end());
    return *found;
}

std::vector<std::filesystem::path> files_by_size(const std::filesystem::path& directory,
                                                 const std::string& extension) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{directory}) {
        if (entry.path().extension() == extension) files.push_back(entry.path());
    }
    std::ranges::sort(files, std::greater{},
                      [](const auto& file) { return std::filesystem::file_size(file); });
    return files;
}

void flip_bit(const std::filesystem::path& file, std::uintmax_t position) {
    std::fstream stream{file, std::ios::in | std::ios::out | std::ios::binary};
    stream.seekg(static_cast<std::streamoff>(position));
    const int byte = stream.get();
    stream.seekp(static_cast<std::streamoff>(position));
    stream.put(static_cast<char>(byte ^ 0x10));
    TRAM_CHECK(stream.good());
}

}  // namespace tram::store::test
