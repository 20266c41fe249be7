#include "tests/system/harness/capture.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
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
// What tshark says of every segment that is followed by something it has not read yet.
constexpr std::array kKnownOnlyLater{"Last XFER_SEGMENT is missing END flag",
                                     "XFER_SEGMENT has no related XFER_ACK"};

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

std::vector<std::string> split(const std::string& text, char separator) {
    std::vector<std::string> parts;
    std::istringstream in{text};
    for (std::string part; std::getline(in, part, separator);)
        parts.push_back(part);
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

std::vector<std::string> Dissection::run(int passes, const std::vector<std::string>& fields) const {
    std::vector<std::string> arguments{"tshark", "-r", file_.string(), "-d",
                                       "tcp.port==" + std::to_string(port_) + ",tcpcl"};
    for (const char* argument : {"-Y", "tcp", "-T", "fields", "-E", "occurrence=a", "-E", "aggregator=|"}) {
        arguments.emplace_back(argument);
    }
    if (passes == 2) arguments.emplace_back("-2");
    for (const std::string& field : fields) {
        arguments.emplace_back("-e");
        arguments.push_back(field);
    }
    const ProgramOutput output = run_program(arguments);
    // 2: the file ends in the middle of a packet, because it is still being written.
    if (output.status != 0 && output.status != 2)
        throw std::runtime_error{"tshark fails on " + file_.string()};
    return split(output.text, '\n');
}

std::vector<std::string> Dissection::values(const std::string& field) const {
    std::vector<std::string> values;
    for (const std::string& frame : run(1, {field})) {
        for (std::string& value : split(frame, '|')) {
            if (!value.empty()) values.push_back(std::move(value));
        }
    }
    return values;
}

std::vector<std::string> Dissection::faults_of_pass(int passes) const {
    std::vector<std::string> faults;
    for (const std::string& line :
         run(passes, {"frame.number", "_ws.malformed", "_ws.expert.severity", "_ws.expert.message"})) {
        const auto fields = split(line, '\t');
        if (fields.size() != 4) continue;
        const std::string frame = "frame " + fields[0] + ": ";
        if (!fields[1].empty()) faults.push_back(frame + "malformed " + fields[1]);
        const auto severities = split(fields[2], '|');
        const auto messages = split(fields[3], '|');
        for (std::size_t i = 0; i < std::min(severities.size(), messages.size()); ++i) {
            if (severities[i] != kSeverityError) continue;
            if (passes == 1 && std::ranges::find(kKnownOnlyLater, messages[i]) != kKnownOnlyLater.end())
                continue;
            faults.push_back(frame + messages[i]);
        }
    }
    return faults;
}

std::vector<std::string> Dissection::faults() const {
    auto faults = faults_of_pass(1);
    const auto more = faults_of_pass(2);
    faults.insert(faults.end(), more.begin(), more.end());
    return faults;
}

}  // namespace tram::harness
