// Where the bundles of this node come into being, whatever they are for: submissions, reports, chunks of
// messages, the trust exchange. One place decides which blocks they have and signs them.
#pragma once

#include "daemon/node/custody.h"

namespace tram::node {

/// What a bundle of ours is to say; everything else follows from the node's options.
struct OwnTerms {
    bpv7::Eid destination;
    bpv7::Eid source;         ///< an endpoint of this node
    bpv7::Eid report_to;      ///< dtn:none: nobody
    std::uint64_t flags = 0;  ///< bpv7::bundle_flag; "must not be fragmented" is added
    std::uint64_t lifetime_ms = 0;
    bpv7::HopCount hops;
    bpv7::ClassBlock klass;  ///< a message id of zeros: made from the bundle's id
    Bytes payload;
    bool is_signed = true;  ///< unless the node is open
};

struct OwnBundle {
    bpv7::Bundle bundle;
    Bytes wire;
};

/// Whether bundles can be made here at all. Errors: no_certificate (not an open node, and no key to sign
/// with).
Result<void> can_make_bundles(const NodeOptions& options);

/// A bundle as design and RFC 9171 want it: CRC-32C on primary and payload, must not be fragmented, bundle
/// age, hop count, class, and our signature if the terms say so. Takes the next creation timestamp.
/// Errors: those of can_make_bundles().
Result<OwnBundle> make_own_bundle(Custody& custody, OwnTerms terms);

/// A message to the node `peer`, over a link and no further: to its endpoint `demux`, for ten minutes and one
/// hop, of kind control. It is not signed: the link proves who says it. Errors: those of can_make_bundles(),
/// invalid_argument (no dtn node).
Result<OwnBundle> make_neighbour_message(Custody& custody, const bpv7::Eid& peer, std::string_view demux,
                                         Bytes payload);

}  // namespace tram::node
