#include "tests/unit/node/mesh.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "daemon/node/checks.h"

namespace tram::node::testing {

Host::Host(Mesh& mesh, Member member) : mesh_{mesh}, member_{std::move(member)} {
    store_ = std::make_unique<store::MemoryStore>([this](Ticket up_to, const Result<void>& outcome) {
        REQUIRE(outcome);
        durable_ = up_to;
    });
}

void Host::start() {
    node_ = std::make_unique<Node>(member_.options);
    node_->restore_trust(member_.trust);
    const auto damage = store_->scan({.bundle =
                                          [this](store::BundleRecord record) {
                                              node_->restore(std::move(record));
                                              return true;
                                          },
                                      .tombstone =
                                          [this](store::Tombstone grave) {
                                              node_->restore(std::move(grave));
                                              return true;
                                          },
                                      .state =
                                          [this](const std::string& name, ByteView value) {
                                              node_->restore_state(name, value);
                                              return true;
                                          }});
    REQUIRE(damage);
    to_load_.clear();
    checks_.clear();
    base_ = last_committed_;
    told_ = durable_ = last_committed_;
    node_->start(mesh_.now());
    settle();
}

void Host::crash() {
    node_.reset();
    store_->crash();
}

void Host::sync() {
    store_->sync();
    if (durable_ > told_) {
        told_ = durable_;
        give(input::Persisted{durable_ - base_});
    }
    settle();
}

void Host::give(const Input& input) {
    if (node_) node_->step(input, mesh_.now());
}

void Host::settle() {
    if (!node_) return;
    while (true) {
        auto effects = node_->take_effects();
        if (effects.empty() && to_load_.empty()) return;
        for (Effect& effect : effects)
            std::visit([this](auto& what) { carry_out(what); }, effect);
        while (!to_load_.empty()) {
            const BundleKey key = to_load_.front();
            to_load_.pop_front();
            auto wire = store_->load(std::span{&key, 1});
            give(input::Loaded{key, std::move(wire.front())});
        }
    }
}

void Host::carry_out(effect::Persist& persist) {
    const Ticket ticket = store_->commit(std::move(persist.batch));
    REQUIRE(ticket - base_ == persist.ticket);
    last_committed_ = ticket;
}

void Host::carry_out(effect::Accept& accept) {
    mesh_.answer(mesh_.index_of(*this), accept.link, accept.transfer, std::nullopt);
}

void Host::carry_out(effect::Refuse& refuse) {
    mesh_.answer(mesh_.index_of(*this), refuse.link, refuse.transfer, refuse.refusal);
}

void Host::carry_out(effect::Load& load) {
    to_load_.insert(to_load_.end(), load.keys.begin(), load.keys.end());
}

void Host::carry_out(effect::Transmit& transmit) {
    mesh_.transmitted(mesh_.index_of(*this), transmit);
}

void Host::carry_out(effect::Reply& reply) {
    mesh_.replied(mesh_.index_of(*this), reply);
    replies.push_back(std::move(reply));
}

void Host::carry_out(effect::Disconnect& disconnect) {
    mesh_.to_end_.insert(disconnect.link);
    disconnects.push_back(std::move(disconnect));
}

void Host::answer_check(std::size_t index) {
    REQUIRE(index < checks_.size());
    const effect::Check check = std::move(checks_[index]);
    checks_.erase(checks_.begin() + static_cast<std::ptrdiff_t>(index));
    give(input::Checked{check.check, is_good(check)});
    settle();
}

Mesh::Mesh(std::vector<NodeOptions> nodes, std::uint32_t seed)
    : Mesh{std::vector<Member>{nodes.begin(), nodes.end()}, seed} {}

Mesh::Mesh(std::vector<Member> members, std::uint32_t seed) : random_{seed}, syncs_{seed % 3 != 0} {
    for (Member& member : members)
        hosts_.push_back(std::make_unique<Host>(*this, std::move(member)));
    for (auto& host : hosts_)
        host->start();
}

std::size_t Mesh::index_of(const Host& host) const {
    const auto found = std::ranges::find_if(hosts_, [&](const auto& each) { return each.get() == &host; });
    return static_cast<std::size_t>(found - hosts_.begin());
}

bool Mesh::connected(std::size_t a, std::size_t b) const {
    return std::ranges::any_of(wires_, [&](const auto& wire) {
        return (wire.second.a == a && wire.second.b == b) || (wire.second.a == b && wire.second.b == a);
    });
}

bool Mesh::accepts(std::size_t at, std::size_t peer) {
    const auto named = host(at).node().accept_chain(host(peer).member().chain, now());
    host(at).settle();
    return named && *named == host(peer).id().to_string();
}

bool Mesh::connect(std::size_t a, std::size_t b) {
    if (a == b || connected(a, b)) return true;
    const bool secured = !host(a).member().chain.empty() && !host(b).member().chain.empty();
    if (secured && !(accepts(a, b) && accepts(b, a))) return false;
    const bool tram = secured && host(a).member().tram && host(b).member().tram;
    const LinkId link = ++last_link_;
    wires_[link] = Wire{a, b, {}, {}};
    const bool syncs = syncs_ && host(a).member().tram && host(b).member().tram;
    host(a).give(input::PeerUp{link, host(b).id(), 1 << 20, "virtual", secured, tram, syncs});
    host(b).give(input::PeerUp{link, host(a).id(), 1 << 20, "virtual", secured, tram, syncs});
    host(a).settle();
    host(b).settle();
    return true;
}

void Mesh::end_links() {
    for (const LinkId link : std::exchange(to_end_, {})) {
        const auto wire = wires_.find(link);
        if (wire != wires_.end()) disconnect(wire->second.a, wire->second.b);
    }
}

void Mesh::disconnect(std::size_t a, std::size_t b) {
    for (auto wire = wires_.begin(); wire != wires_.end();) {
        const auto [link, ends] = std::pair{wire->first, std::minmax(wire->second.a, wire->second.b)};
        if (ends != std::minmax(a, b)) {
            ++wire;
            continue;
        }
        wire = wires_.erase(wire);
        for (const std::size_t end : {a, b}) {
            host(end).give(input::PeerDown{link, "out of range"});
            host(end).settle();
        }
    }
}

void Mesh::crash(std::size_t victim) {
    host(victim).crash();
    for (std::size_t other = 0; other < hosts_.size(); ++other) {
        if (other != victim) disconnect(victim, other);
    }
    std::erase_if(requests_, [&](const auto& request) { return request.second.host == victim; });
    std::erase_if(talks_, [&](const auto& talk) { return talk.second.host == victim; });
    host(victim).start();
}

void Mesh::transmitted(std::size_t from, const effect::Transmit& transmit) {
    const auto wire = wires_.find(transmit.link);
    REQUIRE(wire != wires_.end());
    wire->second.flights.push_back({from, transmit.key, transmit.wire});
}

std::optional<Refusal> Mesh::bring(std::size_t to, const Bytes& wire) {
    const LinkId link = ++last_link_;
    const TransferId transfer = ++last_transfer_;
    Host& receiver = host(to);
    receiver.give(input::PeerUp{link, {}, 1 << 20, "virtual"});
    receiver.give(input::Arrived{link, transfer, wire});
    receiver.settle();
    receiver.sync();
    receiver.give(input::PeerDown{link, {}});
    receiver.settle();
    const auto outcome = brought_.extract(transfer);
    REQUIRE_FALSE(outcome.empty());
    return outcome.mapped();
}

void Mesh::answer(std::size_t, LinkId link, TransferId transfer, std::optional<Refusal> refusal) {
    const auto wire = wires_.find(link);
    if (wire == wires_.end()) {
        brought_.emplace(transfer, refusal);
        return;
    }
    const auto flight = wire->second.unanswered.extract(transfer);
    REQUIRE_FALSE(flight.empty());
    const Flight& sent = flight.mapped();
    if (refusal) {
        host(sent.from).give(input::Declined{link, sent.key, *refusal});
    } else {
        host(sent.from).give(input::Confirmed{link, sent.key});
    }
}

void Mesh::replied(std::size_t from, const effect::Reply& reply) {
    if (const auto talk = talks_.extract(reply.request); !talk.empty()) return talk_on(talk.mapped(), reply);
    const auto found = requests_.extract(reply.request);
    if (found.empty()) {
        replies.insert_or_assign(reply.request, reply);
        return;
    }
    const Request& request = found.mapped();
    if (!reply.outcome) FAIL(reply.outcome.error().message);
    if (request.submitted) answered.insert(*request.submitted);
    if (request.acknowledged) ++delivered[*request.acknowledged];
    if (const auto* handed = std::get_if<HandOver>(&*reply.outcome)) {
        const std::uint64_t number = std::stoull(std::string{as_text(handed->payload)});
        const RequestId acknowledge = ++last_request_;
        requests_[acknowledge] = Request{from, std::nullopt, number};
        host(from).give(input::Acknowledge{acknowledge, handed->token});
    }
}

std::uint64_t Mesh::submit(std::size_t from, const std::string& destination) {
    const std::uint64_t number = ++last_payload_;
    const RequestId request = ++last_request_;
    requests_[request] = Request{from, number, std::nullopt};
    Submission submission;
    submission.destination = *bpv7::Eid::parse(destination);
    submission.payload = Bytes::copy_of(as_bytes(std::to_string(number)));
    host(from).give(input::Submit{request, std::move(submission)});
    host(from).settle();
    return number;
}

void Mesh::drain(std::size_t at, const std::string& endpoint) {
    const RequestId request = ++last_request_;
    requests_[request] = Request{at, std::nullopt, std::nullopt};
    host(at).give(input::Fetch{request, *bpv7::Eid::parse(endpoint), Duration{0}});
    host(at).settle();
}

void Mesh::step() {
    std::vector<LinkId> busy;
    for (const auto& [link, wire] : wires_) {
        if (!wire.flights.empty()) busy.push_back(link);
    }
    std::vector<Host*> checking;
    for (auto& each : hosts_) {
        if (each->checking() != 0) checking.push_back(each.get());
    }
    if (!checking.empty() && random_() % 2 != 0) {
        Host& chosen = *checking[random_() % checking.size()];
        chosen.answer_check(random_() % chosen.checking());
    } else if (!busy.empty() && random_() % 3 != 0) {
        const LinkId link = busy[random_() % busy.size()];
        Wire& wire = wires_.at(link);
        Flight flight = std::move(wire.flights.front());
        wire.flights.pop_front();
        Host& receiver = host(flight.from == wire.a ? wire.b : wire.a);
        const TransferId transfer = ++last_transfer_;
        input::Arrived arrived{link, transfer, flight.wire};
        wire.unanswered.emplace(transfer, std::move(flight));
        receiver.give(arrived);
        receiver.settle();
    } else {
        hosts_[random_() % hosts_.size()]->sync();
    }
    for (auto& each : hosts_)
        each->settle();
    end_links();
}

void Mesh::settle() {
    const auto moving = [this] {
        const bool checking =
            std::ranges::any_of(hosts_, [](const auto& each) { return each->checking() != 0; });
        return checking || std::ranges::any_of(wires_, [](const auto& wire) {
                   return !wire.second.flights.empty() || !wire.second.unanswered.empty();
               });
    };
    for (int quiet = 0; quiet < 4; ++quiet) {
        while (moving()) {
            for (auto& each : hosts_)
                each->sync();
            step();
            quiet = 0;
        }
        for (auto& each : hosts_)
            each->sync();
    }
}

}  // namespace tram::node::testing
