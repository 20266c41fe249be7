#include "daemon/links/address.h"

#include <charconv>

namespace tram::links {
namespace {

std::unexpected<Error> unusable(std::string_view text, std::string_view why) {
    return fail(ErrorCode::kInvalidArgument, "\"" + std::string{text} + "\" is not an address: " +
                                                 std::string{why} + "; expected host:port or [IPv6]:port");
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text) {
    const std::size_t colon = text.rfind(':');
    if (colon == std::string_view::npos) return unusable(text, "the port is missing");
    std::string_view host = text.substr(0, colon);
    const std::string_view digits = text.substr(colon + 1);

    HostPort result;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result.port);
    if (error != std::errc{} || end != digits.data() + digits.size()) {
        return unusable(text, "the port is not a number from 0 to 65535");
    }
    if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
    } else if (host.find_first_of(":[]") != std::string_view::npos) {
        return unusable(text, "an IPv6 address needs brackets");
    }
    if (host.empty()) return unusable(text, "the host is missing");
    result.host = host;
    return result;
}

}  // namespace tram::links
