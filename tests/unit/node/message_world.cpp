#include "tests/unit/node/message_world.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

#include "tests/identities.h"

namespace tram::node::testing {

namespace {

const tram::test::Authority& root() {
    static const tram::test::Authority made = tram::test::make_root();
    return made;
}

const tram::test::Authority& commune() {
    static const tram::test::Authority made = tram::test::make_authority(root(), "18904");
    return made;
}

NodeOptions options(const std::string& node_id, bool office, const Setup& setup) {
    const auto& device = device_of(node_id);
    NodeOptions made;
    made.node_id = *bpv7::Eid::parse(node_id);
    made.router = setup.router;
    made.groups = {*bpv7::Eid::parse("dtn://18904/~notice")};
    made.link_bundles_in_flight_max = 4;
    made.quota_bytes = setup.quota_bytes;
    made.cache_bytes_max = 200'000;  // a few chunks, so that reading back is exercised too
    made.security.open = setup.open;
    made.security.signing_key = std::make_shared<cose::SigningKey>(tram::test::key_of(node_id + " sign"));
    made.security.signer = device.signing.id;
    if (office) {
        made.security.sealing_key = std::make_shared<envelope::SealingKey>(
            envelope::SealingKey::from_secret(device.sealing_secret).value());
    }
    return made;
}

}  // namespace

const test::Device& device_of(const std::string& node_id) {
    static std::map<std::string, test::Device> made;
    const auto known = made.find(node_id);
    if (known != made.end()) return known->second;
    return made.emplace(node_id, tram::test::make_device(commune(), node_id)).first->second;
}

identity::TrustBundle everybody() {
    identity::TrustBundle trust;
    trust.certificates = {root().certificate, commune().certificate};
    for (const char* node_id : {"dtn://18904-ks07/", "dtn://18904-lt01/", "dtn://18904-srv/"}) {
        const auto& device = device_of(node_id);
        trust.certificates.push_back(device.signing);
        if (node_id != std::string_view{"dtn://18904-lt01/"}) trust.certificates.push_back(device.sealing);
    }
    return trust;
}

World::World(std::uint32_t seed, const Setup& setup)
    : mesh{{options("dtn://18904-ks07/", true, setup), options("dtn://18904-lt01/", false, setup),
            options("dtn://18904-srv/", true, setup)},
           seed} {
    static const identity::TrustBundle trust = everybody();
    for (std::size_t i = 0; i < 3; ++i) {
        host(i).believe(trust);
        mesh.crash(i);
    }
}

std::vector<std::string> World::draft_rows(std::size_t index) {
    std::vector<std::string> rows;
    store::ScanVisitor visitor;
    visitor.state = [&](const std::string& name, ByteView) {
        if (name.starts_with("draft/")) rows.push_back(name);
        return true;
    };
    REQUIRE(host(index).store().scan(visitor));
    return rows;
}

MessageTerms terms_for(const std::string& destination, std::uint64_t content_bytes) {
    MessageTerms terms;
    terms.destination = *bpv7::Eid::parse(destination);
    terms.content_bytes = content_bytes;
    return terms;
}

std::uint64_t World::send(std::uint64_t content_bytes) {
    const std::uint64_t number = mesh.send_message(kKiosk, terms_for(kServerInbox, content_bytes));
    for (int i = 0; i < 100 && !mesh.messages_answered.contains(number); ++i)
        host(kKiosk).sync();
    REQUIRE(mesh.messages_answered.contains(number));
    return number;
}

void World::meet() {
    mesh.connect(kKiosk, kLaptop);
    mesh.settle();
    mesh.disconnect(kKiosk, kLaptop);
    mesh.connect(kLaptop, kServer);
    mesh.settle();
    mesh.disconnect(kLaptop, kServer);
}

std::optional<MessageHandOver> World::fetch(std::size_t at, const std::string& endpoint) {
    const auto reply = ask(at, [&](RequestId request) {
        return input::FetchMessage{request, *bpv7::Eid::parse(endpoint), Duration{0}};
    });
    REQUIRE(reply.outcome);
    const auto* handed = std::get_if<MessageHandOver>(&*reply.outcome);
    return handed == nullptr ? std::nullopt : std::optional{*handed};
}

Result<effect::Reply::Piece> World::read(const std::string& token, std::uint64_t index, std::size_t at) {
    const auto reply = ask(at, [&](RequestId request) { return input::ReadMessage{request, token, index}; });
    if (!reply.outcome) return std::unexpected{reply.outcome.error()};
    return std::get<effect::Reply::Piece>(*reply.outcome);
}

Result<Buffer> World::read_all(const MessageHandOver& message, std::size_t at) {
    Buffer content;
    for (std::uint64_t index = 0; index < message.piece_count; ++index) {
        const auto piece = read(message.token, index, at);
        if (!piece) return std::unexpected{piece.error()};
        append(content, piece->content);
        CHECK(piece->last == (index + 1 == message.piece_count));
    }
    return content;
}

Result<void> World::acknowledge(const std::string& token, std::size_t at) {
    const auto reply = ask(at, [&](RequestId request) { return input::AcknowledgeMessage{request, token}; });
    if (!reply.outcome) return std::unexpected{reply.outcome.error()};
    CHECK(std::holds_alternative<effect::Reply::Done>(*reply.outcome));
    return {};
}

Stranger::Stranger(World& world) : world_{world} {}

std::vector<Bytes> Stranger::seal(const Bytes& content, std::optional<std::string> recipient,
                                  std::uint8_t id) {
    const Security& keys = world_.host(kKiosk).options().security;
    envelope::Binding binding{.source = "dtn://18904-ks07/",
                              .sender = "dtn://18904-ks07/",
                              .destination = kServerInbox,
                              .message_id = {}};
    binding.message_id.fill(id);
    envelope::Header header{.sender = binding.sender,
                            .recipients = {},
                            .message_id = binding.message_id,
                            .content_bytes = content.size(),
                            .content_type = "text/plain"};
    std::vector<envelope::Recipient> recipients;
    if (recipient) {
        recipients.push_back({*recipient, tram::test::sealing_public_key_of(*recipient + " seal")});
        header.recipients.push_back(*recipient);
    }
    auto sealer = envelope::Sealer::begin(binding, header, recipients, *keys.signing_key, keys.signer);
    REQUIRE(sealer);
    std::vector<Bytes> chunks;
    REQUIRE(sealer->write(content, chunks));
    REQUIRE(sealer->finish(chunks));
    return chunks;
}

bool Stranger::bring(const Bytes& payload, std::uint64_t index, std::uint64_t count, std::uint8_t id,
                     const std::string& destination) {
    using namespace bpv7;
    Bundle bundle;
    bundle.primary.flags = bundle_flag::kMustNotFragment;
    bundle.primary.destination = *Eid::parse(destination);
    bundle.primary.source = *Eid::parse("dtn://18904-ks07/");
    bundle.primary.timestamp = {{}, ++sequence_};
    bundle.primary.lifetime_ms = 1'000'000'000;
    bundle.blocks.push_back({block_type::kPayload, kPayloadBlockNumber, 0, CrcType::kCrc32c, payload});
    bundle.set_block(block_type::kBundleAge, 0, CrcType::kCrc16, encode_bundle_age(0));
    ClassBlock klass{.urgency = Urgency::kNormal,
                     .kind = Kind::kBulk,
                     .message_id = {},
                     .chunk_index = index,
                     .chunk_count = count,
                     .form = Form::kMessage};
    klass.message_id.fill(id);
    bundle.set_block(block_type::kClass, 0, CrcType::kCrc16, encode_class(klass));
    last_ = encode(bundle);
    return !arrive(last_).has_value();
}

void Stranger::bring(const std::vector<Bytes>& chunks, std::uint8_t id) {
    for (std::size_t i = 0; i < chunks.size(); ++i)
        REQUIRE(bring(chunks[i], i, chunks.size(), id));
}

std::optional<Refusal> Stranger::bring_again() {
    return arrive(last_);
}

std::optional<Refusal> Stranger::arrive(const Bytes& wire) {
    return world_.mesh.bring(kServer, wire);
}

}  // namespace tram::node::testing
