// A province, a commune and their devices as directories.
#pragma once

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <sys/stat.h>

#include "daemon/enrol/authority.h"
#include "daemon/enrol/identity_directory.h"
#include "tests/temporary_directory.h"

namespace tram::test {

namespace fs = std::filesystem;

inline constexpr identity::UnixTime kToday = 1'793'000'000;  // October 2026
inline constexpr identity::UnixTime kDayLong = 86'400;

template <typename T>
ErrorCode code_of(const Result<T>& result) {
    REQUIRE_FALSE(result);
    CHECK(result.error().message.size() > 10);
    UNSCOPED_INFO(result.error().message);
    return result.error().code;
}

inline std::string contents_of_file(const fs::path& file) {
    std::ifstream in{file, std::ios::binary};
    return {std::istreambuf_iterator<char>{in}, {}};
}

inline void write_text(const fs::path& file, const std::string& text) {
    std::ofstream{file, std::ios::binary | std::ios::trunc} << text;
}

inline mode_t mode_of(const fs::path& path) {
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

/// The root and the commune 18904 are ready; devices are made as needed.
struct Enrolment {
    TemporaryDirectory directory;
    fs::path root = directory.path() / "root";
    fs::path commune = directory.path() / "commune";
    fs::path kiosk = directory.path() / "kiosk";
    enrol::KeyProtection open;

    Enrolment() {
        REQUIRE(enrol::create_root(root, "Province", open, kToday));
        make_authority(commune, "18904");
    }
    void make_authority(const fs::path& where, const std::string& digits) {
        const auto request = enrol::create_authority(where, digits, "Commune " + digits, open);
        REQUIRE(request);
        const auto grant = enrol::approve(root, *request, {kToday, enrol::kAuthorityMonths}, open);
        REQUIRE(grant);
        REQUIRE(enrol::accept_authority_grant(where, *grant));
    }
    /// Keys and a request in `where`; the commune's answer is not installed yet.
    identity::TrustBundle ask(const fs::path& where, const std::string& node_id, bool sealing = false) {
        const auto request = enrol::create_device(where, node_id, "", sealing);
        REQUIRE(request);
        return approve(*request);
    }
    identity::TrustBundle approve(const identity::DeviceRequest& request, identity::UnixTime now = kToday,
                                  std::uint32_t months = 12) {
        auto grant = enrol::approve(commune, request, {now, months}, open);
        REQUIRE(grant);
        return std::move(*grant);
    }
    /// From nothing to a device that may take part.
    void enrol_device(const fs::path& where, const std::string& node_id, bool sealing = false) {
        const auto done = enrol::accept_grant(where, ask(where, node_id, sealing));
        REQUIRE(done);
    }
};

}  // namespace tram::test
