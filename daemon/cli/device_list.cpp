// `tram device list`: every certificate that is known here, or that an authority has issued.
#include <algorithm>
#include <boost/json/object.hpp>
#include <ctime>
#include <memory>
#include <ostream>
#include <tuple>
#include <vector>

#include "daemon/cli/api_client.h"
#include "daemon/cli/api_json.h"
#include "daemon/cli/device.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"

namespace tram::cli {

using api::pb::Device;
using api::pb::ListDevicesReply;
using api::pb::Reply;
using api::pb::Request;

namespace {

std::string state_of(const enrol::Issued& issued, identity::UnixTime now) {
    if (issued.revoked) return "revoked";
    if (issued.certificate.not_after < now) return "expired";
    return issued.certificate.not_before > now ? "early" : "good";
}

/// A node's certificates together; those who certify come first.
void sort_devices(ListDevicesReply& list) {
    std::ranges::stable_sort(*list.mutable_devices(), {}, [](const Device& device) {
        const int rank = device.usage() == "root" ? 0 : device.usage() == "authority" ? 1 : 2;
        return std::tuple{rank, device.node_id(), device.usage(), device.not_after()};
    });
}

Result<ListDevicesReply> issued_by(const std::filesystem::path& directory, identity::UnixTime now) {
    const auto issued = enrol::list_issued(directory);
    if (!issued) return std::unexpected{issued.error()};
    ListDevicesReply reply;
    for (const enrol::Issued& each : *issued) {
        Device& device = *reply.add_devices();
        device.set_node_id(each.certificate.eid);
        device.set_usage(std::string{usage_name(each.certificate.usage)});
        device.set_certificate_id(to_hex(each.certificate.id));
        device.set_name(each.certificate.name);
        device.set_not_before(each.certificate.not_before);
        device.set_not_after(each.certificate.not_after);
        device.set_state(state_of(each, now));
    }
    return reply;
}

/// "11 d", or "3 d ago".
std::string ends_in(const Context& context, const Device& device, identity::UnixTime now) {
    const bool over = device.not_after() < now;
    const auto seconds =
        static_cast<std::uint64_t>(over ? now - device.not_after() : device.not_after() - now);
    const std::string text = human_duration(seconds * 1'000);
    return over ? context.say(Message::kAgo, text) : text;
}

void print_table(Context& context, const ListDevicesReply& list, identity::UnixTime now) {
    Table table{context.out,
                {{context.say(Message::kNode)},
                 {context.say(Message::kUsage)},
                 {context.say(Message::kEndsIn), Align::kRight},
                 {context.say(Message::kState)},
                 {context.say(Message::kName)}},
                context.ascii};
    for (const Device& device : list.devices()) {
        table.add({device.node_id().empty() ? "-" : device.node_id(), device.usage(),
                   ends_in(context, device, now), device.state(), device.name()});
    }
    table.flush();
    for (const auto& revoked : list.lists()) {
        print_line(context, context.say(Message::kListState, revoked.authority(), revoked.number(),
                                        revoked.entries(), day_of(revoked.issued())));
    }
    if (list.devices().empty()) context.err << context.say(Message::kNoDevices) << "\n";
}

void print_list(Context& context, const ListDevicesReply& list) {
    switch (context.format) {
        case Format::kTable: print_table(context, list, std::time(nullptr)); break;
        case Format::kName:
            for (const Device& device : list.devices())
                context.out << device.certificate_id() << "\n";
            break;
        case Format::kJson: {
            JsonArray array{context.out};
            for (const Device& device : list.devices())
                array.add(to_json(device));
            array.finish();
            break;
        }
    }
}

int list_devices(Context& context, const std::string& authority) {
    if (!authority.empty()) {
        if (const auto there = authority_there(context, authority); !there) {
            return report(context, there.error());
        }
        const auto issued = issued_by(authority, std::time(nullptr));
        if (!issued) return report(context, failure_of(issued.error()));
        print_list(context, *issued);
        return kExitFine;
    }
    ApiClient client{context};
    Request request;
    request.mutable_list_devices();
    auto answer = client.call(request, Reply::kListDevices);
    if (!answer) return report(context, answer.error());
    ListDevicesReply& known = *answer->reply.mutable_list_devices();
    sort_devices(known);
    print_list(context, known);
    return kExitFine;
}

}  // namespace

void add_device_list(CLI::App& device, Context& context, Action& action) {
    auto authority = std::make_shared<std::string>();
    auto* verb = device.add_subcommand("list", "every certificate, until when it is good, and its state");
    verb->add_option("--authority", *authority, "what the authority or root in this directory has issued")
        ->type_name("DIR");
    verb->callback([=, &context, &action] {
        action = [authority, &context] { return list_devices(context, *authority); };
    });
}

}  // namespace tram::cli
