// What every hostile case plays on: a province, a commune's server that is attacked, honest devices, and the
// attackers' own.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "tests/system/harness/daemon_process.h"
#include "tests/system/harness/messages.h"
#include "tests/system/harness/province.h"
#include "tests/system/hostile/forge.h"
#include "tests/system/hostile/peer.h"
#include "tests/unit/envelope/samples.h"

namespace tram::hostile {

using harness::ApiClient;
using harness::CertificateTerms;
using harness::Certified;

inline const std::string kCommune = "18904";
inline const std::string kOtherCommune = "19000";
inline const std::string kFallenCommune = "20000";  ///< its authority is revoked
inline const std::string kVictim = "dtn://18904-srv/";
inline const std::string kVictimInbox = "dtn://18904-srv/requests";
inline const std::string kHonest = "dtn://18904-ks07/";
inline const std::string kHostile = "dtn://18904-lt66/";    ///< enrolled, and turned hostile
inline const std::string kBroken = "dtn://18904-lt12/";     ///< revoked, and known to nobody
inline const std::string kStolen = "dtn://18904-lt13/";     ///< revoked
inline const std::string kElsewhere = "dtn://19000-lt01/";  ///< of the other commune
inline const std::string kFallen = "dtn://20000-lt01/";     ///< of the fallen commune
inline const std::string kOtherOffice = "dtn://18904-ubnd/";

/// What a device can do with its keys.
struct Actor {
    TlsTerms tls;
    identity::Certificate tls_certificate;
    envelope::test::Party party;  ///< its signing and sealing keys

    [[nodiscard]] const std::string& node_id() const { return party.node_id; }
    [[nodiscard]] Signer signer() const { return {&party.signing, party.certificate}; }
};

class Stage {
  public:
    Stage();

    [[nodiscard]] harness::DaemonProcess& victim() { return victim_; }
    [[nodiscard]] ApiClient& api() { return api_; }
    [[nodiscard]] harness::Province& province() { return province_; }
    /// Has a commune of the same name, under another root.
    [[nodiscard]] harness::Province& foreign_province() { return foreign_; }
    [[nodiscard]] const harness::TestDirectory& directory() const { return directory_; }
    /// One of the devices named above.
    [[nodiscard]] const Actor& actor(const std::string& node_id) const { return actors_.at(node_id); }

    /// A certificate by the authority of `commune`, with whatever fault `terms` has, and how to use it in
    /// TLS.
    [[nodiscard]] Certified certify(const CertificateTerms& terms,
                                    const std::string& commune = kCommune) const;
    [[nodiscard]] TlsTerms tls_with(const CertificateTerms& terms,
                                    const std::string& commune = kCommune) const;

    /// Calls the victim; nothing is said yet.
    [[nodiscard]] Connection connect() const { return Connection{victim_.port()}; }
    [[nodiscard]] Peer call(PeerTerms terms) const;
    /// An established session of one of the devices.
    [[nodiscard]] Peer session_of(const std::string& node_id) const;

    /// Gives the victim certificates and lists, as its operator would.
    void tell(ByteView encoded_trust);
    void tell(const std::vector<Bytes>& certificates);
    [[nodiscard]] cose::CertificateId certificate_of(const std::string& node_id, identity::Usage usage) const;
    [[nodiscard]] envelope::SealingPublicKey sealing_key_of(const std::string& node_id) const;
    /// Fetches and acknowledges what waits in the victim's inbox.
    void collect();
    /// An application at the victim sends something; the bundle's id.
    bpv7::BundleId send_to(const std::string& endpoint);
    void cancel(const std::string& bundle);
    /// The victim's operator cancels all bundles; or those that the victim has made itself: its receipts.
    void clear();
    void clear_own();

    [[nodiscard]] harness::pb::StatusReply status();

  private:
    void clear(const std::string& source);
    void add_actor(const std::string& node_id, bool sealing = false);
    config::Config populate();

    harness::TestDirectory directory_;
    harness::Province province_;
    harness::Province foreign_;
    std::map<std::string, Actor> actors_;
    Bytes fallen_;  ///< says that an authority is revoked
    harness::DaemonProcess victim_;
    ApiClient api_;
};

/// Tries to get a session; what the attacker learns: "session", "alert 48", "ended: wrong_node_id", "closed".
std::string knock(Peer& peer);
/// What the attacker learns about a bundle: "accepted", "refused: not acceptable", "gone", "silence".
std::string text(const Answer& answer);

}  // namespace tram::hostile
