// `tram receipt`: what proves that messages arrived. verify needs no daemon.
#include <boost/json/object.hpp>
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/api_json.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/config_file.h"
#include "daemon/cli/file_io.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"
#include "daemon/cli/receipt_check.h"

namespace tram::cli {

namespace {

using api::pb::Reply;
using api::pb::Request;

constexpr std::uint32_t kPage = 500;
constexpr std::size_t kNameDigits = 12;

void print_rows(Context& context, Table& table, const api::pb::ListReceiptsReply& page) {
    for (const auto& receipt : page.receipts()) {
        table.add({receipt.name().substr(0, kNameDigits), receipt_title(context, receipt.type()),
                   to_hex(as_bytes(receipt.message_id())).substr(0, kNameDigits),
                   node_label(receipt.holder()),
                   receipt.has_signed_unix_s() ? minute_of(receipt.signed_unix_s()) : "-",
                   human_duration(receipt.received_ago_ms())});
    }
    table.flush();
}

int list_receipts(Context& context) {
    ApiClient client{context};
    Table table{context.out,
                {{context.say(Message::kId)},
                 {context.say(Message::kReceipt)},
                 {context.say(Message::kMessage)},
                 {context.say(Message::kHolder)},
                 {context.say(Message::kSignedAt)},
                 {context.say(Message::kAge), Align::kRight}},
                context.ascii};
    JsonArray array{context.out};
    std::uint32_t seen = 0;
    while (true) {
        Request request;
        request.mutable_list_receipts()->set_skip(seen);
        request.mutable_list_receipts()->set_page_size(kPage);
        const auto answer = client.call(request, Reply::kListReceipts);
        if (!answer) return report(context, answer.error());
        const auto& page = answer->reply.list_receipts();
        if (context.format == Format::kTable) print_rows(context, table, page);
        for (const auto& receipt : page.receipts()) {
            if (context.format == Format::kName) context.out << receipt.name() << "\n";
            if (context.format == Format::kJson) array.add(to_json(receipt));
        }
        seen += static_cast<std::uint32_t>(page.receipts_size());
        if (page.receipts().empty() || seen >= page.total()) break;
    }
    if (context.format == Format::kJson) array.finish();
    if (context.format == Format::kTable && seen == 0)
        context.err << context.say(Message::kNoReceipts) << "\n";
    return kExitFine;
}

struct ExportOptions {
    std::string name;
    std::string output;
};

int export_receipt(Context& context, const ExportOptions& options) {
    ApiClient client{context};
    Request request;
    request.mutable_get_receipt()->set_name(options.name);
    const auto answer = client.call(request, Reply::kGetReceipt);
    if (!answer) return report(context, answer.error());
    const std::filesystem::path target = options.output;
    const auto stored = store_durably(context, target.has_parent_path() ? target.parent_path() : ".",
                                      target.filename().string(), answer->payload_view());
    if (!stored) return report(context, stored.error());
    const auto& receipt = answer->reply.get_receipt().receipt();
    switch (context.format) {
        case Format::kTable:
            context.out << printable(context.say(Message::kReceiptExported,
                                                 receipt_title(context, receipt.type()), options.output),
                                     context.ascii)
                        << "\n";
            break;
        case Format::kName: context.out << options.output << "\n"; break;
        case Format::kJson: {
            boost::json::object object = to_json(receipt);
            object["file"] = options.output;
            write_json_line(context.out, object);
            break;
        }
    }
    return kExitFine;
}

}  // namespace

void add_receipt(CLI::App& app, Context& context, Action& action) {
    auto* receipt = app.add_subcommand("receipt", "what proves that messages from here arrived");
    receipt->require_subcommand(1);
    auto* list = receipt->add_subcommand("list", "the receipts that are kept here, the newest first");
    list->callback([&] { action = [&context] { return list_receipts(context); }; });

    auto* exported = receipt->add_subcommand("export", "write a receipt, and all that proves it, to a file");
    const auto exporting = std::make_shared<ExportOptions>();
    exported->add_option("ID", exporting->name, "of the receipt, its beginning, or of its message")
        ->required();
    exported->add_option("--output", exporting->output, "where to write it")->required()->type_name("FILE");
    exported->callback([&context, &action, exporting] {
        action = [&context, exporting] { return export_receipt(context, *exporting); };
    });

    auto* verify = receipt->add_subcommand(
        "verify", "whether a file with a receipt is genuine: exit status 0, forged or broken: 2");
    const auto checking = std::make_shared<ReceiptCheck>();
    verify->add_option("FILE", checking->file, "as tram receipt export writes it, or - for standard input")
        ->required();
    auto* root =
        verify->add_option("--root", checking->roots,
                           "a certificate of the root to believe (default: roots.pem of this device)");
    root->type_name("FILE");
    add_config_option(*verify, checking->config);
    verify->callback([&context, &action, checking] {
        action = [&context, checking] { return verify_receipt_in(context, *checking); };
    });
}

}  // namespace tram::cli
