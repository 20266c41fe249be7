#include "proto/admin/receipt.h"

#include <catch2/catch.hpp>
#include <functional>
#include <google/protobuf/stubs/logging.h>
#include <random>

#include "proto/admin/receipt_file.h"
#include "proto/admin/text.h"
#include "proto/identity/revocation.h"
#include "tests/identities.h"
#include "tests/unit/admin/samples.h"

using namespace tram;
using namespace tram::admin;
using namespace tram::test;

namespace {

Village village(std::string_view name = "DH-07") {
    return *Village::parse(name);
}

Language language(std::string_view tag) {
    return *Language::parse(tag);
}

Receipt base(const std::string& holder) {
    Receipt receipt{.says = Custody{}};
    receipt.message_id.fill(7);
    receipt.message_digest.emplace().fill(9);
    receipt.source = "dtn://18904-ks07/";
    receipt.holder = holder;
    receipt.signed_unix_s = kNow;
    return receipt;
}

/// One of each type, all that is optional filled in.
std::vector<Receipt> one_of_each(const std::string& holder = kOfficeNode) {
    std::vector<Receipt> all(6, base(holder));
    all[0].says = Custody{.attachments_complete = true};
    all[1].says = Delivered{.attachments_complete = true};
    all[2].says = Official{*DossierCode::parse(kCode), pb::STATE_ACCEPTED, kNow, 20'783,
                           *OfficeName::parse("Trung tâm Phục vụ hành chính công xã Dân Hoá")};
    all[3].says = Displayed{village(), {language("vi"), language("bru")}};
    all[4].says = Announced{village("Khâu Slôm"), {language("bru")}, 3};
    all[5].says = HandedOver{*DossierCode::parse(kCode), pb::STATE_HANDED_OVER, "18904-to-12",
                             pb::EVIDENCE_PNG, cose::Digest{1, 2, 3}};
    for (const std::size_t i : {0U, 1U, 2U, 5U})
        all[i].local_number = *LocalNumber::parse(kNumber);
    for (const std::size_t i : {3U, 4U})
        all[i].reference = *DocumentNumber::parse("07/CĐ-UBND");
    return all;
}

/// A province with one commune, its server and a kiosk.
struct World {
    Authority root = make_root();
    Authority authority = make_authority(root, "18904");
    Device server = make_device(authority, kOfficeNode);
    Device kiosk = make_device(authority, "dtn://18904-ks07/");
    identity::Keyring keyring;

    World() {
        REQUIRE(keyring.add_root(root.certificate).has_value());
        for (const auto* each : {&authority.certificate, &server.signing, &server.tls, &kiosk.signing})
            REQUIRE(keyring.add(*each).has_value());
    }
    [[nodiscard]] Bytes sign(const Receipt& receipt, const Device& by) const {
        const auto made = make_receipt(receipt, by.signing_key, by.signing.id);
        REQUIRE(code_of(made) == "good");
        return *made;
    }
    [[nodiscard]] SignedReceipt signed_one(const Receipt& receipt) const {
        const auto read = read_receipt(sign(receipt, server));
        REQUIRE(code_of(read) == "good");
        return *read;
    }
};

const std::string kForm01Folded = "giay tiep nhan ho so va hen tra";

}  // namespace

TEST_CASE("every type of receipt is signed, read and verified", "[admin][receipt]") {
    const World world;
    for (const Receipt& receipt : one_of_each()) {
        const Bytes wire = world.sign(receipt, world.server);
        CHECK(wire.size() < 600);
        const auto read = read_receipt(wire);
        REQUIRE(code_of(read) == "good");
        CHECK(read->receipt == receipt);
        CHECK(code_of(verify_receipt(*read, world.keyring, kNow)) == "good");
        CHECK(code_of(verify_receipt(*read, world.server.signing_key.public_key())) == "good");
        CHECK(code_of(verify_receipt(*read, world.kiosk.signing_key.public_key())) == "bad_signature");
        CHECK(code_of(read_receipt(Buffer(kReceiptBytesMax + 1))) == "too_large");
    }
    Receipt timeless = one_of_each()[0];
    timeless.signed_unix_s.reset();
    timeless.message_digest.reset();
    CHECK(world.signed_one(timeless).receipt == timeless);
}

