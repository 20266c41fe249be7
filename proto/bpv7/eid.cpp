#include "proto/bpv7/eid.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::bpv7 {

namespace {

constexpr std::uint32_t kLocalNode = 0xffff'ffff;  // RFC 9758 3.3.3: the node that reads the EID
constexpr std::string_view kNone = "none";
constexpr std::string_view kHierarchy = "//";
constexpr char kGroupMark = '~';

bool is_hex_digit(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// The characters of a reg-name that stand for themselves: unreserved and sub-delims (RFC 3986 3.2.2).
constexpr std::array<bool, 256> kPlainInRegName = [] {
    std::array<bool, 256> plain{};
    for (const char c :
         std::string_view{"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~!$&'()*+,;="}) {
        plain[static_cast<unsigned char>(c)] = true;
    }
    return plain;
}();

bool is_reg_name(std::string_view name) {
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (kPlainInRegName[static_cast<unsigned char>(name[i])]) continue;
        const bool encoded =
            name[i] == '%' && name.size() - i > 2 && is_hex_digit(name[i + 1]) && is_hex_digit(name[i + 2]);
        if (!encoded) return false;
        i += 2;
    }
    return true;
}

// The rule of RFC 9171 4.2.5.1.1 that a dtn scheme-specific part other than "none" breaks; empty for none.
std::string_view dtn_rule_broken(std::string_view ssp) {
    if (!ssp.starts_with(kHierarchy)) {
        return "a dtn EID other than dtn:none begins with dtn:// (RFC 9171 4.2.5.1.1)";
    }
    const std::size_t slash = ssp.find('/', kHierarchy.size());
    if (slash == std::string_view::npos) {
        return "a dtn EID has a slash after its node name (RFC 9171 4.2.5.1.1)";
    }
    const std::string_view node = ssp.substr(kHierarchy.size(), slash - kHierarchy.size());
    if (node.empty()) return "a dtn EID has a node name (RFC 9171 4.2.5.1.1)";
    if (!is_reg_name(node))
        return "the node name of a dtn EID is a reg-name (RFC 9171 4.2.5.1.1, RFC 3986 3.2.2)";
    const std::string_view demux = ssp.substr(slash + 1);
    if (!std::ranges::all_of(demux, [](char c) { return c > ' ' && c < 0x7f; })) {
        return "the demux of a dtn EID consists of visible ASCII characters (RFC 9171 4.2.5.1.1)";
    }
    return {};
}

// A decimal number without leading zeros (RFC 9758 4.2 and its ABNF), at most `max`.
std::optional<std::uint64_t> read_number(std::string_view text, std::uint64_t max) {
    if (text.size() > 1 && text.front() == '0') return std::nullopt;
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
    return value;
}

bool has_scheme(std::string_view uri, std::string_view scheme) {
    // URI schemes are case-insensitive (RFC 3986 3.1).
    return uri.size() > scheme.size() && uri[scheme.size()] == ':' &&
           std::ranges::equal(uri.substr(0, scheme.size()), scheme,
                              [](char a, char b) { return static_cast<char>(a | 0x20) == b; });
}

}  // namespace

Eid Eid::ipn(std::uint32_t allocator, std::uint32_t node, std::uint64_t service) {
    Eid eid;
    eid.scheme_ = Scheme::kIpn;
    eid.node_ = std::uint64_t{allocator} << 32 | node;
    // RFC 9758 3.1: node 0 of allocator 0 has no services; whatever claims to be one is the null endpoint.
    eid.service_ = eid.node_ == 0 ? 0 : service;
    return eid;
}

Result<Eid> Eid::parse(std::string_view uri, const Limits& limits) {
    if (uri.size() > limits.eid_bytes_max) {
        return fail(ErrorCode::kTooLarge, "an endpoint id of " + std::to_string(uri.size()) +
                                              " bytes, above the limit of " +
                                              std::to_string(limits.eid_bytes_max));
    }
    if (has_scheme(uri, "ipn")) return parse_ipn(uri.substr(4));
    if (!has_scheme(uri, "dtn")) {
        return fail(ErrorCode::kInvalidArgument,
                    "an endpoint id begins with dtn: or ipn: (RFC 9171 4.2.5.1)");
    }
    const std::string_view ssp = uri.substr(4);
    Eid eid;
    if (ssp == kNone) return eid;
    if (const auto rule = dtn_rule_broken(ssp); !rule.empty()) {
        return fail(ErrorCode::kInvalidArgument, std::string{rule});
    }
    eid.ssp_ = ssp;
    return eid;
}

