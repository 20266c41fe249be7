// The verbs of `tram device`.
#pragma once

#include <CLI/App.hpp>
#include <filesystem>
#include <string>

#include "daemon/cli/commands.h"
#include "daemon/cli/context.h"
#include "daemon/cli/device_site.h"
#include "proto/identity/request.h"

namespace tram::cli {

void add_device_init(CLI::App& device, Context& context, Action& action);
void add_device_request(CLI::App& device, Context& context, Action& action);
void add_device_approve(CLI::App& device, Context& context, Action& action);
void add_device_accept(CLI::App& device, Context& context, Action& action);
void add_device_list(CLI::App& device, Context& context, Action& action);
void add_device_revoke(CLI::App& device, Context& context, Action& action);

/// `tram device init --standalone`: root, authority and this device at once. `node_id` was checked.
int init_standalone(Context& context, const Places& places, const std::string& node_id,
                    const PassphraseOptions& passphrase);

/// Prints what a device or an authority asks for, with its check groups; as a code too with `qr`, or on a
/// terminal that is wide enough. `file`: where the request is.
void print_request(Context& context, const identity::DeviceRequest& request,
                   const std::filesystem::path& file, bool qr);

/// "18904-ks07.grant.pem": what the answer to a request is called.
std::string grant_file_of(const std::string& eid);

}  // namespace tram::cli
