// What every command works with: the streams, how to print, and where the daemon is.
#pragma once

#include <expected>
#include <fmt/format.h>
#include <iosfwd>
#include <string>
#include <utility>

#include "daemon/cli/exit_code.h"
#include "daemon/cli/messages.h"
#include "proto/base/error.h"
#include "proto/base/time.h"

namespace tram::cli {

enum class Format : std::uint8_t { kTable, kJson, kName };

/// Why a command did not do what it was asked to. `code` is spelled as in tram::code_name().
struct Failure {
    std::string code;
    std::string message;
    std::string remedy;  ///< what to do; may be empty
};

template <typename T>
using Outcome = std::expected<T, Failure>;

/// An error of a library as what a command failed with.
[[nodiscard]] Failure failure_of(const Error& error);

[[nodiscard]] std::unexpected<Failure> failed(ErrorCode code, std::string message, std::string remedy = {});

struct Context {
    std::istream& in;
    std::ostream& out;  ///< data
    std::ostream& err;  ///< diagnostics and progress
    bool in_terminal = false;
    bool out_terminal = false;
    bool err_terminal = false;
    std::size_t columns = 0;  ///< of the terminal that `out` is; 0: none, or it does not tell

    Language language = Language::kEnglish;
    bool ascii = false;  ///< only ASCII in tables and messages
    bool color = false;
    Format format = Format::kTable;
    std::string api = "ipc:///run/tram/api";
    Duration timeout{10'000};
    std::string version;

    /// The message in the user's language; English when only ASCII may be printed.
    template <typename... Args>
    [[nodiscard]] std::string say(Message message, const Args&... args) const {
        return fmt::format(fmt::runtime(text(message, ascii ? Language::kEnglish : language)), args...);
    }
};

/// Prints "error: <code>: <message>" and the remedy, and returns the exit status that goes with the code.
int report(Context& context, const Failure& failure);

/// The exit status that goes with a failure's code.
int exit_code_of(const Failure& failure);

/// Flushes the output. A reader that went away (EPIPE) is no failure; a full disk is.
int finish_output(Context& context, int exit_code);

}  // namespace tram::cli
