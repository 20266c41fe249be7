#include "tests/sim/contacts.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <tuple>
#include <utility>

namespace tram::sim {

namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

/// The next word of `line`, taken off its front.
std::string_view take_word(std::string_view& line) {
    line = trimmed(line);
    const std::string_view word = line.substr(0, line.find_first_of(kBlank));
    line.remove_prefix(word.size());
    return word;
}

std::optional<std::int64_t> number_in(std::string_view word, std::int64_t max) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size() || value < 0 || value > max)
        return std::nullopt;
    return value;
}

Role role_named(std::string_view label) {
    if (label.find("kiosk") != std::string_view::npos) return Role::kKiosk;
    if (label.starts_with("commune") || label.find("server") != std::string_view::npos) return Role::kServer;
    return Role::kCarrier;
}

/// "1-40" or "0".
std::optional<RoleRange> range_in(std::string_view word) {
    const std::size_t dash = word.find('-');
    const auto first = number_in(word.substr(0, dash), kNodesMax - 1);
    const auto last =
        dash == std::string_view::npos ? first : number_in(word.substr(dash + 1), kNodesMax - 1);
    if (!first || !last || *last < *first) return std::nullopt;
    return RoleRange{static_cast<NodeIndex>(*first), static_cast<NodeIndex>(*last), Role::kCarrier};
}

/// "0=commune 1-40=village kiosks": a label goes on up to the next range. What is none is a comment.
std::vector<RoleRange> roles_in(std::string_view text) {
    std::vector<RoleRange> roles;
    std::string label;
    const auto finish = [&] {
        if (!roles.empty()) roles.back().role = role_named(label);
    };
    for (std::string_view word = take_word(text); !word.empty(); word = take_word(text)) {
        const std::size_t equals = word.find('=');
        const auto range = equals == std::string_view::npos ? std::nullopt : range_in(word.substr(0, equals));
        if (range) {
            finish();
            roles.push_back(*range);
            label = word.substr(equals + 1);
        } else {
            label += ' ';
            label += word;
        }
    }
    finish();
    return roles;
}

Result<Contact> contact_in(std::string_view line) {
    std::array<std::int64_t, 4> fields{};
    for (std::size_t i = 0; i < fields.size(); ++i) {
        const std::string_view word = take_word(line);
        const auto number = number_in(word, i < 2 ? kEndMax_s : kNodesMax - 1);
        if (!number) {
            static constexpr std::array kNames{"start", "end", "first node", "second node"};
            return fail(ErrorCode::kInvalidArgument,
                        std::string{"the "} + kNames.at(i) +
                            (word.empty() ? " is missing" : " is no number that can be used") +
                            "; a line is `start_s end_s a b`");
        }
        fields.at(i) = *number;
    }
    if (!trimmed(line).empty())
        return fail(ErrorCode::kInvalidArgument, "there is more than `start_s end_s a b`");
    const auto [start, end, a, b] = fields;
    if (end < start) return fail(ErrorCode::kInvalidArgument, "the contact ends before it starts");
    if (a == b) return fail(ErrorCode::kInvalidArgument, "a node is not in contact with itself");
    return Contact{.start_s = start,
                   .end_s = std::max(end, start + 1),
                   .a = static_cast<NodeIndex>(std::min(a, b)),
                   .b = static_cast<NodeIndex>(std::max(a, b))};
}

}  // namespace

std::vector<Contact> merged(std::vector<Contact> contacts) {
    const auto by_start = [](const Contact& contact) {
        return std::tuple{contact.start_s, contact.end_s, contact.a, contact.b};
    };
    std::ranges::sort(contacts, {}, by_start);
    std::map<std::pair<NodeIndex, NodeIndex>, std::size_t> latest;  // of each pair, in `result`
    std::vector<Contact> result;
    for (const Contact& contact : contacts) {
        const auto [place, first] = latest.try_emplace({contact.a, contact.b}, result.size());
        if (!first && result[place->second].end_s >= contact.start_s) {
            std::int64_t& end = result[place->second].end_s;
            end = std::max(end, contact.end_s);
            continue;
        }
        place->second = result.size();
        result.push_back(contact);
    }
    std::ranges::sort(result, {}, by_start);
    return result;
}

std::vector<NodeIndex> ContactPlan::nodes_of(Role role) const {
    std::vector<NodeIndex> nodes;
    for (const RoleRange& range : roles) {
        for (NodeIndex node = range.first; range.role == role && node <= range.last; ++node)
            nodes.push_back(node);
    }
    std::ranges::sort(nodes);
    nodes.erase(std::ranges::unique(nodes).begin(), nodes.end());
    return nodes;
}

Result<ContactPlan> parse_contacts(std::string_view text, const std::string& name) {
    ContactPlan plan;
    for (std::size_t number = 1; !text.empty(); ++number) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        if (const std::size_t hash = line.find('#'); hash != std::string_view::npos) {
            const std::size_t roles = line.find(';', hash);
            if (plan.roles.empty() && roles != std::string_view::npos)
                plan.roles = roles_in(line.substr(roles + 1));
            line = line.substr(0, hash);
        }
        if (trimmed(line).empty()) continue;
        const auto contact = contact_in(line);
        if (!contact)
            return fail(contact.error().code,
                        name + ":" + std::to_string(number) + ": " + contact.error().message);
        plan.contacts.push_back(*contact);
        plan.node_count = std::max(plan.node_count, contact->b + 1);
        plan.end_s = std::max(plan.end_s, contact->end_s);
    }
    for (const RoleRange& range : plan.roles)
        plan.node_count = std::max(plan.node_count, range.last + 1);
    plan.contacts = merged(std::move(plan.contacts));
    return plan;
}

Result<ContactPlan> read_contacts(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) return fail(ErrorCode::kNotFound, path + " cannot be opened");
    std::ostringstream text;
    text << file.rdbuf();
    if (!file) return fail(ErrorCode::kIo, path + " cannot be read");
    return parse_contacts(text.str(), path);
}

}  // namespace tram::sim
