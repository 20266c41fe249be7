// Signed bundles: a BIB of the COSE context (context id 3, draft-ietf-dtn-bpsec-cose) with one COSE_Sign1.
//
// One signature by the node that made the bundle. Its target is the payload block; its additional
// authenticated data take in the primary block, our class block where there is one, and the header of the
// target, so that nothing about who sends what to whom can be changed. The certificate is named by its hash.
// Blocks that hops change (previous node, age, hop count) stay outside, and so do CRCs.
//
// The block that sign() adds: type 11, the lowest free number, no flags, no CRC; its data (RFC 9172 3.6)
//   [1]                          target: the payload block
//   3, 1                         context COSE; parameters are present
//   [1, "//18904-ks07/"]         security source: the node id of the bundle's source
//   [[5, {0: 1, 2: 3, -1: 1, -2: 1}]]
//                                AAD scope: primary block; block 2, the class block, header and data; header
//                                of the target; header of this block
//   [[[18, << COSE_Sign1 >>]]]   one result, the message in a byte string
// COSE_Sign1, detached: [<< {1: -8, 34: [-16, SHA-256 of the certificate]} >>, {}, null, signature].
// What Ed25519 signs is Sig_structure (RFC 9052 4.4):
//   ["Signature1", << protected headers >>, external_aad, the payload block's data]
// with external_aad, a byte string, of these one after the other (cose_context.h says the general rule):
//   [1, "//18904-ks07/"]         security source
//   {0: 1, 2: 3, -1: 1, -2: 1}   AAD scope
//   the primary block            as it is on the wire, its CRC included
//   200, 2, flags, data          class block: three integers and a byte string
//   1, 1, flags                  header of the payload block
//   11, number, flags            header of this block
//   h''                          additional protected headers: none
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

/// Adds the BIB to a bundle that has none, behind the security blocks that come first. `signer` is the hash
/// of the certificate for `key`; the security source is the node id of the bundle's source. The primary block
/// is frozen: `primary_wire` is set, and what is covered must not change afterwards. The payload is copied
/// once, into what is signed.
void sign(bpv7::Bundle& bundle, const cose::SigningKey& key, const cose::CertificateId& signer);

struct Claim {
    cose::CertificateId signer{};
    bpv7::Eid security_source;
    cose::Sign1 message;
    Buffer aad;  ///< external_aad: what besides the payload is covered
};

/// Finds the signature over the payload, which is not looked into. More than sign() covers may be covered.
/// The primary block is taken as it arrived: from a source that does not encode it deterministically no
/// signature verifies. A BIB that a BCB encrypts is passed over. Errors: unsigned (no BIB has the payload as
/// target), malformed, too_large, unsupported_security (a BIB over the payload of another context or with
/// other results than one COSE_Sign1; two of them), narrow_signature (primary, class block or target header
/// not covered), wrong_node_id (the security source is not the node of the bundle's source).
Result<Claim> read_signature(const bpv7::Bundle& bundle, const Limits& limits);

/// Whether the claim is true for `payload`, which is copied once. Pure computing, for any thread. Errors:
/// bad_signature.
Result<void> verify(const Claim& claim, ByteView payload, const cose::PublicKey& key);

}  // namespace tram::bpsec
