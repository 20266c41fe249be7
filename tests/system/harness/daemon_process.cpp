#include "tests/system/harness/daemon_process.h"

#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <netinet/in.h>
#include <random>
#include <sstream>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "config/load.h"
#include "tests/system/harness/program.h"

namespace tram::harness {

namespace {

constexpr std::uint16_t kPortMin = 15'000;
constexpr std::uint16_t kPortMax = 31'999;
constexpr int kPortAttempts = 1'000;

[[noreturn]] void throw_errno(const std::string& what) {
    throw std::system_error{errno, std::generic_category(), what};
}

bool is_free(std::uint16_t port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) throw_errno("socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool bound = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(socket);
    return bound;
}

}  // namespace

TestDirectory::TestDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tram-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw_errno("mkdtemp " + pattern);
    path_ = pattern;
}

TestDirectory::~TestDirectory() {
    if (std::getenv("TRAM_KEEP") != nullptr) return;
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::uint16_t free_port() {
    static std::mt19937 random{std::random_device{}()};
    std::uniform_int_distribution<int> ports{kPortMin, kPortMax};
    for (int attempt = 0; attempt < kPortAttempts; ++attempt) {
        const auto port = static_cast<std::uint16_t>(ports(random));
        if (is_free(port)) return port;
    }
    throw std::runtime_error{"no free port on 127.0.0.1"};
}

config::Config fast_config(const std::string& node_id) {
    config::Config config;
    config.node.id = node_id;
    config.security.open = true;
    config.links.reconnect_min = milliseconds{10};
    config.links.reconnect_max = milliseconds{50};
    config.store.reserve_bytes = 1U << 20;
    config.discovery.enabled = false;
    return config;
}

DaemonProcess::DaemonProcess(const TestDirectory& directory, std::string name, config::Config config)
    : directory_{directory.path() / name}, config_{std::move(config)}, port_{free_port()} {
    std::filesystem::create_directories(directory_);
    config_.store.directory = directory_ / "store";
    config_.api.endpoint = "ipc://" + (directory_ / "api").string();
    config_.api.events = "ipc://" + (directory_ / "events").string();
    config_.links.listen = {address()};
}

DaemonProcess::~DaemonProcess() {
    kill();
}

std::string DaemonProcess::address() const {
    return "127.0.0.1:" + std::to_string(port_);
}

void DaemonProcess::enter(const std::string& network_namespace) {
    namespace_ = network_namespace;
    config_.links.listen = {"[::]:" + std::to_string(port_)};
}

void DaemonProcess::write_config() const {
    std::ofstream out{directory_ / "tram.toml"};
    out << config::to_toml(config_);
    if (!out.flush()) throw std::runtime_error{"cannot write " + (directory_ / "tram.toml").string()};
}

void DaemonProcess::start() {
    if (running()) throw std::logic_error{config_.node.id + " runs already"};
    write_config();
    std::vector<std::string> arguments{TRAMD_PATH, "--config", directory_ / "tram.toml"};
    if (!namespace_.empty()) {
        const std::vector<std::string> inside{"ip", "netns", "exec", namespace_};
        arguments.insert(arguments.begin(), inside.begin(), inside.end());
    }
    const int log = ::open((directory_ / "log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (log < 0) throw_errno("open the log");
    pid_ = spawn_program(arguments, log, log);
    ::close(log);
}

bool DaemonProcess::start_and_wait(milliseconds deadline) {
    start();
    return wait_ready(deadline);
}

bool DaemonProcess::wait_ready(milliseconds deadline) {
    // One connection, which ZeroMQ opens as soon as there is a listener; a socket file left behind by a
    // killed daemon is none.
    ApiClient client{api()};
    const auto end = SteadyClock::now() + deadline;
    if (!client.post(status_request())) return false;
    while (SteadyClock::now() < end) {
        if (client.next(milliseconds{20})) return true;
        if (!running()) return false;
    }
    return false;
}

bool DaemonProcess::reap(int flags) {
    int status = 0;
    pid_t ended = 0;
    do {
        ended = ::waitpid(pid_, &status, flags);
    } while (ended < 0 && errno == EINTR);
    if (ended != pid_) return false;
    exit_status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    pid_ = -1;
    return true;
}

bool DaemonProcess::running() {
    return pid_ > 0 && !reap(WNOHANG);
}

void DaemonProcess::kill() {
    if (!running()) return;
    ::kill(pid_, SIGKILL);
    (void)reap(0);
}

std::optional<int> DaemonProcess::stop(milliseconds deadline) {
    if (running()) {
        ::kill(pid_, SIGTERM);
        if (!wait_until([this] { return !running(); }, deadline)) {
            kill();
            return std::nullopt;
        }
    }
    return exit_status_;
}

pb::StatusReply DaemonProcess::status() {
    ApiClient client{api()};
    auto status = client.status();
    if (!status) throw std::runtime_error{config_.node.id + ": " + status.error().message + "\n" + log()};
    return std::move(*status);
}

std::uint64_t DaemonProcess::stored() {
    return status().bundles();
}

std::string DaemonProcess::log() const {
    std::ostringstream text;
    text << std::ifstream{directory_ / "log"}.rdbuf();
    return text.str();
}

}  // namespace tram::harness
