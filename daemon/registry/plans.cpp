#include "daemon/registry/plans.h"

#include "proto/admin/message.h"
#include "proto/admin/rows.h"
#include "proto/tram/admin_rows.pb.h"

namespace tram::registry {

namespace {

namespace pb = admin::pb;
namespace rows = admin::rows;

constexpr std::string_view kWhat = "visit plan";

}  // namespace

Result<Bytes> encode_plan_row(const KnownPlan& known) {
    const auto message = admin::plan_message(known.plan);
    if (!message) return std::unexpected{message.error()};
    pb::PlanRow row;
    row.set_message(message->SerializeAsString());
    row.set_issuer(known.issuer);
    row.set_source(known.source);
    row.set_destination(known.destination);
    row.set_message_id(rows::text_of(known.message_id));
    row.set_message_digest(rows::text_of(known.digest));
    return rows::encode(std::move(row));
}

Result<KnownPlan> decode_plan_row(const std::string& name, ByteView value) {
    auto row = rows::parse<pb::PlanRow>(value, kWhat);
    if (!row) return std::unexpected{row.error()};
    const auto message = admin::decode_message(as_bytes(row->message()));
    if (!message) return rows::corrupt(kWhat);
    auto plan = admin::plan_of(*message);
    KnownPlan known;
    const bool good = plan && name == std::string{kPlanRow} + plan->commune &&
                      rows::read_bytes(row->message_id(), known.message_id) &&
                      rows::read_bytes(row->message_digest(), known.digest);
    if (!good) return rows::corrupt(kWhat);
    known.plan = std::move(*plan);
    known.issuer = std::move(*row->mutable_issuer());
    known.source = std::move(*row->mutable_source());
    known.destination = std::move(*row->mutable_destination());
    return known;
}

}  // namespace tram::registry
