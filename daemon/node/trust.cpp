#include "daemon/node/trust.h"

#include <algorithm>
#include <map>
#include <utility>

#include "daemon/node/wall_clock.h"
#include "proto/base/check.h"
#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::node {

namespace {

constexpr std::string_view kCertificateRow = "trust/certificate/";
constexpr std::string_view kListRow = "trust/list/";
constexpr std::string_view kFloorRow = "time_floor";

bool is_authority(const identity::Certificate& certificate) {
    return certificate.usage == identity::Usage::kAuthority;
}

}  // namespace

void Trust::restore_state(const std::string& name, ByteView value) {
    if (name.starts_with(kCertificateRow)) {
        kept_certificates_.push_back(Bytes::copy_of(value));
    } else if (name.starts_with(kListRow)) {
        kept_lists_.push_back(Bytes::copy_of(value));
    } else if (name == kFloorRow) {
        cbor::Reader in{value};
        const std::uint64_t floor = in.read_unsigned();
        if (in.ok()) floor_ = static_cast<identity::UnixTime>(floor);
    }
}

std::vector<Error> Trust::start() {
    std::vector<Error> unusable;
    const auto note = [&](const auto& result) {
        if (!result) unusable.push_back(result.error());
    };
    std::vector<identity::Certificate> certificates = std::exchange(given_.certificates, {});
    for (const Bytes& der : std::exchange(kept_certificates_, {})) {
        auto certificate = identity::read_certificate(der);
        note(certificate);
        if (certificate) certificates.push_back(std::move(*certificate));
    }
    identity::sort_certificates(certificates);
    for (const identity::Certificate& certificate : certificates) {
        if (certificate.usage == identity::Usage::kRoot) {
            note(keyring_.add_root(certificate));
        } else {
            note(keyring_.add(certificate));
        }
    }
    for (const Bytes& wire : std::exchange(kept_lists_, {})) {
        const auto list = identity::read_revocation_list(wire);
        note(list);
        if (list) note(keyring_.add(*list));
    }
    find_revoked(true, {});
    changes_ = {};  // these were enforced before
    for (Error& error : learn(std::exchange(given_, {})))
        unusable.push_back(std::move(error));
    raise_floor();
    std::erase_if(unusable, [](const Error& error) { return error.code == ErrorCode::kOutdated; });
    return unusable;
}

std::optional<identity::UnixTime> Trust::unix_now() const {
    const Now now = custody_.now();
    return now.wall ? std::optional{to_unix(*now.wall)} : std::nullopt;
}

Result<cose::PublicKey> Trust::signer(const identity::CertificateId& id, const std::string& node_id) const {
    return keyring_.signer(id, node_id, unix_now());
}

Result<cose::PublicKey> Trust::known_signer(const identity::CertificateId& id,
                                            const std::string& node_id) const {
    auto key = keyring_.signer(id, node_id, std::nullopt);
    if (key || key.error().code != ErrorCode::kCertificateRevoked) return key;
    // Whether what it signed before may be read was decided when it was stored, or by whoever released it.
    return keyring_.find(id)->public_key;
}

Result<envelope::Recipient> Trust::recipient(const std::string& node_id) const {
    const auto certificate = keyring_.sealing(node_id, unix_now());
    if (!certificate) return std::unexpected{certificate.error()};
    return envelope::Recipient{node_id, (*certificate)->public_key};
}

std::string Trust::name_of(const identity::RevocationList& list) const {
    constexpr std::size_t kKeyBytes = 16;
    const identity::Certificate* signer = keyring_.find(list.message.signer);
    TRAM_CHECK(signer != nullptr);
    return list.authority + "#" + to_hex(ByteView{signer->public_key}.first(kKeyBytes));
}

const identity::RevocationList* Trust::list_named(std::string_view name) const {
    for (const identity::RevocationList* list : keyring_.lists()) {
        if (name_of(*list) == name) return list;
    }
    return nullptr;
}

bool Trust::take(const identity::Certificate& certificate, std::vector<Error>& refused) {
    auto added = keyring_.add(certificate);
    if (!added) refused.push_back(std::move(added.error()));
    if (!added || !*added) return false;
    keep(certificate);
    return true;
}

