// `tram device`: who may take part.
#include "daemon/cli/device.h"

namespace tram::cli {

void add_device(CLI::App& app, Context& context, Action& action) {
    auto* device = app.add_subcommand("device", "who may take part: keys, certificates, revocation");
    device->require_subcommand(1);
    add_device_init(*device, context, action);
    add_device_request(*device, context, action);
    add_device_approve(*device, context, action);
    add_device_accept(*device, context, action);
    add_device_list(*device, context, action);
    add_device_revoke(*device, context, action);
}

}  // namespace tram::cli
