#include "daemon/cli/visit.h"

#include "daemon/cli/output.h"
#include "daemon/cli/visit_text.h"
#include "proto/admin/dates.h"

namespace tram::cli {

namespace {

std::string weekday_text(const Context& context, std::int32_t day) {
    const auto monday = static_cast<std::size_t>(VisitText::kMonday);
    return say(context, static_cast<VisitText>(monday + admin::weekday_of(day)));
}

/// "Mon 09:00-15:00 every 2 weeks, from 2026-12-01", "2026-11-27 16:30-17:30".
std::string when_text(const Context& context, const admin::PlannedVisit& visit) {
    const std::string day = admin::print_day(visit.first_day);
    const std::string from = admin::print_minute(visit.from_minute);
    const std::string to = admin::print_minute(visit.to_minute);
    if (visit.every_weeks == 0) return say(context, VisitText::kWeekly, day, from, to);
    const std::string weekday = weekday_text(context, visit.first_day);
    const std::string weekly =
        visit.every_weeks == 1 ? say(context, VisitText::kWeekly, weekday, from, to)
                               : say(context, VisitText::kEveryWeeks, weekday, from, to, visit.every_weeks);
    return say(context, VisitText::kSince, weekly, day);
}

}  // namespace

void print_visits(Context& context, const std::vector<VisitRow>& rows) {
    const bool with_next = !rows.empty() && rows.front().next.has_value();
    std::vector<Column> columns{{say(context, VisitText::kVisitor)},
                                {say(context, VisitText::kHost)},
                                {say(context, VisitText::kWhen)},
                                {say(context, VisitText::kTimes), Align::kRight},
                                {say(context, VisitText::kProbability), Align::kRight},
                                {say(context, VisitText::kNote)}};
    if (with_next) columns.insert(columns.end() - 2, {say(context, VisitText::kNext), Align::kRight});
    Table table{context.out, std::move(columns), context.ascii};
    for (const auto& [visit, times, next] : rows) {
        std::vector<std::string> cells{
            visit.visitor,
            visit.host,
            when_text(context, visit),
            std::to_string(times),
            fmt::format("{:g}", static_cast<double>(visit.probability) / admin::PlannedVisit::kCertain),
            visit.note};
        if (with_next) cells.insert(cells.end() - 2, next.value_or(""));
        table.add(std::move(cells));
    }
    table.flush();
}

boost::json::object visit_json(const admin::PlannedVisit& visit) {
    return {{"visitor", visit.visitor},
            {"host", visit.host},
            {"first_day", admin::print_day(visit.first_day)},
            {"every_weeks", visit.every_weeks},
            {"from", admin::print_minute(visit.from_minute)},
            {"to", admin::print_minute(visit.to_minute)},
            {"probability", static_cast<double>(visit.probability) / admin::PlannedVisit::kCertain},
            {"note", visit.note}};
}

void add_visit(CLI::App& app, Context& context, Action& action) {
    auto* visit = app.add_subcommand("visit", "who visits whom: plans for the routers of a commune");
    visit->require_subcommand(1);
    add_visit_plan(*visit, context, action);
    add_visit_show(*visit, context, action);
}

}  // namespace tram::cli
