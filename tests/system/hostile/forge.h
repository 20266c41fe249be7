// Bundles by hand: right ones, and everything that an honest program would never make of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/bpsec/cose_context.h"
#include "proto/bpv7/bundle.h"
#include "proto/bpv7/codec.h"
#include "proto/cose/keys.h"
#include "proto/cose/sign1.h"

namespace tram::hostile {

/// Who puts his name to a bundle: a key and the certificate that he names.
struct Signer {
    const cose::SigningKey* key = nullptr;
    cose::CertificateId certificate{};
};

struct BundleTerms {
    std::string source;
    std::string destination;
    std::string payload = "a paper";
    std::uint64_t lifetime_ms = 3'600'000;
    std::uint64_t flags = bpv7::bundle_flag::kMustNotFragment;
    std::optional<bpv7::ClassBlock> class_block = bpv7::ClassBlock{};  ///< nothing: none
    std::optional<bpv7::HopCount> hops = bpv7::HopCount{32, 1};
};

/// A bundle without signature, with a creation timestamp that no other has.
bpv7::Bundle make_bundle(const BundleTerms& terms);
/// As an honest node would send it.
Bytes signed_bundle(const BundleTerms& terms, const Signer& signer);
bpv7::Bundle decoded(const Bytes& wire);

/// The bundle after a change to its primary block: checksums are right again, signatures stay as they were.
Bytes encode_changed(bpv7::Bundle bundle);

/// A signature in the COSE context, written down from the drafts and RFC 9052 and not by proto/bpsec::sign.
struct SignatureTerms {
    std::vector<std::uint64_t> targets = {bpv7::kPayloadBlockNumber};
    std::int64_t context = 3;
    std::optional<bpv7::Eid> source = {};       ///< nothing: the node of the bundle's source
    std::optional<bpsec::AadScope> scope = {};  ///< nothing: everything that must be covered
    std::int64_t algorithm = -8;                ///< EdDSA
    bool unknown_critical_header = false;
    bool names_certificate = true;
    std::size_t signature_bytes = 64;  ///< what is left of it
    bool forged = false;               ///< one bit of the signature is another
};
void sign_by_hand(bpv7::Bundle& bundle, const Signer& signer, const SignatureTerms& terms = {});

/// Adds a block integrity block with these data.
void add_integrity_block(bpv7::Bundle& bundle, Bytes data);

}  // namespace tram::hostile
