// Receipts in words, and whether a file with one is genuine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/cli/context.h"

namespace tram::cli {

/// The heading of a type of receipt (api.proto, Receipt::type) in the user's language.
std::string receipt_title(const Context& context, std::string_view type);
/// "2026-11-21 08:30", UTC.
std::string minute_of(std::int64_t unix_s);

struct ReceiptCheck {
    std::string file;
    std::vector<std::string> roots;  ///< files; none: those of this device's identity
    std::string config;
};
/// Says whether the receipt in the file is genuine, and what it says. Exit status: 0 genuine; 2 forged, or
/// broken; 3 nobody can tell: there is no file or no root to check against, or a newer program is needed.
int verify_receipt_in(Context& context, const ReceiptCheck& check);

}  // namespace tram::cli
