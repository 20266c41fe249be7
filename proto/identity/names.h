// Which names can be certified.
//
//   commune     dtn://18904/         five digits
//   node        dtn://18904-ks07/    the commune, a dash, and 1 to 48 of a-z, 0-9 and '-'; the first and the
//                                    last of them no dash
//
// A commune certifies exactly the nodes that begin with its own digits and the dash: dtn://18904/ certifies
// dtn://18904-ks07/ and neither dtn://189040-ks07/ nor dtn://18904ks07/.
//
// Names for people (common names) come from strangers and are shown on terminals: they hold no control
// characters and nothing that turns the direction of writing.
#pragma once

#include <string>
#include <string_view>

namespace tram::identity {

inline constexpr std::size_t kCommuneDigits = 5;
inline constexpr std::size_t kNodeNameMax = 48;      ///< after the commune and the dash
inline constexpr std::size_t kDisplayNameMax = 64;   ///< bytes of UTF-8
inline constexpr std::size_t kCertifiedEidMax = 64;  ///< bytes that any certifiable name fits in

/// dtn://18904/.
bool is_commune_eid(std::string_view eid);
/// dtn://18904-ks07/.
bool is_certifiable_node_id(std::string_view eid);
/// At most kDisplayNameMax bytes of UTF-8 without control and direction characters; may be empty.
bool is_display_name(std::string_view name);
/// dtn://18904/ of "18904".
std::string commune_eid(std::string_view commune);
/// "18904" of dtn://18904/ or dtn://18904-ks07/; empty when the name has neither form.
std::string_view commune_of(std::string_view eid);

}  // namespace tram::identity
