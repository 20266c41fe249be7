#include "daemon/tramd/credentials.h"

#include <algorithm>
#include <utility>

#include "proto/cose/sha256.h"

namespace tram::tramd {

namespace {

constexpr const char* kNobody = "dtn://localhost/";

bool same(const Bytes& a, const Bytes& b) {
    return std::ranges::equal(a.view(), b.view());
}

}  // namespace

Result<Credentials> load_credentials(config::Config& config) {
    Credentials credentials;
    const auto name_nobody = [&] {
        if (config.node.id.empty()) config.node.id = kNobody;
        return credentials;
    };
    if (config.security.open) return name_nobody();
    auto identity = enrol::load_identity(config.security.identity);
    if (!identity) {
        const ErrorCode code = identity.error().code;
        if (code != ErrorCode::kNotFound && code != ErrorCode::kNoCertificate)
            return std::unexpected{std::move(identity.error())};
        credentials.why_none = "no links, nothing can be sent: " + identity.error().message;
        return name_nobody();
    }
    if (config.node.id.empty()) config.node.id = identity->node_id;
    if (config.node.id != identity->node_id) {
        return fail(ErrorCode::kWrongNodeId, "node.id is " + config.node.id + ", but the identity in " +
                                                 config.security.identity.string() + " is that of " +
                                                 identity->node_id +
                                                 ": leave node.id empty, or point security.identity to "
                                                 "another directory");
    }
    credentials.identity = std::move(*identity);
    return credentials;
}

node::Security security_options(const config::Config& config, const Credentials& credentials) {
    node::Security security;
    security.open = config.security.open;
    security.unsigned_sources = config.security.unsigned_sources;
    if (credentials.identity) {
        const enrol::Identity& identity = *credentials.identity;
        security.signing_key = identity.signing_key;
        security.signer = identity.signing.id;
        security.sealing_key = identity.sealing_key;
        security.certificate_ends = std::min(identity.tls.not_after, identity.signing.not_after);
    }
    return security;
}

std::vector<Bytes> tls_chain(const enrol::Identity& identity) {
    std::vector<Bytes> chain{identity.tls.der};
    for (const identity::Certificate& authority : identity.trust.certificates) {
        const bool above = authority.usage == identity::Usage::kAuthority &&
                           same(authority.key_id, identity.tls.issuer_key_id) &&
                           same(authority.subject, identity.tls.issuer);
        if (above) chain.push_back(authority.der);
    }
    // Renewed authorities have several certificates for one key; peers take a few.
    constexpr std::size_t kAuthoritiesMax = 2;
    if (chain.size() > 1 + kAuthoritiesMax) chain.resize(1 + kAuthoritiesMax);
    return chain;
}

std::vector<links::RootHint> root_hints(const enrol::Identity& identity) {
    const auto is_above_us = [&](const identity::Certificate& root) {
        return std::ranges::any_of(identity.trust.certificates, [&](const identity::Certificate& authority) {
            return authority.usage == identity::Usage::kAuthority &&
                   same(authority.key_id, identity.tls.issuer_key_id) && same(authority.issuer, root.subject);
        });
    };
    std::vector<links::RootHint> hints;
    for (const identity::Certificate& root : identity.trust.certificates) {
        if (root.usage != identity::Usage::kRoot) continue;
        const auto digest = cose::sha256(root.der);
        links::RootHint hint{};
        std::copy_n(digest.begin(), hint.size(), hint.begin());
        hints.insert(is_above_us(root) ? hints.begin() : hints.end(), hint);
    }
    return hints;
}

}  // namespace tram::tramd
