// `tram audit`: whether the log of administrative acts is as it was written, and what is in it. Needs no
// daemon.
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <ctime>
#include <fmt/chrono.h>
#include <memory>
#include <ostream>

#include "config/quantity.h"
#include "daemon/audit/audit_log.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/config_file.h"
#include "daemon/cli/output.h"

namespace tram::cli {

namespace json = boost::json;

namespace {

/// Shorter beginnings of a hash could be met on purpose.
constexpr std::size_t kHeadDigitsMin = 16;
constexpr std::size_t kHeadDigits = 64;

struct AuditOptions {
    std::string file;  ///< empty: the one of the configuration
    std::string config;
    std::string head;   ///< lower case
    std::string since;  ///< as the log writes times, or the beginning of one
};

Outcome<std::filesystem::path> log_file(const Context& context, const AuditOptions& options) {
    if (!options.file.empty()) return options.file;
    auto config = configuration(context, options.config);
    if (!config) return std::unexpected{config.error()};
    return config->security.audit;
}

std::string text_of(const json::object& entry, std::string_view key) {
    const json::value* value = entry.if_contains(key);
    return value != nullptr && value->is_string() ? std::string{value->get_string()} : std::string{};
}

/// A line that verify() let through is a JSON object.
json::object parsed(const std::string& line) {
    return json::parse(line).as_object();
}

/// What verify() found, and whether the head that somebody wrote down is in the log.
struct Verified {
    audit::Verdict verdict;
    std::optional<bool> head_found;

    [[nodiscard]] bool good() const { return !verdict.broken && head_found.value_or(true); }
};

Result<Verified> verified(const std::filesystem::path& file, const std::string& head) {
    bool found = false;
    auto verdict = audit::verify(file, [&](const std::string& line) {
        if (!head.empty() && !found) found = text_of(parsed(line), "hash").starts_with(head);
    });
    if (!verdict) return std::unexpected{verdict.error()};
    Verified result{std::move(*verdict), std::nullopt};
    if (!head.empty()) result.head_found = found;
    return result;
}

void print_verdict(Context& context, const std::filesystem::path& file, const Verified& verified) {
    const audit::Verdict& verdict = verified.verdict;
    const auto line = [&](const std::string& text) { context.out << printable(text, context.ascii) << "\n"; };
    std::string word = verified.good() ? "OK" : "BROKEN";
    if (context.color) word = (verified.good() ? "\033[32m" : "\033[31m") + word + "\033[0m";
    context.out << word << "  ";
    line(context.say(Message::kAuditEntries, file.string(), verdict.entries));
    if (verdict.head.seq > 0) line(context.say(Message::kAuditHead, verdict.head.seq, verdict.head.hash));
    if (verdict.torn_lines > 0) line(context.say(Message::kAuditTorn, verdict.torn_lines));
    if (verdict.broken) line("! " + verdict.broken->message);
    if (verified.head_found == false) line("! " + context.say(Message::kAuditHeadMissing));
    if (!verified.good()) line("! " + context.say(Message::kAuditBrokenRemedy, file.string()));
}

int verify_log(Context& context, const AuditOptions& options) {
    const auto file = log_file(context, options);
    if (!file) return report(context, file.error());
    const auto result = verified(*file, options.head);
    if (!result) return report(context, failure_of(result.error()));
    const audit::Verdict& verdict = result->verdict;
    switch (context.format) {
        case Format::kTable: print_verdict(context, *file, *result); break;
        case Format::kName: context.out << (result->good() ? "OK" : "BROKEN") << "\n"; break;
        case Format::kJson: {
            json::object object{{"verdict", result->good() ? "OK" : "BROKEN"},
                                {"file", file->string()},
                                {"entries", verdict.entries},
                                {"torn_lines", verdict.torn_lines},
                                {"head", {{"seq", verdict.head.seq}, {"hash", verdict.head.hash}}},
                                {"broken", nullptr},
                                {"head_found", nullptr}};
            if (verdict.broken) object["broken"] = verdict.broken->message;
            if (result->head_found) object["head_found"] = *result->head_found;
            write_json_line(context.out, object);
            break;
        }
    }
    return result->good() ? kExitFine : kExitCritical;
}

/// Times of a clock that was not trusted say nothing: those entries are always wanted.
bool wanted(const json::object& entry, const std::string& since) {
    return since.empty() || text_of(entry, "clock") != "trusted" || text_of(entry, "time") >= since;
}

int export_log(Context& context, const AuditOptions& options) {
    const auto file = log_file(context, options);
    if (!file) return report(context, file.error());
    Table table{context.out,
                {{context.say(Message::kAuditNumber), Align::kRight},
                 {context.say(Message::kAuditTime)},
                 {context.say(Message::kAuditActor)},
                 {context.say(Message::kAuditAct)},
                 {context.say(Message::kAuditSubject)},
                 {context.say(Message::kAuditDetail)}},
                context.ascii};
    JsonArray array{context.out};
    const auto verdict = audit::verify(*file, [&](const std::string& line) {
        const json::object entry = parsed(line);
        if (!wanted(entry, options.since)) return;
        switch (context.format) {
            case Format::kTable: {
                const char* mark = text_of(entry, "clock") == "trusted" ? "" : " ?";
                table.add({json::serialize(entry.at("seq")), text_of(entry, "time") + mark,
                           text_of(entry, "actor"), text_of(entry, "act"), text_of(entry, "subject"),
                           text_of(entry, "detail")});
                break;
            }
            case Format::kName: context.out << text_of(entry, "hash") << "\n"; break;
            case Format::kJson: array.add(entry); break;
        }
    });
    if (!verdict) return report(context, failure_of(verdict.error()));
    if (context.format == Format::kTable) table.flush();
    if (context.format == Format::kJson) array.finish();
    if (!verdict->broken) return kExitFine;
    return report(context, Failure{std::string{code_name(verdict->broken->code)}, verdict->broken->message,
                                   context.say(Message::kAuditBrokenRemedy, file->string())});
}

/// "7 d" back from now, or a date, or a date and a time, all UTC.
std::string since_or_throw(const std::string& text) {
    if (const auto duration = config::parse_duration(text)) {
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*duration).count();
        return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr) - seconds));
    }
    static constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
    const auto fits = [&](std::size_t i) {
        return kShape[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == kShape[i];
    };
    bool good = text.size() == 10 || text.size() == kShape.size();
    for (std::size_t i = 0; good && i < text.size(); ++i)
        good = fits(i);
    if (good) return text;
    throw CLI::ValidationError("--since",
                               "expected \"7 d\", 2026-11-21 or 2026-11-21T08:30:00Z, got " + text);
}