bool Trust::take(const identity::RevocationList& list, std::vector<Error>& refused) {
    auto added = keyring_.add(list);
    if (!added) refused.push_back(std::move(added.error()));
    if (!added || !*added) return false;
    std::string name = name_of(list);
    custody_.save_state(std::string{kListRow} + name, list.wire);
    changes_.lists.push_back(std::move(name));
    return true;
}

void Trust::keep(const identity::Certificate& certificate) {
    custody_.save_state(std::string{kCertificateRow} + to_hex(certificate.id), certificate.der);
    changes_.certificates.push_back(certificate.id);
}

std::vector<Error> Trust::learn(const identity::TrustBundle& bundle, std::optional<LinkId> from) {
    std::vector<Error> refused;
    std::vector<std::string> devices;
    bool new_lists = false;
    for (const identity::Certificate& certificate : bundle.certificates) {
        if (is_authority(certificate)) take(certificate, refused);
    }
    for (const identity::RevocationList& list : bundle.lists)
        new_lists = take(list, refused) || new_lists;
    for (const identity::Certificate& certificate : bundle.certificates) {
        if (!is_authority(certificate) && take(certificate, refused)) devices.push_back(certificate.eid);
    }
    changes_.from = from;
    find_revoked(new_lists, devices);
    raise_floor();
    return refused;
}

Result<std::string> Trust::accept_chain(const std::vector<Bytes>& chain) {
    std::vector<identity::CertificateId> unknown;
    if (chain.size() <= identity::Keyring::kChainMax) {
        for (const Bytes& der : chain) {
            const identity::CertificateId id = cose::certificate_id(der);
            if (keyring_.find(id) == nullptr) unknown.push_back(id);
        }
    }
    const auto own = keyring_.accept_chain(chain, unix_now());
    std::vector<std::string> devices;
    for (const identity::CertificateId& id : unknown) {
        const identity::Certificate* certificate = keyring_.find(id);
        if (certificate == nullptr) continue;
        keep(*certificate);
        devices.push_back(certificate->eid);
    }
    find_revoked(false, devices);
    raise_floor();
    if (!own) return std::unexpected{own.error()};
    return (*own)->eid;
}

// A new list can revoke anybody; a new certificate changes what is known of its own node only.
void Trust::find_revoked(bool all, const std::vector<std::string>& among) {
    std::set<std::string, std::less<>> nodes{among.begin(), among.end()};
    if (all) {
        for (const identity::Certificate* certificate : keyring_.certificates())
            nodes.insert(certificate->eid);
    }
    for (const std::string& node : nodes) {
        if (!keyring_.node_revoked(node)) {
            revoked_.erase(node);
        } else if (revoked_.insert(node).second) {
            changes_.revoked.push_back(node);
        }
    }
}

void Trust::raise_floor() {
    if (keyring_.time_floor() <= floor_) return;
    floor_ = keyring_.time_floor();
    cbor::Writer out;
    out.write_unsigned(static_cast<std::uint64_t>(floor_));
    custody_.save_state(std::string{kFloorRow}, Bytes{out.take()});
}

std::set<std::string, std::less<>> Trust::revoked_for_tls() const {
    std::map<std::string, bool> good;
    for (const identity::Certificate* certificate : keyring_.certificates()) {
        if (certificate->usage != identity::Usage::kTls) continue;
        bool& any = good[certificate->eid];
        any = any || !keyring_.revoked(*certificate);
    }
    std::set<std::string, std::less<>> revoked;
    for (const auto& [node, any] : good) {
        if (!any) revoked.insert(node);
    }
    return revoked;
}

std::string_view Trust::identity_state(bool beyond) const {
    const Security& security = custody_.options().security;
    if (security.open) return "open";
    if (security.signing_key == nullptr) return "none";
    const identity::Certificate* own = keyring_.find(security.signer);
    if (own != nullptr && keyring_.revoked(*own)) return "revoked";
    return beyond ? "expired" : "good";
}

}  // namespace tram::node
