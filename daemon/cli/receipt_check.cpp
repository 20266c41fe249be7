#include "daemon/cli/receipt_check.h"

#include <boost/json/object.hpp>
#include <fmt/chrono.h>
#include <ostream>

#include "daemon/cli/config_file.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/output.h"
#include "proto/admin/receipt_file.h"
#include "proto/identity/trust_bundle.h"

namespace tram::cli {

namespace {

using admin::pb::ReceiptType;
using identity::Certificate;

constexpr std::size_t kRootFileBytesMax = 1U << 20;
constexpr const char* kRootsOfDevice = "roots.pem";

constexpr std::pair<std::string_view, ReceiptType> kTypes[] = {
    {"custody", admin::pb::RECEIPT_CUSTODY},     {"delivered", admin::pb::RECEIPT_DELIVERED},
    {"official", admin::pb::RECEIPT_OFFICIAL},   {"displayed", admin::pb::RECEIPT_DISPLAYED},
    {"announced", admin::pb::RECEIPT_ANNOUNCED}, {"handed_over", admin::pb::RECEIPT_HANDED_OVER},
};

std::string_view name_of(ReceiptType type) {
    for (const auto& [name, each] : kTypes) {
        if (each == type) return name;
    }
    return "unknown";
}

/// Nobody can tell: not the same as forged.
int cannot_tell(Context& context, const Failure& failure) {
    report(context, failure);
    return kExitUnknown;
}

Outcome<std::vector<Certificate>> read_roots(Context& context, const ReceiptCheck& check) {
    std::vector<std::string> files = check.roots;
    if (files.empty()) {
        const auto config = configuration(context, check.config);
        if (!config) return std::unexpected{config.error()};
        files.push_back((config->security.identity / kRootsOfDevice).string());
    }
    std::vector<Certificate> roots;
    for (const std::string& file : files) {
        const auto text = read_input(context, file, kRootFileBytesMax);
        if (!text) return std::unexpected{text.error()};
        const auto trust = identity::trust_from_pem(as_text(*text));
        if (!trust) return std::unexpected{failure_of(trust.error())};
        for (const Certificate& certificate : trust->certificates) {
            if (certificate.usage == identity::Usage::kRoot) roots.push_back(certificate);
        }
    }
    if (roots.empty())
        return failed(ErrorCode::kUnknownAuthority, context.say(Message::kNoRootToCheck, files.front()));
    return roots;
}

void print_receipt(Context& context, const admin::Receipt& receipt) {
    const auto line = [&](Message message, const auto&... arguments) {
        context.out << printable(context.say(message, arguments...), context.ascii) << "\n";
    };
    line(Message::kReceiptAbout, to_hex(receipt.message_id), receipt.source);
    line(Message::kReceiptBy, receipt.holder,
         receipt.signed_unix_s ? minute_of(*receipt.signed_unix_s) + " UTC" : "-");
    if (receipt.message_digest) line(Message::kReceiptDigest, to_hex(*receipt.message_digest));
}

void print_outcome(Context& context, const admin::SignedReceipt& signed_receipt,
                   const Result<void>& outcome) {
    const admin::Receipt& receipt = signed_receipt.receipt;
    const std::string_view verdict = outcome ? "OK" : "REFUSED";
    const std::string title = receipt_title(context, name_of(type_of(receipt)));
    switch (context.format) {
        case Format::kTable:
            context.out << verdict << "  " << printable(title, context.ascii) << "\n";
            print_receipt(context, receipt);
            if (!outcome) {
                context.out << "! " << code_name(outcome.error().code) << ": "
                            << printable(outcome.error().message, context.ascii) << "\n";
            }
            break;
        case Format::kName: context.out << verdict << "\n"; break;
        case Format::kJson: {
            boost::json::object object{{"verdict", verdict},
                                       {"type", name_of(type_of(receipt))},
                                       {"message_id", to_hex(receipt.message_id)},
                                       {"source", receipt.source},
                                       {"holder", receipt.holder},
                                       {"signed_unix_s", nullptr},
                                       {"message_digest", nullptr},
                                       {"reason", nullptr}};
            if (receipt.signed_unix_s) object["signed_unix_s"] = *receipt.signed_unix_s;
            if (receipt.message_digest) object["message_digest"] = to_hex(*receipt.message_digest);
            if (!outcome) object["reason"] = code_name(outcome.error().code);
            write_json_line(context.out, object);
            break;
        }
    }
}

}  // namespace

std::string receipt_title(const Context& context, std::string_view type) {
    const auto tongue = context.ascii || context.language == Language::kEnglish ? admin::Tongue::kEnglish
                                                                                : admin::Tongue::kVietnamese;
    for (const auto& [name, each] : kTypes) {
        if (name == type) return std::string{admin::title(each, tongue)};
    }
    return std::string{admin::title(admin::pb::RECEIPT_UNSPECIFIED, tongue)};
}

std::string minute_of(std::int64_t unix_s) {
    constexpr std::int64_t kLast = 253'402'300'799;  // the year 9999
    if (unix_s < 0 || unix_s > kLast) return "-";
    return fmt::format("{:%Y-%m-%d %H:%M}", fmt::gmtime(static_cast<std::time_t>(unix_s)));
}

int verify_receipt_in(Context& context, const ReceiptCheck& check) {
    const auto text = read_input(context, check.file, admin::kReceiptFileBytesMax);
    if (!text && text.error().code != code_name(ErrorCode::kTooLarge))
        return cannot_tell(context, text.error());
    if (!text) {
        report(context, text.error());
        return kExitCritical;
    }
    const auto roots = read_roots(context, check);
    if (!roots) return cannot_tell(context, roots.error());
    const auto file = admin::decode_receipt_file(as_text(*text));
    if (!file) {
        report(context, failure_of(file.error()));
        return file.error().code == ErrorCode::kUnsupportedVersion ? kExitUnknown : kExitCritical;
    }
    const auto outcome = admin::verify_receipt_file(*file, *roots);
    print_outcome(context, file->receipt, outcome);
    return outcome ? kExitFine : kExitCritical;
}

}  // namespace tram::cli
