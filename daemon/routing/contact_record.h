// What a node says about its own contacts, numbered so that a newer word replaces an older one. Others pass
// it on.
//
//   record   = [origin, area, number, age_h, kept, contacts]     ; CBOR, unsigned but for contacts: bytes
//   contacts = for each: tag (4 bytes, big endian), wait, length << 3 | count, count times slot, chance
#pragma once

#include <cstdint>
#include <vector>

#include "daemon/routing/contact_model.h"

namespace tram::routing {

struct ContactRecord {
    static constexpr std::size_t kContactsMax = 48;
    static constexpr std::size_t kBytesMax = 32 + kContactsMax * (6 + 2 * ContactSummary::kSlotsMax);
    static constexpr std::uint32_t kAgeMax_h = 28 * 24;

    Tag origin = kNoTag;
    Tag area = kNoTag;
    std::uint32_t number = 0;
    std::uint32_t age_h = 0;  ///< since its origin made it
    std::uint8_t kept = 0;    ///< visits that were kept for each one planned, in hundredths; 0: not known
    std::vector<ContactSummary> contacts{};  ///< at most kContactsMax
    friend bool operator==(const ContactRecord&, const ContactRecord&) = default;

    void encode(cbor::Writer& out) const;
    /// Fails through the reader's sticky error: malformed, too_large.
    static ContactRecord decode(cbor::Reader& in);
};

}  // namespace tram::routing
