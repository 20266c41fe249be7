#include <catch2/catch.hpp>
#include <set>
#include <sodium.h>

#include "proto/envelope/envelope.h"
#include "samples.h"

using namespace tram;
using namespace tram::envelope;
using namespace tram::envelope::test;

namespace {

std::array<std::uint8_t, 32> sha256_of(ByteView data) {
    std::array<std::uint8_t, 32> digest;
    crypto_hash_sha256(digest.data(), data.data(), data.size());
    return digest;
}

/// What the pieces of a message have in plain text, from the sizes of its chunks.
std::uint64_t padded_bytes(const std::vector<Bytes>& chunks, std::size_t recipients) {
    const std::size_t head =
        recipients == 0 ? 4 : 1 + 1 + (recipients < 24 ? 1 : 2) + recipients * 82 + 2 + 24;
    std::uint64_t bytes = 0;
    for (const Bytes& chunk : chunks)
        bytes += chunk.size() - (recipients == 0 ? 0 : 17);
    return bytes - head;
}

/// The most content that fits into `padded` bytes.
std::size_t largest_content(std::size_t padded, const Party& sender,
                            const std::vector<Recipient>& recipients) {
    std::size_t content = padded;
    while (padded_bytes(seal(sender, recipients, content_of(content)), recipients.size()) > padded)
        --content;
    return content;
}

}  // namespace

