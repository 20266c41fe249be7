#include "proto/admin/message.h"

#include <catch2/catch.hpp>
#include <google/protobuf/stubs/logging.h>
#include <random>

#include "tests/unit/admin/samples.h"

using namespace tram;
using namespace tram::admin;
using namespace tram::test;

namespace {

/// Takes `content` in pieces of `size`; the attachments' bytes, one after the other.
struct Taken {
    std::string outcome;
    std::vector<std::string> attachments;
};

Taken take_all(ContentReader& reader, ByteView content, std::size_t size) {
    Taken taken;
    for (std::size_t at = 0; at < content.size(); at += size) {
        const auto parts = reader.take(content.subspan(at, std::min(size, content.size() - at)));
        if (!parts) {
            taken.outcome = code_of(parts);
            return taken;
        }
        for (const auto& part : *parts) {
            taken.attachments.resize(part.attachment + 1);
            taken.attachments.back() += text_of(part.bytes);
        }
    }
    taken.outcome = reader.complete() ? "complete" : "waiting";
    return taken;
}

Buffer content_of(const pb::Message& message, std::initializer_list<std::string_view> attachments) {
    const Bytes begin = begin_content(*encode_message(message));
    Buffer content{begin.view().begin(), begin.view().end()};
    for (const std::string_view each : attachments)
        append(content, as_bytes(each));
    return content;
}

/// A field number that this version does not have, with four bytes in it.
void add_unknown_field(std::string& wire, const std::string& bytes = "news") {
    wire += "\xFA\x3E";  // field 1007, length-delimited
    wire += static_cast<char>(bytes.size());
    wire += bytes;
}

}  // namespace

TEST_CASE("texts come in any Unicode form and are kept in one", "[admin][message]") {
    pb::Message message = make_request();
    message.mutable_head()->set_title("  Dan Hoa\xCC\x81 ");
    add_text(*message.mutable_request()->mutable_form(), "noi_sinh", "Hoa\xCC\x81");
    REQUIRE(code_of(normalize(message)) == "good");
    CHECK(message.head().title() == "Dan Hoá");
    CHECK(message.request().form().fields(0).value().text() == "Hoá");

    message.mutable_request()->set_note("secret\x01word");
    const auto refused = normalize(message);
    CHECK(code_of(refused) == "malformed");
    CHECK(refused.error().message.find("note") != std::string::npos);
    CHECK(refused.error().message.find("word") == std::string::npos);
}

TEST_CASE("what a reader does not know survives it", "[admin][message]") {
    pb::Message message = make_update(1, static_cast<pb::DossierState>(77));
    message.set_version(2);
    std::string wire = message.SerializeAsString();
    add_unknown_field(wire);
    const auto read = decode_message(as_bytes(wire));
    REQUIRE(code_of(read) == "good");
    CHECK(read->update().state() == 77);
    CHECK(text_of(*encode_message(*read)) == wire);
}

TEST_CASE("a message for newer readers shows its head and no more", "[admin][message]") {
    pb::Message message = make_notice();
    message.set_version(3);
    message.set_oldest_reader_version(2);
    message.clear_notice();
    std::string wire = message.SerializeAsString();
    add_unknown_field(wire);
    const auto read = decode_message(as_bytes(wire));
    CHECK(code_of(read) == "unsupported_version");
    const auto head = decode_head(as_bytes(wire));
    REQUIRE(code_of(head) == "good");
    CHECK(head->kind() == pb::KIND_NOTICE);
    CHECK(head->title() == "Ứng phó bão số 13: sơ tán trước 15 giờ");
    CHECK(head->document_number() == "07/CĐ-UBND");

    ContentReader reader;
    CHECK(take_all(reader, begin_content(as_bytes(wire)), 10).outcome == "unsupported_version");
    CHECK(text_of(reader.encoded_message()) == wire);
}

