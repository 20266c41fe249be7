#include "tests/unit/node/dossier_world.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace tram::node::testing {

namespace pb = admin::pb;

namespace {

const std::string kPicture(150'000, 'p');

template <typename Outcome>
Result<Outcome> outcome_of(const effect::Reply& reply) {
    if (!reply.outcome) return std::unexpected{reply.outcome.error()};
    REQUIRE(std::holds_alternative<Outcome>(*reply.outcome));
    return std::get<Outcome>(*reply.outcome);
}

}  // namespace

DossierWorld::DossierWorld(std::uint32_t seed) : world{seed, {.open = false}} {
    restart(kKiosk);
    restart(kServer);
}

void DossierWorld::restart(std::size_t at, const std::string& place, std::uint8_t chance) {
    NodeOptions& options = world.host(at).options();
    options.place = Bytes::copy_of(as_bytes(place));
    options.chance = Bytes{Buffer(32, chance)};
    world.mesh.crash(at);
}

void DossierWorld::meet() {
    world.meet();
    world.meet();
}

pb::Message DossierWorld::request() {
    pb::Message message = tram::test::make_request();
    message.mutable_head()->clear_local_number();
    message.clear_attachments();
    tram::test::attach(message, "scan.jpg", "image/jpeg", kPicture);
    return message;
}

pb::Message DossierWorld::follows(const std::string& number, pb::RequestPurpose purpose,
                                  const std::string& note) {
    pb::Message message;
    admin::stamp(message);
    message.mutable_head()->set_local_number(number);
    message.mutable_request()->set_purpose(purpose);
    message.mutable_request()->set_note(note);
    return message;
}

pb::Message DossierWorld::update(pb::UpdateKind kind, pb::DossierState state) {
    pb::Message message = tram::test::make_update(0, state, "");
    message.mutable_head()->clear_local_number();
    message.mutable_update()->set_kind(kind);
    if (kind == pb::UPDATE_SUPPLEMENT) {
        message.mutable_update()->set_form(pb::FORM_SUPPLEMENT);
        message.mutable_update()->add_need("giấy chứng sinh");
    }
    if (kind == pb::UPDATE_RESULT)
        tram::test::attach(message, "giay_khai_sinh.pdf", "application/pdf", kPicture);
    return message;
}

Result<effect::Reply::Sent> DossierWorld::finish(std::size_t at, const effect::Reply::Filing& filing) {
    return outcome_of<effect::Reply::Sent>(
        world.ask(at, [&](RequestId id) { return input::FinishMessage{id, filing.token}; }));
}

Result<std::string> DossierWorld::file(const pb::Message& message, const std::string& key, std::size_t at) {
    const Bytes wire = admin::encode_message(message).value();
    const auto filing = outcome_of<effect::Reply::Filing>(
        world.ask(at, [&](RequestId id) { return input::FileRequest{id, wire, key, 0}; }));
    if (!filing) return std::unexpected{filing.error()};
    if (!filing->filed.empty()) return filing->filed;
    if (message.attachments_size() > 0) {
        const auto taken = done(at, [&](RequestId id) {
            return input::AppendMessage{id, filing->token, filing->offset,
                                        Bytes::copy_of(as_bytes(kPicture))};
        });
        if (!taken) return std::unexpected{taken.error()};
    }
    const auto sent = finish(at, *filing);
    if (!sent) return std::unexpected{sent.error()};
    return sent->local_number;
}

std::string DossierWorld::file() {
    const auto number = file(request());
    REQUIRE(number);
    return *number;
}

Result<effect::Reply::Filing> DossierWorld::open_update(const std::string& number, const pb::Message& message,
                                                        const std::string& key) {
    const Bytes wire = admin::encode_message(message).value();
    return outcome_of<effect::Reply::Filing>(
        world.ask(kServer, [&](RequestId id) { return input::SendUpdate{id, number, wire, key, 0}; }));
}

Result<std::uint64_t> DossierWorld::say(const std::string& number, const pb::Message& message,
                                        const std::string& key) {
    const auto filing = open_update(number, message, key);
    if (!filing) return std::unexpected{filing.error()};
    if (!filing->filed.empty()) return filing->sequence;
    if (message.attachments_size() > 0) {
        const auto taken = done(kServer, [&](RequestId id) {
            return input::AppendMessage{id, filing->token, filing->offset,
                                        Bytes::copy_of(as_bytes(kPicture))};
        });
        if (!taken) return std::unexpected{taken.error()};
    }
    const auto sent = finish(kServer, *filing);
    if (!sent) return std::unexpected{sent.error()};
    return filing->sequence;
}

Result<std::uint64_t> DossierWorld::say(const std::string& number, pb::DossierState state) {
    return say(number, update(pb::UPDATE_PROGRESS, state));
}

Result<void> DossierWorld::done(std::size_t at, const std::function<Input(RequestId)>& make) {
    const auto outcome = outcome_of<effect::Reply::Done>(world.ask(at, make));
    if (!outcome) return std::unexpected{outcome.error()};
    return {};
}

Result<void> DossierWorld::accept(const std::string& number, const std::string& code) {
    return done(kServer, [&](RequestId id) {
        return input::AcceptDossier{id, number, code, 20'783, "UBND xã Dân Hoá", 1'795'000'000};
    });
}

Result<void> DossierWorld::hand_over(const std::string& number, std::size_t at) {
    return done(at, [&](RequestId id) { return input::HandOverResult{id, number, "18904-to-12", 0, {}}; });
}

Result<effect::Reply::Revealed> DossierWorld::reveal(std::size_t at, const std::string& number,
                                                     input::Box box) {
    return outcome_of<effect::Reply::Revealed>(
        world.ask(at, [&](RequestId id) { return input::RevealRequest{id, number, box}; }));
}

pb::Message DossierWorld::read(std::size_t at, const effect::Reply::Revealed::Content& content) {
    MessageHandOver message;
    message.token = content.token;
    message.piece_count = content.piece_count;
    const auto bytes = world.read_all(message, at);
    REQUIRE(bytes);
    admin::ContentReader reader;
    REQUIRE(reader.take(*bytes));
    REQUIRE(reader.complete());
    return *reader.message();
}

void DossierWorld::post(std::size_t from, const std::string& destination, bpv7::Kind kind,
                        const pb::Message& message, bool is_public) {
    const Bytes encoded = admin::encode_message(message).value();
    Buffer content;
    append(content, admin::begin_content(encoded));
    for (int i = 0; i < message.attachments_size(); ++i)
        append(content, as_bytes(kPicture));
    MessageTerms terms = terms_for(destination, content.size());
    terms.kind = kind;
    terms.content_type = admin::kContentType;
    terms.is_public = is_public;
    const auto opened = outcome_of<effect::Reply::Opened>(
        world.ask(from, [&](RequestId id) { return input::OpenMessage{id, terms}; }));
    REQUIRE(opened);
    REQUIRE(done(from, [&](RequestId id) {
        return input::AppendMessage{id, opened->token, 0, Bytes::copy_of(content)};
    }));
    REQUIRE(finish(from, {opened->token, {}, 0, {}, 0}));
}

std::vector<pb::Message> DossierWorld::drain() {
    std::vector<pb::Message> messages;
    while (const auto handed = world.fetch(kServer, kRequests)) {
        const auto content = world.read_all(*handed);
        REQUIRE(content);
        admin::ContentReader reader;
        REQUIRE(reader.take(*content));
        messages.push_back(*reader.message());
        REQUIRE(world.acknowledge(handed->token));
    }
    return messages;
}

const registry::Registry& DossierWorld::filed(std::size_t at) {
    return world.host(at).node().requests().registry();
}

const registry::Dossiers& DossierWorld::received() {
    return world.host(kServer).node().dossiers().registry();
}

const registry::Request& DossierWorld::filed(const std::string& number) {
    const auto* request = filed().find(*admin::LocalNumber::parse(number));
    REQUIRE(request != nullptr);
    return *request;
}

const registry::Received& DossierWorld::received(const std::string& number) {
    const auto* found = received().find(*admin::LocalNumber::parse(number));
    REQUIRE(found != nullptr);
    return *found;
}

std::size_t DossierWorld::receipts(std::size_t at, pb::ReceiptType type) {
    const auto& kept = world.host(at).node().receipts().kept();
    return static_cast<std::size_t>(std::ranges::count_if(
        kept, [&](const auto& each) { return type_of(each.second.receipt.receipt) == type; }));
}

}  // namespace tram::node::testing
