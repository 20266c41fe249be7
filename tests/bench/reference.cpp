#include "tests/bench/reference.h"

#include <random>
#include <rocksdb/db.h>
#include <unistd.h>

namespace tram::bench {

Bytes random_bytes(std::size_t size) {
    std::mt19937_64 random{size};
    Buffer bytes(size);
    for (auto& byte : bytes)
        byte = static_cast<std::uint8_t>(random());
    return Bytes{std::move(bytes)};
}

Reference::Reference(std::size_t size, std::uint64_t concurrency)
    : wire_{as_text(random_bytes(size).view())}, record_(150, 'r'), concurrency_{concurrency} {}

Reference::~Reference() = default;

Result<void> Reference::open(const std::filesystem::path& directory) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    rocksdb::DB* raw = nullptr;
    const auto status = rocksdb::DB::Open(options, directory.string(), &raw);
    if (!status.ok()) return fail(ErrorCode::kIo, status.ToString());
    db_.reset(raw);
    return {};
}

Result<void> Reference::run(Tally& tally) {
    rocksdb::WriteOptions synced;
    synced.sync = true;
    const auto begin = Clock::now();
    const std::uint64_t before = key_;
    while (Clock::now() < begin + kSlice) {
        rocksdb::WriteBatch batch;
        rocksdb::Status status;
        for (std::uint64_t i = 0; i < concurrency_ && status.ok(); ++i) {
            const std::string name = std::to_string(++key_);
            status = batch.Put("r" + name, record_);
            if (status.ok()) status = batch.Put("w" + name, wire_);
        }
        if (status.ok()) status = db_->Write(synced, &batch);
        if (!status.ok()) return fail(ErrorCode::kIo, status.ToString());
    }
    tally.bundles += key_ - before;
    tally.time += Clock::now() - begin;
    return {};
}

ScratchDirectory::ScratchDirectory(const std::filesystem::path& parent) {
    std::string pattern = (parent / "tram-bench-XXXXXX").string();
    if (::mkdtemp(pattern.data()) != nullptr) path_ = pattern;
}

ScratchDirectory::~ScratchDirectory() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace tram::bench
