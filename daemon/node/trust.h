// Whom this node believes, kept through restarts: the keyring, what was learned for it, and the time below
// which no clock may be.
//
//   restore(), restore_state()* -> start() -> { learn(), accept_chain() }* with take_changes() after each
//
// What the identity directory holds is given at every start; what came since (from peers, from the operator)
// is in state rows. A list is in a row when it has been enforced: at the next start only what it revokes
// anew, because the directory brought a newer list, is news.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/node/custody.h"
#include "proto/identity/keyring.h"
#include "proto/identity/trust_bundle.h"

namespace tram::node {

class Trust {
  public:
    explicit Trust(Custody& custody) : custody_{custody} {}

    // Restoring, before start().
    void restore(identity::TrustBundle given) { given_ = std::move(given); }
    void restore_state(const std::string& name, ByteView value);
    /// Builds the keyring. Returns what was given or kept and cannot be used, for the log.
    std::vector<Error> start();

    [[nodiscard]] const identity::Keyring& keyring() const { return keyring_; }
    /// The time for questions about certificates; nothing while the clock is not believed.
    [[nodiscard]] std::optional<identity::UnixTime> unix_now() const;
    [[nodiscard]] identity::UnixTime time_floor() const { return floor_; }

    /// The key with which `node_id` signs bundles that may be taken now. Errors: see Keyring::signer().
    [[nodiscard]] Result<cose::PublicKey> signer(const identity::CertificateId& id,
                                                 const std::string& node_id) const;
    /// The same for what was taken earlier: neither dates nor revocation decide. For opening messages that
    /// are stored here. Errors: unknown_signer, certificate_misused, wrong_node_id.
    [[nodiscard]] Result<cose::PublicKey> known_signer(const identity::CertificateId& id,
                                                       const std::string& node_id) const;
    /// The certificate to seal for `node_id` with. Errors: see Keyring::sealing().
    [[nodiscard]] Result<envelope::Recipient> recipient(const std::string& node_id) const;

    /// What became of some certificates and lists.
    struct Changes {
        std::vector<identity::CertificateId> certificates;  ///< new ones
        std::vector<std::string> lists;                     ///< new ones, by name_of()
        std::vector<std::string> revoked;                   ///< nodes that were not revoked before
        std::optional<LinkId> from;                         ///< who brought them; nothing: not a peer
        [[nodiscard]] bool empty() const { return certificates.empty() && lists.empty() && revoked.empty(); }
    };
    /// What tells a list from those of other authorities: its name, and the key that signed it, because a
    /// commune with a new key begins to count anew. `list` must be in the keyring or signed by a certificate
    /// that is.
    [[nodiscard]] std::string name_of(const identity::RevocationList& list) const;
    /// The newest list of that name, or nullptr.
    [[nodiscard]] const identity::RevocationList* list_named(std::string_view name) const;

    /// Takes in what is new and right, authorities first, then lists, then devices. Returns why the others
    /// were not taken; what was known already is no error.
    std::vector<Error> learn(const identity::TrustBundle& bundle, std::optional<LinkId> from = std::nullopt);
    /// Keyring::accept_chain() with everything that it adds kept. The node id of the peer.
    Result<std::string> accept_chain(const std::vector<Bytes>& chain);
    [[nodiscard]] const Changes& changes() const { return changes_; }
    /// What has changed since the last call.
    Changes take_changes() { return std::exchange(changes_, {}); }

    /// Whether a node's bundles are not taken any more.
    [[nodiscard]] bool is_revoked(std::string_view node_id) const { return revoked_.contains(node_id); }
    /// Nodes whose certificates for TLS are known and all revoked.
    [[nodiscard]] std::set<std::string, std::less<>> revoked_for_tls() const;

    /// "open", "none", "good", "expired" or "revoked", for status. `beyond`: the clock is beyond the end of
    /// our certificate.
    [[nodiscard]] std::string_view identity_state(bool beyond) const;

  private:
    bool take(const identity::Certificate& certificate, std::vector<Error>& refused);
    bool take(const identity::RevocationList& list, std::vector<Error>& refused);
    void keep(const identity::Certificate& certificate);
    void find_revoked(bool all, const std::vector<std::string>& among);
    void raise_floor();

    Custody& custody_;
    identity::Keyring keyring_;
    identity::TrustBundle given_;
    std::vector<Bytes> kept_certificates_;
    std::vector<Bytes> kept_lists_;
    std::set<std::string, std::less<>> revoked_;
    identity::UnixTime floor_ = 0;
    Changes changes_;
};

}  // namespace tram::node
