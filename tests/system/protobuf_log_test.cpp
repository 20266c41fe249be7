// Text that is no UTF-8 is refused; what protobuf says about it for itself goes where it belongs.
#include <catch2/catch.hpp>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <string>
#include <unistd.h>
#include <zmq.hpp>

#include "proto/tram/admin.pb.h"
#include "tests/system/harness/daemon_process.h"
#include "tests/system/harness/program.h"

namespace tram::harness {
namespace {

const std::string kNoUtf8 = "Giang\xFFThi";

std::string text_of(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream{file}.rdbuf();
    return text.str();
}

/// A request whose title is `title`, as the bytes of a program that does not look at its text.
std::string request_with_title(const std::string& title) {
    admin::pb::Message message;
    message.set_version(1);
    message.mutable_head()->set_kind(admin::pb::KIND_REQUEST);
    message.mutable_head()->set_title(std::string(title.size(), 'x'));
    std::string wire = message.SerializeAsString();
    return wire.replace(wire.find(std::string(title.size(), 'x')), title.size(), title);
}

TEST_CASE("tramd logs that protobuf complained, and neither its words nor the text", "[system][protobuf]") {
    const TestDirectory directory;
    config::Config config = fast_config("dtn://18904-ks07/");
    config.log.level = config::LogLevel::kDebug;
    DaemonProcess daemon{directory, "daemon", config};
    REQUIRE(daemon.start_and_wait());
    ApiClient client{daemon.api()};
    pb::Request request;
    request.mutable_file_request()->set_key("chosen by chance");
    const std::string wire = request_with_title(kNoUtf8);
    const auto answer = client.call(request, as_bytes(wire));
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message.starts_with("malformed: "));
    const std::string log = daemon.log();
    CHECK(log.find("debug protobuf complains at ") != std::string::npos);
    CHECK(log.find("libprotobuf") == std::string::npos);
    CHECK(log.find("UTF-8 data") == std::string::npos);
    CHECK(log.find("Giang") == std::string::npos);
}

TEST_CASE("tram drops what protobuf says about an answer and says itself what is wrong",
          "[system][protobuf]") {
    const TestDirectory directory;
    const std::string endpoint = "ipc://" + (directory.path() / "api").string();
    zmq::context_t context;
    zmq::socket_t socket{context, zmq::socket_type::router};
    socket.bind(endpoint);
    socket.set(zmq::sockopt::rcvtimeo, static_cast<int>(milliseconds{kPatience}.count()));

    const std::filesystem::path said = directory.path() / "said";
    const int file = ::open(said.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    REQUIRE(file >= 0);
    const pid_t tram = spawn_program({TRAM_PATH, "--api", endpoint, "status"}, file, file);
    ::close(file);
    zmq::message_t client;
    zmq::message_t asked;
    REQUIRE(socket.recv(client));
    REQUIRE(socket.recv(asked));
    pb::Request request;
    REQUIRE(request.ParseFromArray(asked.data(), static_cast<int>(asked.size())));
    pb::Reply reply;
    reply.set_id(request.id());
    reply.mutable_status()->set_node_id(std::string(kNoUtf8.size(), 'x'));
    std::string wire = reply.SerializeAsString();
    wire.replace(wire.find(std::string(kNoUtf8.size(), 'x')), kNoUtf8.size(), kNoUtf8);
    REQUIRE(socket.send(client, zmq::send_flags::sndmore));
    REQUIRE(socket.send(zmq::buffer(wire), zmq::send_flags::none));

    CHECK(wait_for_end(tram) == 3);
    const std::string text = text_of(said);
    INFO(text);
    CHECK(text.find("libprotobuf") == std::string::npos);
    CHECK(text.find("Giang") == std::string::npos);
    CHECK(text.find("error: unsupported_version") != std::string::npos);
}

}  // namespace
}  // namespace tram::harness
