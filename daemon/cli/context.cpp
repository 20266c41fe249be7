#include "daemon/cli/context.h"

#include <cerrno>
#include <cstring>
#include <ostream>

#include "daemon/cli/output.h"

namespace tram::cli {

std::unexpected<Failure> failed(ErrorCode code, std::string message, std::string remedy) {
    return std::unexpected{Failure{std::string{code_name(code)}, std::move(message), std::move(remedy)}};
}

Failure failure_of(const Error& error) {
    return Failure{std::string{code_name(error.code)}, error.message, {}};
}

int report(Context& context, const Failure& failure) {
    context.out.flush();
    context.err << "error: " << printable(failure.code, context.ascii) << ": "
                << printable(failure.message, context.ascii) << "\n";
    if (!failure.remedy.empty()) context.err << "  " << printable(failure.remedy, context.ascii) << "\n";
    return exit_code_of(failure);
}

int exit_code_of(const Failure& failure) {
    const auto is = [&](ErrorCode code) { return failure.code == code_name(code); };
    if (is(ErrorCode::kUnavailable) || is(ErrorCode::kUnsupportedVersion)) return kExitUnknown;
    if (is(ErrorCode::kInvalidArgument)) return kExitUsage;
    if (is(ErrorCode::kIo) || is(ErrorCode::kCorrupt)) return kExitCritical;
    return kExitWarning;
}

int finish_output(Context& context, int exit_code) {
    // A stream does not keep the reason of a failure; its buffer does not let go of what it could not write,
    // and tells the reason once more.
    errno = 0;
    const bool written = context.out.rdbuf()->pubsync() == 0 && context.out.good();
    if (written || errno == EPIPE) return exit_code;
    const std::string reason = errno == 0 ? "EOF" : std::strerror(errno);
    return report(context, failed(ErrorCode::kIo, context.say(Message::kCannotWriteOutput, reason)).error());
}

}  // namespace tram::cli
