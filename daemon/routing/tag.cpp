#include "daemon/routing/tag.h"

#include <cstddef>
#include <string_view>

namespace tram::routing {

namespace {

// FNV-1a: the same on every machine, which std::hash is not.
constexpr std::uint64_t kOffset = 0xcbf29ce484222325;
constexpr std::uint64_t kPrime = 0x100000001b3;

constexpr std::uint64_t with(std::uint64_t hash, std::uint8_t byte) {
    return (hash ^ byte) * kPrime;
}

Tag folded(std::uint64_t hash) {
    const auto tag = static_cast<Tag>(hash ^ (hash >> 32U));
    return tag == kNoTag ? 1 : tag;
}

std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = with(kOffset, 'd');
    for (const char character : text)
        hash = with(hash, static_cast<std::uint8_t>(character));
    return hash;
}

}  // namespace

Tag node_tag(const bpv7::Eid& node) {
    if (node.scheme() == bpv7::Eid::Scheme::kDtn) return folded(hash_of(node.node_name()));
    std::uint64_t hash = with(kOffset, 'i');
    for (unsigned shift = 0; shift < 64; shift += 8)
        hash = with(hash, static_cast<std::uint8_t>(node.fully_qualified_node() >> shift));
    return folded(hash);
}

Tag area_tag(const bpv7::Eid& node) {
    if (node.scheme() != bpv7::Eid::Scheme::kDtn) return kNoTag;
    const std::string_view name = node.node_name();
    return name.empty() ? kNoTag : folded(hash_of(name.substr(0, name.find('-'))));
}

}  // namespace tram::routing
