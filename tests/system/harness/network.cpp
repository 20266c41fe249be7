#include "tests/system/harness/network.h"

#include <cerrno>
#include <exception>
#include <fcntl.h>
#include <fstream>
#include <sched.h>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <unistd.h>

#include "tests/system/harness/program.h"

namespace tram::harness {
namespace {

constexpr const char* kNull = "/dev/null";

/// The exit status of a program that says nothing.
int run_quietly(const std::vector<std::string>& arguments) {
    const int null = ::open(kNull, O_WRONLY | O_CLOEXEC);
    const int status = wait_for_end(spawn_program(arguments, null, null));
    ::close(null);
    return status;
}

std::string in_words(const std::vector<std::string>& arguments) {
    std::string words = "ip";
    for (const std::string& argument : arguments)
        words += " " + argument;
    return words;
}

std::string next_name() {
    static int count = 0;
    return "tram" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

std::string file_of(const std::string& name) {
    return "/run/netns/" + name;
}

}  // namespace

std::optional<std::string> why_no_namespaces() {
    if (::geteuid() != 0) return "network namespaces need root";
    if (run_quietly({"ip", "-V"}) != 0) return "there is no program ip (Debian package iproute2)";
    const std::string probe = next_name();
    if (run_quietly({"ip", "netns", "add", probe}) != 0) return "this system makes no network namespaces";
    const bool wires =
        run_quietly({"ip", "-n", probe, "link", "add", "v0", "type", "veth", "peer", "name", "v1"}) == 0;
    (void)run_quietly({"ip", "netns", "del", probe});
    if (!wires) return "this system makes no virtual network interfaces (veth)";
    return std::nullopt;
}

void ip(const std::vector<std::string>& arguments) {
    std::vector<std::string> command{"ip"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    if (wait_for_end(spawn_program(command, -1, -1)) != 0)
        throw std::runtime_error{in_words(arguments) + " failed"};
}

Namespace::Namespace() : name_{next_name()} {
    harness::ip({"netns", "add", name_});
    ip({"link", "set", "lo", "up"});
}

Namespace::~Namespace() {
    (void)run_quietly({"ip", "netns", "del", name_});
}

void Namespace::ip(const std::vector<std::string>& arguments) const {
    std::vector<std::string> all{"-n", name_};
    all.insert(all.end(), arguments.begin(), arguments.end());
    harness::ip(all);
}

void Namespace::inside(const std::function<void()>& work) const {
    std::exception_ptr trouble;
    std::thread{[&] {
        const int handle = ::open(file_of(name_).c_str(), O_RDONLY | O_CLOEXEC);
        try {
            if (handle < 0 || ::setns(handle, CLONE_NEWNET) != 0) {
                throw std::system_error{errno, std::generic_category(), "enter " + name_};
            }
            work();
        } catch (...) {
            trouble = std::current_exception();
        }
        ::close(handle);
    }}.join();
    if (trouble) std::rethrow_exception(trouble);
}

void Namespace::set(const std::string& key, const std::string& value) const {
    inside([&] {
        std::ofstream out{"/proc/sys/net/" + key};
        out << value << std::flush;
        if (!out) throw std::runtime_error{"cannot set net/" + key};
    });
}

std::uint64_t Namespace::sent_bytes(const std::string& interface) const {
    std::uint64_t bytes = 0;
    inside([&] {
        // /proc/net is that of the thread; /sys shows the namespace in which it was mounted.
        std::ifstream in{"/proc/thread-self/net/dev"};
        for (std::string line; std::getline(in, line);) {
            const std::size_t colon = line.find(interface + ":");
            if (colon == std::string::npos) continue;
            std::istringstream numbers{line.substr(colon + interface.size() + 1)};
            std::uint64_t number = 0;
            // Eight columns of what was received come first.
            for (int i = 0; i < 9 && numbers >> number; ++i)
                bytes = number;
        }
    });
    return bytes;
}

Wire::Wire(const Namespace& first, const Namespace& second, std::string name)
    : a{&first}, b{&second}, interface{std::move(name)} {
    first.ip({"link", "add", interface, "type", "veth", "peer", "name", interface, "netns", second.name()});
    second.ip({"link", "set", interface, "up"});
}

void Wire::plug_in() const {
    a->ip({"link", "set", interface, "up"});
}

void Wire::pull_out() const {
    a->ip({"link", "set", interface, "down"});
}

}  // namespace tram::harness
