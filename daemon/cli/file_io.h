// Reading input files and writing received payloads so that they survive a power cut.
#pragma once

#include <filesystem>
#include <string>

#include "daemon/cli/context.h"
#include "proto/base/bytes.h"

namespace tram::cli {

/// The whole file, or all of context.in for "-". Errors: not_found, io, too_large above `bytes_max`.
Outcome<Buffer> read_input(Context& context, const std::string& file, std::size_t bytes_max);

enum class Stored : std::uint8_t { kWritten, kAlreadyThere };

/// Puts `contents` at directory/name: a temporary file beside it, fsync, rename without overwriting, fsync of
/// the directory. When this returns, the file survives a power cut. A file with the same contents is left as
/// it is (and synced). Errors: duplicate (the file is there with other contents), not_found, io.
Outcome<Stored> store_durably(const Context& context, const std::filesystem::path& directory,
                              const std::string& name, ByteView contents);

/// `text` as a file name: letters, digits, '-' and '_' stay, everything else becomes '_'.
std::string file_name_of(std::string_view text);

}  // namespace tram::cli
