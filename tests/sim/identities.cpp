#include "tests/sim/identities.h"

#include <map>

namespace tram::sim {

namespace {

using node::testing::Commune;
using node::testing::Device;

const Commune& commune() {
    static const Commune made;
    return made;
}

}  // namespace

std::string node_name(NodeIndex node) {
    return "dtn://18904-n" + std::to_string(node) + "/";
}

const Device& device(NodeIndex node) {
    static std::map<NodeIndex, Device> made;
    const auto known = made.find(node);
    if (known != made.end()) return known->second;
    return made.emplace(node, commune().enrol(node_name(node))).first->second;
}

identity::TrustBundle trust_of(NodeIndex node) {
    return commune().trust(device(node));
}

}  // namespace tram::sim
