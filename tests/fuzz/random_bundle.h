// Bundles that RFC 9171 allows, made from a seed: for round trips and as the seeds of mutations.
#pragma once

#include <random>

#include "proto/bpv7/bundle.h"

namespace tram::fuzz {

using Random = std::mt19937_64;

/// Uniform in [0, max].
std::uint64_t below_or_equal(Random& random, std::uint64_t max);
/// Small and large numbers alike: every width of a CBOR head is likely.
std::uint64_t any_number(Random& random);
Bytes any_bytes(Random& random, std::size_t size_max);
/// Never a null endpoint, never a group.
bpv7::Eid any_singleton(Random& random);
/// A valid bundle with up to five extension blocks, fragment or whole, with every CRC type.
bpv7::Bundle any_bundle(Random& random);

}  // namespace tram::fuzz
