#include "tests/sim/load.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "tests/sim/random.h"

namespace tram::sim {

namespace {

constexpr std::int64_t kDay_s = 24 * 3600;

struct Setting {
    std::uint64_t messages = 0;
    std::int64_t ttl_s = 0;
    std::uint64_t carrier_bytes = 0;
    std::uint64_t fixed_bytes = 0;  ///< of kiosks and servers
};
constexpr Setting kCommune{1'500, 14 * kDay_s, 200'000'000, 2'000'000'000};
constexpr Setting kSocial{800, 5 * kDay_s, 100'000'000, 100'000'000};

std::uint64_t draw_bytes(Random& random) {
    const double kind = random.unit();
    const double bytes = kind < 0.6   ? random.log_uniform(5e3, 50e3)
                         : kind < 0.9 ? random.log_uniform(0.2e6, 2e6)
                                      : random.log_uniform(5e6, 20e6);
    return static_cast<std::uint64_t>(bytes);
}

/// Between whom messages go.
class Pairs {
  public:
    explicit Pairs(const ContactPlan& plan)
        : servers_{plan.nodes_of(Role::kServer)}, kiosks_{plan.nodes_of(Role::kKiosk)} {
        for (const Contact& contact : plan.contacts)
            all_.insert(all_.end(), {contact.a, contact.b});
        std::ranges::sort(all_);
        all_.erase(std::ranges::unique(all_).begin(), all_.end());
    }
    [[nodiscard]] bool have_roles() const { return !servers_.empty() && !kiosks_.empty(); }
    [[nodiscard]] bool enough() const { return have_roles() || all_.size() > 1; }

    void draw(Random& random, bool up, Message& message) const {
        if (have_roles()) {
            message.from = kiosks_[random.below(kiosks_.size())];
            message.to = servers_[random.below(servers_.size())];
            if (!up) std::swap(message.from, message.to);
            return;
        }
        const std::uint64_t from = random.below(all_.size());
        const std::uint64_t to = random.below(all_.size() - 1);
        message.from = all_[from];
        message.to = all_[to < from ? to : to + 1];
    }

  private:
    std::vector<NodeIndex> servers_;
    std::vector<NodeIndex> kiosks_;
    std::vector<NodeIndex> all_;
};

std::vector<std::uint64_t> buffers_for(const ContactPlan& plan, const Setting& setting,
                                       const LoadOptions& options) {
    const std::uint64_t part = options.kind == LoadKind::kHeavy ? 4 : 1;
    std::vector<std::uint64_t> buffers(plan.node_count, setting.carrier_bytes / part);
    for (const Role role : {Role::kServer, Role::kKiosk}) {
        for (const NodeIndex node : plan.nodes_of(role))
            buffers[node] = setting.fixed_bytes / part;
    }
    for (const BufferRule& rule : options.buffers) {
        for (NodeIndex node = rule.first; node <= rule.last && node < buffers.size(); ++node)
            buffers[node] = rule.bytes;
    }
    return buffers;
}

std::optional<std::uint64_t> take_number(std::string_view& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

std::optional<std::uint64_t> bytes_in(std::string_view text) {
    const auto number = take_number(text);
    if (!number || *number > 1'000'000'000'000) return std::nullopt;
    if (text.empty()) return number;
    if (text == "k") return *number * 1'000;
    if (text == "M") return *number * 1'000'000;
    if (text == "G" && *number <= 1'000'000) return *number * 1'000'000'000;
    return std::nullopt;
}

}  // namespace

Result<BufferRule> parse_buffer_rule(std::string_view text) {
    const std::string whole{text};
    const auto wrong = [&] {
        return fail(ErrorCode::kInvalidArgument,
                    "--buffer " + whole + ": write nodes and bytes, such as 41-90=50M");
    };
    const auto first = take_number(text);
    auto last = first;
    if (text.starts_with('-')) {
        text.remove_prefix(1);
        last = take_number(text);
    }
    if (!first || !last || *last < *first || *last >= kNodesMax || !text.starts_with('=')) return wrong();
    const auto bytes = bytes_in(text.substr(1));
    if (!bytes || *bytes == 0) return wrong();
    return BufferRule{static_cast<NodeIndex>(*first), static_cast<NodeIndex>(*last), *bytes};
}

Result<Load> make_load(const ContactPlan& plan, const LoadOptions& options, std::uint64_t seed) {
    const Pairs pairs{plan};
    if (!pairs.enough())
        return fail(ErrorCode::kInvalidArgument, "the contacts name fewer than two nodes to send between");
    const Setting& setting = pairs.have_roles() ? kCommune : kSocial;
    const std::uint64_t factor = options.kind == LoadKind::kHeavy ? 4 : 1;
    const std::uint64_t count = options.messages.value_or(setting.messages * factor);
    if (count > kMessagesMax) return fail(ErrorCode::kInvalidArgument, "more than a million messages");
    Load load;
    load.ttl_s = options.ttl_s.value_or(setting.ttl_s);
    load.buffers = buffers_for(plan, setting, options);
    const double first_s = 0.15 * static_cast<double>(plan.end_s);
    const auto last_s = static_cast<double>(plan.end_s - load.ttl_s);
    if (load.ttl_s <= 0 || last_s <= first_s) {
        return fail(ErrorCode::kInvalidArgument,
                    "a lifetime of " + std::to_string(load.ttl_s) + " s does not fit into a trace of " +
                        std::to_string(plan.end_s) + " s; choose another one with --ttl");
    }
    Random random{seed};
    for (std::uint64_t i = 0; i < count; ++i) {
        Message message;
        pairs.draw(random, i % 2 == 0, message);
        message.bytes = draw_bytes(random);
        message.created_us = static_cast<std::int64_t>(random.uniform(first_s, last_s) * 1e6);
        load.messages.push_back(message);
    }
    std::ranges::stable_sort(load.messages, {}, &Message::created_us);
    return load;
}

}  // namespace tram::sim
