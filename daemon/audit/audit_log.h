// A log of administrative acts that cannot be changed without being noticed.
//
// A file of JSON lines. Each entry holds the hash of the entry before it, so that a changed, removed or
// inserted line breaks the chain. An entry is synced before the act it tells of is done. Lines cut off at the
// end, and a log that is written anew from some line on, can only be noticed by somebody who remembers a head
// (number and hash): verify() gives it, `tram audit verify --head` looks for it.
//
//   {"seq":12,"time":"2026-11-21T08:30:00Z","clock":"trusted","actor":"uid 0 (root)","act":"device.revoke",
//    "subject":"dtn://18904-lt01/","detail":"...","prev":"<64 hex>","hash":"<64 hex>"}
//
// `hash` is the SHA-256 of the line as written without this member. A line torn by a power cut is followed by
// the next entry on a new line; verify() counts it and goes on, because its act was never done.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "proto/base/error.h"

namespace tram::audit {

struct Act {
    std::string act;      ///< "device.approve", "bundle.cancel"
    std::string subject;  ///< node id, bundle short id, file
    std::string detail;   ///< never content of messages, never names of citizens
    std::string actor;    ///< "uid 0 (root)"
    bool clock_trusted = true;
};

struct Head {
    std::uint64_t seq = 0;  ///< 0: the log is empty
    std::string hash;       ///< 64 hexadecimal digits
};

/// Appends one entry; returns the new head when it is on the disk. Several processes may append at once (file
/// lock). A file that is not there is made (0640; by root: for the owner of the directory). Texts that are
/// too long are cut. Errors: io, full (then the log is as it was), corrupt (the end is no entry), busy
/// (another program holds the lock for 10 s).
Result<Head> append(const std::filesystem::path& file, const Act& act);

struct Verdict {
    Head head;
    std::uint64_t entries = 0;
    std::uint64_t torn_lines = 0;
    std::optional<Error> broken;  ///< the first break: line number and what does not fit
};
/// Reads the whole log, behind a break too. `each` gets every entry whose own hash is right, as it stands.
/// Errors: not_found, io, busy.
Result<Verdict> verify(const std::filesystem::path& file,
                       const std::function<void(const std::string& line)>& each = {});

/// "uid 1000 (minh)" of this process; "uid 0 (root), login 1000 (minh)" after su or sudo.
std::string current_actor();

}  // namespace tram::audit