Result<Eid> Eid::parse_ipn(std::string_view ssp) {
    constexpr std::uint64_t kMax32 = 0xffff'ffff;
    const auto malformed = [] {
        return fail(
            ErrorCode::kInvalidArgument,
            "an ipn EID is ipn:[allocator.]node.service in decimal without leading zeros, allocator and "
            "node below 2^32, or ipn:!.service (RFC 9758 4)");
    };
    const std::size_t last_dot = ssp.rfind('.');
    if (last_dot == std::string_view::npos) return malformed();
    const auto service = read_number(ssp.substr(last_dot + 1), ~std::uint64_t{0});
    std::string_view node_text = ssp.substr(0, last_dot);
    if (service && node_text == "!") return ipn(0, kLocalNode, *service);
    std::optional<std::uint64_t> allocator = 0;
    if (const std::size_t dot = node_text.find('.'); dot != std::string_view::npos) {
        allocator = read_number(node_text.substr(0, dot), kMax32);
        node_text.remove_prefix(dot + 1);
    }
    const auto node = read_number(node_text, kMax32);
    if (!service || !allocator || !node) return malformed();
    return ipn(static_cast<std::uint32_t>(*allocator), static_cast<std::uint32_t>(*node), *service);
}

bool Eid::is_local_node() const {
    return scheme_ == Scheme::kIpn && node_ == kLocalNode;
}

bool Eid::is_none() const {
    return scheme_ == Scheme::kDtn ? ssp_.empty() : node_ == 0;
}

bool Eid::is_singleton() const {
    return !is_none() && (scheme_ == Scheme::kIpn || !demux().starts_with(kGroupMark));
}

bool Eid::is_node_id() const {
    if (is_none()) return false;
    return scheme_ == Scheme::kDtn ? ssp_.find('/', kHierarchy.size()) == ssp_.size() - 1 : service_ == 0;
}

Eid Eid::node_id() const {
    Eid node;
    node.scheme_ = scheme_;
    node.node_ = node_;
    if (!ssp_.empty()) node.ssp_ = ssp_.substr(0, ssp_.find('/', kHierarchy.size()) + 1);
    return node;
}

std::string_view Eid::node_name() const {
    if (ssp_.empty()) return {};
    const std::size_t slash = ssp_.find('/', kHierarchy.size());
    return std::string_view{ssp_}.substr(kHierarchy.size(), slash - kHierarchy.size());
}

std::string_view Eid::demux() const {
    if (ssp_.empty()) return {};
    return std::string_view{ssp_}.substr(ssp_.find('/', kHierarchy.size()) + 1);
}

