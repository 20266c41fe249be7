#include "daemon/cli/send_terms.h"

#include "daemon/cli/options.h"

namespace tram::cli {

void add_send_terms(CLI::App& verb, SendTerms& terms) {
    add_endpoint(verb, "--to", terms.to, "destination endpoint")->required();
    add_endpoint(verb, "--from", terms.from, "source, an endpoint of this node (default: the node id)");
    add_duration(verb, "--lifetime", terms.lifetime,
                 "how long it lives, such as \"7 d\" (default: as configured)");
    verb.add_option("--urgency", terms.urgency, "0 normal to 4 express at a given time")
        ->check(CLI::Range(0, 4))
        ->type_name("0..4")
        ->capture_default_str();
    verb.add_option("--kind", terms.kind, "receipt, control, request, update, notice or bulk (default: bulk)")
        ->check(CLI::IsMember({"receipt", "control", "request", "update", "notice", "bulk"}))
        ->type_name("KIND");
}

Outcome<void> check(const SendTerms& terms) {
    if (terms.lifetime != Duration{0}) return {};
    return failed(ErrorCode::kInvalidArgument, "a lifetime of nothing: it would expire at once",
                  "give a lifetime such as \"7 d\", or none for the configured one");
}

}  // namespace tram::cli
