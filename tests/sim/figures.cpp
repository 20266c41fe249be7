#include "tests/sim/figures.h"

#include <fmt/format.h>
#include <numeric>
#include <optional>

#include "tests/sim/oracle.h"

namespace tram::sim {

namespace {

/// Adds up what has arrived.
class Tally {
  public:
    explicit Tally(const Load& load) : load_{load} {}

    void add(const Message& message, std::optional<std::int64_t> arrived_us) {
        bytes_ += message.bytes;
        if (!arrived_us) {
            delay_s_ += static_cast<double>(load_.ttl_of(message));
            return;
        }
        ++arrived_;
        arrived_bytes_ += message.bytes;
        delay_s_ += static_cast<double>(*arrived_us - message.created_us) / 1e6;
    }
    [[nodiscard]] std::uint64_t arrived_bytes() const { return arrived_bytes_; }
    [[nodiscard]] Best result() const {
        const auto count = static_cast<double>(load_.messages.size());
        if (load_.messages.empty()) return {};
        return {static_cast<double>(arrived_) / count,
                static_cast<double>(arrived_bytes_) / static_cast<double>(bytes_), delay_s_ / count};
    }

  private:
    const Load& load_;
    std::uint64_t arrived_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t arrived_bytes_ = 0;
    double delay_s_ = 0;
};

double ratio(double value, double to) {
    return to > 0 ? value / to : 0;
}

}  // namespace

std::vector<std::optional<std::int64_t>> earliest_arrivals(const ContactPlan& plan, const Load& load,
                                                           std::uint64_t rate) {
    const Oracle oracle{plan, rate};
    std::vector<std::optional<std::int64_t>> earliest;
    for (const Message& message : load.messages)
        earliest.push_back(oracle.arrival_us(message, load.ttl_of(message)));
    return earliest;
}

Best find_best(const Load& load, const std::vector<std::optional<std::int64_t>>& earliest) {
    Tally tally{load};
    for (std::size_t i = 0; i < load.messages.size(); ++i)
        tally.add(load.messages[i], earliest[i]);
    return tally.result();
}

Figures figures_of(const Load& load, const Best& best, const Outcome& outcome) {
    Tally tally{load};
    for (std::size_t i = 0; i < load.messages.size(); ++i)
        tally.add(load.messages[i], outcome.delivered_us[i]);
    const Best reached = tally.result();
    Figures figures;
    figures.messages = load.messages.size();
    figures.best = best;
    figures.delivery = reached.delivery;
    figures.delivery_ratio = ratio(reached.delivery, best.delivery);
    figures.bytes_delivered = reached.bytes_delivered;
    figures.bytes_delivered_ratio = ratio(reached.bytes_delivered, best.bytes_delivered);
    figures.censored_delay_s = reached.delay_s;
    figures.delay_ratio = ratio(reached.delay_s, best.delay_s);
    const auto sent = static_cast<double>(outcome.sent_bytes);
    figures.bytes_per_byte = ratio(sent, static_cast<double>(tally.arrived_bytes()));
    figures.copies = ratio(std::accumulate(outcome.copies.begin(), outcome.copies.end(), 0.0),
                           static_cast<double>(outcome.copies.size()));
    figures.control_ratio = ratio(static_cast<double>(outcome.control_bytes), sent);
    return figures;
}

std::string to_json(const Figures& figures, const Outcome& outcome) {
    std::string json = "{";
    const auto put = [&](std::string_view name, std::string_view value) {
        json += fmt::format("{}\"{}\":{}", json.size() > 1 ? "," : "", name, value);
    };
    put("messages", fmt::format("{}", figures.messages));
    put("delivery", fmt::format("{:.4f}", figures.delivery));
    put("oracle_delivery", fmt::format("{:.4f}", figures.best.delivery));
    put("delivery_ratio", fmt::format("{:.4f}", figures.delivery_ratio));
    put("censored_delay_s", fmt::format("{:.0f}", figures.censored_delay_s));
    put("oracle_delay_s", fmt::format("{:.0f}", figures.best.delay_s));
    put("delay_ratio", fmt::format("{:.4f}", figures.delay_ratio));
    put("bytes_delivered", fmt::format("{:.4f}", figures.bytes_delivered));
    put("oracle_bytes_delivered", fmt::format("{:.4f}", figures.best.bytes_delivered));
    put("bytes_delivered_ratio", fmt::format("{:.4f}", figures.bytes_delivered_ratio));
    put("bytes_per_byte", fmt::format("{:.4f}", figures.bytes_per_byte));
    put("copies", fmt::format("{:.4f}", figures.copies));
    put("control_ratio", fmt::format("{:.6f}", figures.control_ratio));
    put("peak_store_bytes", fmt::format("{}", outcome.peak_store_bytes));
    put("sent_bytes", fmt::format("{}", outcome.sent_bytes));
    put("receipt_bytes", fmt::format("{}", outcome.receipt_bytes));
    put("confirmed", fmt::format("{}", outcome.confirmed));
    put("transfers", fmt::format("{}", outcome.transfers));
    put("cut", fmt::format("{}", outcome.cut));
    put("duplicates", fmt::format("{}", outcome.duplicates));
    put("refused_full", fmt::format("{}", outcome.refused_full));
    put("refused", fmt::format("{}", outcome.refused));
    put("sent_later", fmt::format("{}", outcome.sent_later));
    put("events", fmt::format("{}", outcome.events));
    put("violations", fmt::format("{}", outcome.violation_count));
    put("trace_hash", fmt::format("\"{:016x}\"", outcome.trace_hash));
    return json + "}\n";
}

std::string to_text(const Figures& figures, const Outcome& outcome) {
    constexpr double kDay_s = 24 * 3600;
    return fmt::format(
        "messages         {}\n"
        "delivery         {:.3f}   {:.3f} of what was possible\n"
        "bytes delivered  {:.3f}   {:.3f} of what was possible\n"
        "censored delay   {:.2f} days   {:.2f} times the least possible\n"
        "bytes per byte   {:.2f}\n"
        "copies           {:.1f}\n"
        "control          {:.4f} of the bytes sent\n"
        "fullest store    {:.1f} MB\n"
        "transfers        {}, {} cut short, {} needless, {} without room\n"
        "trace            {:016x}, {} events\n",
        figures.messages, figures.delivery, figures.delivery_ratio, figures.bytes_delivered,
        figures.bytes_delivered_ratio, figures.censored_delay_s / kDay_s, figures.delay_ratio,
        figures.bytes_per_byte, figures.copies, figures.control_ratio,
        static_cast<double>(outcome.peak_store_bytes) / 1e6, outcome.transfers, outcome.cut,
        outcome.duplicates, outcome.refused_full, outcome.trace_hash, outcome.events);
}

}  // namespace tram::sim