TEST_CASE("what is no message is refused", "[admin][message]") {
    CHECK(code_of(decode_message({})) == "malformed");
    CHECK(code_of(decode_message(as_bytes("hello"))) == "malformed");
    CHECK(code_of(decode_message(Buffer(kMessageBytesMax + 1))) == "too_large");
    pb::Message message = make_request();
    message.mutable_request()->mutable_subject()->mutable_fields(0)->mutable_value()->set_text(
        std::string(kMessageBytesMax, 'x'));
    CHECK(code_of(encode_message(message)) == "too_large");
    message = make_request();
    message.clear_head();
    CHECK(code_of(decode_message(as_bytes(message.SerializeAsString()))) == "malformed");
    // Deeper than any stack should follow.
    std::string value;
    for (int i = 0; i < 5'000; ++i) {
        const auto length = [](std::size_t size) {
            std::string out;
            for (; size > 0x7f; size >>= 7U)
                out += static_cast<char>(0x80U | (size & 0x7fU));
            return out + static_cast<char>(size);
        };
        const std::string item = '\x0A' + length(value.size()) + value;
        value = '\x2A' + length(item.size()) + item;
    }
    pb::Value parsed;
    CHECK_FALSE(parsed.ParseFromString(value));
}

TEST_CASE("content is read in pieces of any size", "[admin][message]") {
    pb::Message message = make_request();
    attach(message, "cccd_me.jpg", "image/jpeg", "another picture");
    const Buffer content = content_of(message, {"a picture", "another picture"});
    CHECK(content.size() == content_bytes(message, encode_message(message)->size()));
    const std::size_t size = GENERATE(1U, 2U, 3U, 7U, 100U, 10'000U);
    ContentReader reader;
    const Taken taken = take_all(reader, content, size);
    CHECK(taken.outcome == "complete");
    CHECK(taken.attachments == std::vector<std::string>{"a picture", "another picture"});
    REQUIRE(reader.message() != nullptr);
    CHECK(reader.message()->SerializeAsString() == message.SerializeAsString());

    ContentReader cut;
    CHECK(take_all(cut, ByteView{content}.first(content.size() - 1), size).outcome == "waiting");
}

TEST_CASE("attachments are what the manifest says", "[admin][message]") {
    const pb::Message message = make_request();
    ContentReader altered;
    CHECK(take_all(altered, content_of(message, {"a pictura"}), 5).outcome == "bad_crc");
    CHECK(code_of(altered.take(as_bytes("more"))) == "bad_crc");
    CHECK_FALSE(altered.complete());
    ContentReader longer;
    CHECK(take_all(longer, content_of(message, {"a picture", "!"}), 5).outcome == "trailing_data");
    ContentReader huge;
    CHECK(take_all(huge, Buffer{0xff, 0xff, 0xff, 0xff, 0}, 5).outcome == "too_large");
    pb::Message empty = message;
    empty.mutable_attachments(0)->set_bytes(0);
    ContentReader nothing;
    CHECK(take_all(nothing, content_of(empty, {}), 5).outcome == "malformed");
}

TEST_CASE("altered messages are refused or read, and never break anything", "[admin][message]") {
    const google::protobuf::LogSilencer quiet;
    const auto seed = GENERATE(range(0U, 300U));
    std::mt19937_64 random{seed};
    const pb::Message messages[] = {make_request(), make_update(1, pb::STATE_ACCEPTED), make_notice()};
    std::string wire = messages[seed % 3].SerializeAsString();
    for (std::size_t i = random() % 6; i-- > 0;)
        wire[random() % wire.size()] = static_cast<char>(random());
    wire.resize(random() % 4 == 0 ? random() % wire.size() : wire.size());
    auto read = decode_message(as_bytes(wire));
    if (!read) return;
    const bool checked = check(*read).has_value();
    const bool normal = normalize(*read).has_value();
    CHECK((normal || !checked));
    if (normal) {
        const std::string once = read->SerializeAsString();
        REQUIRE(normalize(*read).has_value());
        CHECK(read->SerializeAsString() == once);
    }
}
