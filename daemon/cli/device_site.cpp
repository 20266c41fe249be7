#include "daemon/cli/device_site.h"

#include <cstring>
#include <fmt/chrono.h>
#include <fstream>
#include <ostream>
#include <utility>

#include "daemon/cli/api_client.h"
#include "daemon/cli/config_file.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/output.h"
#include "daemon/cli/terminal.h"
#include "daemon/enrol/files.h"
#include "proto/identity/check_groups.h"
#include "proto/identity/names.h"

namespace tram::cli {

using api::pb::Reply;
using api::pb::Request;

namespace {

constexpr std::size_t kPassphraseFileMax = 1'024;

/// A name with or without "dtn://" and the slash behind it.
std::string as_eid(const std::string& name) {
    return name.starts_with("dtn://") ? name : "dtn://" + name + "/";
}

Outcome<Protection> passphrase_in(Context& context, const std::string& file) {
    auto contents = read_input(context, file, kPassphraseFileMax);
    if (!contents) return std::unexpected{contents.error()};
    std::string text{as_text(*contents)};
    ::explicit_bzero(contents->data(), contents->size());
    if (const auto end = text.find_first_of("\r\n"); end != std::string::npos) text.resize(end);
    if (text.empty()) {
        return failed(ErrorCode::kInvalidArgument, context.say(Message::kPassphraseEmpty, file));
    }
    return Protection{std::move(text)};
}

bool has_passphrase(const std::filesystem::path& directory) {
    std::ifstream in{directory / "authority.key"};
    std::string first;
    return std::getline(in, first) && first.find("ENCRYPTED") != std::string::npos;
}

}  // namespace

Outcome<Places> places(const Context& context, const std::string& config_file) {
    auto config = configuration(context, config_file);
    if (!config) return std::unexpected{std::move(config.error())};
    Places result;
    result.identity = config->security.identity;
    result.audit = config->security.audit;
    const std::filesystem::path state = result.identity.parent_path();
    result.root = state / "root";
    result.authority = state / "authority";
    result.clock_trusted = config->node.clock_trusted;
    return result;
}

Outcome<std::string> device_eid(const Context& context, const std::string& name) {
    std::string eid = as_eid(name);
    if (identity::is_certifiable_node_id(eid)) return eid;
    return failed(ErrorCode::kInvalidArgument, context.say(Message::kBadDeviceName, name));
}

Outcome<std::string> authority_eid(const Context& context, const std::string& name) {
    std::string eid = as_eid(name);
    if (identity::is_commune_eid(eid)) return eid;
    return failed(ErrorCode::kInvalidArgument, context.say(Message::kBadCommune, name));
}

Outcome<std::string> any_eid(const Context& context, const std::string& name) {
    std::string eid = as_eid(name);
    if (identity::is_commune_eid(eid)) return eid;
    return device_eid(context, name);
}

Outcome<void> authority_there(const Context& context, const std::filesystem::path& directory) {
    if (enrol::is_there(directory / "authority.key")) return {};
    return failed(ErrorCode::kNotFound, context.say(Message::kNoAuthority, directory.string()),
                  context.say(Message::kNoAuthorityRemedy));
}

std::string day_of(identity::UnixTime time) {
    return fmt::format("{:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(time)));
}

std::string wishes(const Context& context, const identity::DeviceRequest& request) {
    if (request.for_authority()) {
        return context.say(Message::kWishAuthority, identity::commune_of(request.eid));
    }
    std::string text = "TLS, " + context.say(Message::kWishSigning);
    if (request.sealing_key) text += ", " + context.say(Message::kWishSealing);
    return text;
}

std::string approval_detail(const identity::DeviceRequest& request, std::uint32_t months) {
    const char* what = request.for_authority() ? "authority"
                       : request.sealing_key   ? "tls sign seal"
                                               : "tls sign";
    return fmt::format("{}; {} months; {}", what, months, identity::check_groups(request.wire));
}

void add_passphrase_options(CLI::App& app, PassphraseOptions& options, bool fresh) {
    app.add_option("--passphrase-file", options.file,
                   "a file whose first line is the passphrase of the root's or authority's key")
        ->type_name("FILE");
    if (fresh) app.add_flag("--encrypt", options.encrypt, "protect the new key with a passphrase");
}

Protection::~Protection() {
    wipe(key_.passphrase);
}

Outcome<Protection> known_passphrase(Context& context, const PassphraseOptions& options,
                                     const std::filesystem::path& directory) {
    if (!has_passphrase(directory)) return Protection{{}};
    if (!options.file.empty()) return passphrase_in(context, options.file);
    if (!context.in_terminal) {
        return failed(ErrorCode::kForbidden, context.say(Message::kPassphraseNeeded, directory.string()),
                      context.say(Message::kPassphraseRemedy));
    }
    auto typed = ask_secret(context, context.say(Message::kPassphraseAsk, directory.string()));
    return Protection{std::move(typed).value_or("")};
}

Outcome<Protection> new_passphrase(Context& context, const PassphraseOptions& options) {
    if (!options.file.empty()) return passphrase_in(context, options.file);
    if (!options.encrypt) return Protection{{}};
    if (!context.in_terminal) {
        return failed(ErrorCode::kInvalidArgument, context.say(Message::kEncryptNeedsTerminal),
                      context.say(Message::kPassphraseRemedy));
    }
    const Protection first{ask_secret(context, context.say(Message::kPassphraseNew)).value_or("")};
    Protection second{ask_secret(context, context.say(Message::kPassphraseAgain)).value_or("")};
    if (first.key().passphrase.empty() || first.key().passphrase != second.key().passphrase) {
        return failed(ErrorCode::kInvalidArgument, context.say(Message::kPassphraseDiffers));
    }
    return second;
}

std::optional<int> compared(Context& context, const Agreement& agreement, ByteView data) {
    if (agreement.yes && agreement.groups.empty()) return std::nullopt;
    std::string typed = agreement.groups;
    if (typed.empty()) {
        if (!context.in_terminal) {
            const auto needed = failed(ErrorCode::kInvalidArgument, context.say(Message::kNeedGroups));
            return report(context, needed.error());
        }
        typed = ask(context, context.say(Message::kAskGroups)).value_or("");
        if (typed == "yes") return std::nullopt;
    }
    if (typed.find_first_not_of(" \t") == std::string::npos) {
        context.err << context.say(Message::kNothingDone) << "\n";
        return kExitWarning;
    }
    if (const auto same = identity::compare_check_groups(typed, data); !same) {
        report(context, failure_of(same.error()));
        context.err << context.say(Message::kNothingDone) << "\n";
        return kExitWarning;
    }
    return std::nullopt;
}

std::optional<int> confirmed(Context& context, bool yes, const std::string& question,
                             const std::string& word) {
    if (yes) return std::nullopt;
    if (!context.in_terminal) {
        return report(context,
                      failed(ErrorCode::kInvalidArgument, context.say(Message::kNeedYesFor, word)).error());
    }
    if (ask(context, question) == word) return std::nullopt;
    context.err << context.say(Message::kNothingDone) << "\n";
    return kExitWarning;
}

Outcome<void> note(const Deed& deed) {
    const std::filesystem::path directory = deed.log.parent_path();
    if (!directory.empty() && !enrol::is_there(directory)) {
        if (auto made = enrol::make_private_directory(directory); !made) {
            return std::unexpected{failure_of(made.error())};
        }
    }
    const auto head = audit::append(deed.log, {.act = deed.act,
                                               .subject = deed.subject,
                                               .detail = deed.detail,
                                               .actor = audit::current_actor(),
                                               .clock_trusted = deed.clock_trusted});
    if (!head) return std::unexpected{failure_of(head.error())};
    return {};
}

Outcome<void> may_write(const Context& context, const std::filesystem::path& file, std::string_view label) {
    if (!enrol::is_there(file)) return {};
    std::ifstream in{file};
    std::string first;
    std::getline(in, first);
    if (first.starts_with("-----BEGIN " + std::string{label})) return {};
    return failed(ErrorCode::kDuplicate, context.say(Message::kFileDiffers, file.string()),
                  context.say(Message::kOtherFile));
}

Outcome<void> write_public(const Context& context, const std::filesystem::path& file, const std::string& text,
                           std::string_view label) {
    if (auto may = may_write(context, file, label); !may) return may;
    if (auto written = enrol::write_file(file, as_bytes(text), enrol::Readers::kAll); !written) {
        return std::unexpected{failure_of(written.error())};
    }
    return {};
}

Told tell_daemon(Context& context, const identity::TrustBundle& trust) {
    ApiClient client{context};
    Request request;
    request.mutable_trust();
    const Bytes wire = identity::encode_trust(trust);
    const ByteView view = wire;
    auto answer = client.call(request, Reply::kTrust, &view);
    Told told;
    told.there = answer || answer.error().code != code_name(ErrorCode::kUnavailable);
    if (answer) {
        told.reply = answer->reply.trust();
    } else if (told.there) {
        told.refused = answer.error();
    }
    return told;
}

void print_told(Context& context, const Told& told) {
    if (!told.there) {
        print_line(context, context.say(Message::kDaemonAbsent));
    } else if (!told.refused) {
        print_line(context,
                   context.say(Message::kDaemonTold, told.reply.new_certificates(), told.reply.new_lists()));
    }
}

void print_line(Context& context, const std::string& text) {
    context.out << printable(text, context.ascii) << "\n";
}

void print_steps(Context& context, Message title, const std::vector<std::string>& steps) {
    print_line(context, context.say(title));
    for (std::size_t i = 0; i < steps.size(); ++i)
        print_line(context, fmt::format("  {}. {}", i + 1, steps[i]));
}

}  // namespace tram::cli
