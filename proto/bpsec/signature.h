// Signed bundles: a BIB of the COSE context (context id 3, draft-ietf-dtn-bpsec-cose) with one COSE_Sign1.
//
// One signature by the node that made the bundle. Its target is the payload block; its additional
// authenticated data take in the primary block, our class block where there is one, and the header of the
// target, so that nothing about who sends what to whom can be changed. The certificate is named by its hash.
// Blocks that hops change (previous node, age, hop count) stay outside.
//
// Checking is in two steps, because the second is slow and belongs on another thread:
//   read_signature()  what the bundle claims, checked for form and for what it covers
//   verify()          the arithmetic, with the key of the certificate that the claim names
#pragma once

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/base/limits.h"
#include "proto/bpv7/bundle.h"
#include "proto/cose/sign1.h"

namespace tram::bpsec {

/// Adds the BIB to a bundle that has none. `signer` is the hash of the certificate for `key`; the security
/// source is the node id of the bundle's source.
void sign(bpv7::Bundle& bundle, const cose::SigningKey& key, const cose::CertificateId& signer);

struct Claim {
    cose::CertificateId signer{};
    bpv7::Eid security_source;
    cose::Sign1 message;
    Buffer aad;  ///< external_aad: what besides the payload is covered
};

/// Finds the signature over the payload. /// Errors: unsigned (no BIB has the payload as target), malformed,
/// unsupported_security (a BIB over the payload of another context or with other results than one COSE_Sign1;
/// two of them), narrow_signature (primary, class block or target header not covered), wrong_node_id (the
/// security source is not the node of the bundle's source).
Result<Claim> read_signature(const bpv7::Bundle& bundle, const Limits& limits);

/// Whether the claim is true for `payload`. Pure computing, for any thread. Errors: bad_signature.
Result<void> verify(const Claim& claim, ByteView payload, const cose::PublicKey& key);

}  // namespace tram::bpsec