TEST_CASE("a forged receipt has a reason of its own", "[admin][receipt]") {
    World world;
    const Receipt good = one_of_each()[1];
    const auto outcome = [&](const Bytes& wire) {
        const auto read = read_receipt(wire);
        return read ? code_of(verify_receipt(*read, world.keyring, kNow)) : code_of(read);
    };
    const auto signed_by = [&](const cose::SigningKey& key, const identity::Certificate& certificate) {
        return *make_receipt(good, key, certificate.id);
    };
    CHECK(outcome(signed_by(world.server.signing_key, world.server.signing)) == "good");
    // A kiosk says that it is the server.
    CHECK(outcome(signed_by(world.kiosk.signing_key, world.kiosk.signing)) == "wrong_node_id");
    // It names the server's certificate, without its key.
    CHECK(outcome(signed_by(world.kiosk.signing_key, world.server.signing)) == "bad_signature");
    // A certificate that does not sign.
    CHECK(outcome(signed_by(world.server.tls_key, world.server.tls)) == "certificate_misused");
    // Nobody knows it.
    CHECK(outcome(signed_by(world.server.signing_key, world.server.sealing)) == "unknown_signer");
    // The same bytes, signed for something else.
    const std::string payload = receipt_to(good).SerializeAsString();
    CHECK(outcome(cose::sign1(world.server.signing_key, world.server.signing.id,
                              as_bytes("tram revocation list"), as_bytes(payload),
                              cose::Payload::kAttached)) == "bad_signature");
    CHECK(code_of(read_receipt(cose::sign1(world.server.signing_key, world.server.signing.id,
                                           as_bytes("tram receipt"), as_bytes(payload),
                                           cose::Payload::kDetached))) == "malformed");

    REQUIRE(world.keyring
                .add(identity::make_revocation_list(world.authority.key, world.authority.certificate, 1, kNow,
                                                    {world.server.signing.serial}))
                .has_value());
    CHECK(outcome(signed_by(world.server.signing_key, world.server.signing)) == "certificate_revoked");
}

TEST_CASE("altered receipts are refused", "[admin][receipt]") {
    const google::protobuf::LogSilencer quiet;
    const World world;
    const Bytes wire = world.sign(one_of_each()[5], world.server);
    for (std::size_t i = 0; i < wire.size(); ++i) {
        for (const std::uint8_t mask : Buffer{0x01, 0x80}) {
            Buffer altered{wire.view().begin(), wire.view().end()};
            altered[i] ^= mask;
            const auto read = read_receipt(altered);
            CHECK_FALSE((read && verify_receipt(*read, world.keyring, kNow)));
        }
        CHECK_FALSE(read_receipt(wire.slice(0, i)).has_value());
    }
}

TEST_CASE("a transport receipt is never called the official one", "[admin][receipt]") {
    for (const Receipt& receipt : one_of_each()) {
        const bool official = std::holds_alternative<Official>(receipt.says);
        std::string all = receipt_to(receipt).SerializeAsString();
        for (const Tongue tongue : {Tongue::kVietnamese, Tongue::kEnglish}) {
            const std::string shown = fold(title(receipt, tongue));
            CHECK(contains_folded(shown, kForm01Folded) == (official && tongue == Tongue::kVietnamese));
            CHECK((shown.find("form 01") != std::string::npos) == (official && tongue == Tongue::kEnglish));
            CHECK((shown.find("official") != std::string::npos) == (official && tongue == Tongue::kEnglish));
        }
        CHECK((receipt_to(receipt).form() == 1) == official);
    }
    const auto all = one_of_each();
    CHECK(title(all[0], Tongue::kVietnamese) == "Đã nhận chuyển tiếp (chưa phải giấy tiếp nhận hồ sơ)");
    CHECK(title(all[2], Tongue::kVietnamese) == "Giấy tiếp nhận hồ sơ và hẹn trả kết quả");
    CHECK(title(static_cast<pb::ReceiptType>(99), Tongue::kVietnamese) == "Biên nhận");
}

