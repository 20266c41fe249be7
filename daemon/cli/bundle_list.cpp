// `tram bundle list`: page by page, so that a hundred thousand bundles need no more memory than a hundred.
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/api_json.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"

namespace tram::cli {

namespace {

using api::pb::ListBundlesReply;
using api::pb::Reply;
using api::pb::Request;

struct ListOptions {
    std::string to;
    std::string from;
    std::string state;
    std::uint32_t page_size = 500;
};

class Printer {
  public:
    explicit Printer(Context& context)
        : context_{context},
          array_{context.out},
          table_{context.out,
                 {{context.say(Message::kId)},
                  {context.say(Message::kState)},
                  {context.say(Message::kUrgency), Align::kRight},
                  {context.say(Message::kKind)},
                  {context.say(Message::kSize), Align::kRight},
                  {context.say(Message::kAge), Align::kRight},
                  {context.say(Message::kLeft), Align::kRight},
                  {context.say(Message::kFrom)},
                  {context.say(Message::kTo)}},
                 context.ascii} {}

    void page(const ListBundlesReply& list) {
        for (const auto& bundle : list.bundles())
            add(bundle);
        table_.flush();
        context_.out.flush();
        count_ += static_cast<std::uint64_t>(list.bundles_size());
        if (shows_progress()) context_.err << "\r" << context_.say(Message::kListed, count_) << std::flush;
    }

    void finish() {
        if (shows_progress()) context_.err << "\n";
        if (context_.format == Format::kJson) array_.finish();
        if (context_.format == Format::kTable && count_ == 0) {
            context_.err << context_.say(Message::kNoBundles) << "\n";
        }
    }

  private:
    void add(const api::pb::Bundle& bundle) {
        switch (context_.format) {
            case Format::kJson: array_.add(to_json(bundle)); break;
            case Format::kName: context_.out << bundle.short_id() << "\n"; break;
            case Format::kTable:
                table_.add({bundle.short_id(), bundle.state(), std::to_string(bundle.urgency()),
                            bundle.kind(), human_size(bundle.size()), human_duration(bundle.age_ms()),
                            human_duration(bundle.remaining_ms()), bundle.source(), bundle.destination()});
                break;
        }
    }

    /// Only where it does not run into the data.
    [[nodiscard]] bool shows_progress() const { return context_.err_terminal && !context_.out_terminal; }

    Context& context_;
    JsonArray array_;
    Table table_;
    std::uint64_t count_ = 0;
};

int list_bundles(Context& context, const ListOptions& options) {
    ApiClient client{context};
    Printer printer{context};
    std::uint64_t after_key = 0;
    do {
        Request request;
        auto& list = *request.mutable_list_bundles();
        list.set_after_key(after_key);
        list.set_page_size(options.page_size);
        list.set_destination(options.to);
        list.set_source(options.from);
        list.set_state(options.state);
        const auto answer = client.call(request, Reply::kListBundles);
        if (!answer) return report(context, answer.error());
        printer.page(answer->reply.list_bundles());
        const std::uint64_t next = answer->reply.list_bundles().next_after_key();
        if (next != 0 && next <= after_key) {
            return report(context, failed(ErrorCode::kUnsupportedVersion,
                                          context.say(Message::kUnexpectedAnswer, context.api),
                                          context.say(Message::kUnexpectedAnswerRemedy))
                                       .error());
        }
        after_key = next;
    } while (after_key != 0 && context.out.good());
    printer.finish();
    return kExitFine;
}

}  // namespace

void add_bundle_list(CLI::App& bundle, Context& context, Action& action) {
    auto options = std::make_shared<ListOptions>();
    auto* list = bundle.add_subcommand("list", "the bundles that are stored here");
    list->add_option("--to", options->to, "only to this destination; '*' for any run of characters")
        ->type_name("PATTERN");
    list->add_option("--from", options->from, "only from this source; '*' for any run of characters")
        ->type_name("PATTERN");
    list->add_option("--state", options->state, "only these: forward, deliver or held")
        ->check(CLI::IsMember({"forward", "deliver", "held"}))
        ->type_name("STATE");
    list->add_option("--page-size", options->page_size, "bundles asked for at once")
        ->check(CLI::Range(1, 1000))
        ->type_name("COUNT")
        ->capture_default_str();
    list->callback(
        [=, &context, &action] { action = [options, &context] { return list_bundles(context, *options); }; });
}

}  // namespace tram::cli
