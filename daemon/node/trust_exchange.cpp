#include "daemon/node/trust_exchange.h"

#include <algorithm>
#include <utility>

#include "daemon/node/own_bundle.h"

namespace tram::node {

namespace {

constexpr std::string_view kDemux = "tram/trust";
// What a bundle has around its payload, with room to spare.
constexpr std::size_t kBundleOverhead = 2'048;

/// Errors that an honest peer does not cause: others come from knowing less, or more, than it does.
bool is_mistake(const Error& error) {
    return error.code != ErrorCode::kUnknownAuthority && error.code != ErrorCode::kCertificateRevoked &&
           error.code != ErrorCode::kOutdated && error.code != ErrorCode::kFull;
}

}  // namespace

void TrustExchange::link_up(const input::PeerUp& up) {
    Session& session = sessions_[up.link];
    session.link = up.link;
    session.peer = up.peer;
    session.transfer_mru = up.transfer_mru;
    session.patience = custody_.now().monotonic + kHelloPatience;
    say_hello(session);
}

void TrustExchange::say_hello(Session& session) {
    TrustHello hello;
    for (const identity::RevocationList* list : trust_.keyring().lists())
        hello.lists[trust_.name_of(*list)] = list->number;
    const auto certificates = trust_.keyring().certificates();
    std::size_t next = 0;
    do {
        hello.certificates.clear();
        while (next < certificates.size() && hello.certificates.size() < kPrefixesPerPart)
            hello.certificates.push_back(prefix_of(certificates[next++]->id));
        hello.last = next == certificates.size();
        transmit(session, encode(hello));
        hello.lists.clear();
    } while (!hello.last);
}

bool TrustExchange::is_message(const bpv7::Bundle& bundle) const {
    const bpv7::Eid& destination = bundle.primary.destination;
    return destination.demux() == kDemux && destination.node_id() == custody_.options().node_id;
}

Result<void> TrustExchange::received(LinkId link, const bpv7::Bundle& bundle) {
    const auto found = sessions_.find(link);
    if (found == sessions_.end()) {
        return fail(ErrorCode::kForbidden,
                    "trust is exchanged only with neighbours that take part and have proved who they are");
    }
    Session& session = found->second;
    if (bundle.primary.source.node_id() != session.peer) {
        return fail(ErrorCode::kWrongNodeId, "a message of the trust exchange from " +
                                                 bundle.primary.source.to_string() + " came from " +
                                                 session.peer.to_string());
    }
    if (session.mistakes >= kMistakesMax || session.refused > kRefusedMax) {
        return fail(ErrorCode::kBusy, "too much of what this peer said about trust was wrong");
    }
    auto message = decode_trust_message(bundle.payload());
    Result<void> taken;
    if (!message) {
        taken = std::unexpected{std::move(message.error())};
    } else if (auto* hello = std::get_if<TrustHello>(&*message)) {
        taken = take(session, std::move(*hello));
    } else {
        taken = take(session, std::get<TrustItems>(*message));
    }
    if (!taken && is_mistake(taken.error())) ++session.mistakes;
    return taken;
}

Result<void> TrustExchange::take(Session& session, TrustHello part) {
    if (session.greeted) return fail(ErrorCode::kDuplicate, "this peer has said hello already");
    TrustHello& hello = session.hello;
    hello.certificates.insert(hello.certificates.end(), part.certificates.begin(), part.certificates.end());
    hello.lists.merge(part.lists);
    if (hello.certificates.size() > identity::KeyringLimits{}.certificates_max ||
        hello.lists.size() > identity::kTrustListsMax) {
        hello = {};
        session.greeted = true;
        return fail(ErrorCode::kTooLarge, "this peer says that it has more certificates than there can be");
    }
    if (!part.last) return {};
    session.greeted = true;
    queue_what_lacks(session);
    pump(session);
    return {};
}

void TrustExchange::queue_what_lacks(Session& session) {
    TrustHello has = std::exchange(session.hello, {});
    std::ranges::sort(has.certificates);
    for (const identity::Certificate* certificate : trust_.keyring().certificates()) {
        if (std::ranges::binary_search(has.certificates, prefix_of(certificate->id))) continue;
        queue(session, *certificate);
    }
    for (const identity::RevocationList* list : trust_.keyring().lists()) {
        std::string name = trust_.name_of(*list);
        const auto known = has.lists.find(name);
        if (known == has.lists.end() || known->second < list->number)
            session.lists.push_back(std::move(name));
    }
}

Result<void> TrustExchange::take(Session& session, const TrustItems& items) {
    identity::TrustBundle bundle;
    std::vector<Error> refused;
    for (const Bytes& der : items.certificates) {
        if (trust_.keyring().find(cose::certificate_id(der)) != nullptr) continue;
        auto certificate = identity::read_certificate(der);
        if (certificate) {
            bundle.certificates.push_back(std::move(*certificate));
        } else {
            refused.push_back(std::move(certificate.error()));
        }
    }
    for (const Bytes& wire : items.lists) {
        auto list = identity::read_revocation_list(wire);
        if (list) {
            bundle.lists.push_back(std::move(*list));
        } else {
            refused.push_back(std::move(list.error()));
        }
    }
    for (Error& error : trust_.learn(bundle, session.link))
        refused.push_back(std::move(error));
    session.refused += refused.size();
    if (refused.empty()) return {};
    const auto mistakes = static_cast<std::uint32_t>(std::ranges::count_if(refused, is_mistake));
    if (mistakes == 0) return std::unexpected{std::move(refused.front())};
    session.mistakes += mistakes - 1;  // the caller counts one of them
    return std::unexpected{std::move(*std::ranges::find_if(refused, is_mistake))};
}

void TrustExchange::queue(Session& session, const identity::Certificate& certificate) {
    const bool authority = certificate.usage == identity::Usage::kAuthority;
    (authority ? session.authorities : session.devices).push_back(certificate.id);
}

void TrustExchange::spread(const Trust::Changes& changes) {
    for (auto& [link, session] : sessions_) {
        if (!session.greeted || changes.from == link) continue;
        for (const identity::CertificateId& id : changes.certificates)
            queue(session, *trust_.keyring().find(id));
        for (const std::string& name : changes.lists) {
            // The newest list is read when its turn comes.
            if (std::ranges::find(session.lists, name) == session.lists.end()) session.lists.push_back(name);
        }
        pump(session);
    }
}

void TrustExchange::answered(LinkId link) {
    const auto found = sessions_.find(link);
    if (found == sessions_.end()) return;
    if (found->second.in_flight > 0) --found->second.in_flight;
    pump(found->second);
}

void TrustExchange::pump(Session& session) {
    while (session.in_flight < kInFlightMax && session.has_news()) {
        const TrustItems items = next_items(session);
        if (!items.certificates.empty() || !items.lists.empty()) transmit(session, encode(items));
    }
    if (session.greeted && !session.has_news()) open_gate(session);
}

// Authorities first, because lists need them; then lists; then devices.
TrustItems TrustExchange::next_items(Session& session) {
    const identity::Keyring& keyring = trust_.keyring();
    const std::uint64_t fits =
        session.transfer_mru > kBundleOverhead ? session.transfer_mru - kBundleOverhead : 0;
    TrustItems items;
    std::size_t size = 0;
    const auto add = [&](std::vector<Bytes>& to, const Bytes& item) {
        const bool first = size == 0;
        if (item.size() > fits) return true;  // this peer cannot take it: it is left out
        if (!first && size + item.size() > std::min<std::uint64_t>(kTrustMessageBytes, fits)) return false;
        size += item.size() + 8;
        to.push_back(item);
        return true;
    };
    const auto add_certificates = [&](std::deque<identity::CertificateId>& from) {
        while (!from.empty()) {
            if (!add(items.certificates, keyring.find(from.front())->der)) return false;
            from.pop_front();
        }
        return true;
    };
    if (!add_certificates(session.authorities)) return items;
    while (!session.lists.empty()) {
        if (!add(items.lists, trust_.list_named(session.lists.front())->wire)) return items;
        session.lists.pop_front();
    }
    add_certificates(session.devices);
    return items;
}

void TrustExchange::transmit(Session& session, Bytes payload) {
    auto made = make_neighbour_message(custody_, session.peer, kDemux, std::move(payload));
    if (!made) return;
    ++session.in_flight;
    custody_.emit(effect::Transmit{session.link, kUnstored, std::move(made->wire)});
}

void TrustExchange::open_gate(Session& session) {
    if (!session.patience) return;
    session.patience.reset();
    forwarding_.open_gate(session.link);
}

void TrustExchange::tick() {
    for (auto& [link, session] : sessions_) {
        if (session.patience && *session.patience <= custody_.now().monotonic) open_gate(session);
    }
}

std::optional<Instant> TrustExchange::next_timeout() const {
    std::optional<Instant> next;
    for (const auto& [link, session] : sessions_) {
        if (session.patience && (!next || *session.patience < *next)) next = session.patience;
    }
    return next;
}

}  // namespace tram::node
