#include "daemon/node/offices.h"

#include <algorithm>

namespace tram::node {

Result<bpv7::Eid> endpoint_of(const NodeOptions& options, const admin::Office& office) {
    const auto known = std::ranges::find(options.offices, office.print(), &OfficeEndpoint::office);
    if (known != options.offices.end()) return known->endpoint;
    if (office.kind == kCommuneOffice) return bpv7::Eid::parse("dtn://" + office.commune + "-srv/requests");
    return fail(ErrorCode::kNotFound, "nothing says where the office " + office.print() +
                                          " is: name its endpoint under [[office]] in tram.toml");
}

Result<std::string> speaker_for(const NodeOptions& options, const admin::Office& office) {
    const auto endpoint = endpoint_of(options, office);
    if (!endpoint) return std::unexpected{endpoint.error()};
    return endpoint->node_id().to_string();
}

}  // namespace tram::node
