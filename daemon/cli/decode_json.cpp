#include "daemon/cli/decode_json.h"

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <chrono>
#include <fmt/chrono.h>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/cli/security_json.h"
#include "proto/bpv7/codec.h"
#include "proto/bpv7/status_report.h"

namespace tram::cli {

namespace json = boost::json;

namespace {

using bpv7::Bundle;
using bpv7::CanonicalBlock;

template <std::size_t N>
using FlagNames = std::array<std::pair<std::uint64_t, std::string_view>, N>;

constexpr FlagNames<9> kBundleFlags = {{{bpv7::bundle_flag::kIsFragment, "is_fragment"},
                                        {bpv7::bundle_flag::kAdministrativeRecord, "administrative_record"},
                                        {bpv7::bundle_flag::kMustNotFragment, "must_not_fragment"},
                                        {bpv7::bundle_flag::kAckRequested, "acknowledgement_requested"},
                                        {bpv7::bundle_flag::kReportStatusTime, "report_status_time"},
                                        {bpv7::bundle_flag::kReportReception, "report_reception"},
                                        {bpv7::bundle_flag::kReportForwarding, "report_forwarding"},
                                        {bpv7::bundle_flag::kReportDelivery, "report_delivery"},
                                        {bpv7::bundle_flag::kReportDeletion, "report_deletion"}}};

constexpr FlagNames<4> kBlockFlags = {
    {{bpv7::block_flag::kReplicateInFragments, "replicate_in_fragments"},
     {bpv7::block_flag::kReportIfUnprocessable, "report_if_unprocessable"},
     {bpv7::block_flag::kDeleteBundleIfUnprocessable, "delete_bundle_if_unprocessable"},
     {bpv7::block_flag::kDiscardIfUnprocessable, "discard_if_unprocessable"}}};

template <std::size_t N>
json::array flag_names(std::uint64_t flags, const FlagNames<N>& names) {
    json::array result;
    for (const auto& [flag, name] : names) {
        if ((flags & flag) != 0) result.push_back(json::value(name));
        flags &= ~flag;
    }
    if (flags != 0) result.push_back(json::value(fmt::format("unassigned_{:#x}", flags)));
    return result;
}

std::string_view crc_name(bpv7::CrcType type) {
    switch (type) {
        case bpv7::CrcType::kNone: return "none";
        case bpv7::CrcType::kCrc16: return "crc16";
        case bpv7::CrcType::kCrc32c: return "crc32c";
    }
    return "unknown";
}

std::string_view type_name(std::uint64_t type) {
    switch (type) {
        case bpv7::block_type::kPayload: return "payload";
        case bpv7::block_type::kPreviousNode: return "previous_node";
        case bpv7::block_type::kBundleAge: return "bundle_age";
        case bpv7::block_type::kHopCount: return "hop_count";
        case bpv7::block_type::kBlockIntegrity: return "block_integrity";
        case bpv7::block_type::kBlockConfidentiality: return "block_confidentiality";
        case bpv7::block_type::kClass: return "class";
        default: return "unknown";
    }
}

std::string_view kind_name(bpv7::Kind kind) {
    switch (kind) {
        case bpv7::Kind::kReceipt: return "receipt";
        case bpv7::Kind::kControl: return "control";
        case bpv7::Kind::kRequest: return "request";
        case bpv7::Kind::kUpdate: return "update";
        case bpv7::Kind::kNotice: return "notice";
        case bpv7::Kind::kBulk: return "bulk";
    }
    return "unknown";
}

/// "2026-01-02T03:04:05.678Z"; null without a clock, or after the year 9999.
json::value utc_text(DtnTime time) {
    constexpr std::uint64_t kYear10000Unix = 253'402'300'800;
    const std::uint64_t unix_seconds = time.milliseconds / 1'000 + kDtnEpochUnixSeconds;
    if (!time.known() || unix_seconds >= kYear10000Unix) return nullptr;
    const std::chrono::sys_seconds point{std::chrono::seconds{static_cast<std::int64_t>(unix_seconds)}};
    return json::value(fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", point, time.milliseconds % 1'000));
}

json::object to_json(const bpv7::CreationTimestamp& timestamp) {
    return {{"time_ms", timestamp.time.milliseconds},
            {"time", utc_text(timestamp.time)},
            {"sequence", timestamp.sequence}};
}

json::object to_json(const bpv7::BundleId& id) {
    json::object result{{"source", id.source.to_string()}, {"timestamp", to_json(id.timestamp)}};
    result["fragment"] = nullptr;
    if (id.fragment) {
        result["fragment"] = json::object{{"offset", id.fragment->offset}, {"length", id.fragment->length}};
    }
    return result;
}

json::object to_json(const bpv7::StatusReport& report) {
    static constexpr std::array<std::string_view, 4> kAssertions = {"received", "forwarded", "delivered",
                                                                    "deleted"};
    json::object result;
    for (std::size_t i = 0; i < kAssertions.size(); ++i) {
        const auto& item = report.items.at(i);
        json::object assertion{{"asserted", item.asserted}, {"time_ms", nullptr}, {"time", nullptr}};
        if (item.time) {
            assertion["time_ms"] = item.time->milliseconds;
            assertion["time"] = utc_text(*item.time);
        }
        result[kAssertions.at(i)] = std::move(assertion);
    }
    result["reason_code"] = static_cast<std::uint64_t>(report.reason);
    result["reason"] = bpv7::reason_text(report.reason);
    result["subject"] = to_json(report.subject);
    return result;
}

json::object to_json(const bpv7::ClassBlock& block) {
    return {{"urgency", static_cast<unsigned>(block.urgency)},
            {"kind", kind_name(block.kind)},
            {"message_id", to_hex(block.message_id)},
            {"chunk_index", block.chunk_index},
            {"chunk_count", block.chunk_count}};
}

/// Puts `result` under `key`, or why it cannot be read under "unreadable": it may be encrypted, or another's
/// use of the same number.
template <typename T, typename Convert>
void add_read(json::object& object, std::string_view key, const Result<T>& result, Convert convert) {
    if (result) {
        object[key] = convert(*result);
    } else {
        object["unreadable"] = result.error().message;
    }
}

void add_contents(json::object& object, const CanonicalBlock& block, const Bundle& bundle) {
    const auto as_is = [](const auto& value) { return to_json(value); };
    switch (block.type) {
        case bpv7::block_type::kPreviousNode:
            add_read(object, "previous_node", bpv7::decode_previous_node(block.data, {}),
                     [](const bpv7::Eid& node) { return json::value(node.to_string()); });
            break;
        case bpv7::block_type::kBundleAge:
            add_read(object, "age_ms", bpv7::decode_bundle_age(block.data),
                     [](std::uint64_t age) { return json::value(age); });
            break;
        case bpv7::block_type::kHopCount:
            add_read(object, "hop_count", bpv7::decode_hop_count(block.data), [](const bpv7::HopCount& hops) {
                return json::object{{"limit", hops.limit}, {"count", hops.count}};
            });
            break;
        case bpv7::block_type::kClass:
            add_read(object, "class", bpv7::decode_class(block.data), as_is);
            break;
        case bpv7::block_type::kBlockIntegrity:
        case bpv7::block_type::kBlockConfidentiality:
            add_read(object, "security", security_json(block, bundle),
                     [](const json::object& security) { return security; });
            break;
        case bpv7::block_type::kPayload:
            // A fragment of a record is not a record.
            if (bundle.primary.has(bpv7::bundle_flag::kAdministrativeRecord) && !bundle.primary.fragment) {
                add_read(object, "status_report", bpv7::decode_status_report(block.data, {}), as_is);
            }
            break;
        default: break;
    }
}

json::object to_json(const CanonicalBlock& block, const Bundle& bundle, std::uint64_t data_bytes_max) {
    const ByteView data = block.data.view();
    const auto shown = static_cast<std::size_t>(std::min<std::uint64_t>(data.size(), data_bytes_max));
    json::object result{{"type", block.type},
                        {"type_name", type_name(block.type)},
                        {"number", block.number},
                        {"flags", block.flags},
                        {"flag_names", flag_names(block.flags, kBlockFlags)},
                        {"crc_type", crc_name(block.crc_type)},
                        {"size", data.size()},
                        {"data_hex", to_hex(data.first(shown))},
                        {"data_complete", shown == data.size()}};
    add_contents(result, block, bundle);
    return result;
}

}  // namespace

json::object to_json(const Bundle& bundle, std::uint64_t data_bytes_max) {
    const bpv7::PrimaryBlock& primary = bundle.primary;
    json::object result{{"bundle_id", bundle.id().to_string()},
                        {"version", 7},
                        {"flags", primary.flags},
                        {"flag_names", flag_names(primary.flags, kBundleFlags)},
                        {"crc_type", crc_name(primary.crc_type)},
                        {"destination", primary.destination.to_string()},
                        {"source", primary.source.to_string()},
                        {"report_to", primary.report_to.to_string()},
                        {"timestamp", to_json(primary.timestamp)},
                        {"lifetime_ms", primary.lifetime_ms},
                        {"fragment", nullptr}};
    if (primary.fragment) {
        result["fragment"] = json::object{{"offset", primary.fragment->offset},
                                          {"total_length", primary.fragment->total_length}};
    }
    json::array blocks;
    for (const CanonicalBlock& block : bundle.blocks)
        blocks.push_back(to_json(block, bundle, data_bytes_max));
    result["blocks"] = std::move(blocks);
    return result;
}

}  // namespace tram::cli
