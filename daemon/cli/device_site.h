// What the verbs of `tram device` share: where things are, how they are named, who may do them, and that they
// are written down before they are done.
#pragma once

#include <CLI/App.hpp>
#include <concepts>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "daemon/audit/audit_log.h"
#include "daemon/cli/context.h"
#include "daemon/enrol/authority.h"
#include "proto/identity/request.h"
#include "proto/identity/trust_bundle.h"
#include "proto/tram/api.pb.h"

namespace tram::cli {

/// Where this machine keeps who it is: `identity` and `audit` as configured, root and authority beside them.
struct Places {
    std::filesystem::path identity;
    std::filesystem::path audit;
    std::filesystem::path root;
    std::filesystem::path authority;
    bool clock_trusted = true;
};
/// Errors: invalid_argument (the configuration has problems).
Outcome<Places> places(const Context& context, const std::string& config_file);

/// dtn://18904-ks07/ of "18904-ks07" or of itself. Errors: invalid_argument.
Outcome<std::string> device_eid(const Context& context, const std::string& name);
/// dtn://18904/ of "18904" or of itself. Errors: invalid_argument.
Outcome<std::string> authority_eid(const Context& context, const std::string& name);
/// Either of them.
Outcome<std::string> any_eid(const Context& context, const std::string& name);

/// "2027-11-21", UTC.
std::string day_of(identity::UnixTime time);
/// "TLS, signing, sealing": what is asked for.
std::string wishes(const Context& context, const identity::DeviceRequest& request);

/// Errors: not_found (there is no directory of an authority or a root).
Outcome<void> authority_there(const Context& context, const std::filesystem::path& directory);
/// What the audit log says of an approval.
std::string approval_detail(const identity::DeviceRequest& request, std::uint32_t months);

// Passphrases of roots and authorities.

struct PassphraseOptions {
    std::string file;
    bool encrypt = false;
};
/// --passphrase-file; with `fresh` also --encrypt.
void add_passphrase_options(CLI::App& app, PassphraseOptions& options, bool fresh);

/// A passphrase that is wiped at the end.
class Protection {
  public:
    explicit Protection(std::string passphrase) : key_{std::move(passphrase)} {}
    Protection(Protection&& other) noexcept : key_{std::move(other.key_)} { other.key_.passphrase.clear(); }
    Protection& operator=(Protection&&) = delete;
    ~Protection();

    [[nodiscard]] const enrol::KeyProtection& key() const { return key_; }

  private:
    enrol::KeyProtection key_;
};
/// The one of the key in `directory`: none when the key has none, else from the file or the terminal. Errors:
/// forbidden (it has one, and there is nobody to ask), those of reading the file.
Outcome<Protection> known_passphrase(Context& context, const PassphraseOptions& options,
                                     const std::filesystem::path& directory);
/// The one of a new key: none without --encrypt and --passphrase-file; from the terminal it is asked for
/// twice. Errors: invalid_argument.
Outcome<Protection> new_passphrase(Context& context, const PassphraseOptions& options);

// Agreement.

struct Agreement {
    std::string groups;  ///< --groups
    bool yes = false;    ///< --yes
};
/// Whether the check groups of `data` were compared: --yes, --groups that fit, or on a terminal what the
/// person types. Nothing on success; else the exit status, and the reason was told.
std::optional<int> compared(Context& context, const Agreement& agreement, ByteView data);

/// Whether the person types `word`, or said --yes. Nothing on success; else the exit status.
std::optional<int> confirmed(Context& context, bool yes, const std::string& question,
                             const std::string& word);

// The audit log.

struct Deed {
    std::filesystem::path log;
    std::string act;
    std::string subject;
    std::string detail;
    bool clock_trusted = true;
};
/// Notes it, durably. The directory of the log is made when it is missing. Errors: those of audit::append().
Outcome<void> note(const Deed& deed);

/// Notes the deed, does it, and notes when it failed. Nothing is done that was not noted.
template <std::invocable Body>
auto noted(const Deed& deed, Body&& body) -> Outcome<typename std::invoke_result_t<Body>::value_type> {
    if (auto written = note(deed); !written) return std::unexpected{std::move(written.error())};
    auto done = std::forward<Body>(body)();
    if (done) {
        if constexpr (std::is_void_v<typename std::invoke_result_t<Body>::value_type>) {
            return {};
        } else {
            return std::move(*done);
        }
    }
    Deed failed_deed = deed;
    failed_deed.act += ".failed";
    failed_deed.detail = code_name(done.error().code);
    // The first entry is there; that the second could not be written changes nothing for the caller.
    [[maybe_unused]] const auto ignored = note(failed_deed);
    return std::unexpected{failure_of(done.error())};
}

// Files and the daemon.

/// Whether write_public() would write there; for those who want to know before they do something. Errors:
/// duplicate (something else is there).
Outcome<void> may_write(const Context& context, const std::filesystem::path& file, std::string_view label);
/// Writes a file that is no secret, durably, over nothing or over one whose first line begins a PEM block
/// with that label. Errors: duplicate (something else is there), io.
Outcome<void> write_public(const Context& context, const std::filesystem::path& file, const std::string& text,
                           std::string_view label);

/// What the local daemon did with certificates and lists.
struct Told {
    bool there = false;  ///< it runs
    api::pb::TrustReply reply;
    std::optional<Failure> refused;
};
/// Hands `trust` to the daemon. That none runs is no failure.
Told tell_daemon(Context& context, const identity::TrustBundle& trust);
/// Says on standard output what the daemon did, or that it did nothing.
void print_told(Context& context, const Told& told);

/// One line of text for people.
void print_line(Context& context, const std::string& text);
/// What to do, one after the other, numbered.
void print_steps(Context& context, Message title, const std::vector<std::string>& steps);

}  // namespace tram::cli
