// The local API: requests of applications and of `tram`, answered from the node (api.proto).
//
// Questions are answered at once from the node's memory. What changes something becomes an input of the
// node, and its answer is the node's Reply, which comes when the change is durable.
#pragma once

#include <functional>
#include <string>
#include <unordered_map>

#include "daemon/api/socket.h"
#include "daemon/api/views.h"
#include "daemon/node/node.h"

namespace tram::api {

class Server {
  public:
    struct Shell {
        std::function<void(node::Input)> inject;  ///< gives the node an input
        std::function<ShellFacts()> facts;
        std::function<void()> burst_done;  ///< all of a run of requests was taken
    };

    Server(boost::asio::io_context& io, SocketOptions options, const node::Node& node, Shell shell);

    Result<void> start() { return sockets_.start(); }
    void stop() { sockets_.stop(); }
    /// The node's answer to a request that became an input.
    void reply(node::effect::Reply reply);
    /// False while nobody would hear an event: making one costs more than forwarding a bundle.
    [[nodiscard]] bool has_subscribers() const { return sockets_.has_subscribers(); }
    void publish(const node::effect::Notify& notify);

  private:
    struct Caller {
        std::string client;
        bool delimited = false;
        std::uint64_t id = 0;
        pb::Request::BodyCase asked = pb::Request::BODY_NOT_SET;
    };
    void receive(Message message);
    bool answer(const Caller& caller, pb::Reply reply, Bytes payload = {});
    void refuse(const Caller& caller, const Error& error);
    void dispatch(const Caller& caller, const pb::Request& request, std::vector<Bytes>& frames);
    void change_bundle(const Caller& caller, const pb::Request& request);
    void send_bundle(const Caller& caller, const pb::SendBundleRequest& request, std::vector<Bytes>& frames);
    void get_receipt_file(const Caller& caller, const std::string& name);
    void about_requests(const Caller& caller, const pb::Request& request, std::vector<Bytes>& frames);
    void about_notices(const Caller& caller, const pb::Request& request, std::vector<Bytes>& frames);
    void about_messages(const Caller& caller, const pb::Request& request, std::vector<Bytes>& frames);
    void receive_bundle(const Caller& caller, const pb::ReceiveBundleRequest& request);
    template <typename MakeInput>
    void on_bundle(const Caller& caller, const std::string& name, MakeInput make_input);
    /// `make_input` may fail; then the node never hears of the request.
    template <typename MakeInput>
    void hand_in(const Caller& caller, MakeInput make_input);
    node::RequestId remember(const Caller& caller);

    const node::Node& node_;
    Shell shell_;
    Sockets sockets_;
    std::unordered_map<node::RequestId, Caller> callers_;
    node::RequestId last_request_ = 0;
};

}  // namespace tram::api
