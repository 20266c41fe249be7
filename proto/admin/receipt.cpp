#include "proto/admin/receipt.h"

#include <algorithm>
#include <type_traits>

#include "proto/admin/message.h"
#include "proto/admin/text.h"

namespace tram::admin {

namespace {

constexpr std::string_view kExternal = "tram receipt";
constexpr std::uint32_t kFormAcceptance = 1;

template <typename... Ts>
struct Overloaded : Ts... {
    using Ts::operator()...;
};

std::unexpected<Error> malformed(std::string_view why) {
    return fail(ErrorCode::kMalformed, "a receipt: " + std::string{why});
}

std::unexpected<Error> malformed(const Error& why) {
    return malformed(why.message);
}

std::string text_of(ByteView bytes) {
    return std::string{as_text(bytes)};
}

bool is_state(std::uint32_t state) {
    return state >= pb::STATE_REGISTERED && state <= pb::STATE_HANDED_OVER;
}

template <std::size_t kBytes>
bool copy_bytes(std::string_view from, std::array<std::uint8_t, kBytes>& to) {
    if (from.size() != kBytes) return false;
    std::ranges::copy(as_bytes(from), to.begin());
    return true;
}

Result<std::vector<Language>> languages_of(const pb::Receipt& message) {
    if (message.languages().empty() ||
        static_cast<std::size_t>(message.languages_size()) > kReceiptLanguagesMax)
        return malformed("it has no language, or too many");
    std::vector<Language> languages;
    for (const std::string& text : message.languages()) {
        auto language = Language::parse(text);
        if (!language) return malformed(language.error());
        if (std::ranges::find(languages, *language) != languages.end())
            return malformed("it names a language twice");
        languages.push_back(std::move(*language));
    }
    return languages;
}

using Says = decltype(Receipt::says);

Result<Says> read_delivered(const pb::Receipt& message) {
    Delivered says{.attachments_complete = message.attachments_complete()};
    if (message.village().empty()) return says;
    auto village = Village::parse(message.village());
    if (!village) return malformed(village.error());
    says.village = std::move(*village);
    return says;
}

Result<Says> read_official(const pb::Receipt& message) {
    if (message.form() != kFormAcceptance || message.local_number().empty())
        return malformed("an official one is form 01 for a request");
    if (!is_state(message.state()) || message.accepted_unix_s() <= 0 || message.due_day() <= 0)
        return malformed("an official one says state, time of acceptance and due date");
    auto code = DossierCode::parse(message.dossier_code());
    if (!code) return malformed(code.error());
    auto office = OfficeName::parse(message.office());
    if (!office) return malformed(office.error());
    return Official{std::move(*code), static_cast<pb::DossierState>(message.state()),
                    message.accepted_unix_s(), message.due_day(), std::move(*office)};
}

Result<Says> read_shown(const pb::Receipt& message) {
    auto village = Village::parse(message.village());
    if (!village) return malformed(village.error());
    auto languages = languages_of(message);
    if (!languages) return std::unexpected{std::move(languages.error())};
    if (message.reference().empty()) return malformed("it does not say which notice was shown");
    if (message.type() == pb::RECEIPT_DISPLAYED) return Displayed{std::move(*village), std::move(*languages)};
    if (message.times() == 0 || message.times() > kTimesMax)
        return malformed("its number of times is out of range");
    return Announced{std::move(*village), std::move(*languages), message.times()};
}

Result<Says> read_handed_over(const pb::Receipt& message) {
    HandedOver says{.state = static_cast<pb::DossierState>(message.state()),
                    .witness = message.witness(),
                    .evidence = message.evidence()};
    if (!is_state(message.state()) || message.local_number().empty())
        return malformed("one for a hand-over says number and state");
    if (!says.witness.empty() && !is_local_name(says.witness)) return malformed("its witness is no team");
    if (!message.dossier_code().empty()) {
        auto code = DossierCode::parse(message.dossier_code());
        if (!code) return malformed(code.error());
        says.dossier_code = std::move(*code);
    }
    const bool has_digest = !message.evidence_digest().empty();
    if (!pb::EvidenceType_IsValid(message.evidence()) || has_digest != (says.evidence != pb::EVIDENCE_NONE))
        return malformed("its evidence is incomplete");
    if (!has_digest) return says;
    cose::Digest digest{};
    if (!copy_bytes(message.evidence_digest(), digest)) return malformed("its evidence is incomplete");
    says.evidence_digest = digest;
    return says;
}

Result<Says> read_says(const pb::Receipt& message) {
    switch (message.type()) {
        case pb::RECEIPT_CUSTODY: return Custody{message.attachments_complete()};
        case pb::RECEIPT_DELIVERED: return read_delivered(message);
        case pb::RECEIPT_OFFICIAL: return read_official(message);
        case pb::RECEIPT_DISPLAYED:
        case pb::RECEIPT_ANNOUNCED: return read_shown(message);
        case pb::RECEIPT_HANDED_OVER: return read_handed_over(message);
        case pb::RECEIPT_UNSPECIFIED: return malformed("it has no type");
        default: break;
    }
    return fail(ErrorCode::kUnsupportedVersion, "a receipt of a type that this program does not know");
}

// Which message, by whom, and when.
Result<void> read_common(const pb::Receipt& message, Receipt& receipt) {
    if (!copy_bytes(message.message_id(), receipt.message_id) || receipt.message_id == MessageId{})
        return malformed("its message id is missing, or not of 16 bytes");
    if (!message.message_digest().empty()) {
        if (!copy_bytes(message.message_digest(), receipt.message_digest.emplace()))
            return malformed("the digest is not of 32 bytes");
    } else if (message.type() != pb::RECEIPT_CUSTODY) {
        return malformed("it does not name the digest of what it confirms");
    }
    receipt.source = message.source();
    receipt.holder = message.holder();
    if (!identity::is_certifiable_node_id(receipt.source) ||
        !identity::is_certifiable_node_id(receipt.holder))
        return malformed("source or holder is no node id");
    if (message.has_signed_unix_s()) {
        if (message.signed_unix_s() <= 0) return malformed("its time is out of range");
        receipt.signed_unix_s = message.signed_unix_s();
    }
    if (!message.local_number().empty()) {
        auto number = LocalNumber::parse(message.local_number());
        if (!number) return malformed(number.error());
        receipt.local_number = std::move(*number);
    }
    if (!message.reference().empty()) {
        auto number = DocumentNumber::parse(message.reference());
        if (!number) return malformed(number.error());
        receipt.reference = std::move(*number);
    }
    const bool transport = message.type() == pb::RECEIPT_CUSTODY || message.type() == pb::RECEIPT_DELIVERED;
    if (receipt.local_number && receipt.reference)
        return malformed("it is about a dossier or about a notice, not both");
    if (!transport && !receipt.local_number && !receipt.reference)
        return malformed("it does not say what dossier or notice it is about");
    return {};
}

bool names_a_citizen(const pb::Receipt& message) {
    const std::string* const texts[] = {&message.source(),       &message.holder(), &message.local_number(),
                                        &message.dossier_code(), &message.office(), &message.reference(),
                                        &message.village(),      &message.witness()};
    return std::ranges::any_of(texts, [](const std::string* text) { return has_citizen_id(*text); });
}

void write_shown(pb::Receipt& out, const Village& village, const std::vector<Language>& languages) {
    out.set_village(village.text());
    for (const Language& language : languages)
        out.add_languages(language.text());
}

void write_says(pb::Receipt& out, const Says& says) {
    std::visit(Overloaded{
                   [&](const Custody& each) { out.set_attachments_complete(each.attachments_complete); },
                   [&](const Delivered& each) {
                       out.set_attachments_complete(each.attachments_complete);
                       if (each.village) out.set_village(each.village->text());
                   },
                   [&](const Official& each) {
                       out.set_form(kFormAcceptance);
                       out.set_dossier_code(each.dossier_code.text());
                       out.set_state(static_cast<std::uint32_t>(each.state));
                       out.set_accepted_unix_s(each.accepted_unix_s);
                       out.set_due_day(each.due_day);
                       out.set_office(each.office.text());
                   },
                   [&](const Displayed& each) { write_shown(out, each.village, each.languages); },
                   [&](const Announced& each) {
                       write_shown(out, each.village, each.languages);
                       out.set_times(each.times);
                   },
                   [&](const HandedOver& each) {
                       if (each.dossier_code) out.set_dossier_code(each.dossier_code->text());
                       out.set_state(static_cast<std::uint32_t>(each.state));
                       out.set_witness(each.witness);
                       out.set_evidence(each.evidence);
                       if (each.evidence_digest) out.set_evidence_digest(text_of(*each.evidence_digest));
                   },
               },
               says);
}

}  // namespace

Result<OfficeName> OfficeName::parse(std::string_view text) {
    static constexpr auto kBeginnings = std::to_array<std::string_view>(
        {"ban ", "bo phan ", "cong an ", "hoi dong nhan dan ", "phong ", "so ", "tram y te ", "trung tam ",
         "ubnd ", "uy ban nhan dan ", "van phong "});
    auto kept = normalized(text, Lines::kOne, kTextMax);
    const std::string folded = kept ? fold(*kept) : std::string{};
    const bool of_office = std::ranges::any_of(
        kBeginnings, [&](std::string_view beginning) { return folded.starts_with(beginning); });
    if (!of_office || has_citizen_id(*kept)) {
        return fail(ErrorCode::kInvalidArgument,
                    "not the name of an office; expected one like Trung tâm Phục vụ hành chính công xã ...");
    }
    OfficeName name;
    name.text_ = std::move(*kept);
    return name;
}

pb::ReceiptType type_of(const Receipt& receipt) {
    return std::visit(Overloaded{
                          [](const Custody&) { return pb::RECEIPT_CUSTODY; },
                          [](const Delivered&) { return pb::RECEIPT_DELIVERED; },
                          [](const Official&) { return pb::RECEIPT_OFFICIAL; },
                          [](const Displayed&) { return pb::RECEIPT_DISPLAYED; },
                          [](const Announced&) { return pb::RECEIPT_ANNOUNCED; },
                          [](const HandedOver&) { return pb::RECEIPT_HANDED_OVER; },
                      },
                      receipt.says);
}

std::string_view title(pb::ReceiptType type, Tongue tongue) {
    const auto choose = [&](std::string_view vietnamese, std::string_view english) {
        return tongue == Tongue::kVietnamese ? vietnamese : english;
    };
    switch (type) {
        case pb::RECEIPT_CUSTODY:
            return choose("Đã nhận chuyển tiếp (chưa phải giấy tiếp nhận hồ sơ)",
                          "Transport receipt: a carrier has it (the office has not accepted it yet)");
        case pb::RECEIPT_DELIVERED:
            return choose("Máy chủ xã đã nhận", "Transport receipt: the recipient's machine has it");
        case pb::RECEIPT_OFFICIAL:
            return choose("Giấy tiếp nhận hồ sơ và hẹn trả kết quả", "Official receipt (Form 01)");
        case pb::RECEIPT_DISPLAYED: return choose("Đã hiển thị", "Displayed");
        case pb::RECEIPT_ANNOUNCED: return choose("Đã phát loa", "Announced by loudspeaker");
        case pb::RECEIPT_HANDED_OVER:
            return choose("Đã trao kết quả cho người dân", "Result handed over to the citizen");
        default: return choose("Biên nhận", "Receipt");
    }
}

std::string_view title(const Receipt& receipt, Tongue tongue) {
    return title(type_of(receipt), tongue);
}

bool ends_transport(const Receipt& receipt) {
    const bool arrived =
        std::holds_alternative<Delivered>(receipt.says) || std::holds_alternative<Official>(receipt.says);
    const auto* delivered = std::get_if<Delivered>(&receipt.says);
    const bool complete = delivered == nullptr || delivered->attachments_complete;
    return arrived && complete && !receipt.reference;
}

Result<Receipt> receipt_from(const pb::Receipt& message) {
    if (names_a_citizen(message)) {
        return fail(ErrorCode::kPersonalData,
                    "a number like a citizen id is in a receipt, which everybody can read");
    }
    if (message.version() == 0) return malformed("it has no version");
    if (message.oldest_reader_version() > kVersion)
        return fail(ErrorCode::kUnsupportedVersion, "the receipt needs a newer program");
    auto says = read_says(message);
    if (!says) return std::unexpected{std::move(says.error())};
    Receipt receipt{.says = std::move(*says)};
    if (auto good = read_common(message, receipt); !good) return std::unexpected{std::move(good.error())};
    if (message.version() > kVersion) return receipt;
    if (receipt_to(receipt).SerializeAsString() != message.SerializeAsString())
        return malformed("it says more than its type has place for, or not in the usual form");
    return receipt;
}

pb::Receipt receipt_to(const Receipt& receipt) {
    pb::Receipt out;
    out.set_version(kVersion);
    out.set_oldest_reader_version(1);
    out.set_type(type_of(receipt));
    out.set_message_id(text_of(receipt.message_id));
    if (receipt.message_digest) out.set_message_digest(text_of(*receipt.message_digest));
    out.set_source(receipt.source);
    out.set_holder(receipt.holder);
    if (receipt.signed_unix_s) out.set_signed_unix_s(*receipt.signed_unix_s);
    if (receipt.local_number) out.set_local_number(receipt.local_number->print());
    if (receipt.reference) out.set_reference(receipt.reference->text());
    write_says(out, receipt.says);
    return out;
}

Result<Bytes> make_receipt(const Receipt& receipt, const cose::SigningKey& key,
                           const cose::CertificateId& signer) {
    const pb::Receipt message = receipt_to(receipt);
    if (auto good = receipt_from(message); !good)
        return fail(ErrorCode::kInvalidArgument, std::move(good.error().message));
    const std::string payload = message.SerializeAsString();
    return cose::sign1(key, signer, as_bytes(kExternal), as_bytes(payload), cose::Payload::kAttached);
}

Result<SignedReceipt> read_receipt(ByteView wire) {
    if (wire.size() > kReceiptBytesMax)
        return fail(ErrorCode::kTooLarge, "a receipt has more than 2048 bytes");
    auto message = cose::decode_sign1(wire);
    if (!message) return std::unexpected{std::move(message.error())};
    if (!message->payload) return malformed("it has no payload");
    pb::Receipt parsed;
    const ByteView payload = message->payload->view();
    if (!parsed.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
        return malformed("its payload is none");
    auto receipt = receipt_from(parsed);
    if (!receipt) return std::unexpected{std::move(receipt.error())};
    if (parsed.version() == kVersion && parsed.SerializeAsString() != as_text(payload))
        return malformed("it is not in the usual form");
    return SignedReceipt{Bytes::copy_of(wire), std::move(*message), std::move(*receipt)};
}

Result<void> verify_receipt(const SignedReceipt& signed_receipt, const cose::PublicKey& key) {
    return cose::verify_sign1(signed_receipt.message, key, as_bytes(kExternal));
}

Result<void> verify_receipt(const SignedReceipt& signed_receipt, const identity::Keyring& keyring,
                            std::optional<identity::UnixTime> now) {
    const auto key = keyring.signer(signed_receipt.message.signer, signed_receipt.receipt.holder, now);
    if (!key) return std::unexpected{key.error()};
    return verify_receipt(signed_receipt, *key);
}

Result<void> confirms(const Receipt& receipt, const Awaited& awaited) {
    if (receipt.message_id != awaited.message_id || receipt.source != awaited.source)
        return fail(ErrorCode::kNotFound, "the receipt is about another message");
    if (awaited.digest && receipt.message_digest && *receipt.message_digest != *awaited.digest)
        return fail(ErrorCode::kContradiction, "the receipt names other contents than those that were sent");
    const bool anybody = std::holds_alternative<Custody>(receipt.says) || awaited.recipients.empty();
    if (!anybody && std::ranges::find(awaited.recipients, receipt.holder) == awaited.recipients.end())
        return fail(ErrorCode::kWrongSender, "the receipt is not from a recipient of the message");
    return {};
}

}  // namespace tram::admin
