#include "daemon/cli/options.h"

#include <CLI/Error.hpp>
#include <CLI/Option.hpp>

#include "config/quantity.h"
#include "proto/bpv7/eid.h"

namespace tram::cli {

namespace {

template <typename T>
T value_or_throw(const Result<T>& result, const std::string& names) {
    if (!result) throw CLI::ValidationError(names, result.error().message);
    return *result;
}

template <typename Out>
CLI::Option* add_duration_to(CLI::App& app, const std::string& names, Out& out,
                             const std::string& description) {
    return app
        .add_option_function<std::string>(
            names,
            [&out, names](const std::string& text) {
                out = value_or_throw(config::parse_duration(text), names);
            },
            description)
        ->type_name("DURATION");
}

}  // namespace

CLI::Option* add_duration(CLI::App& app, const std::string& names, Duration& out,
                          const std::string& description) {
    return add_duration_to(app, names, out, description);
}

CLI::Option* add_duration(CLI::App& app, const std::string& names, std::optional<Duration>& out,
                          const std::string& description) {
    return add_duration_to(app, names, out, description);
}

CLI::Option* add_size(CLI::App& app, const std::string& names, std::uint64_t& out,
                      const std::string& description) {
    return app
        .add_option_function<std::string>(
            names,
            [&out, names](const std::string& text) { out = value_or_throw(config::parse_size(text), names); },
            description)
        ->type_name("SIZE");
}

std::string problem_with_node_id(const std::string& text) {
    const auto eid = bpv7::Eid::parse(text);
    if (!eid) return eid.error().message;
    return eid->is_node_id() ? "" : text + " is no node id such as dtn://18904-srv/";
}

CLI::Option* add_endpoint(CLI::App& app, const std::string& names, std::string& out,
                          const std::string& description) {
    return app
        .add_option_function<std::string>(
            names,
            [&out, names](const std::string& text) {
                out = value_or_throw(bpv7::Eid::parse(text), names).to_string();
            },
            description)
        ->type_name("EID");
}

}  // namespace tram::cli
