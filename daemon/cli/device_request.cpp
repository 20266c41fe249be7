// `tram device request`, and how a request is shown.
#include <boost/json/object.hpp>
#include <memory>
#include <ostream>

#include "daemon/cli/config_file.h"
#include "daemon/cli/device.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"
#include "daemon/cli/qr.h"
#include "daemon/enrol/identity_directory.h"
#include "proto/identity/check_groups.h"

namespace tram::cli {

namespace {

struct RequestOptions {
    std::string config;
    std::string out;
    bool qr = false;
};

void print_code(Context& context, const std::string& text, bool asked) {
    if (!asked && !context.out_terminal) return;
    const auto code = QrCode::of(text);
    const QrStyle style{.ascii = context.ascii, .color = context.color};
    if (code && (context.columns == 0 || qr_columns(*code, style) <= context.columns)) {
        context.out << print_qr(*code, style);
        return;
    }
    if (code) print_line(context, context.say(Message::kQrTooNarrow, qr_columns(*code, style)));
    print_line(context, text);
}

int show_request(Context& context, const RequestOptions& options) {
    const auto site = places(context, options.config);
    if (!site) return report(context, site.error());
    const auto request = enrol::read_device_request(site->identity);
    if (!request) return report(context, failure_of(request.error()));
    std::filesystem::path file = site->identity / "request.pem";
    if (!options.out.empty()) {
        file = options.out;
        const std::string pem = identity::request_to_pem(*request);
        if (const auto written = write_public(context, file, pem, "TRAM DEVICE REQUEST"); !written) {
            return report(context, written.error());
        }
    }
    print_request(context, *request, file, options.qr);
    return kExitFine;
}

}  // namespace

void print_request(Context& context, const identity::DeviceRequest& request,
                   const std::filesystem::path& file, bool qr) {
    const std::string text = identity::request_to_text(request);
    const std::string groups = identity::check_groups(request.wire);
    switch (context.format) {
        case Format::kName: context.out << text << "\n"; return;
        case Format::kJson:
            write_json_line(context.out, boost::json::object{{"node_id", request.eid},
                                                             {"name", request.name},
                                                             {"sealing", request.sealing_key.has_value()},
                                                             {"authority", request.for_authority()},
                                                             {"check_groups", groups},
                                                             {"file", file.string()},
                                                             {"text", text}});
            return;
        case Format::kTable: break;
    }
    print_line(context, context.say(Message::kAsksFor, request.eid, wishes(context, request)));
    print_line(context, context.say(Message::kCheckGroups, groups));
    print_line(context, context.say(Message::kRequestFile, file.string()));
    print_code(context, text, qr);
}

std::string grant_file_of(const std::string& eid) {
    return node_label(eid) + ".grant.pem";
}

void add_device_request(CLI::App& device, Context& context, Action& action) {
    auto options = std::make_shared<RequestOptions>();
    auto* request = device.add_subcommand("request", "show again what this device asks its commune for");
    request->add_option("--out", options->out, "also write the request to a file")->type_name("FILE");
    request->add_flag("--qr", options->qr, "the QR code, even when the output is no terminal");
    add_config_option(*request, options->config);
    request->callback(
        [=, &context, &action] { action = [options, &context] { return show_request(context, *options); }; });
}

}  // namespace tram::cli
