// A request as an application hands it in, made ready to go: checked, and named by what it says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "proto/admin/names.h"
#include "proto/admin/places.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/cose/sha256.h"
#include "proto/tram/admin.pb.h"

namespace tram::registry {

/// A key of a client is no shorter: it is drawn by chance, and only its digest is kept.
inline constexpr std::size_t kKeyBytesMin = 8;
inline constexpr std::size_t kKeyBytesMax = 128;

struct Received;
struct Request;

/// Under what a client has asked for a request, and what it asked for.
struct KeyDigests {
    cose::Digest key{};
    cose::Digest request{};  ///< of key and request: without the key nobody can try requests against it
    friend bool operator==(const KeyDigests&, const KeyDigests&) = default;
};

/// A request without its number.
struct Filing {
    admin::pb::Message message;
    admin::Office office;
    std::optional<KeyDigests> digests;
};

/// Reads and checks what an application files. The number and the time are left out of it: they are given
/// here. Without an office it goes to that of `number`'s commune; `number` stands in for the one to be given.
/// Errors: those of admin::decode_message(), normalize() and check(); invalid_argument (no new request; a
/// number of its own; the key), personal_data (a key with a citizen id in it). None quotes what it says.
Result<Filing> prepare(ByteView message, std::string_view key, const admin::LocalNumber& number);

/// The same for what follows the request `number`: a supplement or a withdrawal, which names it. Its part is
/// `part`. What `request` says already is taken from there: office, procedure, title, and the consent, which
/// was given for the whole dossier.
Result<Filing> prepare_part(ByteView message, std::string_view key, const Request& request,
                            std::uint32_t part);

/// An update as an application of an office hands it in.
struct Draft {
    admin::pb::Message message;  ///< without its number among the office's words
    std::optional<KeyDigests> digests;
};

/// Reads an update about `received` and brings it into shape; what only the office's node knows is left out
/// of it, and a title that is missing is that of the request. It is checked when it has its number. Errors:
/// as prepare().
Result<Draft> prepare_update(ByteView message, std::string_view key, const Received& received);

}  // namespace tram::registry
