#include "daemon/enrol/authority.h"

#include <algorithm>
#include <chrono>
#include <sodium.h>

#include "daemon/enrol/files.h"
#include "daemon/enrol/key_file.h"
#include "daemon/enrol/trust_files.h"
#include "proto/identity/issue.h"
#include "proto/identity/keyring.h"

namespace tram::enrol {

namespace fs = std::filesystem;
using identity::Certificate;
using identity::CertificateForm;
using identity::DeviceRequest;
using identity::Keyring;
using identity::RevocationList;
using identity::TrustBundle;
using identity::UnixTime;
using identity::Usage;

namespace {

constexpr const char* kKey = "authority.key";
constexpr const char* kRequest = "request.pem";
constexpr const char* kChain = "chain.pem";
constexpr const char* kIssued = "issued.pem";
constexpr const char* kRevoked = "revoked.pem";

constexpr UnixTime kLatest = 253'000'000'000;  // in the year 9987: leaves room for months to add

// What is in an authority's directory, but for its key.
struct Office {
    Certificate own;
    TrustBundle above;  // the root and its lists; of a root nothing
    std::vector<Certificate> issued;
    std::optional<RevocationList> revoked;
};

std::unexpected<Error> corrupt(const fs::path& file, const std::string& why) {
    return fail(ErrorCode::kCorrupt, file.string() + " " + why + "; restore it from a backup");
}

// `time` moved on by calendar months; the 31st becomes the last day of a shorter month.
UnixTime months_later(UnixTime time, std::uint32_t months) {
    using namespace std::chrono;
    const sys_seconds moment{seconds{time}};
    const sys_days day = floor<days>(moment);
    year_month_day date = year_month_day{day} + std::chrono::months{months};
    if (!date.ok()) date = date.year() / date.month() / last;
    return (sys_days{date} + (moment - day)).time_since_epoch().count();
}

Bytes draw_serial() {
    Buffer serial(identity::kSerialBytes);
    randombytes_buf(serial.data(), serial.size());
    serial[0] = static_cast<std::uint8_t>(0x40 | (serial[0] & 0x3f));  // positive, and always 16 bytes
    return Bytes{std::move(serial)};
}

Result<cose::SigningKey> read_signing_key(const fs::path& directory, const KeyProtection& protection) {
    const auto secret = read_key(directory / kKey, KeyKind::kEd25519, protection.passphrase);
    if (!secret) return std::unexpected{secret.error()};
    return cose::SigningKey::from_seed(secret->view());
}

// Makes the key, or goes on with the one that an interrupted attempt has left.
Result<cose::SigningKey> make_signing_key(const fs::path& directory, const KeyProtection& protection) {
    if (is_there(directory / kKey)) return read_signing_key(directory, protection);
    const Secret secret = generate_key();
    auto written = write_key(directory / kKey, KeyKind::kEd25519, secret, protection.passphrase);
    if (!written) return std::unexpected{std::move(written.error())};
    return cose::SigningKey::from_seed(secret.view());
}

Result<DirectoryLock> begin_new(const fs::path& directory) {
    if (auto made = make_private_directory(directory); !made) return std::unexpected{std::move(made.error())};
    auto lock = DirectoryLock::take(directory);
    if (!lock) return lock;
    if (is_there(directory / kRequest) || is_there(directory / kChain)) {
        return fail(ErrorCode::kDuplicate, "there is a root or an authority in " + directory.string() +
                                               " already; use another directory");
    }
    return lock;
}

// Its own certificate is the authority's, or else the root's.
Result<void> read_chain(const fs::path& directory, Office& office) {
    const fs::path file = directory / kChain;
    if (!is_there(file) && is_there(directory / kKey)) {
        return fail(ErrorCode::kNoCertificate,
                    "the authority in " + directory.string() +
                        " is not certified yet: the province approves its request.pem");
    }
    auto chain = read_trust_file(file);
    if (!chain && chain.error().code == ErrorCode::kNotFound) {
        return fail(ErrorCode::kNotFound, "there is no root and no authority in " + directory.string());
    }
    if (!chain) return std::unexpected{std::move(chain.error())};
    if (chain->certificates.empty()) return corrupt(file, "holds no certificate");
    office.own = chain->certificates.back();
    Keyring keyring;
    for (const Certificate& root : roots_of(*chain)) {
        if (auto added = keyring.add_root(root); !added) return corrupt(file, "is no chain");
    }
    if (!add_all(keyring, *chain) || keyring.find(office.own.id) == nullptr) {
        return corrupt(file, "is no chain");
    }
    if (office.own.usage == Usage::kAuthority) {
        chain->certificates.pop_back();
        office.above = std::move(*chain);
        return {};
    }
    return office.own.usage == Usage::kRoot ? Result<void>{} : corrupt(file, "is that of a device");
}

Result<void> read_records(const fs::path& directory, Office& office) {
    if (is_there(directory / kIssued)) {
        auto issued = read_trust_file(directory / kIssued);
        if (!issued) return std::unexpected{std::move(issued.error())};
        office.issued = std::move(issued->certificates);
    }
    if (is_there(directory / kRevoked)) {
        auto revoked = read_trust_file(directory / kRevoked);
        if (!revoked) return std::unexpected{std::move(revoked.error())};
        const bool own = revoked->lists.size() == 1 &&
                         revoked->lists.front().authority == revocation_name(office.own) &&
                         verify_revocation_list(revoked->lists.front(), office.own.public_key);
        if (!own) return corrupt(directory / kRevoked, "is not the list of this authority");
        office.revoked = std::move(revoked->lists.front());
    }
    return {};
}

Result<Office> read_office(const fs::path& directory) {
    Office office;
    if (auto read = read_chain(directory, office); !read) return std::unexpected{std::move(read.error())};
    if (auto read = read_records(directory, office); !read) return std::unexpected{std::move(read.error())};
    return office;
}

Result<cose::SigningKey> read_own_key(const fs::path& directory, const Office& office,
                                      const KeyProtection& protection) {
    auto key = read_signing_key(directory, protection);
    if (key && key->public_key() != office.own.public_key) {
        return corrupt(directory / kKey, "is not the key of its certificate");
    }
    return key;
}

bool is_revoked(const Office& office, const Certificate& certificate) {
    return office.revoked && office.revoked->names(certificate.serial);
}

Result<void> check_terms(const IssueTerms& terms) {
    if (terms.now < kBackdate_s || terms.now > kLatest || terms.months == 0 || terms.months > kRootMonths) {
        return fail(ErrorCode::kInvalidArgument,
                    "certificates last 1 to 240 months, and this machine must know the date");
    }
    return {};
}

Result<void> check_own_certificate(const Office& office, UnixTime now) {
    Keyring keyring;
    const std::vector<Certificate> roots = roots_of(office.above);
    for (const Certificate& root : roots) {
        if (auto added = keyring.add_root(root); !added) return added;
    }
    if (roots.empty()) {
        if (auto added = keyring.add_root(office.own); !added) return added;
    } else if (auto added = add_all(keyring, {{office.own}, office.above.lists}); !added) {
        return added;
    }
    return keyring.usable(office.own, now);
}

Result<void> check_request(const Office& office, const DeviceRequest& request) {
    const bool root = office.own.usage == Usage::kRoot;
    if (root != request.for_authority()) {
        return fail(ErrorCode::kInvalidArgument,
                    root ? "this is a device's request; its commune approves it, not the province's root"
                         : "this is a commune's request; the province's root approves it, not an authority");
    }
    if (!root && identity::commune_of(office.own.eid) != identity::commune_of(request.eid)) {
        return fail(ErrorCode::kWrongCommune,
                    request.eid + " belongs to another commune than this authority, " + office.own.eid);
    }
    return {};
}

Result<std::vector<Certificate>> issue_all(const Office& office, const cose::SigningKey& key,
                                           const DeviceRequest& request, const IssueTerms& terms) {
    CertificateForm form;
    form.eid = request.eid;
    form.name = request.name;
    form.not_before = terms.now - kBackdate_s;
    form.not_after = std::min(months_later(terms.now, terms.months), office.own.not_after);
    std::vector<Certificate> made;
    std::optional<Error> error;
    const auto certify = [&](Usage usage, const std::array<std::uint8_t, 32>& public_key) {
        form.usage = usage;
        form.public_key = public_key;
        form.serial = draw_serial();
        auto certificate = issue_certificate(form, key, &office.own);
        if (certificate) {
            made.push_back(std::move(*certificate));
        } else if (!error) {
            error = std::move(certificate.error());
        }
    };
    if (request.for_authority()) {
        certify(Usage::kAuthority, request.signing_key);
    } else {
        certify(Usage::kTls, *request.tls_key);
        certify(Usage::kSign, request.signing_key);
        if (request.sealing_key) certify(Usage::kSeal, *request.sealing_key);
    }
    if (error) return std::unexpected{std::move(*error)};
    return made;
}

TrustBundle grant_of(const Office& office, const std::vector<Certificate>& made, UnixTime now) {
    TrustBundle grant = office.above;
    grant.certificates.push_back(office.own);
    grant.certificates.insert(grant.certificates.end(), made.begin(), made.end());
    std::ranges::copy_if(office.issued, std::back_inserter(grant.certificates), [&](const Certificate& each) {
        return each.usage == Usage::kSeal && each.not_after >= now && !is_revoked(office, each);
    });
    identity::sort_certificates(grant.certificates);
    if (office.revoked) grant.lists.push_back(*office.revoked);
    return grant;
}

// The root that a grant brings: one, and the one from before when there was one.
Result<Keyring> begin_keyring(const fs::path& directory, const TrustBundle& grant) {
    const std::vector<Certificate> roots = roots_of(grant);
    if (roots.size() != 1) {
        return fail(ErrorCode::kUnknownAuthority,
                    "a grant for an authority holds the province's root, one and no more");
    }
    Keyring keyring;
    if (auto added = keyring.add_root(roots.front()); !added)
        return std::unexpected{std::move(added.error())};
    if (!is_there(directory / kChain)) return keyring;
    Office before;
    if (auto read = read_chain(directory, before); !read) return std::unexpected{std::move(read.error())};
    if (before.own.usage != Usage::kAuthority || roots_of(before.above).front().id != roots.front().id) {
        return fail(ErrorCode::kUnknownAuthority, "it comes from another root, " + roots.front().name +
                                                      ", than the one before; nothing was installed");
    }
    before.above.certificates.push_back(before.own);
    if (auto added = add_all(keyring, before.above); !added) return std::unexpected{std::move(added.error())};
    return keyring;
}

// The certificate for our key in a grant; the last to end.
Result<Certificate> granted_certificate(const Keyring& keyring, const TrustBundle& grant,
                                        const DeviceRequest& request) {
    const Certificate* own = nullptr;
    Error why{ErrorCode::kNoCertificate, "there is no certificate for " + request.eid + " in it"};
    for (const Certificate& each : grant.certificates) {
        if (each.usage != Usage::kAuthority || keyring.find(each.id) == nullptr) continue;
        if (each.eid != request.eid) {
            why = {ErrorCode::kWrongNodeId, "it is for " + each.eid + ", and this is " + request.eid};
        } else if (each.public_key != request.signing_key) {
            why = {ErrorCode::kCertificateMisused,
                   "it is for another key of " + request.eid + "; send request.pem again"};
        } else if (own == nullptr || own->not_after < each.not_after) {
            own = &each;
        }
    }
    if (own == nullptr) return std::unexpected{std::move(why)};
    if (auto good = keyring.usable(*own, std::nullopt); !good)
        return std::unexpected{std::move(good.error())};
    return *own;
}

}  // namespace

Result<Certificate> create_root(const fs::path& directory, const std::string& name,
                                const KeyProtection& protection, UnixTime now) {
    if (auto good = check_terms({now, kRootMonths}); !good) return std::unexpected{std::move(good.error())};
    if (name.empty() || !identity::is_display_name(name)) {
        return fail(ErrorCode::kInvalidArgument, "a root has a name of 1 to 64 bytes");
    }
    const auto lock = begin_new(directory);
    if (!lock) return std::unexpected{lock.error()};
    const auto key = make_signing_key(directory, protection);
    if (!key) return std::unexpected{key.error()};
    CertificateForm form;
    form.usage = Usage::kRoot;
    form.name = name;
    form.public_key = key->public_key();
    form.serial = draw_serial();
    form.not_before = now - kBackdate_s;
    form.not_after = months_later(now, kRootMonths);
    auto root = issue_certificate(form, *key, nullptr);
    if (!root) return root;
    auto written = write_trust_file(directory / kChain, {{*root}, {}});
    if (!written) return std::unexpected{std::move(written.error())};
    return root;
}

Result<DeviceRequest> create_authority(const fs::path& directory, const std::string& commune,
                                       const std::string& name, const KeyProtection& protection) {
    const std::string eid = identity::commune_eid(commune);
    if (!identity::is_commune_eid(eid) || !identity::is_display_name(name)) {
        return fail(ErrorCode::kInvalidArgument, "a commune has five digits, and a name at most 64 bytes");
    }
    const auto lock = begin_new(directory);
    if (!lock) return std::unexpected{lock.error()};
    const auto key = make_signing_key(directory, protection);
    if (!key) return std::unexpected{key.error()};
    DeviceRequest request = identity::make_request(eid, name, nullptr, *key, std::nullopt);
    auto written =
        write_file(directory / kRequest, as_bytes(identity::request_to_pem(request)), Readers::kAll);
    if (!written) return std::unexpected{std::move(written.error())};
    return request;
}

Result<void> accept_authority_grant(const fs::path& directory, const TrustBundle& grant) {
    const auto lock = DirectoryLock::take(directory);
    if (!lock) return std::unexpected{lock.error()};
    const auto text = read_file(directory / kRequest, identity::kRequestTextMax);
    if (!text && text.error().code == ErrorCode::kNotFound) {
        return fail(ErrorCode::kNotFound, "no authority was made in " + directory.string());
    }
    if (!text) return std::unexpected{text.error()};
    const auto request = identity::request_from_text(*text);
    if (!request) return corrupt(directory / kRequest, "is damaged (" + request.error().message + ")");
    auto keyring = begin_keyring(directory, grant);
    if (!keyring) return std::unexpected{std::move(keyring.error())};
    if (auto added = add_all(*keyring, grant); !added) return added;
    const auto own = granted_certificate(*keyring, grant, *request);
    if (!own) return std::unexpected{own.error()};
    const Certificate& root = *keyring->roots().front();
    TrustBundle chain{{*own, root}, {}};
    if (const RevocationList* list = keyring->list_of(root)) chain.lists.push_back(*list);
    return write_trust_file(directory / kChain, chain);
}

Result<TrustBundle> approve(const fs::path& directory, const DeviceRequest& request, const IssueTerms& terms,
                            const KeyProtection& protection) {
    // The request may have been put together by hand: only what it was signed as counts.
    const auto proven = identity::read_request(request.wire);
    if (!proven) return std::unexpected{proven.error()};
    if (auto good = check_terms(terms); !good) return std::unexpected{std::move(good.error())};
    const auto lock = DirectoryLock::take(directory);
    if (!lock) return std::unexpected{lock.error()};
    auto office = read_office(directory);
    if (!office) return std::unexpected{std::move(office.error())};
    if (auto good = check_request(*office, *proven); !good) return std::unexpected{std::move(good.error())};
    if (auto good = check_own_certificate(*office, terms.now); !good) {
        return std::unexpected{std::move(good.error())};
    }
    const auto key = read_own_key(directory, *office, protection);
    if (!key) return std::unexpected{key.error()};
    const auto made = issue_all(*office, *key, *proven, terms);
    if (!made) return std::unexpected{made.error()};
    // On the disk before anybody gets it: what is not recorded cannot be revoked.
    office->issued.insert(office->issued.end(), made->begin(), made->end());
    auto written = write_trust_file(directory / kIssued, {office->issued, {}});
    if (!written) return std::unexpected{std::move(written.error())};
    return grant_of(*office, *made, terms.now);
}

Result<RevocationList> revoke(const fs::path& directory, const std::string& eid, UnixTime now,
                              const KeyProtection& protection) {
    if (auto good = check_terms({now, 1}); !good) return std::unexpected{std::move(good.error())};
    const auto lock = DirectoryLock::take(directory);
    if (!lock) return std::unexpected{lock.error()};
    const auto office = read_office(directory);
    if (!office) return std::unexpected{office.error()};
    std::vector<Bytes> serials = office->revoked ? office->revoked->serials : std::vector<Bytes>{};
    const std::size_t before = serials.size();
    bool issued = false;
    for (const Certificate& each : office->issued) {
        if (each.eid != eid) continue;
        issued = true;
        if (!is_revoked(*office, each)) serials.push_back(each.serial);
    }
    if (!issued) return fail(ErrorCode::kNotFound, "nothing was ever issued to " + eid + " here");
    if (serials.size() == before) {
        return fail(ErrorCode::kDuplicate, "everything that was issued to " + eid + " is revoked already");
    }
    if (serials.size() > identity::kRevokedSerialsMax) {
        return fail(ErrorCode::kFull,
                    "the revocation list is full; the province must certify a new authority key");
    }
    const auto key = read_own_key(directory, *office, protection);
    if (!key) return std::unexpected{key.error()};
    const std::uint64_t number = office->revoked ? office->revoked->number + 1 : 1;
    const UnixTime issued_at = office->revoked ? std::max(now, office->revoked->issued) : now;
    RevocationList list = make_revocation_list(*key, office->own, number, issued_at, std::move(serials));
    auto written = write_trust_file(directory / kRevoked, {{}, {list}});
    if (!written) return std::unexpected{std::move(written.error())};
    return list;
}

Result<std::vector<Issued>> list_issued(const fs::path& directory) {
    const auto office = read_office(directory);
    if (!office) return std::unexpected{office.error()};
    std::vector<Issued> all;
    for (const Certificate& each : office->issued)
        all.push_back({each, is_revoked(*office, each)});
    return all;
}

}  // namespace tram::enrol
