// How much memory unfinished incoming transfers may take, all links together: each link alone may gather a
// whole bundle, and many at once must not take the machine's memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

#include "daemon/links/link_manager.h"

namespace tram::links {

class ReceiveBudget {
  public:
    explicit ReceiveBudget(std::uint64_t bytes_max) : bytes_max_{bytes_max} {}

    /// `link` now holds `bytes` of an unfinished transfer. Above the budget, the link that holds most: it is
    /// the one to end, so that a peer that hoards does not push others out.
    std::optional<LinkId> hold(LinkId link, std::uint64_t bytes) {
        std::uint64_t& held = held_[link];
        total_ += bytes - held;
        held = bytes;
        if (bytes == 0) held_.erase(link);
        if (total_ <= bytes_max_) return std::nullopt;
        return std::ranges::max_element(held_, {}, &std::pair<const LinkId, std::uint64_t>::second)->first;
    }

  private:
    std::uint64_t bytes_max_;
    std::uint64_t total_ = 0;
    std::map<LinkId, std::uint64_t> held_;  // links that hold something
};

}  // namespace tram::links
