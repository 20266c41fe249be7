// The body of the bundle fuzz target: libFuzzer calls it under clang, a ctest replays a corpus under g++.
#pragma once

#include "proto/base/bytes.h"

namespace tram::fuzz {

/// Decodes `input` and, where it is accepted, checks what must hold of every accepted bundle: encoding is a
/// fixed point, fragments give the bundle back, ids survive as keys, nobody's signature is good. Aborts when
/// something does not hold.
void bundle_decode(ByteView input);

/// Feeds `input` to every smaller reader: CBOR items, EIDs, extension blocks, status reports, bundle keys,
/// security blocks, COSE messages.
void parts_decode(ByteView input);

}  // namespace tram::fuzz
