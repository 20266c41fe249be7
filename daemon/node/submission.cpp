#include "daemon/node/submission.h"

#include <algorithm>
#include <string>

#include "daemon/node/own_receipt.h"

namespace tram::node {

namespace {

// More than all blocks but the payload can take.
constexpr std::size_t kHeadersMax = 8'192;

Result<void> check(const Submission& submission, const NodeOptions& options) {
    if (auto good = check_endpoints(submission.destination, submission.source, options); !good) return good;
    if (submission.lifetime_ms > kLifetimeMax_ms) {
        return fail(ErrorCode::kInvalidArgument, "the lifetime is above a hundred years");
    }
    if (submission.payload.size() > payload_bytes_max(options)) {
        return fail(ErrorCode::kTooLarge, "the payload has " + std::to_string(submission.payload.size()) +
                                              " bytes and links.bundle_max allows " +
                                              std::to_string(payload_bytes_max(options)));
    }
    return {};
}

}  // namespace

std::size_t payload_bytes_max(const NodeOptions& options) {
    const std::size_t bytes_max = options.limits.bundle_bytes_max;
    return bytes_max - std::min(bytes_max, kHeadersMax);
}

Result<void> check_endpoints(const bpv7::Eid& destination, const std::optional<bpv7::Eid>& source,
                             const NodeOptions& options) {
    if (destination.is_none()) {
        return fail(ErrorCode::kInvalidArgument,
                    "the destination is the null endpoint; name one such as dtn://18904-srv/requests");
    }
    if (destination.is_local_node()) {
        return fail(ErrorCode::kInvalidArgument,
                    "LocalNode endpoints never leave their node (RFC 9758); use the node's own id");
    }
    if (is_receipts_endpoint(destination) && !options.security.open) {
        return fail(ErrorCode::kForbidden,
                    destination.to_string() +
                        " takes the receipts that nodes sign, and nothing from applications; name another "
                        "endpoint");
    }
    if (source && (source->node_id() != options.node_id || !source->is_singleton())) {
        return fail(ErrorCode::kInvalidArgument, "the source " + source->to_string() +
                                                     " is no endpoint of this node " +
                                                     options.node_id.to_string());
    }
    return {};
}

Result<OwnBundle> build_bundle(Custody& custody, const Submission& submission) {
    const NodeOptions& options = custody.options();
    if (auto checked = check(submission, options); !checked)
        return std::unexpected{std::move(checked.error())};
    OwnTerms terms;
    if (submission.report_delivery) terms.flags |= bpv7::bundle_flag::kReportDelivery;
    terms.destination = submission.destination;
    terms.source = submission.source.value_or(options.node_id);
    terms.report_to = options.node_id;
    terms.lifetime_ms = submission.lifetime_ms != 0 ? submission.lifetime_ms : options.lifetime_ms;
    terms.hops = {options.hop_limit, 0};
    terms.klass.urgency = submission.urgency;
    terms.klass.kind = submission.kind;
    if (submission.chunk) {
        terms.klass.form = bpv7::Form::kMessage;
        terms.klass.message_id = submission.chunk->message_id;
        terms.klass.chunk_index = submission.chunk->index;
        terms.klass.chunk_count = submission.chunk->count;
    }
    terms.payload = submission.payload;
    return make_own_bundle(custody, std::move(terms));
}

}  // namespace tram::node
