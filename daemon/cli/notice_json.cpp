#include <boost/json/array.hpp>

#include "daemon/cli/notice.h"

namespace tram::cli {

namespace {

namespace json = boost::json;

json::array texts(const google::protobuf::RepeatedPtrField<std::string>& from) {
    json::array out;
    for (const std::string& each : from)
        out.emplace_back(each);
    return out;
}

json::object village(const api::pb::VillageProof& proof) {
    json::object out{{"village", proof.village()},
                     {"expected", proof.expected()},
                     {"reach", proof.reach()},
                     {"displayed", texts(proof.displayed())},
                     {"announced", texts(proof.announced())},
                     {"times", proof.times()},
                     {"by", texts(proof.by())},
                     {"carriers", texts(proof.carriers())}};
    if (proof.has_heard_ago_ms()) out["heard_ago_ms"] = proof.heard_ago_ms();
    return out;
}

}  // namespace

json::object to_json(const api::pb::Notice& notice) {
    return {{"document_number", notice.document_number()},
            {"year", notice.year()},
            {"issuer", notice.issuer()},
            {"edition", notice.edition()},
            {"doc_type", notice.doc_type()},
            {"title", notice.title()},
            {"from", notice.from()},
            {"urgency", notice.urgency()},
            {"audience", notice.audience()},
            {"status", notice.status()},
            {"ago_ms", notice.ago_ms()},
            {"remaining_ms", notice.remaining_ms()},
            {"languages", texts(notice.languages())},
            {"audio", texts(notice.audio())},
            {"loudspeaker", notice.loudspeaker()},
            {"require_ack", notice.require_ack()},
            {"superseded_by", notice.superseded_by()},
            {"displayed", texts(notice.displayed())},
            {"announced", texts(notice.announced())},
            {"for_us", notice.for_us()},
            {"own", notice.own()}};
}

json::object to_json(const api::pb::NoticeProofReply& proof) {
    json::array villages;
    for (const auto& each : proof.villages())
        villages.push_back(village(each));
    return {{"notice", to_json(proof.notice())}, {"expected", proof.expected()},
            {"reached", proof.reached()},        {"displayed", proof.displayed()},
            {"announced", proof.announced()},    {"villages", std::move(villages)}};
}

json::object to_json(const api::pb::Area& area) {
    return {{"area", area.text()}, {"configured", area.configured()}};
}

}  // namespace tram::cli
