#include "tests/system/harness/search.h"

#include <cctype>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tram::harness {

namespace {

namespace fs = std::filesystem;

/// A file of whatever size, to be searched.
class MappedFile {
  public:
    explicit MappedFile(const fs::path& file) {
        const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
        struct stat status{};
        if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
            throw std::runtime_error{"cannot read " + file.string()};
        }
        size_ = static_cast<std::size_t>(status.st_size);
        if (size_ > 0) at_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
        ::close(descriptor);
        if (at_ == MAP_FAILED) throw std::runtime_error{"cannot map " + file.string()};
    }
    ~MappedFile() {
        if (size_ > 0) ::munmap(at_, size_);
    }
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    [[nodiscard]] std::string_view bytes() const { return {static_cast<const char*>(at_), size_}; }

  private:
    void* at_ = nullptr;
    std::size_t size_ = 0;
};

std::string in_utf16(const std::string& text) {
    std::string wide;
    for (const char letter : text)
        wide += {letter, '\0'};
    return wide;
}

bool holds(std::string_view bytes, const std::string& text) {
    return !bytes.empty() && ::memmem(bytes.data(), bytes.size(), text.data(), text.size()) != nullptr;
}

void search(std::string_view bytes, const std::vector<std::string>& words, std::set<std::string>& found) {
    for (const std::string& word : words) {
        if (holds(bytes, word) || holds(bytes, in_utf16(word))) found.insert(word);
    }
}

}  // namespace

std::string new_marker() {
    static std::mt19937_64 random{std::random_device{}()};
    std::uniform_int_distribution<int> letter{'a', 'z'};
    std::string marker;
    for (int i = 0; i < 24; ++i)
        marker.push_back(static_cast<char>(letter(random)));
    return marker;
}

std::vector<fs::path> files_below(const fs::path& path) {
    std::vector<fs::path> files;
    if (fs::is_regular_file(path)) files.push_back(path);
    if (!fs::is_directory(path)) return files;
    for (const auto& entry : fs::recursive_directory_iterator{path}) {
        if (entry.is_regular_file()) files.push_back(entry.path());
    }
    return files;
}

std::set<std::string> found_in_text(const std::string& text, const std::vector<std::string>& words) {
    std::set<std::string> found;
    search(text, words, found);
    return found;
}

std::set<std::string> found_in(const fs::path& path, const std::vector<std::string>& words) {
    std::set<std::string> found;
    for (const fs::path& file : files_below(path))
        search(MappedFile{file}.bytes(), words, found);
    return found;
}

std::set<std::string> found_in_names(const fs::path& path, const std::vector<std::string>& words) {
    std::set<std::string> found;
    for (const auto& entry : fs::recursive_directory_iterator{path})
        search(entry.path().string(), words, found);
    return found;
}

std::set<std::string> found_in_arguments(const std::vector<std::string>& words) {
    std::set<std::string> found;
    for (const auto& process : fs::directory_iterator{"/proc"}) {
        if (std::isdigit(static_cast<unsigned char>(process.path().filename().string().front())) == 0)
            continue;
        std::ostringstream arguments;
        arguments << std::ifstream{process.path() / "cmdline"}.rdbuf();
        search(arguments.str(), words, found);
    }
    return found;
}

EventTap::EventTap(const std::string& endpoint) : socket_{context_, zmq::socket_type::sub} {
    socket_.set(zmq::sockopt::rcvhwm, 0);
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::subscribe, "");
    socket_.connect(endpoint);
}

const std::string& EventTap::heard() {
    zmq::message_t part;
    while (socket_.recv(part, zmq::recv_flags::dontwait))
        heard_.append(part.to_string_view()).append("\n");
    return heard_;
}

}  // namespace tram::harness
