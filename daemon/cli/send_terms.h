// What `bundle send` and `message send` let their users say about what they send.
#pragma once

#include <CLI/App.hpp>
#include <optional>
#include <string>

#include "daemon/cli/context.h"

namespace tram::cli {

struct SendTerms {
    std::string to;
    std::string from;
    std::string kind;
    std::optional<Duration> lifetime;
    std::uint32_t urgency = 0;
};

/// --to, --from, --lifetime, --urgency and --kind.
void add_send_terms(CLI::App& verb, SendTerms& terms);

/// Errors: invalid_argument for a lifetime of nothing.
Outcome<void> check(const SendTerms& terms);

/// Copies the terms into a SendBundleRequest or an OpenMessageRequest.
template <typename PbRequest>
void copy(const SendTerms& terms, PbRequest& request) {
    request.set_destination(terms.to);
    request.set_source(terms.from);
    request.set_lifetime_ms(static_cast<std::uint64_t>(terms.lifetime.value_or(Duration{0}).count()));
    request.set_urgency(terms.urgency);
    request.set_kind(terms.kind);
}

}  // namespace tram::cli
