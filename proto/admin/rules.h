// What a message must say, may say, and must not say. The same rules where it is submitted and where it
// arrives.
//
// A message of a newer version may have enum values that this program does not know; they are let through,
// and shown as numbers. What our own version says must be known.
//
// No error message quotes anything of what a message says.
#pragma once

#include "proto/base/error.h"
#include "proto/tram/admin.pb.h"

namespace tram::admin {

/// All rules, check_secrecy() and check_manifest() among them. `message` went through normalize() before it
/// was sent. Errors: secret, personal_data (a number in the shape of a citizen id in a title or anywhere in a
/// notice), malformed (not normalised; a code or number not in its shape), invalid_argument (something is
/// missing, or contradicts something else), too_large, forbidden (an update that claims to be form 01).
Result<void> check(const pb::Message& message);

/// Whether a message of any version is free to go: secrecy above public, or the mark of a secret document
/// (mật, tối mật, tuyệt mật) in a notice's kind, stamps, number, or at the beginning of its title. Needs the
/// head only, and looks at the notice when there is one. Errors: secret, with the sentence of
/// secret_refusal().
Result<void> check_secrecy(const pb::Message& message);

/// Whether one of the words mật, tối mật, tuyệt mật is in `text` as a mark: in any case and spelling, also
/// without tones when it stands alone. "mật khẩu", "bí mật", "mật ong" are no marks.
[[nodiscard]] bool is_secret_mark(std::string_view text);

}  // namespace tram::admin
