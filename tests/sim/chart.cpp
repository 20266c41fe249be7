#include "tests/sim/chart.h"

#include <algorithm>
#include <fmt/format.h>

namespace tram::sim {

namespace {

constexpr double kLeft = 60;
constexpr double kTop = 40;
constexpr double kWidth = 560;
constexpr double kHeight = 320;
constexpr double kDay_us = 86'400e6;
constexpr int kSteps = 280;

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        if (c == '<' || c == '&') {
            out += c == '<' ? "&lt;" : "&amp;";
        } else {
            out += c;
        }
    }
    return out;
}

std::string label(double x, double y, const std::string& text, std::string_view anchor) {
    return fmt::format(R"(<text x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text>)", x, y, anchor,
                       escaped(text)) +
           "\n";
}

std::string axes(double days) {
    std::string out =
        fmt::format(R"(<rect x="{}" y="{}" width="{}" height="{}" fill="none" stroke="black"/>)", kLeft, kTop,
                    kWidth, kHeight);
    for (int percent = 0; percent <= 100; percent += 20) {
        const double y = kTop + kHeight * (1 - percent / 100.0);
        out += fmt::format(R"(<path d="M{} {:.1f}h{}" stroke="#ccc"/>)", kLeft, y, kWidth);
        out += label(kLeft - 6, y + 4, fmt::format("{} %", percent), "end");
    }
    for (int tick = 0; tick <= 7; ++tick) {
        const double x = kLeft + kWidth * tick / 7;
        out += label(x, kTop + kHeight + 18, fmt::format("{:.3g}", days * tick / 7), "middle");
    }
    return out + label(kLeft + kWidth / 2, kTop + kHeight + 38, "days after sending", "middle");
}

/// Ages of what has arrived, in microseconds, sorted.
std::vector<std::int64_t> ages(const Load& load, const Curve& curve) {
    std::vector<std::int64_t> out;
    for (std::size_t i = 0; i < load.messages.size(); ++i) {
        if (curve.delivered_us[i]) out.push_back(*curve.delivered_us[i] - load.messages[i].created_us);
    }
    std::ranges::sort(out);
    return out;
}

}  // namespace

std::string chart(const Load& load, const std::vector<Curve>& curves, const std::string& title) {
    const double end_us = static_cast<double>(load.ttl_s) * 1e6;
    std::string out = R"(<svg xmlns="http://www.w3.org/2000/svg" width="720" height="420" font-size="13">)"
                      "\n"
                      R"(<rect width="720" height="420" fill="white"/>)"
                      "\n";
    out += label(kLeft, kTop - 14, title, "start") + axes(end_us / kDay_us);
    double key_y = kTop + 20;
    for (const Curve& curve : curves) {
        const std::vector<std::int64_t> sorted = ages(load, curve);
        std::string path;
        for (int step = 0; step <= kSteps; ++step) {
            const auto age = static_cast<std::int64_t>(end_us * step / kSteps);
            const auto arrived = std::ranges::upper_bound(sorted, age) - sorted.begin();
            const double part = static_cast<double>(arrived) /
                                static_cast<double>(std::max<std::size_t>(1, load.messages.size()));
            path += fmt::format("{}{:.1f} {:.1f}", step == 0 ? "M" : "L", kLeft + kWidth * step / kSteps,
                                kTop + kHeight * (1 - part));
        }
        out += fmt::format(R"(<path d="{}" fill="none" stroke="{}" stroke-width="2"/>)", path, curve.colour) +
               "\n";
        out += fmt::format(R"(<path d="M{} {}h20" stroke="{}" stroke-width="2"/>)", kLeft + kWidth + 6, key_y,
                           curve.colour);
        out += label(kLeft + kWidth + 30, key_y + 4, curve.name, "start");
        key_y += 20;
    }
    return out + "</svg>\n";
}

}  // namespace tram::sim
