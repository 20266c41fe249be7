#include "tests/system/harness/province.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

#include "daemon/enrol/authority.h"
#include "tests/system/harness/daemon_process.h"

namespace tram::harness {

namespace {

const enrol::KeyProtection kUnprotected{};

identity::UnixTime unix_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

template <typename T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error{result.error().message};
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::string commune_of(const std::string& node_id) {
    return std::string{identity::commune_of(node_id)};
}

}  // namespace

Province::Province(std::filesystem::path directory, const std::string& name)
    : directory_{std::move(directory)}, name_{name} {
    std::filesystem::create_directories(directory_);
    must(enrol::create_root(files_of_authority(""), name_, kUnprotected, unix_now()));
    add_authority("18904");
}

void Province::add_authority(const std::string& commune) {
    const std::filesystem::path files = files_of_authority(commune);
    const auto request = must(enrol::create_authority(files, commune, name_, kUnprotected));
    must(enrol::accept_authority_grant(
        files, must(enrol::approve(files_of_authority(""), request,
                                   {.now = unix_now(), .months = enrol::kAuthorityMonths}, kUnprotected))));
}

config::Config Province::enrol(const std::string& node_id, bool sealing) {
    const std::filesystem::path files = files_of(node_id);
    const auto request = must(enrol::create_device(files, node_id, files.filename(), sealing));
    must(enrol::accept_grant(files, must(enrol::approve(files_of_authority(commune_of(node_id)), request,
                                                        {.now = unix_now(), .months = 12}, kUnprotected))));
    return settings_of(node_id);
}

config::Config Province::settings_of(const std::string& node_id) const {
    config::Config config = fast_config(node_id);
    config.security.open = false;
    config.security.identity = files_of(node_id);
    config.security.audit = files_of(node_id).string() + ".audit";
    return config;
}

Bytes Province::revoke(const std::string& eid) {
    const std::string by = identity::is_commune_eid(eid) ? "" : commune_of(eid);
    auto list = must(enrol::revoke(files_of_authority(by), eid, unix_now(), kUnprotected));
    return identity::encode_trust({.certificates = {}, .lists = {std::move(list)}});
}

std::filesystem::path Province::files_of(const std::string& node_id) const {
    std::string name = node_id;
    std::erase_if(name, [](char c) { return c == ':' || c == '/'; });
    return directory_ / name;
}

std::filesystem::path Province::files_of_authority(const std::string& commune) const {
    return directory_ / (commune.empty() ? "root" : "commune-" + commune);
}

enrol::Identity Province::identity(const std::string& node_id) const {
    return must(enrol::load_identity(files_of(node_id)));
}

Certified Province::authority(const std::string& commune) const {
    const std::filesystem::path files = files_of_authority(commune);
    std::ostringstream chain;
    chain << std::ifstream{files / "chain.pem"}.rdbuf();
    const auto wanted = commune.empty() ? identity::Usage::kRoot : identity::Usage::kAuthority;
    for (const auto& certificate : must(identity::trust_from_pem(chain.str())).certificates) {
        if (certificate.usage == wanted) return {certificate.der, read_key_file(files / "authority.key")};
    }
    throw std::runtime_error{"no certificate in " + (files / "chain.pem").string()};
}

}  // namespace tram::harness
