// The nouns of `tram`. Each adds its verbs to the command line; the chosen verb ends up in `action`.
#pragma once

#include <CLI/App.hpp>
#include <functional>
#include <string>

#include "daemon/cli/context.h"

namespace tram::cli {

/// Runs the chosen command; returns the exit status.
using Action = std::function<int()>;

void add_status(CLI::App& app, Context& context, Action& action);
void add_peer(CLI::App& app, Context& context, Action& action);
/// list, show, trace, hold, release and cancel, and those of the three below.
void add_bundle(CLI::App& app, Context& context, Action& action);
void add_bundle_list(CLI::App& bundle, Context& context, Action& action);
void add_bundle_send(CLI::App& bundle, Context& context, Action& action);
void add_bundle_receive(CLI::App& bundle, Context& context, Action& action);
void add_bundle_decode(CLI::App& bundle, Context& context, Action& action);
/// send and receive.
void add_message(CLI::App& app, Context& context, Action& action);
/// list, export and verify.
void add_receipt(CLI::App& app, Context& context, Action& action);
/// send, supplement, withdraw, list, show, hand-over, and receive at an office.
void add_request(CLI::App& app, Context& context, Action& action);
/// send and accept, at an office.
void add_update(CLI::App& app, Context& context, Action& action);
/// plan, sample and show.
void add_visit(CLI::App& app, Context& context, Action& action);
void add_config(CLI::App& app, Context& context, Action& action);
/// init, request, approve, accept, list and revoke.
void add_device(CLI::App& app, Context& context, Action& action);
void add_audit(CLI::App& app, Context& context, Action& action);
void add_completion(CLI::App& app, Context& context, Action& action);

/// A bash script that completes the commands and options of `app`.
std::string bash_completion(const CLI::App& app);

}  // namespace tram::cli
