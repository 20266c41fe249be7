// Who a message is from and for: offices, villages, audiences, and the endpoints that they are on the mesh.
//
//   office     xa:18904 (the commune's one-stop desk), ca-xa:19147 (its police),
//              tyt:01864 (its health station)
//   village    DH-07, Khâu Slôm
//   audience   xa:18904/*                   everybody in the commune   dtn://18904/~notice
//              xa:01864/Khâu Slôm,Hồng Mú   some villages              dtn://01864/~notice/<village>
//              role:to-cong-nghe-so@00901   people with a task         dtn://00901/~role/<role>
//
// A village's part of the endpoint is ASCII: lower-case letters, digits and dashes. A name in ASCII is that
// already ("DH-07" -> dh-07). Any other is folded and gets a dot and four characters from the hash of its
// letters and tones: "Khâu Slôm" -> khau-slom.rkmb. So "Bản Na" and "Bản Nà" are two places, while the
// spellings "Hoá" and "Hóa", capitals, spaces and the Unicode form make no difference. The dot keeps a
// folded name from being taken for another village's ASCII name.
#pragma once

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/error.h"

namespace tram::admin {

struct Office {
    std::string kind;     ///< "xa", "ca-xa", "tyt", or another of up to 16 of a-z and '-'
    std::string commune;  ///< five digits

    /// "xa:18904". Errors: invalid_argument.
    static Result<Office> parse(std::string_view text);
    [[nodiscard]] std::string print() const { return kind + ':' + commune; }
    friend auto operator<=>(const Office&, const Office&) = default;
};

class Village {
  public:
    static constexpr std::size_t kTextMax = 96;

    /// A name or code with at least one letter or digit, without ',' '/' '*' ':' '@'; kept in NFC. Errors:
    /// invalid_argument.
    static Result<Village> parse(std::string_view text);

    [[nodiscard]] const std::string& text() const { return text_; }
    /// The same for every spelling of the same name, see above. At most 64 characters.
    [[nodiscard]] std::string demux() const;
    friend auto operator<=>(const Village&, const Village&) = default;

  private:
    Village() = default;
    std::string text_;
};

struct Audience {
    enum class Kind : std::uint8_t { kCommune, kVillages, kRole };
    static constexpr std::size_t kVillagesMax = 128;

    Kind kind = Kind::kCommune;
    std::string commune;            ///< five digits
    std::vector<Village> villages;  ///< of kVillages: at least one, each once
    std::string role;               ///< of kRole: up to 32 of a-z, 0-9 and '-'

    /// Errors: invalid_argument, too_large (more than kVillagesMax villages).
    static Result<Audience> parse(std::string_view text);
    [[nodiscard]] std::string print() const;
    /// The group endpoints that a notice for this audience is sent to, one for each village.
    [[nodiscard]] std::vector<std::string> endpoints() const;
    friend bool operator==(const Audience&, const Audience&) = default;
};

/// dtn://18904/~notice; `commune` is five digits.
std::string commune_group(std::string_view commune);
/// dtn://18904/~notice/dh-07.
std::string village_group(std::string_view commune, const Village& village);
/// dtn://18904/~role/to-cong-nghe-so.
std::string role_group(std::string_view commune, std::string_view role);

/// A team or device of a commune as it is named in forms: five digits, a dash, and up to 48 of a-z, 0-9 and
/// '-'
/// ("18904-to-07"). Never a person, nor the number of one.
[[nodiscard]] bool is_local_name(std::string_view text);

}  // namespace tram::admin
