// A decoded bundle as JSON, for `tram bundle decode`.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>

#include "proto/bpv7/bundle.h"

namespace tram::cli {

/// Everything in `bundle`; block data as hexadecimal up to `data_bytes_max` bytes a block, with its full
/// size. Blocks of known types are read as well, where they are not encrypted.
boost::json::object to_json(const bpv7::Bundle& bundle, std::uint64_t data_bytes_max);

}  // namespace tram::cli
