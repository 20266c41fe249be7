// `tram notice mark` and `tram notice proof`: what a village has done with a notice, and what its office
// knows of it.
#include <memory>
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/format.h"
#include "daemon/cli/notice.h"
#include "daemon/cli/notice_text.h"
#include "daemon/cli/output.h"
#include "daemon/cli/request.h"
#include "proto/admin/notice.h"

namespace tram::cli {

namespace {

using api::pb::NoticeProofReply;
using api::pb::Reply;
using api::pb::Request;
using api::pb::VillageProof;

struct MarkOptions {
    NoticeOptions notice;
    std::vector<std::string> displayed;
    std::vector<std::string> announced;
};

int mark(Context& context, const MarkOptions& options) {
    ApiClient client{context};
    Request request;
    auto& marked = *request.mutable_mark_notice();
    *marked.mutable_notice() = to_request(options.notice);
    for (const std::string& each : options.displayed)
        marked.add_displayed(each);
    for (const std::string& each : options.announced)
        marked.add_announced(each);
    const auto answer = client.call(request, Reply::kDone);
    if (!answer) return report(context, answer.error());
    switch (context.format) {
        case Format::kTable:
            context.out << printable(say(context, NoticeText::kMarked, options.notice.number), context.ascii)
                        << "\n";
            break;
        case Format::kName: context.out << printable(options.notice.number, context.ascii) << "\n"; break;
        case Format::kJson:
            write_json_line(context.out, boost::json::object{{"document_number", options.notice.number}});
            break;
    }
    return kExitFine;
}

std::string reach_word(const Context& context, const std::string& reach) {
    const auto value = reach == "announced"   ? admin::Reach::kAnnounced
                       : reach == "displayed" ? admin::Reach::kDisplayed
                       : reach == "reached"   ? admin::Reach::kReached
                                              : admin::Reach::kNotReached;
    return std::string{admin::word(value, tongue_of(context))};
}

std::string labels(const google::protobuf::RepeatedPtrField<std::string>& nodes) {
    std::string out;
    for (const std::string& each : nodes)
        out += (out.empty() ? "" : " ") + node_label(each);
    return out;
}

/// Who has signed; of a village that is not reached why, and when it was heard of last.
std::string why(const Context& context, const VillageProof& proof) {
    if (proof.reach() != "not_reached") return labels(proof.by());
    const std::string taken = proof.carriers().empty()
                                  ? say(context, NoticeText::kProofNotTaken)
                                  : say(context, NoticeText::kProofOnTheWay, labels(proof.carriers()));
    const std::string heard =
        proof.has_heard_ago_ms() ? say(context, NoticeText::kProofHeard, human_duration(proof.heard_ago_ms()))
                                 : say(context, NoticeText::kProofNeverHeard);
    return taken + "; " + heard;
}

void print_proof(Context& context, const NoticeProofReply& proof) {
    const auto& notice = proof.notice();
    context.out << printable(say(context, NoticeText::kProofLine, notice.document_number(), notice.edition(),
                                 proof.reached(), proof.expected(), proof.displayed(), proof.announced()),
                             context.ascii)
                << "\n";
    Table table{context.out,
                {{say(context, NoticeText::kVillage)},
                 {context.say(Message::kState)},
                 {say(context, NoticeText::kDisplayedIn)},
                 {say(context, NoticeText::kAnnouncedIn)},
                 {say(context, NoticeText::kTimes), Align::kRight},
                 {say(context, NoticeText::kProofBy)}},
                context.ascii};
    for (const VillageProof& each : proof.villages()) {
        table.add({each.village(), reach_word(context, each.reach()), join(each.displayed(), " "),
                   join(each.announced(), " "), each.times() == 0 ? "" : std::to_string(each.times()),
                   why(context, each)});
    }
    table.flush();
}

/// A warning while villages that are expected have not got it.
int proof(Context& context, const NoticeOptions& options) {
    ApiClient client{context};
    Request request;
    *request.mutable_notice_proof()->mutable_notice() = to_request(options);
    const auto answer = client.call(request, Reply::kNoticeProof);
    if (!answer) return report(context, answer.error());
    const NoticeProofReply& proof = answer->reply.notice_proof();
    switch (context.format) {
        case Format::kJson: write_json_pretty(context.out, to_json(proof)); break;
        case Format::kName:
            for (const VillageProof& each : proof.villages())
                if (each.reach() == "not_reached")
                    context.out << printable(each.village(), context.ascii) << "\n";
            break;
        case Format::kTable: print_proof(context, proof); break;
    }
    if (proof.expected() == 0) context.err << say(context, NoticeText::kNoneExpected) << "\n";
    return proof.expected() == 0 || proof.reached() < proof.expected() ? kExitWarning : kExitFine;
}

}  // namespace

void add_notice_mark(CLI::App& notice, Context& context, Action& action) {
    auto options = std::make_shared<MarkOptions>();
    auto* verb =
        notice.add_subcommand("mark", "say that a notice was shown or played here; a signed receipt says so");
    add_notice_options(*verb, options->notice);
    verb->add_option("--displayed", options->displayed, "on a screen, in these languages: vi,bru")
        ->delimiter(',')
        ->type_name("LANG");
    verb->add_option("--announced", options->announced,
                     "by loudspeaker or aloud, once more in these languages")
        ->delimiter(',')
        ->type_name("LANG");
    verb->callback(
        [=, &context, &action] { action = [options, &context] { return mark(context, *options); }; });
}

void add_notice_proof(CLI::App& notice, Context& context, Action& action) {
    auto options = std::make_shared<NoticeOptions>();
    auto* verb = notice.add_subcommand(
        "proof", "which villages have a notice, have shown it, have announced it, and which not and why");
    add_notice_options(*verb, *options);
    verb->callback(
        [=, &context, &action] { action = [options, &context] { return proof(context, *options); }; });
}

}  // namespace tram::cli
