// Searching for words in everything that processes leave behind.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>
#include <zmq.hpp>

namespace tram::harness {

/// A word that is nowhere in the world unless it was copied from here: 24 letters.
std::string new_marker();

/// Files below a directory, or the file itself.
std::vector<std::filesystem::path> files_below(const std::filesystem::path& path);

/// Which of `words` stand in a text, in UTF-8 or UTF-16.
std::set<std::string> found_in_text(const std::string& text, const std::vector<std::string>& words);
/// Which of `words` stand in a file, or in any file of a directory.
std::set<std::string> found_in(const std::filesystem::path& path, const std::vector<std::string>& words);
/// Which of `words` stand in the names of what is below a directory.
std::set<std::string> found_in_names(const std::filesystem::path& path,
                                     const std::vector<std::string>& words);
/// Which of `words` stand in the arguments of any process of this machine.
std::set<std::string> found_in_arguments(const std::vector<std::string>& words);

/// Everything that a daemon tells on its events socket, from construction on.
class EventTap {
  public:
    explicit EventTap(const std::string& endpoint);
    /// What came until now, as it came.
    [[nodiscard]] const std::string& heard();

  private:
    zmq::context_t context_;
    zmq::socket_t socket_;
    std::string heard_;
};

}  // namespace tram::harness