TEST_CASE("a message of any length comes back as it was written", "[envelope]") {
    const Party sender = party(0);
    const Party office = party(1);
    const bool is_public = GENERATE(false, true);
    const std::size_t size = GENERATE(0U, 1U, 23U, 24U, 255U, 256U, 511U, 512U, 513U, 32'767U, 65'535U,
                                      65'536U, 65'537U, 131'072U, 196'608U, (3U << 20) + 17U);
    const std::size_t step = GENERATE(1U << 20, 4'099U);
    const std::vector<Recipient> recipients =
        is_public ? std::vector<Recipient>{} : std::vector<Recipient>{office.recipient()};
    const Buffer content = content_of(size);
    const Header header = header_of(sender, recipients, size);
    const auto chunks = seal(binding_of(sender), header, recipients, sender, content, step);
    CHECK(chunks.size() == chunk_count(header));
    const auto opened = open(chunks, binding_of(sender), office);
    REQUIRE(opened);
    CHECK((opened->content == content));
    CHECK(opened->header == header);
    CHECK(opened->digest == sha256_of(content));
}

TEST_CASE("messages that fill a bucket to the last byte come back", "[envelope]") {
    const Party sender = party(0);
    const Party office = party(1);
    const bool is_public = GENERATE(false, true);
    const std::size_t padded = GENERATE(512U, 1'024U, 16'384U, 65'536U, 131'072U, 196'608U);
    const std::vector<Recipient> recipients =
        is_public ? std::vector<Recipient>{} : std::vector<Recipient>{office.recipient()};
    const std::size_t largest = largest_content(padded, sender, recipients);
    REQUIRE(largest > 0);
    for (const std::size_t size : {largest - 1, largest, largest + 1}) {
        const Buffer content = content_of(size);
        const auto chunks = seal(sender, recipients, content);
        const std::size_t bucket = size <= largest        ? padded
                                   : padded < kPieceBytes ? 2 * padded
                                                          : padded + kPieceBytes;
        CHECK(padded_bytes(chunks, recipients.size()) == bucket);
        CHECK(chunks.size() == (bucket + kPieceBytes - 1) / kPieceBytes);
        const auto opened = open(chunks, binding_of(sender), office);
        REQUIRE(opened);
        CHECK((opened->content == content));
    }
}

TEST_CASE("an observer learns no more about the length than its bucket", "[envelope]") {
    const Party sender = party(0);
    const std::vector<Recipient> recipients{party(1).recipient()};
    std::set<std::uint64_t> sizes;
    for (std::size_t size = 0; size < 5'000; size += 7)
        sizes.insert(padded_bytes(seal(sender, recipients, content_of(size)), 1));
    CHECK(sizes == std::set<std::uint64_t>{512, 1'024, 2'048, 4'096, 8'192});
}

TEST_CASE("each of several recipients opens a message and nobody else", "[envelope]") {
    const Party sender = party(0);
    std::vector<Recipient> recipients;
    for (std::uint8_t number = 1; number <= 5; ++number)
        recipients.push_back(party(number).recipient());
    const Buffer content = content_of(1'000);
    const auto chunks = seal(sender, recipients, content);
    for (std::uint8_t number = 1; number <= 5; ++number) {
        const auto opened = open(chunks, binding_of(sender), party(number));
        REQUIRE(opened);
        CHECK((opened->content == content));
        CHECK(opened->header.recipients.size() == 5);
    }
    for (const bool to_sender : {false, true}) {
        const Party stranger = party(to_sender ? 0 : 6);
        const auto refused = open(chunks, binding_of(sender), stranger);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == ErrorCode::kNotRecipient);
    }
    const auto keyless = open(chunks, binding_of(sender), chunks.size(), party(1).node_id, nullptr);
    REQUIRE_FALSE(keyless);
    CHECK(keyless.error().code == ErrorCode::kNoSealingKey);
}

TEST_CASE("the most recipients that are allowed can all open", "[envelope]") {
    const Party sender = party(0);
    const Party last = party(1);
    std::vector<Recipient> recipients(kRecipientsMax - 1, party(2).recipient());
    recipients.push_back(last.recipient());
    const auto chunks = seal(sender, recipients, content_of(10));
    CHECK(open(chunks, binding_of(sender), last));
}

TEST_CASE("a public message opens without any key", "[envelope]") {
    const Party sender = party(0);
    const Buffer content = content_of(100'000);
    const auto chunks = seal(sender, {}, content);
    const auto opened = open(chunks, binding_of(sender), chunks.size(), "dtn://anybody/", nullptr);
    REQUIRE(opened);
    CHECK((opened->content == content));
    CHECK(opened->header.recipients.empty());
}

TEST_CASE("the same message sealed twice shares no byte pattern", "[envelope]") {
    const Party sender = party(0);
    const std::vector<Recipient> recipients{party(1).recipient()};
    const auto one = seal(sender, recipients, content_of(64));
    const auto two = seal(sender, recipients, content_of(64));
    REQUIRE(one[0].size() == two[0].size());
    std::size_t equal = 0;
    for (std::size_t i = 0; i < one[0].size(); ++i)
        equal += one[0].data()[i] == two[0].data()[i] ? 1 : 0;
    CHECK(equal < 40);  // the frame of the head, and 1 in 256 by chance
}

TEST_CASE("a sealer takes exactly the content that was said", "[envelope]") {
    const Party sender = party(0);
    const std::vector<Recipient> recipients{party(1).recipient()};
    auto sealer = Sealer::begin(binding_of(sender), header_of(sender, recipients, 100), recipients,
                                sender.signing, sender.certificate);
    REQUIRE(sealer);
    std::vector<Bytes> chunks;
    const auto early = sealer->finish(chunks);
    REQUIRE_FALSE(early);
    CHECK(early.error().code == ErrorCode::kTruncated);
    const auto much = sealer->write(content_of(101), chunks);
    REQUIRE_FALSE(much);
    CHECK(much.error().code == ErrorCode::kTooLarge);
    CHECK(sealer->write(content_of(100), chunks));
    CHECK(sealer->finish(chunks));
    const auto twice = sealer->finish(chunks);
    REQUIRE_FALSE(twice);
    CHECK(twice.error().code == ErrorCode::kInvalidArgument);
    CHECK(chunks.size() == 1);
}

TEST_CASE("a sealer refuses what no recipient would open", "[envelope]") {
    const Party sender = party(0);
    std::vector<Recipient> recipients{party(1).recipient()};
    Binding binding = binding_of(sender);
    Header header = header_of(sender, recipients, 5);
    ErrorCode expected = ErrorCode::kInvalidArgument;
    SECTION("a header for others") {
        header.recipients[0] = party(2).node_id;
    }
    SECTION("a header for fewer") {
        header.recipients.clear();
    }
    SECTION("a header of another message") {
        header.message_id[0] ^= 1;
    }
    SECTION("a header of another sender") {
        header.sender = party(2).node_id;
    }
    SECTION("a key that is no point on the curve") {
        recipients[0].key = {};
    }
    SECTION("too many recipients") {
        recipients.resize(kRecipientsMax + 1, recipients[0]);
        header = header_of(sender, recipients, 5);
        expected = ErrorCode::kTooLarge;
    }
    SECTION("too much content") {
        header.content_bytes = kContentBytesMax + 1;
        expected = ErrorCode::kTooLarge;
    }
    SECTION("a content type that is too long") {
        header.content_type = std::string(129, 'x');
        expected = ErrorCode::kTooLarge;
    }
    SECTION("a content type that is not UTF-8") {
        header.content_type = "\xff";
        expected = ErrorCode::kMalformed;
    }
    SECTION("names that do not fit before the content") {
        recipients.assign(40, Recipient{"dtn://" + std::string(1'000, 'n') + "/", recipients[0].key});
        header = header_of(sender, recipients, 5);
        expected = ErrorCode::kTooLarge;
    }
    const auto refused = Sealer::begin(binding, header, recipients, sender.signing, sender.certificate);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == expected);
}

TEST_CASE("a sealing key has 32 bytes", "[envelope]") {
    const std::size_t bytes = GENERATE(0U, 31U, 33U, 64U);
    const auto refused = SealingKey::from_secret(content_of(bytes));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == ErrorCode::kInvalidArgument);
}
