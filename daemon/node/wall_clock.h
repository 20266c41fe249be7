// Whether the wall clock may be believed: the one place that decides it.
//
// Laptops lose their clock with their battery, and clocks are set wrong. A clock is believed unless the
// configuration says otherwise, it is behind what authorities have signed and dated, or it is beyond the end
// of this device's own certificate. What is not believed decides nothing: certificates are not refused for
// dates, bundles age by residence alone, and new ones get creation time zero. The verdict is made anew at
// every step, so a clock that was set right is believed again at once.
#pragma once

#include <cstdint>
#include <string>

#include "proto/base/time.h"
#include "proto/identity/certificate.h"

namespace tram::node {

class WallClock {
  public:
    struct Bounds {
        bool trusted = true;                      ///< the configuration says so
        DtnTime earliest{};                       ///< no working clock shows an earlier time
        identity::UnixTime floor = 0;             ///< the latest date that an authority has signed
        identity::UnixTime certificate_ends = 0;  ///< of our own; 0: there is none
    };
    enum class Verdict : std::uint8_t {
        kBelieved,
        kSwitchedOff,
        kAbsent,  ///< the shell has none to show
        kBehind,
        kBeyond,
    };

    /// Clocks differ a little: one that is this much behind an authority's is not wrong.
    static constexpr identity::UnixTime kFloorSlack_s = 3'600;

    /// `raw` without its wall time where that is not believed.
    Now judge(Now raw, const Bounds& bounds);
    [[nodiscard]] Verdict verdict() const { return verdict_; }
    /// Why it is not believed and what to do; empty when it is.
    [[nodiscard]] std::string reason() const;

  private:
    Verdict verdict_ = Verdict::kBelieved;
    Bounds bounds_;
    DtnTime shown_{};
};

identity::UnixTime to_unix(DtnTime time);
/// "2026-11-21".
std::string date_text(identity::UnixTime time);

}  // namespace tram::node
