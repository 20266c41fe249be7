// What is going to happen, by time and then in the order in which it was planned.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <tuple>
#include <vector>

namespace tram::sim {

enum class EventKind : std::uint8_t {
    kContactStart,  ///< subject: index of the contact
    kContactEnd,    ///< subject: index of the contact
    kReconnect,     ///< subject: index of a contact whose link broke
    kTransferEnd,   ///< subject: link
    kDisk,          ///< subject: node; what it has written is durable now
    kTick,          ///< subject: node
    kSubmit,        ///< subject: message
    kCrash,         ///< subject: node
    kClockReset,    ///< subject: node; a power cut after which its clock shows 1970
    kClockSet,      ///< subject: node; somebody has set it right
    kDiskFull,      ///< subject: node
    kDiskFree,      ///< subject: node
};

struct Event {
    std::int64_t time_us = 0;
    std::uint64_t sequence = 0;
    std::uint64_t subject = 0;
    EventKind kind = EventKind::kTick;
    friend bool operator>(const Event& a, const Event& b) {
        return std::tie(a.time_us, a.sequence) > std::tie(b.time_us, b.sequence);
    }
};

class EventQueue {
  public:
    void plan(std::int64_t time_us, EventKind kind, std::uint64_t subject) {
        events_.push({time_us, ++last_sequence_, subject, kind});
    }
    [[nodiscard]] bool empty() const { return events_.empty(); }
    Event take() {
        const Event next = events_.top();
        events_.pop();
        return next;
    }

  private:
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
    std::uint64_t last_sequence_ = 0;
};

}  // namespace tram::sim
