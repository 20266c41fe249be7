// A commune that enrols, renews and revokes devices, for tests of nodes with identities.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/node/types.h"
#include "proto/identity/trust_bundle.h"
#include "tests/identities.h"

namespace tram::node::testing {

using test::kDay;
/// What virtual clocks show, 2026-11-05: as Unix time, and as DTN time in milliseconds.
inline constexpr identity::UnixTime kWall = test::kNow;
inline constexpr std::uint64_t kWall_ms = (static_cast<std::uint64_t>(kWall) - kDtnEpochUnixSeconds) * 1'000;

struct Device {
    std::string node_id;
    std::shared_ptr<const cose::SigningKey> signing_key;
    identity::Certificate tls;
    identity::Certificate signing;
    std::vector<Bytes> chain;  ///< as TLS shows it

    /// Options of a node that is this device.
    [[nodiscard]] NodeOptions options() const;
};

class Commune {
  public:
    /// `province` tells roots apart, `commune` has five digits.
    explicit Commune(const std::string& province = "province", const std::string& commune = "18904")
        : root_{test::make_root(province)},
          authority_{test::make_authority(root_, commune, province + " " + commune)} {}

    /// What every device knows from the start: the root and the authority.
    [[nodiscard]] identity::TrustBundle trust() const;
    /// What `device` has in its identity directory.
    [[nodiscard]] identity::TrustBundle trust(const Device& device) const;
    /// `generation` tells renewals apart.
    [[nodiscard]] Device enrol(const std::string& node_id, int generation = 0,
                               identity::UnixTime not_before = test::kBegin,
                               identity::UnixTime not_after = test::kEnd) const;
    /// A list, numbered one higher than the last, with these devices and all that were revoked before.
    identity::RevocationList revoke(const std::vector<Device>& devices, identity::UnixTime issued = kWall);

    [[nodiscard]] const identity::Certificate& authority() const { return authority_.certificate; }

  private:
    test::Authority root_;
    test::Authority authority_;
    std::vector<Bytes> revoked_;
    std::uint64_t list_number_ = 0;
};

}  // namespace tram::node::testing
