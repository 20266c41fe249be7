#include "daemon/visits/plan_file.h"

namespace tram::visits {

std::string_view sample_plan() {
    return R"(# Who visits whom, and when: a plan of visits for the routers of a commune.
# Publish it at the node of the commune's office:  tram visit plan FILE
# Everybody can read it: name devices and teams, never persons.

commune = "18904"          # five digits; may be left out when all nodes are of one commune
valid_from = 2026-11-23    # the first and the last day that the plan is for, at most 366 days
valid_until = 2027-02-28
# number = 2026112301      # must grow from plan to plan; left out: made of today's date, and one more each time
title = "Lịch đi thôn mùa đông"
probability = 0.8          # that a visit takes place at about that time; of all that do not say it themselves

[[visit]]
who = "18904-lt01"         # node names, one or a list
whom = ["18904-ks07", "18904-ks08"]
weekdays = ["thứ hai", "thứ năm"]  # or mon, thursday, T2 ... CN; each of them
from = "09:00"             # in Viet Nam, both on the same day
to = "15:00"

[[visit]]
who = "18904-lt02"
whom = "18904-ks09"
weekdays = "tue"
every_weeks = 2            # 1 to 52; left out: each week
starting = 2026-12-01      # the first such day is this one or later; left out: valid_from
from = "07:30"
to = "16:00"
probability = 0.6
note = "chợ phiên"         # one line for people, at most 160 bytes

[[visit]]
who = "18904-lt01"
whom = "18904-srv"
dates = [2026-11-27, 2026-12-31]  # instead of weekdays, or besides
from = "16:30"
to = "17:30"
)";
}

}  // namespace tram::visits
