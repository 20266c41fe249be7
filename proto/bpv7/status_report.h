// Administrative records: bundle status reports (RFC 9171 6.1).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/base/error.h"
#include "proto/base/limits.h"
#include "proto/bpv7/bundle.h"

namespace tram::bpv7 {

/// RFC 9171 6.1, record type codes.
inline constexpr std::uint64_t kStatusReportRecord = 1;

/// RFC 9171 6.1.1, in the order of the status information array.
enum class Assertion : std::uint8_t { kReceived = 0, kForwarded = 1, kDelivered = 2, kDeleted = 3 };

/// RFC 9171 9.5 and RFC 9172 11.2. Codes that we do not know are kept as numbers.
enum class ReportReason : std::uint64_t {
    kNoInformation = 0,
    kLifetimeExpired = 1,
    kForwardedUnidirectional = 2,
    kTransmissionCancelled = 3,
    kDepletedStorage = 4,
    kDestinationUnavailable = 5,
    kNoKnownRoute = 6,
    kNoTimelyContact = 7,
    kBlockUnintelligible = 8,
    kHopLimitExceeded = 9,
    kTrafficPared = 10,
    kBlockUnsupported = 11,
};
/// Plain words for `reason`, such as "lifetime expired".
std::string_view reason_text(ReportReason reason);

struct StatusReport {
    struct Item {
        bool asserted = false;
        std::optional<DtnTime> time;  ///< only when asserted and the subject asked for times
    };
    std::array<Item, 4> items;  ///< indexed by Assertion
    ReportReason reason = ReportReason::kNoInformation;
    BundleId subject;

    [[nodiscard]] const Item& item(Assertion which) const { return items[static_cast<std::size_t>(which)]; }
};

/// The payload of an administrative record bundle: [1, status report].
Bytes encode_status_report(const StatusReport& report);

/// Errors: malformed, forbidden, not_found (an administrative record of another type).
Result<StatusReport> decode_status_report(ByteView payload, const Limits& limits);

/// Whether RFC 9171 lets a report on `which` be made for this bundle: it was asked for, the report-to is not
/// the null endpoint, and the bundle is not itself an administrative record (4.2.3, 5.1).
bool report_wanted(const PrimaryBlock& primary, Assertion which);

}  // namespace tram::bpv7
