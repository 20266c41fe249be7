#include "config/addresses.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstdint>
#include <string>
#include <sys/un.h>

namespace tram::config {

namespace {

constexpr std::size_t kHostBytesMax = 253;

struct HostPort {
    std::string host;  ///< without brackets and zone
    bool bracketed = false;
    std::uint16_t port = 0;
};

Result<HostPort> split(std::string_view text) {
    const auto colon = text.rfind(':');
    if (colon == std::string_view::npos) return fail(ErrorCode::kInvalidArgument, "the port is missing");
    const std::string_view digits = text.substr(colon + 1);
    HostPort result;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result.port);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
        return fail(ErrorCode::kInvalidArgument, "the port is not a number from 0 to 65535");
    }
    std::string_view host = text.substr(0, colon);
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        result.bracketed = true;
        host = host.substr(1, host.size() - 2);
        host = host.substr(0, host.find('%'));
    }
    if (host.empty()) return fail(ErrorCode::kInvalidArgument, "the host is missing");
    result.host = host;
    return result;
}

bool is_ipv4(const std::string& host) {
    in_addr address{};
    return ::inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool is_ipv6(const std::string& host) {
    in6_addr address{};
    return ::inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

/// Letters, digits, '-', '_' and '.', with a letter somewhere: "10.0.0.300" is a mistyped address, no name.
bool is_host_name(const std::string& host) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto allowed = [&](char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    };
    return host.size() <= kHostBytesMax && host.front() != '.' && host.front() != '-' &&
           std::ranges::all_of(host, allowed) && std::ranges::any_of(host, is_letter);
}

Result<void> check_ip(const HostPort& address) {
    if (address.bracketed) {
        if (is_ipv6(address.host)) return {};
        return fail(ErrorCode::kInvalidArgument, "\"" + address.host + "\" is not an IPv6 address");
    }
    if (is_ipv4(address.host)) return {};
    if (is_ipv6(address.host)) {
        return fail(ErrorCode::kInvalidArgument, "an IPv6 address stands in brackets, [::]:4556");
    }
    return fail(ErrorCode::kInvalidArgument, "\"" + address.host + "\" is not an IP address");
}

Result<void> check_ipc(std::string_view path) {
    constexpr std::size_t kPathBytesMax = sizeof(sockaddr_un::sun_path) - 1;
    if (path.empty()) return fail(ErrorCode::kInvalidArgument, "the path after ipc:// is missing");
    if (path.size() > kPathBytesMax) {
        return fail(ErrorCode::kInvalidArgument, "the path of a socket has at most " +
                                                     std::to_string(kPathBytesMax) + " bytes, this one has " +
                                                     std::to_string(path.size()));
    }
    return {};
}

}  // namespace

Result<void> check_listen_address(std::string_view text) {
    const auto address = split(text);
    if (!address) return std::unexpected{address.error()};
    return check_ip(*address);
}

Result<void> check_peer_address(std::string_view text) {
    const auto address = split(text);
    if (!address) return std::unexpected{address.error()};
    if (address->port == 0) return fail(ErrorCode::kInvalidArgument, "a peer cannot be called at port 0");
    if (!address->bracketed && is_host_name(address->host)) return {};
    return check_ip(*address);
}

Result<void> check_api_endpoint(std::string_view text) {
    if (text.starts_with("ipc://")) return check_ipc(text.substr(6));
    if (!text.starts_with("tcp://")) {
        return fail(ErrorCode::kInvalidArgument, "it begins neither with ipc:// nor with tcp://");
    }
    const auto address = split(text.substr(6));
    if (!address) return std::unexpected{address.error()};
    if (const auto ip = check_ip(*address); !ip) return ip;
    if (address->host != "::1" && !address->host.starts_with("127.")) {
        return fail(ErrorCode::kInvalidArgument, "tcp:// is only for addresses of this machine");
    }
    return {};
}

}  // namespace tram::config
