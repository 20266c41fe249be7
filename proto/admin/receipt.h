// Receipts: who has a message, what became of it. Signed, public, spread ahead of everything.
//
//   custody      đã nhận chuyển tiếp   a carrier has it
//   delivered    đã đến nơi            the recipient's node has it
//   official     Mẫu 01                the office has accepted the dossier: code and due date
//   displayed    đã hiển thị           a notice was on a screen of a village
//   announced    đã phát loa           a notice was played by a village's loudspeaker
//   handed over  đã trao kết quả       the citizen has the result
//
// Only an official receipt is the "giấy tiếp nhận hồ sơ và hẹn trả kết quả" that the law knows. The others
// are biên nhận chuyển tiếp; calling them anything else would mislead a citizen. Titles are therefore made
// from the kind alone, no kind has a field for a title, and only Official has the fields of form 01.
//
// On the wire: a COSE_Sign1 with the payload attached and the external data "tram receipt"; the payload is a
// pb::Receipt in exactly the bytes that writing its value again gives, so there is no room for anything else.
// Nothing in it is about a person: every text has a grammar. The digest is that of the message's content,
// which carriers of a sealed message cannot compute; they go by message id and source.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/admin/names.h"
#include "proto/admin/places.h"
#include "proto/admin/words.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/cose/sha256.h"
#include "proto/cose/sign1.h"
#include "proto/identity/keyring.h"
#include "proto/tram/admin.pb.h"

namespace tram::admin {

using MessageId = std::array<std::uint8_t, 16>;

inline constexpr std::size_t kReceiptBytesMax = 2'048;  ///< signed
inline constexpr std::size_t kReceiptLanguagesMax = 16;
inline constexpr std::uint32_t kTimesMax = 10'000;

/// The name of an office as it stands on its papers: begins with the words for an office (Trung tâm, Ủy ban
/// nhân dân, Bộ phận một cửa, Công an, Trạm y tế ...), so that it is not the name of a person.
class OfficeName {
  public:
    static constexpr std::size_t kTextMax = 160;
    /// Errors: invalid_argument.
    static Result<OfficeName> parse(std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }
    friend auto operator<=>(const OfficeName&, const OfficeName&) = default;

  private:
    OfficeName() = default;
    std::string text_;
};

struct Custody {
    bool attachments_complete = false;
    friend bool operator==(const Custody&, const Custody&) = default;
};

struct Delivered {
    bool attachments_complete = false;
    std::optional<Village> village{};  ///< of a notice: where it is now
    friend bool operator==(const Delivered&, const Delivered&) = default;
};

struct Official {
    DossierCode dossier_code;
    pb::DossierState state = pb::STATE_ACCEPTED;
    std::int64_t accepted_unix_s = 0;  ///< after 1970
    std::int32_t due_day = 0;          ///< ngày hẹn trả
    OfficeName office;
    friend bool operator==(const Official&, const Official&) = default;
};

struct Displayed {
    Village village;
    std::vector<Language> languages{};  ///< each once, at least one
    friend bool operator==(const Displayed&, const Displayed&) = default;
};

struct Announced {
    Village village;
    std::vector<Language> languages{};  ///< as Displayed
    std::uint32_t times = 1;            ///< all in all until now, by this holder
    friend bool operator==(const Announced&, const Announced&) = default;
};

struct HandedOver {
    std::optional<DossierCode> dossier_code{};
    pb::DossierState state = pb::STATE_HANDED_OVER;
    std::string witness{};  ///< team (is_local_name()), or empty
    pb::EvidenceType evidence = pb::EVIDENCE_NONE;
    std::optional<cose::Digest> evidence_digest{};  ///< of the signed picture, which stays with the holder
    friend bool operator==(const HandedOver&, const HandedOver&) = default;
};

struct Receipt {
    MessageId message_id{};                        ///< not all zero
    std::optional<cose::Digest> message_digest{};  ///< nothing: custody of a sealed message
    std::string source{};                          ///< node id of the message's maker
    std::string holder{};                          ///< node id of who signs
    std::optional<std::int64_t> signed_unix_s{};   ///< nothing while the holder's clock is not trusted
    // One of them, never both; neither only where transport speaks, which does not read what it carries.
    std::optional<LocalNumber> local_number{};  ///< of a request or update
    std::optional<DocumentNumber> reference{};  ///< of a notice
    std::variant<Custody, Delivered, Official, Displayed, Announced, HandedOver> says;
    friend bool operator==(const Receipt&, const Receipt&) = default;
};

[[nodiscard]] pb::ReceiptType type_of(const Receipt& receipt);
/// The heading under which a receipt is shown; its type alone decides.
std::string_view title(pb::ReceiptType type, Tongue tongue);
std::string_view title(const Receipt& receipt, Tongue tongue);
/// Whether carriers may drop their copies of the message: it has arrived at its one recipient.
[[nodiscard]] bool ends_transport(const Receipt& receipt);

/// Errors: personal_data (a number like a citizen id anywhere), malformed, unsupported_version (a newer
/// program's, or a type that is not known here).
Result<Receipt> receipt_from(const pb::Receipt& message);
pb::Receipt receipt_to(const Receipt& receipt);

/// Made by read_receipt() only; nothing in it may be believed before verify_receipt().
struct SignedReceipt {
    Bytes wire;
    cose::Sign1 message;
    Receipt receipt;
};

/// Signs with the key of the certificate `signer`, which is of receipt.holder. Errors: invalid_argument (what
/// receipt_from() would refuse).
Result<Bytes> make_receipt(const Receipt& receipt, const cose::SigningKey& key,
                           const cose::CertificateId& signer);
/// Errors: too_large, unsupported_security, and those of receipt_from().
Result<SignedReceipt> read_receipt(ByteView wire);
/// Checks the signature with the key of its certificate, signed.message.signer, which the caller found to be
/// of signed.receipt.holder. Errors: bad_signature.
Result<void> verify_receipt(const SignedReceipt& signed_receipt, const cose::PublicKey& key);
/// The same, with the key looked up. Errors: those of Keyring::signer() (unknown_signer, wrong_node_id,
/// certificate_misused, certificate_revoked ...) and bad_signature.
Result<void> verify_receipt(const SignedReceipt& signed_receipt, const identity::Keyring& keyring,
                            std::optional<identity::UnixTime> now);

/// A message that somebody waits for receipts of.
struct Awaited {
    MessageId message_id{};
    std::string source;                     ///< node id
    std::optional<cose::Digest> digest{};   ///< nothing at carriers of sealed messages
    std::vector<std::string> recipients{};  ///< node ids; empty: public
};
/// Whether a verified receipt is about `awaited` and by one who can say so: everything but custody and what
/// concerns notices must come from a recipient. Errors: not_found (another message), contradiction (the same
/// message with another digest), wrong_sender (its holder is no recipient).
Result<void> confirms(const Receipt& receipt, const Awaited& awaited);

}  // namespace tram::admin
