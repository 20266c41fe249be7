// `tram bundle decode`: one bundle, binary or hexadecimal, as JSON. Needs no daemon.
#include <algorithm>
#include <memory>
#include <ostream>

#include "daemon/cli/commands.h"
#include "daemon/cli/decode_json.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/options.h"
#include "daemon/cli/output.h"
#include "proto/bpv7/codec.h"

namespace tram::cli {

namespace {

struct DecodeOptions {
    std::string file;
    bool strict = false;
    std::uint64_t data_bytes_max = 4'096;
};

/// Hexadecimal when all of it is digits and white space: a bundle begins with 0x9f, which is neither.
bool is_hex(ByteView input) {
    const auto fits = [](std::uint8_t c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ' ' ||
               c == '\n' || c == '\r' || c == '\t';
    };
    return std::ranges::all_of(input, fits);
}

Outcome<Bytes> wire_of(const Context& context, Buffer input) {
    if (!is_hex(input)) return Bytes{std::move(input)};
    auto wire = from_hex(as_text(input));
    if (!wire) return failed(ErrorCode::kTruncated, context.say(Message::kOddHex));
    return Bytes{std::move(*wire)};
}

int decode_bundle(Context& context, const DecodeOptions& options) {
    const Limits limits;
    auto input =
        read_input(context, options.file, limits.bundle_bytes_max * 3);  // hexadecimal with white space
    if (!input) return report(context, input.error());
    const auto wire = wire_of(context, std::move(*input));
    if (!wire) return report(context, wire.error());
    const auto decoded = bpv7::decode(*wire, {.limits = limits, .strict = options.strict});
    if (!decoded) {
        report(context, failed(decoded.error().code, decoded.error().message).error());
        return kExitWarning;
    }
    for (const std::string& warning : decoded->warnings) {
        context.err << "warning: " << printable(warning, context.ascii) << "\n";
    }
    switch (context.format) {
        case Format::kTable:
            write_json_pretty(context.out, to_json(decoded->bundle, options.data_bytes_max));
            break;
        case Format::kJson:
            write_json_line(context.out, to_json(decoded->bundle, options.data_bytes_max));
            break;
        case Format::kName: context.out << decoded->bundle.id().to_string() << "\n"; break;
    }
    return kExitFine;
}

}  // namespace

void add_bundle_decode(CLI::App& bundle, Context& context, Action& action) {
    auto options = std::make_shared<DecodeOptions>();
    auto* decode = bundle.add_subcommand("decode", "a bundle on the wire, binary or hexadecimal, as JSON");
    decode->add_option("FILE", options->file, "the bundle; - for standard input")->required();
    decode->add_flag("--strict", options->strict, "refuse what is otherwise let pass with a warning");
    add_size(*decode, "--data-max", options->data_bytes_max,
             "show at most this much of each block's data (default 4096 B)");
    decode->footer("Exit status 1 for a bundle that RFC 9171 forbids.");
    decode->callback([=, &context, &action] {
        action = [options, &context] { return decode_bundle(context, *options); };
    });
}

}  // namespace tram::cli
