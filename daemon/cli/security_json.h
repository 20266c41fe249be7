// Security blocks as JSON, for `tram bundle decode`.
#pragma once

#include <boost/json/object.hpp>

#include "proto/base/error.h"
#include "proto/bpv7/bundle.h"

namespace tram::cli {

/// What the BIB or BCB `block` of `bundle` says: targets, context, source, parameters and results; for COSE
/// what is covered, and the certificate that a signature names. Nothing is verified. Errors: malformed,
/// too_large, unsupported_security (the block is encrypted).
Result<boost::json::object> security_json(const bpv7::CanonicalBlock& block, const bpv7::Bundle& bundle);

}  // namespace tram::cli
