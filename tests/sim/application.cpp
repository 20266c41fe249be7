#include "tests/sim/application.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "proto/base/check.h"
#include "tests/sim/world.h"

namespace tram::sim {

namespace {

using namespace node;

constexpr Duration kForEver{200LL * 366 * 24 * 3600 * 1000};

}  // namespace

void Application::start() {
    if (world_.receives(host_.index())) fetch(world_.inbox(host_.index()));
    if (world_.is_member(host_.index())) fetch(world_.group());
    resume();
}

void Application::fetch(const bpv7::Eid& endpoint) {
    host_.give(input::FetchMessage{++last_request_, endpoint, kForEver});
}

void Application::send(ChunkIndex first, ChunkIndex end) {
    for (ChunkIndex chunk = first; chunk < end; ++chunk)
        submit(chunk);
}

void Application::submit(ChunkIndex chunk) {
    const std::int64_t left_ms = world_.left_ms(chunk);
    if (left_ms <= 0) return;
    const Message& message = world_.message_of(chunk);
    Submission submission;
    submission.destination = message.to == kGroup ? world_.group() : world_.inbox(message.to);
    submission.lifetime_ms = static_cast<std::uint64_t>(left_ms);
    submission.urgency = message.urgency;
    submission.chunk = world_.catalogue().class_of(chunk);
    submission.payload = world_.catalogue().payload(chunk);
    submitting_.emplace(++last_request_, chunk);
    host_.give(input::Submit{last_request_, std::move(submission)});
}

void Application::submitted(ChunkIndex chunk, bool done) {
    if (!done) return world_.send_later(chunk);
    world_.checker().acknowledged_to_sender(chunk);
    world_.sent(chunk);
}

void Application::replied(const effect::Reply& reply) {
    if (const auto request = submitting_.extract(reply.request); !request.empty())
        return submitted(request.mapped(), reply.outcome.has_value());
    if (const auto request = acknowledging_.extract(reply.request); !request.empty()) {
        TRAM_CHECK(reply.outcome.has_value());
        return world_.delivered(host_.index(), request.mapped());
    }
    if (!reply.outcome) return;
    if (const auto* message = std::get_if<MessageHandOver>(&*reply.outcome)) handed_over(*message);
}

void Application::handed_over(const MessageHandOver& handed) {
    const auto message = world_.catalogue().message_in(handed.message_id);
    TRAM_CHECK(message.has_value());
    world_.checker().taken_by_application(host_.index(), *message);
    acknowledging_.emplace(++last_request_, *message);
    host_.give(input::AcknowledgeMessage{last_request_, handed.token});
    fetch(handed.destination);
}

// An application whose node died before it answered looks at what is there, and goes on.
void Application::resume() {
    const Checker& checker = world_.checker();
    std::vector<ChunkIndex> again;
    for (const auto& [request, chunk] : std::exchange(submitting_, {})) {
        if (checker.was_durable(host_.index(), chunk)) {
            world_.checker().acknowledged_to_sender(chunk);
        } else {
            again.push_back(chunk);
        }
    }
    std::ranges::sort(again);
    for (const ChunkIndex chunk : again)
        submit(chunk);
    std::vector<std::size_t> done;
    for (const auto& [request, message] : std::exchange(acknowledging_, {})) {
        if (!checker.is_durable(host_.index(), world_.catalogue().first_chunk(message)))
            done.push_back(message);
    }
    std::ranges::sort(done);
    for (const std::size_t message : done)
        world_.delivered(host_.index(), message);
}

}  // namespace tram::sim
