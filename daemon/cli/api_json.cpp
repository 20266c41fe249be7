#include "daemon/cli/api_json.h"

#include <boost/json/array.hpp>

#include "proto/base/bytes.h"

namespace tram::cli {

namespace json = boost::json;

namespace {

template <typename Items>
json::array objects(const Items& items) {
    json::array result;
    for (const auto& item : items)
        result.push_back(to_json(item));
    return result;
}

template <typename Items>
json::array texts(const Items& items) {
    json::array result;
    for (const auto& item : items)
        result.push_back(json::value(item));
    return result;
}

}  // namespace

json::object to_json(const api::pb::Peer& peer) {
    return {{"node_id", peer.node_id()},           {"connected", peer.connected()},
            {"address", peer.address()},           {"last_met_ms", peer.last_met_ms()},
            {"ever_met", peer.ever_met()},         {"queued_bundles", peer.queued_bundles()},
            {"queued_bytes", peer.queued_bytes()}, {"oldest_ms", peer.oldest_ms()},
            {"sent_bundles", peer.sent_bundles()}, {"received_bundles", peer.received_bundles()},
            {"sent_bytes", peer.sent_bytes()},     {"received_bytes", peer.received_bytes()},
            {"configured", peer.configured()},     {"last_error", peer.last_error()},
            {"discovered", peer.discovered()},     {"heard_at", peer.heard_at()},
            {"heard_ms", peer.heard_ms()}};
}

json::object to_json(const api::pb::Bundle& bundle) {
    return {{"key", bundle.key()},
            {"short_id", bundle.short_id()},
            {"bundle_id", bundle.bundle_id()},
            {"source", bundle.source()},
            {"destination", bundle.destination()},
            {"state", bundle.state()},
            {"urgency", bundle.urgency()},
            {"kind", bundle.kind()},
            {"size", bundle.size()},
            {"payload_size", bundle.payload_size()},
            {"age_ms", bundle.age_ms()},
            {"residence_ms", bundle.residence_ms()},
            {"remaining_ms", bundle.remaining_ms()},
            {"waiting_for", texts(bundle.waiting_for())},
            {"received_from", bundle.received_from()}};
}

json::object to_json(const api::pb::StatusReply& status) {
    json::object counters;
    for (const auto& counter : status.counters())
        counters[counter.name()] = counter.value();
    return {{"node_id", status.node_id()},
            {"version", status.version()},
            {"uptime_ms", status.uptime_ms()},
            {"clock_trusted", status.clock_trusted()},
            {"router", status.router()},
            {"bundles", status.bundles()},
            {"bundle_bytes", status.bundle_bytes()},
            {"waiting_forward", status.waiting_forward()},
            {"waiting_delivery", status.waiting_delivery()},
            {"held", status.held()},
            {"store_bytes", status.store_bytes()},
            {"store_quota_bytes", status.store_quota_bytes()},
            {"disk_free_bytes", status.disk_free_bytes()},
            {"payload_bytes_max", status.payload_bytes_max()},
            {"tombstones", status.tombstones()},
            {"oldest_bundle_ms", status.oldest_bundle_ms()},
            {"peers", objects(status.peers())},
            {"counters", std::move(counters)},
            {"warnings", texts(status.warnings())},
            {"identity", status.identity()},
            {"certificate_ends", status.certificate_ends()},
            {"clock_reason", status.clock_reason()},
            {"unreceipted", status.unreceipted()},
            {"oldest_unreceipted_ms", status.oldest_unreceipted_ms()},
            {"discovery",
             {{"enabled", status.discovery().enabled()},
              {"interfaces", texts(status.discovery().interfaces())},
              {"heard", status.discovery().heard()}}}};
}

json::object to_json(const api::pb::Receipt& receipt) {
    json::object result{{"name", receipt.name()},
                        {"message_id", to_hex(as_bytes(receipt.message_id()))},
                        {"type", receipt.type()},
                        {"holder", receipt.holder()},
                        {"source", receipt.source()},
                        {"signed_unix_s", nullptr},
                        {"received_ago_ms", receipt.received_ago_ms()},
                        {"message_digest", to_hex(as_bytes(receipt.message_digest()))},
                        {"local_number", receipt.local_number()},
                        {"reference", receipt.reference()}};
    if (receipt.has_signed_unix_s()) result["signed_unix_s"] = receipt.signed_unix_s();
    return result;
}

json::object to_json(const api::pb::ShowBundleReply& shown) {
    json::object result = to_json(shown.bundle());
    result["report_to"] = shown.report_to();
    result["flags"] = shown.flags();
    result["creation_time_ms"] = shown.creation_time_ms();
    result["sequence"] = shown.sequence();
    result["lifetime_ms"] = shown.lifetime_ms();
    result["fragment"] = nullptr;
    if (shown.fragment()) {
        result["fragment"] = {{"offset", shown.fragment_offset()}, {"total_length", shown.adu_length()}};
    }
    result["forwarded_to"] = texts(shown.forwarded_to());
    return result;
}

json::object to_json(const api::pb::TraceStep& step) {
    return {{"what", step.what()}, {"peer", step.peer()}, {"ago_ms", step.ago_ms()}};
}

json::object to_json(const api::pb::TraceBundleReply& trace) {
    return {{"short_id", trace.short_id()},
            {"bundle_id", trace.bundle_id()},
            {"destination", trace.destination()},
            {"here", trace.here()},
            {"steps", objects(trace.steps())}};
}

json::object to_json(const api::pb::FiledRequest& request) {
    json::object result{{"local_number", request.local_number()},
                        {"dossier_code", request.dossier_code()},
                        {"procedure", request.procedure()},
                        {"title", request.title()},
                        {"office", request.office()},
                        {"state", request.state()},
                        {"urgency", request.urgency()},
                        {"ago_ms", request.ago_ms()},
                        {"content_size", request.content_bytes()},
                        {"attachments", request.attachments()},
                        {"missing", request.missing()},
                        {"box", request.box()},
                        {"parts_after", request.parts()},
                        {"withdrawal_asked", request.withdrawal_asked()}};
    if (request.box() == "filed") result["arrived"] = request.arrived();
    if (request.box() == "received") {
        result["village"] = request.village();
        result["from"] = request.from();
        result["waiting"] = request.waiting();
    }
    if (request.has_due_day()) result["due_day"] = request.due_day();
    return result;
}

json::object to_json(const api::pb::ShowRequestReply& shown) {
    json::object result = to_json(shown.request());
    result["destination"] = shown.destination();
    result["message_id"] = to_hex(as_bytes(shown.message_id()));
    result["message_digest"] = to_hex(as_bytes(shown.message_digest()));
    result["parts"] = shown.parts();
    result["parts_here"] = shown.parts_here();
    result["handed_to"] = texts(shown.handed_to());
    json::array history;
    for (const auto& word : shown.history()) {
        history.push_back({{"epoch", word.epoch()},
                           {"sequence", word.sequence()},
                           {"kind", word.kind()},
                           {"state", word.state()},
                           {"form", word.form()},
                           {"message_id", to_hex(as_bytes(word.message_id()))},
                           {"here", word.here()}});
    }
    result["history"] = std::move(history);
    return result;
}

json::object to_json(const api::pb::TrustReply& trust) {
    return {{"new_certificates", trust.new_certificates()},
            {"new_lists", trust.new_lists()},
            {"sessions_ended", trust.sessions_ended()},
            {"bundles_held", trust.bundles_held()}};
}

json::object to_json(const api::pb::Device& device) {
    return {{"node_id", device.node_id()},
            {"usage", device.usage()},
            {"certificate_id", device.certificate_id()},
            {"name", device.name()},
            {"not_before", device.not_before()},
            {"not_after", device.not_after()},
            {"state", device.state()}};
}

json::object to_json(const api::pb::Holding& holding) {
    return {{"short_id", holding.short_id()},       {"bundle_id", holding.bundle_id()},
            {"destination", holding.destination()}, {"kind", holding.kind()},
            {"ago_ms", holding.ago_ms()},           {"copy_here", holding.copy_here()},
            {"receipt", holding.receipt()}};
}

json::object to_json(const api::pb::DeviceHoldingsReply& holdings) {
    return {{"total", holdings.total()},
            {"without_receipt", holdings.without_receipt()},
            {"handed_over", objects(holdings.holdings())},
            {"from_device", objects(holdings.from_device())}};
}

}  // namespace tram::cli