TEST_CASE("a receipt says what its type has place for and nothing else", "[admin][receipt]") {
    using R = pb::Receipt;
    struct Change {
        std::string what;
        std::size_t type;
        std::function<void(R&)> change;
        std::string code;
    };
    const std::vector<Change> changes{
        {"form 01 on custody", 0, [](R& r) { r.set_form(1); }, "malformed"},
        {"a dossier code on custody", 0, [](R& r) { r.set_dossier_code(kCode); }, "malformed"},
        {"an office on delivered", 1, [](R& r) { r.set_office("Trung tâm Phục vụ"); }, "malformed"},
        {"a due date on delivered", 1, [](R& r) { r.set_due_day(20'000); }, "malformed"},
        {"an empty field that is there", 0, [](R& r) { r.set_due_day(0); }, "malformed"},
        {"a state on displayed", 3, [](R& r) { r.set_state(2); }, "malformed"},
        {"official without form", 2, [](R& r) { r.clear_form(); }, "malformed"},
        {"official as form 02", 2, [](R& r) { r.set_form(2); }, "malformed"},
        {"official without due date", 2, [](R& r) { r.clear_due_day(); }, "malformed"},
        {"official without code", 2, [](R& r) { r.clear_dossier_code(); }, "malformed"},
        {"official with a local number as code", 2, [](R& r) { r.set_dossier_code(kNumber); }, "malformed"},
        {"official by a person", 2, [](R& r) { r.set_office("Hồ Thị Mẫu"); }, "malformed"},
        {"official for a notice", 2,
         [](R& r) {
             r.clear_local_number();
             r.set_reference("07/CĐ-UBND");
         },
         "malformed"},
        {"a citizen id as village", 4, [](R& r) { r.set_village("000197000123"); }, "personal_data"},
        {"a citizen id as team", 5, [](R& r) { r.set_witness("18904-000197000123"); }, "personal_data"},
        {"a citizen id in the office", 2, [](R& r) { r.set_office("Công an 000197000123"); },
         "personal_data"},
        {"a person as witness", 5, [](R& r) { r.set_witness("Hồ Thị Mẫu"); }, "malformed"},
        {"evidence without digest", 5, [](R& r) { r.clear_evidence_digest(); }, "malformed"},
        {"unknown evidence", 5, [](R& r) { r.set_evidence(static_cast<pb::EvidenceType>(9)); }, "malformed"},
        {"displayed nowhere", 3, [](R& r) { r.clear_village(); }, "malformed"},
        {"displayed without language", 3, [](R& r) { r.clear_languages(); }, "malformed"},
        {"a language twice", 3, [](R& r) { r.set_languages(1, "vi"); }, "malformed"},
        {"displayed, of a dossier", 3, [](R& r) { r.set_local_number(kNumber); }, "malformed"},
        {"announced never", 4, [](R& r) { r.clear_times(); }, "malformed"},
        {"announced too often", 4, [](R& r) { r.set_times(kTimesMax + 1); }, "malformed"},
        {"village in another form", 4, [](R& r) { r.set_village("Kha\xCC\x82u"); }, "malformed"},
        {"custody of what nobody read", 0, [](R& r) { r.clear_local_number(); }, "good"},
        {"delivery of what nobody read", 1, [](R& r) { r.clear_local_number(); }, "good"},
        {"about a dossier and a notice", 1, [](R& r) { r.set_reference("07/CĐ-UBND"); }, "malformed"},
        {"hand-over of nothing", 5, [](R& r) { r.clear_local_number(); }, "malformed"},
        {"short message id", 0, [](R& r) { r.set_message_id("x"); }, "malformed"},
        {"no message id", 0, [](R& r) { r.set_message_id(std::string(16, '\0')); }, "malformed"},
        {"delivered without digest", 1, [](R& r) { r.clear_message_digest(); }, "malformed"},
        {"a holder that is no node", 0, [](R& r) { r.set_holder("Hồ Thị Mẫu"); }, "malformed"},
        {"a source that is an endpoint", 0, [](R& r) { r.set_source("dtn://18904-ks07/inbox"); },
         "malformed"},
        {"no type", 0, [](R& r) { r.clear_type(); }, "malformed"},
        {"a type of tomorrow", 0, [](R& r) { r.set_type(static_cast<pb::ReceiptType>(42)); },
         "unsupported_version"},
        {"for newer readers", 0,
         [](R& r) {
             r.set_oldest_reader_version(2);
             r.set_version(2);
         },
         "unsupported_version"},
        {"no version", 0, [](R& r) { r.clear_version(); }, "malformed"},
    };
    const auto good = one_of_each();
    for (const Change& each : changes) {
        pb::Receipt message = receipt_to(good[each.type]);
        each.change(message);
        CAPTURE(each.what);
        CHECK(code_of(receipt_from(message)) == each.code);
    }
}

TEST_CASE("a field that is not known finds no place in a receipt of our version", "[admin][receipt]") {
    const World world;
    const auto outcome = [&](const std::string& payload) {
        return code_of(
            read_receipt(cose::sign1(world.server.signing_key, world.server.signing.id,
                                     as_bytes("tram receipt"), as_bytes(payload), cose::Payload::kAttached)));
    };
    pb::Receipt message = receipt_to(one_of_each()[1]);
    const std::string extra = "\xFA\x3E\x0AHo Thi Mau";
    CHECK(outcome(message.SerializeAsString()) == "good");
    CHECK(outcome(message.SerializeAsString() + extra) == "malformed");
    message.set_version(2);  // a newer program may say more, to those who understand it
    CHECK(outcome(message.SerializeAsString() + extra) == "good");
}

TEST_CASE("a receipt confirms the message that somebody waits for", "[admin][receipt]") {
    const auto all = one_of_each();
    Awaited awaited{.message_id = all[0].message_id,
                    .source = "dtn://18904-ks07/",
                    .digest = all[0].message_digest,
                    .recipients = {kOfficeNode}};
    for (const Receipt& receipt : all)
        CHECK(code_of(confirms(receipt, awaited)) == "good");
    CHECK(code_of(confirms(one_of_each("dtn://18904-lt02/")[0], awaited)) == "good");  // custody: any carrier
    CHECK(code_of(confirms(one_of_each("dtn://18904-lt02/")[1], awaited)) == "wrong_sender");
    CHECK(code_of(confirms(one_of_each("dtn://18904-lt02/")[2], awaited)) == "wrong_sender");
    awaited.digest->fill(0);
    CHECK(code_of(confirms(all[1], awaited)) == "contradiction");
    awaited.digest.reset();
    CHECK(code_of(confirms(all[1], awaited)) == "good");
    awaited.source = "dtn://18904-ks08/";
    CHECK(code_of(confirms(all[1], awaited)) == "not_found");
}

TEST_CASE("copies go when a message has wholly arrived at its recipient", "[admin][receipt]") {
    auto all = one_of_each();
    const std::vector<bool> expected{false, true, true, false, false, false};
    for (std::size_t i = 0; i < all.size(); ++i)
        CHECK(ends_transport(all[i]) == expected[i]);
    all[1].says = Delivered{.attachments_complete = false};
    CHECK_FALSE(ends_transport(all[1]));
    all[1].says = Delivered{.attachments_complete = true};
    all[1].local_number.reset();
    all[1].reference = *DocumentNumber::parse("07/CĐ-UBND");  // others wait for the same notice
    CHECK_FALSE(ends_transport(all[1]));
}

TEST_CASE("a third party verifies an exported receipt with the root alone", "[admin][receipt]") {
    const World world;
    for (const Receipt& receipt : one_of_each()) {
        const auto file = gather_receipt_file(world.signed_one(receipt), world.keyring);
        REQUIRE(code_of(file) == "good");
        const auto read = decode_receipt_file("text for people\n" + encode_receipt_file(*file));
        REQUIRE(code_of(read) == "good");
        CHECK(read->receipt.receipt == receipt);
        CHECK(code_of(verify_receipt_file(*read, {world.root.certificate})) == "good");
        CHECK(code_of(verify_receipt_file(*read, {})) == "invalid_argument");
        // The root in the file is not believed.
        CHECK(code_of(verify_receipt_file(*read, {make_root("another").certificate})) == "unknown_authority");
    }
}

TEST_CASE("an exported receipt is judged at its own time and by the lists in it", "[admin][receipt]") {
    World world;
    const auto outcome = [&](const Receipt& receipt) {
        const auto file = gather_receipt_file(world.signed_one(receipt), world.keyring);
        return code_of(verify_receipt_file(*file, {world.root.certificate}));
    };
    Receipt receipt = one_of_each()[1];
    CHECK(outcome(receipt) == "good");
    receipt.signed_unix_s = kEnd + 1;
    CHECK(outcome(receipt) == "certificate_expired");
    receipt.signed_unix_s = kBegin - 1;
    CHECK(outcome(receipt) == "certificate_too_early");
    receipt.signed_unix_s.reset();
    CHECK(outcome(receipt) == "good");

    REQUIRE(world.keyring
                .add(identity::make_revocation_list(world.authority.key, world.authority.certificate, 1, kNow,
                                                    {world.server.signing.serial}))
                .has_value());
    CHECK(outcome(receipt) == "certificate_revoked");
}

TEST_CASE("a file without exactly one receipt and its chain is refused", "[admin][receipt]") {
    const World world;
    const auto file = *gather_receipt_file(world.signed_one(one_of_each()[2]), world.keyring);
    const std::string pem = encode_receipt_file(file);
    CHECK(code_of(decode_receipt_file(identity::trust_to_pem(file.trust))) == "malformed");
    CHECK(code_of(decode_receipt_file(pem + pem)) == "malformed");
    CHECK(code_of(decode_receipt_file("")) == "malformed");
    CHECK(code_of(decode_receipt_file(std::string(kReceiptFileBytesMax + 1, ' '))) == "too_large");
    ReceiptFile without_chain = file;
    std::erase_if(without_chain.trust.certificates,
                  [](const auto& each) { return each.usage == identity::Usage::kAuthority; });
    CHECK(code_of(verify_receipt_file(without_chain, {world.root.certificate})) == "unknown_authority");
    CHECK(code_of(gather_receipt_file(file.receipt, identity::Keyring{})) == "unknown_signer");
}
