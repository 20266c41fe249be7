#include "tests/system/harness/capture.h"

#include <arpa/inet.h>
#include <csignal>
#include <fcntl.h>
#include <fstream>
#include <netinet/in.h>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include "tests/system/harness/program.h"

namespace tram::harness {

namespace {

// PI_ERROR of Wireshark's epan/proto.h.
constexpr const char* kSeverityError = "8388608";

std::string contents_of(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream{file, std::ios::binary}.rdbuf();
    return text.str();
}

void send_datagram(std::uint16_t port, const std::string& text) {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return;
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::sendto(socket, text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    ::close(socket);
}

std::vector<std::string> split(const std::string& text, const char* separators) {
    std::vector<std::string> parts;
    for (std::size_t at = 0; (at = text.find_first_not_of(separators, at)) != std::string::npos;) {
        const std::size_t end = text.find_first_of(separators, at);
        parts.push_back(text.substr(at, end - at));
        at = end;
        if (end == std::string::npos) break;
    }
    return parts;
}

}  // namespace

Capture::Capture(std::filesystem::path file, std::uint16_t port) : file_{std::move(file)}, port_{port} {
    const std::string log = file_.string() + ".log";
    const std::vector<std::string> arguments{
        "dumpcap", "-q", "-i", "lo", "-B", "64", "-f", "port " + std::to_string(port_), "-w", file_.string()};
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    pid_ = spawn_program(arguments, out, out);
    ::close(out);
    if (!mark("capture begins")) {
        obstacle_ = "dumpcap cannot capture on lo (install tshark, run as root): " + contents_of(log);
        end();
    }
}

Capture::~Capture() {
    end();
}

bool Capture::mark(const std::string& text) {
    const bool found = wait_until(
        [&] {
            if (::waitpid(pid_, nullptr, WNOHANG) == pid_) {
                pid_ = -1;
                return true;
            }
            send_datagram(port_, text);
            return contents_of(file_).find(text) != std::string::npos;
        },
        seconds{30}, milliseconds{50});
    return found && pid_ > 0;
}

bool Capture::finish() {
    const bool complete = pid_ > 0 && mark("capture ends");
    end();
    return complete;
}

void Capture::end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGINT);
    (void)wait_for_end(pid_);
    pid_ = -1;
}

std::vector<std::string> Dissection::values(const std::string& field) const {
    const ProgramOutput output =
        run_program({"tshark", "-r", file_.string(), "-d", "tcp.port==" + std::to_string(port_) + ",tcpcl",
                     "-Y", "tcp", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=,", "-e", field});
    if (output.status != 0) throw std::runtime_error{"tshark fails on " + file_.string()};
    return split(output.text, ",\n");
}

std::vector<std::string> Dissection::faults() const {
    const ProgramOutput output = run_program(
        {"tshark", "-r", file_.string(), "-d", "tcp.port==" + std::to_string(port_) + ",tcpcl", "-Y",
         "tcp && (_ws.malformed || _ws.expert.severity == " + std::string{kSeverityError} + ")", "-T",
         "fields", "-e", "frame.number", "-e", "_ws.malformed", "-e", "_ws.expert.message"});
    if (output.status != 0) throw std::runtime_error{"tshark fails on " + file_.string()};
    return split(output.text, "\n");
}

}  // namespace tram::harness
