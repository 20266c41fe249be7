// Attacks with messages, by an enrolled device that turned hostile: every bundle is signed and in order, what
// they carry is not.
#include <algorithm>
#include <stdexcept>

#include "tests/system/hostile/cases.h"
#include "tests/unit/envelope/handmade.h"

namespace tram::hostile {

namespace {

using envelope::test::Handmade;
using envelope::test::Recipe;

constexpr std::size_t kThreeChunks = 150'000;

/// One bundle of a message: what its class block says, and what it carries.
struct Chunk {
    std::uint64_t index = 0;
    std::uint64_t count = 0;
    Bytes payload;
};

envelope::Recipient recipient(Stage& stage, const std::string& node_id) {
    return {node_id, stage.sealing_key_of(node_id)};
}

/// The recipe of an honest message from the hostile device to the victim.
Recipe honest(Stage& stage, std::size_t content_bytes = 1'000) {
    static std::uint8_t number = 0;
    const auto& sender = stage.actor(kHostile).party;
    Recipe recipe = envelope::test::honest(sender, {recipient(stage, kVictim)}, content_bytes);
    recipe.binding.destination = kVictimInbox;
    recipe.binding.message_id.fill(++number);
    recipe.header.message_id = recipe.binding.message_id;
    return recipe;
}

std::vector<Chunk> chunks_of(const std::vector<Bytes>& payloads) {
    std::vector<Chunk> chunks;
    for (const Bytes& payload : payloads)
        chunks.push_back({chunks.size(), payloads.size(), payload});
    return chunks;
}

Bytes bundle_of(Stage& stage, const envelope::Binding& binding, const Chunk& chunk) {
    const BundleTerms terms{.source = binding.source,
                            .destination = kVictimInbox,
                            .payload = std::string{as_text(chunk.payload)},
                            .class_block = bpv7::ClassBlock{.message_id = binding.message_id,
                                                            .chunk_index = chunk.index,
                                                            .chunk_count = chunk.count,
                                                            .form = bpv7::Form::kMessage}};
    return signed_bundle(terms, stage.actor(kHostile).signer());
}

/// Brings the chunks, then asks for the message as the office does: nothing may come.
std::string deliver(Stage& stage, const envelope::Binding& binding, const std::vector<Chunk>& chunks) {
    Peer peer = stage.session_of(kHostile);
    std::string learned;
    for (const Chunk& chunk : chunks)
        learned = text(peer.send(bundle_of(stage, binding, chunk)));
    const auto message = harness::fetch_message(stage.api(), kVictimInbox, milliseconds{0});
    if (!message || !message->head.found()) return learned;
    stage.clear_own();  // the receipt
    return "delivered";
}

std::string deliver(Stage& stage, const Recipe& recipe) {
    return deliver(stage, recipe.binding, chunks_of(envelope::test::make(recipe).chunks));
}

/// An honest message except for what `change` does to its recipe.
std::string changed(Stage& stage, const std::function<void(Recipe&)>& change,
                    std::size_t content_bytes = 1'000) {
    Recipe recipe = honest(stage, content_bytes);
    change(recipe);
    return deliver(stage, recipe);
}

/// An honest message of three chunks except for what `change` does to them.
std::string rearranged(Stage& stage, const std::function<void(std::vector<Chunk>&)>& change) {
    const Recipe recipe = honest(stage, kThreeChunks);
    std::vector<Chunk> chunks = chunks_of(envelope::test::make(recipe).chunks);
    if (chunks.size() != 3) throw std::logic_error{"not three chunks"};
    change(chunks);
    return deliver(stage, recipe.binding, chunks);
}

std::string for_others(Stage& stage) {
    return changed(stage, [&](Recipe& recipe) {
        recipe.sealed_for = {recipient(stage, kOtherOffice)};
        recipe.header.recipients = {kOtherOffice};
    });
}

std::string not_named(Stage& stage) {
    return changed(stage, [](Recipe& recipe) { recipe.header.recipients = {kOtherOffice}; });
}

std::string foreign_chunk(Stage& stage) {
    const Handmade other = envelope::test::make(honest(stage, kThreeChunks));
    return rearranged(stage, [&](std::vector<Chunk>& chunks) { chunks[1].payload = other.chunks[1]; });
}

/// Brings chunk 1 with another payload after the right one.
std::string double_index(Stage& stage) {
    return rearranged(stage, [](std::vector<Chunk>& chunks) {
        Buffer altered{chunks[1].payload.view().begin(), chunks[1].payload.view().end()};
        altered.back() ^= 1;
        chunks.insert(chunks.begin() + 2, {1, 3, Bytes{std::move(altered)}});
    });
}

std::string sealed_for_another_place(Stage& stage) {
    return changed(stage, [](Recipe& recipe) { recipe.binding.destination = kVictim + "elsewhere"; });
}

/// The header of the sender's other message, which the victim has not seen.
std::string header_of_another(Stage& stage) {
    const Handmade other = envelope::test::make(honest(stage));
    return changed(stage, [&](Recipe& recipe) { recipe.signed_header = other.signed_header; });
}

/// A header that the honest device signed for a message to the hostile one and the victim.
std::string header_of_another_node(Stage& stage) {
    Recipe from_honest = honest(stage);
    from_honest.signer = &stage.actor(kHonest).party;
    from_honest.header.sender = kHonest;
    from_honest.binding.sender = kHonest;
    from_honest.binding.source = kHonest + "outbox";
    const Handmade other = envelope::test::make(from_honest);
    return changed(stage, [&](Recipe& recipe) {
        recipe.signed_header = other.signed_header;
        recipe.binding.message_id = from_honest.binding.message_id;
    });
}

std::string signed_as(Stage& stage, const cose::CertificateId& certificate) {
    const auto& own = stage.actor(kHostile).party;
    const envelope::test::Party forger{
        .node_id = own.node_id,
        .signing = cose::SigningKey::from_seed(harness::random_seed()).value(),
        .certificate = certificate,
        .sealing = envelope::SealingKey::from_secret(harness::random_seed()).value()};
    return changed(stage, [&](Recipe& recipe) { recipe.signer = &forger; });
}

std::string trailer_of_another(Stage& stage) {
    const Handmade other = envelope::test::make(honest(stage, 2'000));
    return changed(stage, [&](Recipe& recipe) { recipe.trailer = other.trailer; });
}

std::string too_many_recipients(Stage& stage) {
    return changed(stage, [&](Recipe& recipe) {
        recipe.sealed_for.assign(envelope::kRecipientsMax + 1, recipient(stage, kVictim));
        recipe.header.recipients.assign(recipe.sealed_for.size(), kVictim);
        recipe.chunk_count = 2;
    });
}

/// Brings chunk 1 with another count before the right one.
std::string counts_differ(Stage& stage) {
    return rearranged(stage, [](std::vector<Chunk>& chunks) {
        chunks.insert(chunks.begin() + 1, {1, 4, chunks[1].payload});
    });
}

/// Says one chunk less than there are, and leaves the last one out.
std::string cut(Stage& stage, bool also_inside) {
    Recipe recipe = honest(stage, kThreeChunks);
    if (also_inside) recipe.chunk_count = 2;
    std::vector<Chunk> chunks = chunks_of(envelope::test::make(recipe).chunks);
    chunks.pop_back();
    for (Chunk& chunk : chunks)
        chunk.count = 2;
    return deliver(stage, recipe.binding, chunks);
}

std::string too_many_chunks(Stage& stage) {
    const Recipe recipe = honest(stage);
    std::vector<Chunk> chunks = chunks_of(envelope::test::make(recipe).chunks);
    chunks[0].count = 1ULL << 60;
    return deliver(stage, recipe.binding, chunks);
}

}  // namespace

std::vector<Case> message_cases() {
    const std::string family = "refused.";
    const std::string taken =
        "accepted";  // the bundles are in order: the message is refused, and they with it
    return {
        {"sealed for another recipient", for_others, taken, family + "not_recipient",
         "the message is sealed for others"},
        {"sealed for the victim, header names another", not_named, taken, family + "not_recipient",
         "does not name this node among its recipients"},
        {"stream goes on after the last chunk",
         [](Stage& s) { return changed(s, [](Recipe& r) { r.final_at = 99; }, kThreeChunks); }, taken,
         family + "cut_message", "the stream goes on after the last chunk"},
        {"stream ends early",
         [](Stage& s) { return changed(s, [](Recipe& r) { r.final_at = 1; }, kThreeChunks); }, taken,
         family + "cut_message", "the stream ends before the last chunk"},
        {"truncated, with a lower count on its bundles", [](Stage& s) { return cut(s, false); }, taken,
         family + "bad_seal", "piece 0 of the message", true},
        {"truncated, with a lower count inside as well", [](Stage& s) { return cut(s, true); }, taken,
         family + "cut_message", "its header and its bundles disagree about its length"},
        {"more chunks than a message can have", too_many_chunks, taken, family + "foreign_chunk",
         "no message has so many chunks"},
        {"reordered chunks",
         [](Stage& s) {
             return rearranged(s, [](std::vector<Chunk>& c) { std::swap(c[1].payload, c[2].payload); });
         },
         taken, family + "bad_seal", "piece 1 of the message", true},
        {"chunk of another message", foreign_chunk, taken, family + "bad_seal", "piece 1 of the message",
         true},
        {"one index twice, with other content", double_index, "delivered", family + "foreign_chunk",
         "another bundle is chunk 1 already"},
        {"chunks differ about their count", counts_differ, "delivered", family + "foreign_chunk",
         "it says 4 chunks and others say 3"},
        {"sealed for another destination", sealed_for_another_place, taken, family + "bad_seal",
         "piece 0 of the message", true},
        {"header names another sender",
         [](Stage& s) { return changed(s, [](Recipe& r) { r.header.sender = kElsewhere; }); }, taken,
         family + "wrong_sender", "names the sender dtn://19000-lt01/, but its bundles are from"},
        {"header of another node's message", header_of_another_node, taken, family + "wrong_sender",
         "names the sender dtn://18904-ks07/, but its bundles are from"},
        {"header of another message of the sender", header_of_another, taken, family + "wrong_sender",
         "the signed header of the message belongs to another"},
        {"header signed with another device's certificate",
         [](Stage& s) { return signed_as(s, s.actor(kHonest).party.certificate); }, taken,
         family + "wrong_node_id",
         "the sign certificate of dtn://18904-ks07/ was used to sign for dtn://18904-lt66/"},
        {"header signed with a certificate that nobody knows",
         [](Stage& s) { return signed_as(s, cose::certificate_id(as_bytes("?"))); }, taken,
         family + "unknown_signer", "with which dtn://18904-lt66/ signed is not known here", false, 1},
        {"header signed with another key",
         [](Stage& s) { return signed_as(s, s.actor(kHostile).party.certificate); }, taken,
         family + "bad_signature", "the signed header of the message: "},
        {"trailer of another message", trailer_of_another, taken, family + "bad_signature",
         "the signature over the message's content does not match"},
        {"unknown suite", [](Stage& s) { return changed(s, [](Recipe& r) { r.suite = 7; }); }, taken,
         family + "unknown_suite", "suite 7", false, 1},
        {"too many recipients", too_many_recipients, taken, family + "too_large", "65 recipients"},
        {"content in the padding", [](Stage& s) { return changed(s, [](Recipe& r) { r.padding = 'x'; }); },
         taken, family + "malformed", "the padding of the message is not zero"},
        {"a tag that is not used",
         [](Stage& s) { return changed(s, [](Recipe& r) { r.other_tag = 2; }, kThreeChunks); }, taken,
         family + "malformed", "has a tag that is not used"},
        {"header longer than the piece",
         [](Stage& s) { return changed(s, [](Recipe& r) { r.header_length = 60'000; }); }, taken,
         family + "malformed", "has a header of 60000 bytes"},
        {"content type too long",
         [](Stage& s) {
             return changed(s, [](Recipe& r) { r.header.content_type = std::string(200, 'x'); });
         },
         taken, family + "too_large", "a string of 200 bytes"},
    };
}

std::vector<Case> honest_messages() {
    return {
        {"a message of one chunk", [](Stage& s) { return deliver(s, honest(s)); }, "delivered", {}, {}},
        {"a message of three chunks",
         [](Stage& s) { return rearranged(s, [](std::vector<Chunk>&) {}); },
         "delivered",
         {},
         {}},
        {"chunks that come in another order",
         [](Stage& s) {
             return rearranged(s, [](std::vector<Chunk>& chunks) { std::ranges::reverse(chunks); });
         },
         "delivered",
         {},
         {}},
        {"a message for two offices",
         [](Stage& s) {
             return changed(s, [&](Recipe& recipe) {
                 recipe.sealed_for.push_back(recipient(s, kOtherOffice));
                 recipe.header.recipients.push_back(kOtherOffice);
             });
         },
         "delivered",
         {},
         {}},
    };
}

}  // namespace tram::hostile
