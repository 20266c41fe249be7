#include "daemon/enrol/trust_files.h"

#include <algorithm>

#include "daemon/enrol/files.h"

namespace tram::enrol {

using identity::Certificate;
using identity::Keyring;
using identity::RevocationList;
using identity::TrustBundle;
using identity::Usage;

namespace {

bool is_no_failure(const Error& error) {
    return error.code == ErrorCode::kCertificateRevoked || error.code == ErrorCode::kOutdated;
}

}  // namespace

Result<TrustBundle> read_trust_file(const std::filesystem::path& file) {
    const auto text = read_file(file, identity::kTrustBundleBytesMax);
    if (!text && text.error().code == ErrorCode::kTooLarge) {
        return fail(ErrorCode::kCorrupt, text.error().message);
    }
    if (!text) return std::unexpected{text.error()};
    auto bundle = identity::trust_from_pem(*text);
    if (!bundle) {
        return fail(ErrorCode::kCorrupt,
                    file.string() + " is damaged (" + bundle.error().message + "); restore it from a backup");
    }
    return bundle;
}

Result<void> write_trust_file(const std::filesystem::path& file, const TrustBundle& bundle) {
    const std::string pem = identity::trust_to_pem(bundle);
    if (pem.size() > identity::kTrustBundleBytesMax) {
        return fail(ErrorCode::kFull, file.string() + " would be larger than 16 MiB");
    }
    return write_file(file, as_bytes(pem), Readers::kAll);
}

std::vector<Certificate> roots_of(const TrustBundle& bundle) {
    std::vector<Certificate> roots;
    std::ranges::copy_if(bundle.certificates, std::back_inserter(roots),
                         [](const Certificate& each) { return each.usage == Usage::kRoot; });
    return roots;
}

Result<void> add_all(Keyring& keyring, const TrustBundle& bundle) {
    std::vector<Certificate> sorted = bundle.certificates;
    identity::sort_certificates(sorted);
    for (const Certificate& certificate : sorted) {
        if (certificate.usage == Usage::kRoot) continue;
        auto added = keyring.add(certificate);
        if (!added && !is_no_failure(added.error())) return std::unexpected{std::move(added.error())};
    }
    for (const RevocationList& list : bundle.lists) {
        auto added = keyring.add(list);
        if (!added && !is_no_failure(added.error())) return std::unexpected{std::move(added.error())};
    }
    return {};
}

TrustBundle contents_of(const Keyring& keyring) {
    TrustBundle bundle;
    for (const Certificate* certificate : keyring.certificates())
        bundle.certificates.push_back(*certificate);
    for (const RevocationList* list : keyring.lists())
        bundle.lists.push_back(*list);
    return bundle;
}

}  // namespace tram::enrol
