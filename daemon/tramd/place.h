// Where this daemon's store is, so that a copy of it is known for one; and chance.
#pragma once

#include <filesystem>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::tramd {

/// 32 bytes made of the machine (product_uuid when it may be read, machine-id), of the directory of the store
/// and of the file in it that names the store, both of which must be there: file system, inodes and when they
/// were made. Restoring files makes other inodes, a clone runs on another machine. A disk that is set back as
/// a whole looks the same, and so does a store in which a program like rsync replaces only the files that
/// differ.
Bytes place_of(const std::filesystem::path& store_directory);

/// 32 random bytes. Errors: io.
Result<Bytes> draw_chance();

}  // namespace tram::tramd
