#include "daemon/node/journal.h"

#include <utility>

namespace tram::node {

void Journal::add(store::Change change) {
    open_.batch.changes.push_back(std::move(change));
}

void Journal::when_durable(Promise promise) {
    open_.promises.push_back(std::move(promise));
}

std::optional<effect::Persist> Journal::seal() {
    if (open_.batch.changes.empty()) {
        // Nothing new to write: what was promised depends on earlier batches only. With none of those
        // pending an empty batch carries the promises, so that order is kept in one place.
        if (open_.promises.empty()) return std::nullopt;
        if (!sealed_.empty()) {
            for (Promise& promise : open_.promises)
                sealed_.back().promises.push_back(std::move(promise));
            open_.promises.clear();
            return std::nullopt;
        }
    }
    open_.ticket = ++last_ticket_;
    effect::Persist persist{std::move(open_.batch), open_.ticket};
    sealed_.push_back(std::move(open_));
    open_ = Section{};
    return persist;
}

std::vector<Promise> Journal::settle(Ticket up_to) {
    std::vector<Promise> promises;
    while (!sealed_.empty() && sealed_.front().ticket <= up_to) {
        for (Promise& promise : sealed_.front().promises)
            promises.push_back(std::move(promise));
        sealed_.pop_front();
    }
    return promises;
}

}  // namespace tram::node
