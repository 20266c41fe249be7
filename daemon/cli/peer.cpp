// `tram peer`: the nodes that this one knows.
#include <ostream>

#include "daemon/cli/api_client.h"
#include "daemon/cli/api_json.h"
#include "daemon/cli/commands.h"
#include "daemon/cli/format.h"
#include "daemon/cli/output.h"

namespace tram::cli {

namespace {

using api::pb::ListPeersReply;
using api::pb::Reply;
using api::pb::Request;

/// How long ago a beacon of a node on the local network was heard, or its session said something.
std::string heard_text(const Context& context, const api::pb::Peer& peer) {
    return peer.discovered() ? context.say(Message::kAgo, human_duration(peer.heard_ms())) : "-";
}

void print_table(Context& context, const ListPeersReply& list) {
    Table table{context.out,
                {{context.say(Message::kPeer)},
                 {context.say(Message::kLastMet)},
                 {context.say(Message::kOut), Align::kRight},
                 {context.say(Message::kBytes), Align::kRight},
                 {context.say(Message::kHeard)},
                 {context.say(Message::kAddress)},
                 {context.say(Message::kLastError)}},
                context.ascii};
    for (const auto& peer : list.peers()) {
        std::string met = context.say(Message::kNever);
        if (peer.connected()) {
            met = context.say(Message::kNow);
        } else if (peer.ever_met()) {
            met = context.say(Message::kAgo, human_duration(peer.last_met_ms()));
        }
        table.add({peer.node_id(), met, std::to_string(peer.queued_bundles()),
                   human_size(peer.queued_bytes()), heard_text(context, peer),
                   peer.address().empty() ? peer.heard_at() : peer.address(), peer.last_error()});
    }
    table.flush();
    if (list.peers().empty()) context.err << context.say(Message::kNoPeers) << "\n";
}

int list_peers(Context& context) {
    ApiClient client{context};
    Request request;
    request.mutable_list_peers();
    const auto answer = client.call(request, Reply::kListPeers);
    if (!answer) return report(context, answer.error());
    const ListPeersReply& list = answer->reply.list_peers();
    switch (context.format) {
        case Format::kTable: print_table(context, list); break;
        case Format::kName:
            for (const auto& peer : list.peers())
                context.out << peer.node_id() << "\n";
            break;
        case Format::kJson: {
            JsonArray array{context.out};
            for (const auto& peer : list.peers())
                array.add(to_json(peer));
            array.finish();
            break;
        }
    }
    return kExitFine;
}

}  // namespace

void add_peer(CLI::App& app, Context& context, Action& action) {
    auto* peer = app.add_subcommand("peer", "the nodes that this one knows");
    peer->require_subcommand(1);
    auto* list = peer->add_subcommand("list", "every peer, when it was met, and what waits for it");
    list->callback([&] { action = [&context] { return list_peers(context); }; });
}

}  // namespace tram::cli
