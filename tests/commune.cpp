#include "tests/commune.h"

namespace tram::node::testing {

NodeOptions Device::options() const {
    NodeOptions made;
    made.node_id = *bpv7::Eid::parse(node_id);
    made.security.open = false;
    made.security.signing_key = signing_key;
    made.security.signer = signing.id;
    made.security.certificate_ends = signing.not_after;
    return made;
}

identity::TrustBundle Commune::trust() const {
    return {.certificates = {root_.certificate, authority_.certificate}, .lists = {}};
}

identity::TrustBundle Commune::trust(const Device& device) const {
    identity::TrustBundle known = trust();
    known.certificates.push_back(device.tls);
    known.certificates.push_back(device.signing);
    return known;
}

Device Commune::enrol(const std::string& node_id, int generation, identity::UnixTime not_before,
                      identity::UnixTime not_after) const {
    const std::string name = node_id + std::to_string(generation);
    const auto certify = [&](identity::Usage usage, const cose::PublicKey& key) {
        return test::issue({.usage = usage,
                            .eid = node_id,
                            .name = "",
                            .public_key = key,
                            .not_before = not_before,
                            .not_after = not_after},
                           authority_.key, &authority_.certificate);
    };
    Device device;
    device.node_id = node_id;
    device.signing_key = std::make_shared<const cose::SigningKey>(test::key_of(name + " sign"));
    device.tls = certify(identity::Usage::kTls, test::key_of(name + " tls").public_key());
    device.signing = certify(identity::Usage::kSign, device.signing_key->public_key());
    device.chain = {device.tls.der, authority_.certificate.der};
    return device;
}

identity::RevocationList Commune::revoke(const std::vector<Device>& devices, identity::UnixTime issued) {
    for (const Device& device : devices) {
        revoked_.push_back(device.tls.serial);
        revoked_.push_back(device.signing.serial);
    }
    return identity::make_revocation_list(authority_.key, authority_.certificate, ++list_number_, issued,
                                          revoked_);
}

}  // namespace tram::node::testing
