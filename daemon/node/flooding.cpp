#include "daemon/node/flooding.h"

#include <algorithm>
#include <string_view>

#include "daemon/node/own_receipt.h"

namespace tram::node {

bool is_flooded(const bpv7::Eid& destination) {
    return (!destination.is_singleton() && !destination.is_none()) || is_receipts_endpoint(destination);
}

bool is_visits_group(const bpv7::Eid& endpoint) {
    return endpoint.demux() == "~visits";
}

std::string commune_of(const bpv7::Eid& endpoint) {
    const std::string_view name = endpoint.node_name();
    if (name.empty()) return endpoint.node_id().to_string();
    return std::string{name.substr(0, name.find('-'))};
}

std::vector<std::string> communes_of(const NodeOptions& options) {
    std::vector<std::string> communes{commune_of(options.node_id)};
    for (const bpv7::Eid& group : options.groups)
        communes.push_back(commune_of(group));
    for (const std::string& area : options.areas) {
        // 18904, 18904/DH-07, role:NAME@18904
        std::string_view name = area;
        name.remove_prefix(name.find('@') + 1);
        communes.emplace_back(name.substr(0, name.find('/')));
    }
    std::ranges::sort(communes);
    communes.erase(std::ranges::unique(communes).begin(), communes.end());
    return communes;
}

}  // namespace tram::node
