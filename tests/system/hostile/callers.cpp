// Attackers that are called: where a device believes to find its commune's server, somebody else answers.
#include <array>
#include <catch2/catch.hpp>

#include "tests/system/hostile/cases.h"

namespace tram::hostile {

namespace {

constexpr std::size_t kContactHeaderBytes = 6;  // RFC 9174 4.2
constexpr std::size_t kFlagsAt = 5;

/// Answers one call as a server, and says what became of it.
std::string answer(Listener& listener, std::optional<TlsTerms> tls, const std::string& announced = kVictim) {
    Peer peer{listener.accept(), Side::kCalled, {.node_id = announced, .tls = std::move(tls)}};
    if (peer.establish() && peer.wait_for_end()) return "session, " + peer.ending();
    return peer.ending();
}

Buffer read_contact_header(Connection& connection) {
    Buffer header;
    while (header.size() < kContactHeaderBytes) {
        const auto got = connection.receive(harness::kPatience);
        if (!got || got->empty()) throw std::runtime_error{"no contact header came"};
        append(header, *got);
    }
    return header;
}

/// Stands between a caller and the victim, takes the offer of TLS out of what passes, and then lets
/// everything through until both have ended.
std::string take_offer_out(Stage& stage, Listener& listener, bool both_ways) {
    Connection caller = listener.accept();
    Connection server = stage.connect();
    Buffer header = read_contact_header(caller);
    header[kFlagsAt] = 0;
    server.send(header);
    header = read_contact_header(server);
    if (both_ways) header[kFlagsAt] = 0;
    caller.send(header);
    std::array<bool, 2> ended{};
    const auto pass = [](Connection& from, Connection& to, bool& end) {
        if (end) return;
        const auto got = from.receive(milliseconds{10});
        if (!got) return;
        end = got->empty();
        to.send(*got);
        if (end) to.end_sending();
    };
    while (!ended[0] || !ended[1]) {
        pass(caller, server, ended[0]);
        pass(server, caller, ended[1]);
    }
    return "nothing";
}

std::vector<Case> caller_cases(Listener& listener) {
    const std::string family = "links_refused.";
    const auto with = [&listener](std::function<TlsTerms(Stage&)> tls, std::string announced = kVictim) {
        return [&listener, tls = std::move(tls), announced = std::move(announced)](Stage& stage) {
            return answer(listener, tls(stage), announced);
        };
    };
    const CertificateTerms victims{.eids = {kVictim}};
    return {
        {"the server offers no TLS", [&](Stage&) { return answer(listener, {}); }, "ended: no_tls",
         family + "no_tls", "TLS is required here and the peer does not offer it", true},
        {"the offer of TLS is taken out on the way there",
         [&](Stage& s) { return take_offer_out(s, listener, false); }, "nothing", family + "no_tls",
         "something on the way takes it out"},
        {"another device answers", with([](Stage& s) { return s.actor(kHostile).tls; }, kHostile),
         "session, ended: wrong_node_id", family + "wrong_node_id",
         "is dtn://18904-lt66/, but the configuration expects dtn://18904-srv/"},
        {"another device answers and announces the server's id",
         with([](Stage& s) { return s.actor(kHostile).tls; }), "session, ended: wrong_node_id",
         family + "wrong_node_id", "announces the node id dtn://18904-srv/, but its certificate names"},
        {"a server of an unknown authority", with([](Stage& s) {
             const Certified authority = s.foreign_province().authority(kCommune);
             const Certified made = harness::certify({.eids = {kVictim}}, &authority);
             return TlsTerms{.chain = {made.der, authority.der}, .seed = made.seed};
         }),
         "alert 48", family + "unknown_authority", "was issued by an authority that is not known"},
        {"an expired server", with([=](Stage& s) {
             CertificateTerms terms = victims;
             terms.begins_in_s = -172'800;
             terms.ends_in_s = -86'400;
             return s.tls_with(terms);
         }),
         "alert 45", family + "certificate_expired", "has run out"},
        {"the offer of TLS is taken out both ways",
         [&](Stage& s) { return take_offer_out(s, listener, true); }, "nothing", family + "no_tls",
         "TLS is required here and the peer does not offer it", true},
        {"a server of TLS 1.2", with([=](Stage& s) {
             TlsTerms tls = s.tls_with(victims);
             tls.only_tls12 = true;
             return tls;
         }),
         "closed", family + "tls_failed", "the peer refused TLS 1.3"},
    };
}

}  // namespace

TEST_CASE("a device that calls its server is not deceived by who answers", "[system][hostile]") {
    Stage stage;
    Listener listener;
    config::Config config = stage.province().settings_of(kHonest);
    config.peers = {{kVictim, "127.0.0.1:" + std::to_string(listener.port())}};
    harness::DaemonProcess caller{stage.directory(), "caller", config};
    REQUIRE(caller.start_and_wait());

    play(stage, caller, caller_cases(listener));

    // The same harness with an honest server: the caller stays.
    Peer honest{
        listener.accept(), Side::kCalled, {.node_id = kVictim, .tls = stage.tls_with({.eids = {kVictim}})}};
    CHECK(honest.establish());
    CHECK_FALSE(honest.run_until([] { return false; }, milliseconds{200}));
    CHECK(honest.ending() == "silence");
}

}  // namespace tram::hostile
