// What must not open, each with its own reason.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>

#include "handmade.h"
#include "proto/cbor/writer.h"
#include "proto/envelope/envelope.h"

using namespace tram;
using namespace tram::envelope;
using namespace tram::envelope::test;

namespace {

constexpr std::size_t kThreeChunks = 150'000;

std::string code_of(const Result<Opened>& result) {
    return result ? "opened" : std::string{code_name(result.error().code)};
}

Bytes altered(const Bytes& chunk, std::size_t at, std::uint8_t by = 1) {
    Buffer copy(chunk.view().begin(), chunk.view().end());
    copy[at] ^= by;
    return Bytes{std::move(copy)};
}

Bytes resized(const Bytes& chunk, std::size_t bytes) {
    Buffer copy(chunk.view().begin(), chunk.view().end());
    copy.resize(bytes);
    return Bytes{std::move(copy)};
}

/// A change to the chunks of an honest message, or to the way they are presented.
struct Presented {
    std::vector<Bytes> chunks;
    Binding binding;
    std::uint64_t chunk_count = 0;
    std::vector<Bytes> others;  ///< another message of the same sender to the same recipients
};

struct Trick {
    std::string name;
    std::function<void(Presented&)> play;
    std::string sealed;     ///< the code with which a sealed message is refused
    std::string is_public;  ///< and a public one
};

std::vector<Trick> tricks() {
    return {
        {"the last chunk is missing", [](Presented& p) { p.chunks.pop_back(); }, "cut_message",
         "cut_message"},
        {"the last chunk is missing and the count lied",
         [](Presented& p) {
             p.chunks.pop_back();
             --p.chunk_count;
         },
         "bad_seal", "wrong_sender"},
        {"the count is larger", [](Presented& p) { ++p.chunk_count; }, "bad_seal", "wrong_sender"},
        {"the count is beyond all bounds", [](Presented& p) { p.chunk_count = ~0ULL; }, "bad_seal",
         "wrong_sender"},
        {"the count is zero", [](Presented& p) { p.chunk_count = 0; }, "cut_message", "cut_message"},
        {"a chunk more at the end", [](Presented& p) { p.chunks.push_back(p.chunks.back()); }, "cut_message",
         "cut_message"},
        {"two chunks change places", [](Presented& p) { std::swap(p.chunks[1], p.chunks[2]); }, "bad_seal",
         "malformed"},
        {"the first chunk is not the first", [](Presented& p) { std::swap(p.chunks[0], p.chunks[1]); },
         "malformed", "malformed"},
        {"a chunk comes twice", [](Presented& p) { p.chunks[2] = p.chunks[1]; }, "bad_seal", "malformed"},
        {"a chunk of another message", [](Presented& p) { p.chunks[1] = p.others[1]; }, "bad_seal",
         "bad_signature"},
        {"the last chunk of another message", [](Presented& p) { p.chunks[2] = p.others[2]; }, "bad_seal",
         "bad_signature"},
        {"the first chunk of another message", [](Presented& p) { p.chunks[0] = p.others[0]; }, "bad_seal",
         "wrong_sender"},
        {"a chunk is shorter", [](Presented& p) { p.chunks[1] = resized(p.chunks[1], 65'000); }, "bad_seal",
         "cut_message"},
        {"a chunk is longer", [](Presented& p) { p.chunks[1] = resized(p.chunks[1], 70'000); }, "bad_seal",
         "cut_message"},
        {"a chunk is empty", [](Presented& p) { p.chunks[1] = Bytes{}; }, "bad_seal", "cut_message"},
        {"the first chunk is empty", [](Presented& p) { p.chunks[0] = Bytes{}; }, "malformed", "malformed"},
        {"the first chunk ends after its head", [](Presented& p) { p.chunks[0] = resized(p.chunks[0], 110); },
         "malformed", "cut_message"},
        {"content is altered", [](Presented& p) { p.chunks[1] = altered(p.chunks[1], 4'000); }, "bad_seal",
         "bad_signature"},
        {"another source", [](Presented& p) { p.binding.source += "x"; }, "bad_seal", "wrong_sender"},
        {"another destination", [](Presented& p) { p.binding.destination += "x"; }, "bad_seal",
         "wrong_sender"},
        {"another message id", [](Presented& p) { p.binding.message_id[15] ^= 1; }, "bad_seal",
         "wrong_sender"},
        {"another node sends it", [](Presented& p) { p.binding.sender = "dtn://office-7/"; }, "wrong_sender",
         "wrong_sender"},
        {"an unknown suite", [](Presented& p) { p.chunks[0] = altered(p.chunks[0], 1, 2); }, "unknown_suite",
         "unknown_suite"},
    };
}

/// A message made with care, and the change to its recipe.
struct Forgery {
    std::string name;
    std::function<void(Recipe&)> change;
    std::string code;
};

Buffer header_with(const Recipe& recipe, const std::function<void(cbor::Writer&)>& version_and_sender,
                   std::uint64_t recipients, std::uint64_t content_bytes) {
    cbor::Writer out;
    out.open_array(7);
    version_and_sender(out);
    out.open_array(recipients);
    for (std::uint64_t i = 0; i < recipients; ++i)
        out.write_text(recipe.header.recipients[0]);
    out.write_bytes(recipe.header.message_id);
    out.write_unsigned(content_bytes);
    out.write_text("");
    out.write_bytes(std::array<std::uint8_t, 32>{});
    return out.take();
}

void of_version(cbor::Writer& out, std::uint64_t version) {
    out.write_unsigned(version);
    out.write_text(party(0).node_id);
}

std::vector<Forgery> forgeries() {
    static const Party mallory = party(7);
    return {
        {"nothing wrong", [](Recipe&) {}, "opened"},
        {"signed by another's key", [](Recipe& r) { r.signer = &mallory; }, "wrong_node_id"},
        {"signed by nobody known",
         [](Recipe& r) {
             static const Party nobody = party(200);
             r.signer = &nobody;
         },
         "unknown_signer"},
        {"for other recipients", [](Recipe& r) { r.header.recipients = {party(2).node_id}; },
         "not_recipient"},
        {"for more recipients than named", [](Recipe& r) { r.sealed_for.push_back(party(2).recipient()); },
         "wrong_sender"},
        {"for nobody, sealed", [](Recipe& r) { r.header.recipients.clear(); }, "wrong_sender"},
        {"sealed once, now in the clear", [](Recipe& r) { r.sealed_for.clear(); }, "wrong_sender"},
        {"a sender that is not the bundles'", [](Recipe& r) { r.header.sender = mallory.node_id; },
         "wrong_sender"},
        {"of another message", [](Recipe& r) { r.header.message_id[0] ^= 1; }, "wrong_sender"},
        {"a header from before this stream",
         [](Recipe& r) {
             Recipe before = r;
             before.stream_key[0] ^= 1;
             r.signed_header = make(before).signed_header;
         },
         "wrong_sender"},
        {"a trailer of another message",
         [](Recipe& r) {
             Recipe other = r;
             other.content[0] ^= 1;
             r.trailer = make(other).trailer;
         },
         "bad_signature"},
        {"a trailer that is a header", [](Recipe& r) { r.trailer = make(r).signed_header; }, "malformed"},
        {"a signature that does not fit",
         [](Recipe& r) {
             const Bytes good = make(r).signed_header;
             r.signed_header = altered(good, good.size() - 1, 1);
         },
         "bad_signature"},
        {"padding that is not zero", [](Recipe& r) { r.padding = 1; }, "malformed"},
        {"content shorter than said", [](Recipe& r) { r.content.resize(r.content.size() - 5); }, "malformed"},
        {"content longer than said", [](Recipe& r) { r.content.push_back(0); }, "malformed"},
        {"content much shorter than said", [](Recipe& r) { r.content.resize(3); }, "cut_message"},
        {"content in too large a bucket", [](Recipe& r) { r.padded_bytes = 1 << 14; }, "cut_message"},
        {"the header's count is another",
         [](Recipe& r) { r.header.content_bytes += 1 << 20, r.chunk_count = 1; }, "cut_message"},
        {"the stream goes on", [](Recipe& r) { r.final_at = 7; }, "cut_message"},
        {"a header longer than the piece", [](Recipe& r) { r.header_length = 1'000'000; }, "malformed"},
        {"a header of no length", [](Recipe& r) { r.header_length = 0; }, "malformed"},
        {"a header shorter than it is", [](Recipe& r) { r.header_length = 100; }, "malformed"},
        {"a header that is no header", [](Recipe& r) { r.header_payload = Buffer{0x80}; }, "malformed"},
        {"a header of a later version",
         [](Recipe& r) {
             r.header_payload = header_with(r, [](cbor::Writer& out) { of_version(out, 2); }, 1, 0);
         },
         "unsupported_version"},
        {"a header with too many recipients",
         [](Recipe& r) {
             r.header_payload = header_with(r, [](cbor::Writer& out) { of_version(out, 1); }, 65, 0);
         },
         "too_large"},
        {"a header with too much content",
         [](Recipe& r) {
             r.header_payload =
                 header_with(r, [](cbor::Writer& out) { of_version(out, 1); }, 1, kContentBytesMax + 1);
         },
         "too_large"},
        {"sealed for too many", [](Recipe& r) { r.sealed_for.resize(65, party(1).recipient()); },
         "too_large"},
        {"sealed for nobody", [](Recipe& r) { r.suite = 1, r.sealed_for.clear(); }, "malformed"},
        {"in the clear with keys", [](Recipe& r) { r.suite = 0; }, "malformed"},
    };
}

}  // namespace

TEST_CASE("a message whose chunks are not what was sent does not open", "[envelope][hostile]") {
    const bool is_public = GENERATE(false, true);
    const Party sender = party(0);
    const Party office = party(1);
    const std::vector<Recipient> recipients =
        is_public ? std::vector<Recipient>{} : std::vector<Recipient>{office.recipient()};
    Buffer content = content_of(kThreeChunks);
    const auto chunks = seal(sender, recipients, content);
    content[70'000] ^= 1;
    content[149'000] ^= 1;
    const auto others = seal(binding_of(sender, 2), header_of(sender, recipients, content.size(), 2),
                             recipients, sender, content);
    for (const Trick& trick : tricks()) {
        Presented presented{chunks, binding_of(sender), chunks.size(), others};
        trick.play(presented);
        const auto refused =
            open(presented.chunks, presented.binding, presented.chunk_count, office.node_id, &office.sealing);
        INFO(trick.name << (is_public ? " (public)" : " (sealed)") << ": "
                        << (refused ? "" : refused.error().message));
        CHECK(code_of(refused) == (is_public ? trick.is_public : trick.sealed));
    }
}

TEST_CASE("a message that was made with ill will does not open", "[envelope][hostile]") {
    const Party sender = party(0);
    const Party office = party(1);
    for (const Forgery& forgery : forgeries()) {
        Recipe recipe = honest(sender, {office.recipient()}, 2'000);
        forgery.change(recipe);
        const auto refused = open(make(recipe).chunks, recipe.binding, office);
        INFO(forgery.name << ": " << (refused ? "" : refused.error().message));
        CHECK(code_of(refused) == forgery.code);
    }
}

TEST_CASE("a stream that ends early or uses other tags does not open", "[envelope][hostile]") {
    const Party sender = party(0);
    const Party office = party(1);
    Recipe recipe = honest(sender, {office.recipient()}, kThreeChunks);
    std::string expected = "opened";
    SECTION("nothing wrong") {}
    SECTION("the end before the last chunk") {
        recipe.final_at = 1;
        expected = "cut_message";
    }
    SECTION("no end") {
        recipe.final_at = 3;
        expected = "cut_message";
    }
    SECTION("more chunks than the header says") {
        recipe.header.content_bytes = 70'000;
        recipe.chunk_count = 3;
        expected = "cut_message";
    }
    SECTION("another tag") {
        recipe.other_tag = std::uint8_t{1};
        expected = "malformed";
    }
    CHECK(code_of(open(make(recipe).chunks, recipe.binding, office)) == expected);
}

TEST_CASE("a recipient cannot pass a message on under its sender's name", "[envelope][hostile]") {
    const Party sender = party(0);
    const Party thief = party(1);
    const Party victim = party(2);
    // Sealed for both, so the victim's name is in the header, and the thief knows the stream's key.
    const std::vector<Recipient> recipients{thief.recipient(), victim.recipient()};
    const Recipe original = honest(sender, recipients, 500);
    const Handmade stolen = make(original);
    Recipe forged = original;
    forged.signer = &thief;
    forged.signed_header = stolen.signed_header;
    std::string expected;
    SECTION("with other content under the same key") {
        forged.content[0] ^= 1;
        forged.trailer = stolen.trailer;
        expected = "bad_signature";
    }
    SECTION("with other content, the trailer signed by the thief") {
        forged.content[0] ^= 1;
        expected = "bad_signature";
    }
    SECTION("under another key") {
        forged.stream_key[1] ^= 1;
        forged.trailer = stolen.trailer;
        expected = "wrong_sender";
    }
    SECTION("to another endpoint") {
        forged.binding.destination = "dtn://office-2/other";
        forged.trailer = stolen.trailer;
        expected = "wrong_sender";
    }
    CHECK(code_of(open(make(forged).chunks, forged.binding, victim)) == expected);
}

TEST_CASE("no single altered byte goes unnoticed", "[envelope][hostile]") {
    const bool is_public = GENERATE(false, true);
    const auto by = static_cast<std::uint8_t>(GENERATE(0x01, 0x80, 0xff));
    const Party sender = party(0);
    const Party office = party(1);
    const std::vector<Recipient> recipients =
        is_public ? std::vector<Recipient>{}
                  : std::vector<Recipient>{office.recipient(), party(2).recipient()};
    const auto chunks = seal(sender, recipients, content_of(40));
    REQUIRE(chunks.size() == 1);
    REQUIRE(open(chunks, binding_of(sender), office));
    for (std::size_t at = 0; at < chunks[0].size(); ++at) {
        INFO("byte " << at);
        CHECK_FALSE(open({altered(chunks[0], at, by)}, binding_of(sender), office));
    }
}

TEST_CASE("no shortened chunk opens", "[envelope][hostile]") {
    const bool is_public = GENERATE(false, true);
    const Party sender = party(0);
    const Party office = party(1);
    const std::vector<Recipient> recipients =
        is_public ? std::vector<Recipient>{} : std::vector<Recipient>{office.recipient()};
    const auto chunks = seal(sender, recipients, content_of(40));
    for (std::size_t bytes = 0; bytes < chunks[0].size(); ++bytes) {
        INFO(bytes << " bytes");
        CHECK_FALSE(open({resized(chunks[0], bytes)}, binding_of(sender), office));
    }
}
