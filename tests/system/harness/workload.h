// Bundles that can be told apart, handed in and collected in large numbers.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "proto/base/bytes.h"
#include "tests/system/harness/api_client.h"

namespace tram::harness {

/// `size` bytes that depend on `number` only and begin with it as far as they reach.
Buffer make_payload(std::uint64_t number, std::size_t size);
/// The number that a payload of at least eight bytes begins with.
std::optional<std::uint64_t> number_of(ByteView payload);
/// BLAKE2b-256 in hexadecimal.
std::string digest_of(ByteView payload);

/// Payload digests by bundle id.
using Digests = std::map<std::string, std::string>;

struct Consignment {
    std::string destination;
    std::uint64_t count = 0;
    std::uint64_t first_number = 0;
    std::function<std::size_t(std::uint64_t number)> size;  ///< payload bytes
};

/// Hands in all bundles, many at a time; throws when one is refused or an answer does not come.
Digests submit(ApiClient& client, const Consignment& consignment);

/// What an application has received and acknowledged.
struct Mailbox {
    Digests received;
    std::uint64_t again = 0;  ///< hand-overs of a bundle that was received before
};

/// Receives and acknowledges what waits for `endpoint` until nothing does; throws when the API fails.
void collect(ApiClient& client, const std::string& endpoint, Mailbox& mailbox);

}  // namespace tram::harness
