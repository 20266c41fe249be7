#include "daemon/enrol/identity_directory.h"

#include <algorithm>
#include <array>
#include <tuple>

#include "daemon/enrol/files.h"
#include "daemon/enrol/key_file.h"
#include "daemon/enrol/trust_files.h"
#include "proto/identity/keyring.h"

namespace tram::enrol {

namespace fs = std::filesystem;
using identity::Certificate;
using identity::DeviceRequest;
using identity::Keyring;
using identity::TrustBundle;
using identity::Usage;

namespace {

constexpr const char* kTlsKey = "tls.key";
constexpr const char* kSignKey = "sign.key";
constexpr const char* kSealKey = "seal.key";
constexpr const char* kRequest = "request.pem";
constexpr const char* kRoots = "roots.pem";
constexpr const char* kTrust = "trust.pem";

// Keys of devices have no passphrase: a daemon starts without anybody there.
const std::string kNoPassphrase;

Result<Secret> read_or_make_key(const fs::path& file, KeyKind kind) {
    if (is_there(file)) return read_key(file, kind, kNoPassphrase);
    Secret key = generate_key();
    if (auto written = write_key(file, kind, key, kNoPassphrase); !written) {
        return std::unexpected{std::move(written.error())};
    }
    return key;
}

struct Keys {
    Secret tls_seed;
    cose::SigningKey tls;
    cose::SigningKey signing;
    std::optional<envelope::SealingKey> sealing;
};

using GetKey = Result<Secret> (*)(const fs::path& file, KeyKind kind);

Result<Keys> get_keys(const fs::path& directory, bool sealing, GetKey get) {
    auto tls = get(directory / kTlsKey, KeyKind::kEd25519);
    if (!tls) return std::unexpected{std::move(tls.error())};
    const auto signing = get(directory / kSignKey, KeyKind::kEd25519);
    if (!signing) return std::unexpected{signing.error()};
    std::optional<envelope::SealingKey> sealing_key;
    if (sealing) {
        const auto secret = get(directory / kSealKey, KeyKind::kX25519);
        if (!secret) return std::unexpected{secret.error()};
        auto key = envelope::SealingKey::from_secret(secret->view());
        if (!key) return std::unexpected{std::move(key.error())};
        sealing_key = std::move(*key);
    }
    auto tls_key = cose::SigningKey::from_seed(tls->view());
    auto signing_key = cose::SigningKey::from_seed(signing->view());
    if (!tls_key) return std::unexpected{std::move(tls_key.error())};
    if (!signing_key) return std::unexpected{std::move(signing_key.error())};
    return Keys{std::move(*tls), std::move(*tls_key), std::move(*signing_key), std::move(sealing_key)};
}

// The request says that there was one; a request that is not there, or cannot be read, says nothing.
bool asked_for_sealing(const fs::path& directory) {
    const auto text = read_file(directory / kRequest, identity::kRequestTextMax);
    if (!text) return false;
    const auto request = identity::request_from_text(*text);
    return request && request->sealing_key.has_value();
}

// The keys as they must be there once a request was made.
Result<Keys> read_keys(const fs::path& directory) {
    const bool any = is_there(directory / kTlsKey) || is_there(directory / kSignKey);
    if (!any) {
        return fail(ErrorCode::kNotFound,
                    "there is no identity in " + directory.string() + "; 'tram device init' makes one");
    }
    // An office without its sealing key would take messages in that it cannot open.
    const bool sealing = is_there(directory / kSealKey) || asked_for_sealing(directory);
    return get_keys(directory, sealing, [](const fs::path& file, KeyKind kind) {
        auto key = read_key(file, kind, kNoPassphrase);
        if (!key && key.error().code == ErrorCode::kNotFound) {
            return Result<Secret>{
                fail(ErrorCode::kCorrupt, file.string() + " is missing; restore it from a backup")};
        }
        return key;
    });
}

Error in_file(const fs::path& file, const Error& error) {
    return {ErrorCode::kCorrupt,
            file.string() + " does not fit the rest (" + error.message + "); restore it from a backup"};
}

// What is trusted now; an empty keyring before the first grant.
Result<Keyring> read_keyring(const fs::path& directory) {
    Keyring keyring;
    if (!is_there(directory / kRoots) && !is_there(directory / kTrust)) return keyring;
    const auto roots = read_trust_file(directory / kRoots);
    if (!roots && roots.error().code == ErrorCode::kNotFound) {
        return fail(ErrorCode::kCorrupt,
                    (directory / kRoots).string() + " is missing; restore it from a backup");
    }
    if (!roots) return std::unexpected{roots.error()};
    for (const Certificate& root : roots->certificates) {
        if (auto added = keyring.add_root(root); !added) {
            return std::unexpected{in_file(directory / kRoots, added.error())};
        }
    }
    if (!is_there(directory / kTrust)) return keyring;
    const auto trust = read_trust_file(directory / kTrust);
    if (!trust) return std::unexpected{trust.error()};
    if (auto added = add_all(keyring, *trust); !added) {
        return std::unexpected{in_file(directory / kTrust, added.error())};
    }
    return keyring;
}

struct OwnCertificate {
    Usage usage;
    std::array<std::uint8_t, 32> public_key;
};

std::vector<OwnCertificate> wanted_certificates(const DeviceRequest& request) {
    std::vector<OwnCertificate> wanted = {{Usage::kTls, *request.tls_key},
                                          {Usage::kSign, request.signing_key}};
    if (request.sealing_key) wanted.push_back({Usage::kSeal, *request.sealing_key});
    return wanted;
}

// The certificate of a key: of several the last to end, revoked ones only when there is no other.
const Certificate* find_own(const Keyring& keyring, const OwnCertificate& wanted) {
    const auto merit = [&](const Certificate* each) {
        return std::tuple{!keyring.revoked(*each), each->not_after, each->not_before, each->id};
    };
    const Certificate* best = nullptr;
    for (const Certificate* each : keyring.certificates()) {
        if (each->usage != wanted.usage || each->public_key != wanted.public_key) continue;
        if (best == nullptr || merit(each) > merit(best)) best = each;
    }
    return best;
}

// Why a grant holds no certificate of `usage` for our key.
Error missing_certificate(const TrustBundle& grant, const DeviceRequest& request,
                          const OwnCertificate& wanted) {
    std::optional<Error> why;
    for (const Certificate& each : grant.certificates) {
        if (each.public_key == wanted.public_key) {
            return {ErrorCode::kCertificateMisused, "this device's key was certified for another purpose, " +
                                                        std::string{identity::usage_name(each.usage)}};
        }
        if (each.usage != wanted.usage) continue;
        if (each.eid == request.eid) {
            return {ErrorCode::kCertificateMisused, "the certificates are for other keys of " + request.eid +
                                                        "; send the request again ('tram device request')"};
        }
        if (!why) {
            why = Error{ErrorCode::kWrongNodeId,
                        "the certificates are for " + each.eid + ", and this is " + request.eid};
        }
    }
    if (why) return *why;
    return {ErrorCode::kNoCertificate, "there is no " + std::string{identity::usage_name(wanted.usage)} +
                                           " certificate for " + request.eid + " in it"};
}

Result<void> check_own(const Keyring& keyring, const TrustBundle& grant, const DeviceRequest& request) {
    for (const OwnCertificate& wanted : wanted_certificates(request)) {
        const bool granted = std::ranges::any_of(grant.certificates, [&](const Certificate& each) {
            return each.usage == wanted.usage && each.public_key == wanted.public_key;
        });
        if (!granted) return std::unexpected{missing_certificate(grant, request, wanted)};
        const Certificate* own = find_own(keyring, wanted);
        if (own == nullptr) {
            return fail(ErrorCode::kCertificateRevoked,
                        "the authority that certified this device is revoked");
        }
        if (own->eid != request.eid) {
            return fail(ErrorCode::kWrongNodeId,
                        "this device's keys were certified as " + own->eid + ", and it is " + request.eid);
        }
        if (auto good = keyring.usable(*own, std::nullopt); !good) return good;
    }
    return {};
}

// The root that a grant brings must be the one that is trusted, or the only one when none is yet.
Result<void> add_granted_root(Keyring& keyring, const TrustBundle& grant) {
    const std::vector<Certificate> roots = roots_of(grant);
    if (keyring.empty()) {
        if (roots.size() != 1) {
            return fail(ErrorCode::kUnknownAuthority,
                        "the first grant must hold the province's root, one and no more");
        }
        return keyring.add_root(roots.front());
    }
    for (const Certificate& root : roots) {
        if (keyring.find(root.id) != nullptr) continue;
        return fail(ErrorCode::kUnknownAuthority,
                    "it comes from another root, " + root.name +
                        ", than the one that this device trusts; nothing was installed");
    }
    return {};
}

// The root first: whoever is interrupted between the two files has no certificates yet, and asks again.
Result<void> write_keyring(const fs::path& directory, const Keyring& keyring) {
    if (!is_there(directory / kRoots)) {
        TrustBundle roots;
        for (const Certificate* root : keyring.roots())
            roots.certificates.push_back(*root);
        if (auto written = write_trust_file(directory / kRoots, roots); !written) return written;
    }
    return write_trust_file(directory / kTrust, contents_of(keyring));
}

Result<void> check_own_certificates(const Identity& identity) {
    const bool one_name = identity.tls.eid == identity.signing.eid &&
                          (!identity.sealing || identity.sealing->eid == identity.tls.eid);
    if (one_name) return {};
    return fail(ErrorCode::kCorrupt, "the certificates name two nodes, " + identity.tls.eid + " and " +
                                         identity.signing.eid + "; run 'tram device accept FILE' again");
}

Result<Certificate> own_certificate(const fs::path& directory, const Keyring& keyring,
                                    const OwnCertificate& wanted) {
    if (const Certificate* own = find_own(keyring, wanted)) return *own;
    return fail(ErrorCode::kCorrupt, (directory / kTrust).string() +
                                         " has no certificate for this device's " +
                                         std::string{identity::usage_name(wanted.usage)} +
                                         " key; run 'tram device accept FILE' again");
}

}  // namespace

Result<DeviceRequest> create_device(const fs::path& directory, const std::string& node_id,
                                    const std::string& name, bool sealing) {
    if (!identity::is_certifiable_node_id(node_id) || !identity::is_display_name(name)) {
        return fail(ErrorCode::kInvalidArgument,
                    "a node id is like dtn://18904-ks07/ (commune, dash, small letters, digits and dashes), "
                    "and a name has at most 64 bytes");
    }
    if (auto made = make_private_directory(directory); !made) return std::unexpected{std::move(made.error())};
    const auto lock = DirectoryLock::take(directory);
    if (!lock) return std::unexpected{lock.error()};
    if (is_there(directory / kRequest) || is_there(directory / kTrust)) {
        return fail(ErrorCode::kDuplicate,
                    "there is an identity in " + directory.string() + " already; see 'tram device list'");
    }
    if (!sealing && is_there(directory / kSealKey)) {
        return fail(ErrorCode::kDuplicate, "there is a sealing key in " + directory.string() +
                                               " already; ask for sealing too, or remove it");
    }
    const auto keys = get_keys(directory, sealing, read_or_make_key);
    if (!keys) return std::unexpected{keys.error()};
    std::optional<std::array<std::uint8_t, 32>> sealing_key;
    if (keys->sealing) sealing_key = keys->sealing->public_key();
    DeviceRequest request = identity::make_request(node_id, name, &keys->tls, keys->signing, sealing_key);
    auto written =
        write_file(directory / kRequest, as_bytes(identity::request_to_pem(request)), Readers::kAll);
    if (!written) return std::unexpected{std::move(written.error())};
    return request;
}

Result<DeviceRequest> read_device_request(const fs::path& directory) {
    const auto text = read_file(directory / kRequest, identity::kRequestTextMax);
    if (!text && text.error().code == ErrorCode::kNotFound) {
        return fail(ErrorCode::kNotFound, "there is no request in " + directory.string() +
                                              "; 'tram device init' makes keys and a request");
    }
    if (!text) return std::unexpected{text.error()};
    auto request = identity::request_from_text(*text);
    if (!request) return std::unexpected{in_file(directory / kRequest, request.error())};
    return request;
}

Result<void> accept_grant(const fs::path& directory, const TrustBundle& grant) {
    const auto request = read_device_request(directory);
    if (!request) return std::unexpected{request.error()};
    if (request->for_authority()) {
        return fail(ErrorCode::kInvalidArgument, directory.string() + " is an authority's, not a device's");
    }
    const auto keys = read_keys(directory);
    if (!keys) return std::unexpected{keys.error()};
    if (keys->tls.public_key() != request->tls_key || keys->signing.public_key() != request->signing_key) {
        return fail(ErrorCode::kCorrupt,
                    "the keys in " + directory.string() + " are not those of its request.pem");
    }
    const auto lock = DirectoryLock::take(directory);
    if (!lock) return std::unexpected{lock.error()};
    auto keyring = read_keyring(directory);
    if (!keyring) return std::unexpected{std::move(keyring.error())};
    if (auto added = add_granted_root(*keyring, grant); !added) return added;
    if (auto added = add_all(*keyring, grant); !added) return added;
    if (auto good = check_own(*keyring, grant, *request); !good) return good;
    return write_keyring(directory, *keyring);
}

Result<void> add_trust(const fs::path& directory, const TrustBundle& learned) {
    const auto lock = DirectoryLock::take(directory);
    if (!lock) return std::unexpected{lock.error()};
    auto keyring = read_keyring(directory);
    if (!keyring) return std::unexpected{std::move(keyring.error())};
    if (keyring->empty()) {
        return fail(ErrorCode::kNotFound, "there is no identity with certificates in " + directory.string());
    }
    if (auto added = add_all(*keyring, learned); !added) return added;
    return write_keyring(directory, *keyring);
}

Result<Identity> load_identity(const fs::path& directory) {
    auto keys = read_keys(directory);
    if (!keys) return std::unexpected{std::move(keys.error())};
    if (!is_there(directory / kTrust)) {
        return fail(ErrorCode::kNoCertificate,
                    "the keys in " + directory.string() +
                        " are not certified yet: give the commune what 'tram device request' shows, and "
                        "install its answer with 'tram device accept FILE'");
    }
    const auto keyring = read_keyring(directory);
    if (!keyring) return std::unexpected{keyring.error()};

    auto tls = own_certificate(directory, *keyring, {Usage::kTls, keys->tls.public_key()});
    if (!tls) return std::unexpected{std::move(tls.error())};
    auto signing = own_certificate(directory, *keyring, {Usage::kSign, keys->signing.public_key()});
    if (!signing) return std::unexpected{std::move(signing.error())};
    Identity identity;
    if (keys->sealing) {
        auto sealing = own_certificate(directory, *keyring, {Usage::kSeal, keys->sealing->public_key()});
        if (!sealing) return std::unexpected{std::move(sealing.error())};
        identity.sealing = std::move(*sealing);
        identity.sealing_key = std::make_shared<const envelope::SealingKey>(std::move(*keys->sealing));
    }
    identity.node_id = tls->eid;
    identity.tls = std::move(*tls);
    identity.signing = std::move(*signing);
    if (auto good = check_own_certificates(identity); !good) return std::unexpected{std::move(good.error())};
    const ByteView seed = keys->tls_seed.view();
    identity.tls_seed.assign(seed.begin(), seed.end());
    identity.signing_key = std::make_shared<const cose::SigningKey>(std::move(keys->signing));
    identity.trust = contents_of(*keyring);
    for (const Certificate* root : keyring->roots())
        identity.trust.certificates.insert(identity.trust.certificates.begin(), *root);
    return identity;
}

}  // namespace tram::enrol
