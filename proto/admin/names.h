// Numbers and codes by which requests, procedures, dossiers and documents are known.
//
//   local number     18904-ks07-000123          given by the device that filed the request ("mã tạm")
//                    18904-ks07.4k7qm2-000123   the same device in a later epoch
//   procedure        1.001193, 2.001218.000.00.00.H38, LOCAL.VNEID2; with a version: 1.001193@2
//   dossier code     H50.99.1-261124-0012       given by the office's own system, never by Tram
//   document number  07/CĐ-UBND
//
// A local number must never be given twice, whatever becomes of the disk. The running number is reserved
// durably by the node; the epoch covers what a disk cannot know: that it was restored from a backup, cloned,
// or set up anew under an old name. The node begins a new epoch, drawn by chance, whenever it cannot be sure
// that it is the only continuation of its disk. Counting epochs would not do: two restorations of one backup
// would both be "epoch 1". Epoch 0 is the device's first life, and shows nothing. A later one shows as six
// letters and digits after a dot: no device name has a dot, so no number of one device can be read as a
// number of another device or of another epoch.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/base/bytes.h"
#include "proto/base/error.h"

namespace tram::admin {

/// Five digits: the code of a commune ("18904"). Never its spelling: 314 names are shared.
[[nodiscard]] bool is_commune_code(std::string_view text);

class Epoch {
  public:
    /// The first life of a device.
    Epoch() = default;
    /// A later one. `chance` is 4 random bytes or more; 30 bits of them are used.
    static Epoch drawn(ByteView chance);
    /// What print() gives. Errors: invalid_argument.
    static Result<Epoch> parse(std::string_view text);

    [[nodiscard]] bool is_first() const { return value_ == 0; }
    /// Empty for the first, else six characters of Crockford's base32 in lower case.
    [[nodiscard]] std::string print() const;
    friend auto operator<=>(const Epoch&, const Epoch&) = default;

  private:
    std::uint32_t value_ = 0;  // below 2^30
};

class LocalNumber {
  public:
    static constexpr std::uint64_t kNumberMax = 999'999'999;
    static constexpr std::size_t kTextMax = 5 + 1 + 48 + 1 + 6 + 1 + 9;

    /// Exactly what print() gives: one number has one spelling. Errors: invalid_argument.
    static Result<LocalNumber> parse(std::string_view text);
    /// The first number of a device in an epoch. `node_id` is dtn://18904-ks07/. Errors: invalid_argument.
    static Result<LocalNumber> first_of(std::string_view node_id, Epoch epoch);

    [[nodiscard]] std::string print() const;
    /// The number after this one in the same epoch. Errors: full (after kNumberMax; a new epoch helps).
    [[nodiscard]] Result<LocalNumber> next() const;

    [[nodiscard]] const std::string& commune() const { return commune_; }  ///< "18904"
    [[nodiscard]] const std::string& device() const { return device_; }    ///< "ks07"
    [[nodiscard]] Epoch epoch() const { return epoch_; }
    [[nodiscard]] std::uint64_t number() const { return number_; }  ///< 1 to kNumberMax
    /// dtn://18904-ks07/: the only node that may file a request under this number.
    [[nodiscard]] std::string node_id() const;

    friend auto operator<=>(const LocalNumber&, const LocalNumber&) = default;

  private:
    LocalNumber() = default;
    std::string commune_;
    std::string device_;
    Epoch epoch_;
    std::uint64_t number_ = 1;
};

/// The official code of a dossier. It comes from an office's system and is only ever read: there is no way to
/// put one together here.
class DossierCode {
  public:
    static constexpr std::size_t kTextMax = 40;

    /// Agency (H50.99.1, or in the older shape 000.00.12.H50), the day (yymmdd) and a running number of 4 to
    /// 6 digits. Errors: invalid_argument.
    static Result<DossierCode> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const { return text_; }
    friend auto operator<=>(const DossierCode&, const DossierCode&) = default;

  private:
    DossierCode() = default;
    std::string text_;
};

struct Procedure {
    std::string code;           ///< 1.001193, 2.001218.000.00.00.H38 or LOCAL.VNEID2
    std::uint32_t version = 0;  ///< of the form; 0: not said

    /// "1.001193" or "1.001193@2". Errors: invalid_argument.
    static Result<Procedure> parse(std::string_view text);
    [[nodiscard]] std::string print() const;
    friend auto operator<=>(const Procedure&, const Procedure&) = default;
};

/// Number of an office's document: digits, '/', and letters, digits, dots and dashes ("07/CĐ-UBND").
class DocumentNumber {
  public:
    static constexpr std::size_t kTextMax = 64;

    /// In any Unicode form; kept in NFC. Errors: invalid_argument.
    static Result<DocumentNumber> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const { return text_; }
    friend auto operator<=>(const DocumentNumber&, const DocumentNumber&) = default;

  private:
    DocumentNumber() = default;
    std::string text_;
};

/// Whether documents can be dated in this year (2000 to 2199).
[[nodiscard]] bool is_document_year(std::uint32_t year);

/// Language tag (RFC 5646, the part of it that is needed): two or three letters, then subtags of up to eight
/// letters and digits. Lower case.
class Language {
  public:
    static constexpr std::size_t kTextMax = 24;

    /// Vietnamese, the language of last resort.
    Language() : text_{"vi"} {}
    /// In any case. Errors: invalid_argument.
    static Result<Language> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const { return text_; }
    /// "hmn" of "hmn-latn".
    [[nodiscard]] std::string_view primary() const;
    /// Its name in Vietnamese; the tag itself for a language that is not in our list.
    [[nodiscard]] std::string_view name() const;
    friend auto operator<=>(const Language&, const Language&) = default;

  private:
    std::string text_;
};

}  // namespace tram::admin