std::string head_or_throw(std::string text) {
    const bool digits = text.find_first_not_of("0123456789abcdefABCDEF") == std::string::npos;
    if (!digits || text.size() < kHeadDigitsMin || text.size() > kHeadDigits) {
        throw CLI::ValidationError("--head", "expected 16 to 64 hexadecimal digits, got " + text);
    }
    for (char& c : text) {
        if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    }
    return text;
}

CLI::App* add_verb(CLI::App& audit, const char* verb, const char* description,
                   const std::shared_ptr<AuditOptions>& options, Context& context, Action& action,
                   int (*command)(Context&, const AuditOptions&)) {
    auto* app = audit.add_subcommand(verb, description);
    app->add_option("FILE", options->file, "the log (default: security.audit of the configuration)");
    add_config_option(*app, options->config);
    app->callback([=, &context, &action] {
        action = [options, command, &context] { return command(context, *options); };
    });
    return app;
}

}  // namespace

void add_audit(CLI::App& app, Context& context, Action& action) {
    auto* audit = app.add_subcommand("audit", "the log of administrative acts");
    audit->require_subcommand(1);
    const auto to_verify = std::make_shared<AuditOptions>();
    add_verb(*audit, "verify", "whether every entry is as it was written; exit status 2 when one is not",
             to_verify, context, action, verify_log)
        ->add_option_function<std::string>(
            "--head", [to_verify](const std::string& text) { to_verify->head = head_or_throw(text); },
            "a hash that was written down, or its first 16 digits: that entry must be there")
        ->type_name("HASH");
    const auto to_export = std::make_shared<AuditOptions>();
    add_verb(*audit, "export", "the entries, as a table or with -o json", to_export, context, action,
             export_log)
        ->add_option_function<std::string>(
            "--since", [to_export](const std::string& text) { to_export->since = since_or_throw(text); },
            "only later ones: \"7 d\", 2026-11-21 or 2026-11-21T08:30:00Z (UTC); those of a clock that was "
            "not "
            "trusted are always there")
        ->type_name("WHEN");
}

}  // namespace tram::cli
