// Follows the network interfaces of this machine through netlink: asks once for all of them, then is told. No
// polling. When messages were lost, everything is asked for anew.
#pragma once

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>

#include "daemon/links/asio.h"
#include "daemon/links/interfaces.h"
#include "proto/base/error.h"

namespace tram::links {

class InterfaceMonitor : public std::enable_shared_from_this<InterfaceMonitor> {
  public:
    explicit InterfaceMonitor(const Executor& executor) : descriptor_{executor} {}

    /// Tells `changed` of everything that there is, soon, and then of each change, until stop(). Errors: io.
    Result<void> start(std::function<void(const InterfaceTable::Changes&)> changed);
    void stop();

    [[nodiscard]] const InterfaceTable& table() const { return table_; }

  private:
    using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

    Task read_loop();
    bool read_once();
    bool ask_for(std::uint16_t what);
    void load();
    void loaded_part();

    Descriptor descriptor_;
    std::function<void(const InterfaceTable::Changes&)> changed_;
    InterfaceTable table_;
    std::optional<InterfaceTable> loading_;  // takes the place of table_ when links and addresses are in it
    unsigned dumps_left_ = 0;
};

}  // namespace tram::links
