// Endpoint ids (RFC 9171 4.2.5, RFC 9758).
//
//   dtn:none                       the null endpoint
//   dtn://node/                    the node id (administrative endpoint) of node "node"
//   dtn://node/demux               a singleton endpoint; demux beginning with '~' is a group (non-singleton)
//   ipn:node.service               allocator 0; ipn:0.0 is the null endpoint of the scheme
//   ipn:allocator.node.service     RFC 9758; "ipn:!.n" (LocalNode) is node 2^32-1
//
// Choices where practice differs: a dtn EID without the slash after the node name ("dtn://node") is refused,
// because RFC 9171 4.2.5.1.1 requires it; node names are reg-names of RFC 3986 and not empty. ipn:0.n with n
// above zero is invalid and read as the null endpoint, as RFC 9758 3.1 tells processors to do.
//
// Invariants: an Eid is always well formed. Both CBOR encodings of an ipn EID (two and three elements)
// compare equal; we encode two elements, as RFC 9758 recommends.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "proto/base/error.h"
#include "proto/base/limits.h"

namespace tram::cbor {
class Reader;
class Writer;
}  // namespace tram::cbor

namespace tram::bpv7 {

class Eid {
  public:
    enum class Scheme : std::uint8_t { kDtn = 1, kIpn = 2 };

    /// dtn:none.
    Eid() = default;
    /// Reads the text form. Errors: invalid_argument with the rule that is broken, too_large.
    static Result<Eid> parse(std::string_view uri, const Limits& limits = {});
    /// ipn:allocator.node.service.
    static Eid ipn(std::uint32_t allocator, std::uint32_t node, std::uint64_t service);

    [[nodiscard]] Scheme scheme() const { return scheme_; }
    /// dtn:none or ipn:0.0 (in either encoding).
    [[nodiscard]] bool is_none() const;
    /// ipn:!.n, "the node that reads this" (RFC 9758): has no meaning in a bundle that leaves its node.
    [[nodiscard]] bool is_local_node() const;
    /// False for group endpoints (dtn demux beginning with '~') and for null endpoints.
    [[nodiscard]] bool is_singleton() const;
    /// True when this is the administrative endpoint of a node: dtn://node/ or ipn:a.n.0.
    [[nodiscard]] bool is_node_id() const;
    /// The administrative endpoint of the node this endpoint belongs to; a null endpoint stays itself.
    /// For a group the "node" is the name of its area: dtn://18904/~notice -> dtn://18904/.
    [[nodiscard]] Eid node_id() const;
    /// dtn only: the name after "//"; empty for dtn:none and ipn.
    [[nodiscard]] std::string_view node_name() const;
    /// dtn only: what follows the slash after the node name; empty for a node id.
    [[nodiscard]] std::string_view demux() const;
    /// ipn only: (allocator << 32 | node), and service; zero for dtn.
    [[nodiscard]] std::uint64_t fully_qualified_node() const { return node_; }
    [[nodiscard]] std::uint64_t service() const { return service_; }

    [[nodiscard]] std::string to_string() const;

    /// CBOR form, RFC 9171 4.2.5.1 and RFC 9758 6.
    void encode(cbor::Writer& out) const;
    /// Fails through the reader's sticky error. Accepts dtn SSP 0 and text, ipn arrays of 2 and 3.
    static Eid decode(cbor::Reader& in, const Limits& limits);

    friend auto operator<=>(const Eid&, const Eid&) = default;
    friend bool operator==(const Eid&, const Eid&) = default;

  private:
    static Result<Eid> parse_ipn(std::string_view ssp);

    Scheme scheme_ = Scheme::kDtn;
    std::string ssp_;            // dtn: "//node/demux"; empty for dtn:none
    std::uint64_t node_ = 0;     // ipn
    std::uint64_t service_ = 0;  // ipn
};

/// A pattern over endpoint text: an exact EID, or one whose '*' stands for any run of characters
/// ("dtn://18904-*/~notice", "ipn:12.*"). Matching is linear in the text for a bounded number of stars.
bool matches(std::string_view pattern, const Eid& eid);

}  // namespace tram::bpv7

template <>
struct std::hash<tram::bpv7::Eid> {
    std::size_t operator()(const tram::bpv7::Eid& eid) const noexcept;
};