std::string Eid::to_string() const {
    if (scheme_ == Scheme::kDtn) {
        std::string text{"dtn:"};
        text.append(ssp_.empty() ? kNone : std::string_view{ssp_});
        return text;
    }
    std::string text{"ipn:"};
    const std::uint64_t allocator = node_ >> 32;
    if (node_ == kLocalNode) {
        text.push_back('!');
    } else {
        if (allocator != 0) text.append(std::to_string(allocator)).push_back('.');
        text.append(std::to_string(node_ & 0xffff'ffff));
    }
    text.push_back('.');
    return text.append(std::to_string(service_));
}

void Eid::encode(cbor::Writer& out) const {
    out.open_array(2);
    out.write_unsigned(static_cast<std::uint64_t>(scheme_));
    if (scheme_ == Scheme::kIpn) {
        out.open_array(2);
        out.write_unsigned(node_);
        out.write_unsigned(service_);
    } else if (ssp_.empty()) {
        out.write_unsigned(0);
    } else {
        out.write_text(ssp_);
    }
}

namespace {

std::string decode_dtn_ssp(cbor::Reader& in, const Limits& limits) {
    if (in.peek() == cbor::Type::kUnsigned) {
        if (in.read_unsigned() != 0) {
            in.fail(ErrorCode::kMalformed, "a dtn EID is the number 0 or text (RFC 9171 4.2.5.1.1)");
        }
        return {};
    }
    const std::string_view ssp = in.read_text(limits.eid_bytes_max);
    if (!in.ok()) return {};
    if (const auto rule = dtn_rule_broken(ssp); !rule.empty()) {
        in.fail(ErrorCode::kMalformed, rule);
        return {};
    }
    return std::string{ssp};
}

struct IpnNumbers {
    std::uint64_t node = 0;
    std::uint64_t service = 0;
};

// RFC 9758 6.1: [fully qualified node number, service] or [allocator, node, service].
IpnNumbers decode_ipn_ssp(cbor::Reader& in) {
    const auto items = in.open_array();
    IpnNumbers ipn{.node = in.read_unsigned(), .service = in.read_unsigned()};
    const bool three = items ? *items == 3 : in.peek() == cbor::Type::kUnsigned;
    if (three) {
        const std::uint64_t service = in.read_unsigned();
        if (ipn.node > 0xffff'ffff || ipn.service > 0xffff'ffff) {
            in.fail(ErrorCode::kMalformed,
                    "allocator and node of an ipn EID are below 2^32 (RFC 9758 6.1.2)");
            return {};
        }
        ipn = {.node = ipn.node << 32 | ipn.service, .service = service};
    }
    in.close_array(items, three ? 3 : 2);
    return ipn;
}

}  // namespace

Eid Eid::decode(cbor::Reader& in, const Limits& limits) {
    Eid eid;
    const auto items = in.open_array();
    const std::uint64_t scheme = in.read_unsigned();
    if (!in.ok()) return eid;
    if (scheme == static_cast<std::uint64_t>(Scheme::kDtn)) {
        eid.ssp_ = decode_dtn_ssp(in, limits);
    } else if (scheme == static_cast<std::uint64_t>(Scheme::kIpn)) {
        const IpnNumbers numbers = decode_ipn_ssp(in);
        eid = ipn(static_cast<std::uint32_t>(numbers.node >> 32), static_cast<std::uint32_t>(numbers.node),
                  numbers.service);
    } else {
        in.fail(ErrorCode::kMalformed,
                "unknown URI scheme " + std::to_string(scheme) + " (RFC 9171 4.2.5.1, 9.6)");
    }
    in.close_array(items, 2);
    return in.ok() ? eid : Eid{};
}

bool matches(std::string_view pattern, const Eid& eid) {
    const std::string text = eid.to_string();
    std::string_view rest = text;
    std::size_t star = pattern.find('*');
    if (star == std::string_view::npos) {
        if (pattern == text) return true;
        const auto exact = Eid::parse(pattern);  // the same endpoint in another spelling, as in ipn:0.1.2
        return exact && *exact == eid;
    }
    if (!rest.starts_with(pattern.substr(0, star))) return false;
    rest.remove_prefix(star);
    pattern.remove_prefix(star + 1);
    // The leftmost place for every middle piece leaves the most room for those behind it.
    for (star = pattern.find('*'); star != std::string_view::npos; star = pattern.find('*')) {
        const std::string_view piece = pattern.substr(0, star);
        const std::size_t found = rest.find(piece);
        if (found == std::string_view::npos) return false;
        rest.remove_prefix(found + piece.size());
        pattern.remove_prefix(star + 1);
    }
    return rest.ends_with(pattern);
}

}  // namespace tram::bpv7

std::size_t std::hash<tram::bpv7::Eid>::operator()(const tram::bpv7::Eid& eid) const noexcept {
    if (eid.scheme() == tram::bpv7::Eid::Scheme::kIpn) {
        // 2^64 / golden ratio: spreads neighbouring numbers over all bits.
        constexpr std::uint64_t kSpread = 0x9e37'79b9'7f4a'7c15;
        const std::uint64_t mixed = (eid.fully_qualified_node() * kSpread) ^ (eid.service() + kSpread);
        return static_cast<std::size_t>((mixed ^ mixed >> 32) * kSpread);
    }
    // Node name and demux lie in one string, with the slash between them.
    const std::string_view name = eid.node_name();
    const std::string_view demux = eid.demux();
    if (name.empty()) return 0;
    return std::hash<std::string_view>{}({name.data(), name.size() + 1 + demux.size()});
}
