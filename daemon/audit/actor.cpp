#include <array>
#include <fmt/format.h>
#include <fstream>
#include <optional>
#include <pwd.h>
#include <unistd.h>

#include "daemon/audit/audit_log.h"

namespace tram::audit {

namespace {

std::string described(uid_t uid) {
    std::array<char, 4'096> space{};
    passwd entry{};
    passwd* found = nullptr;
    if (::getpwuid_r(uid, &entry, space.data(), space.size(), &found) != 0 || found == nullptr) {
        return fmt::format("{}", uid);
    }
    return fmt::format("{} ({})", uid, found->pw_name);
}

/// Who logged in, as the kernel remembers it through su and sudo.
std::optional<uid_t> login_uid() {
    constexpr uid_t kNobodyLoggedIn = static_cast<uid_t>(-1);
    std::ifstream in{"/proc/self/loginuid"};
    uid_t uid = kNobodyLoggedIn;
    if (!(in >> uid) || uid == kNobodyLoggedIn) return std::nullopt;
    return uid;
}

}  // namespace

std::string current_actor() {
    const uid_t uid = ::geteuid();
    std::string actor = "uid " + described(uid);
    if (const auto login = login_uid(); login && *login != uid) actor += ", login " + described(*login);
    return actor;
}

}  // namespace tram::audit
