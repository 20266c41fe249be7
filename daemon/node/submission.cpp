#include "daemon/node/submission.h"

#include <algorithm>
#include <sodium.h>
#include <string>

#include "proto/bpv7/codec.h"

namespace tram::node {

namespace {

constexpr std::uint64_t kLifetimeMax_ms = 100ULL * 366 * 24 * 3600 * 1000;
// More than all blocks but the payload can take.
constexpr std::size_t kHeadersMax = 8'192;

Result<void> check(const Submission& submission, const NodeOptions& options) {
    if (submission.destination.is_none()) {
        return fail(ErrorCode::kInvalidArgument,
                    "the destination is the null endpoint; name one such as dtn://18904-srv/requests");
    }
    if (submission.destination.is_local_node()) {
        return fail(ErrorCode::kInvalidArgument,
                    "LocalNode endpoints never leave their node (RFC 9758); use the node's own id");
    }
    if (submission.source &&
        (submission.source->node_id() != options.node_id || !submission.source->is_singleton())) {
        return fail(ErrorCode::kInvalidArgument, "the source " + submission.source->to_string() +
                                                     " is no endpoint of this node " +
                                                     options.node_id.to_string());
    }
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

Result<bpv7::Bundle> build_bundle(Custody& custody, const Submission& submission) {
    using namespace bpv7;
    const NodeOptions& options = custody.options();
    if (auto checked = check(submission, options); !checked)
        return std::unexpected{std::move(checked.error())};
    Bundle bundle;
    PrimaryBlock& primary = bundle.primary;
    primary.flags = bundle_flag::kMustNotFragment;
    if (submission.report_delivery) primary.flags |= bundle_flag::kReportDelivery;
    primary.destination = submission.destination;
    primary.source = submission.source.value_or(options.node_id);
    primary.report_to = options.node_id;
    primary.timestamp = custody.next_timestamp();
    primary.lifetime_ms = submission.lifetime_ms != 0 ? submission.lifetime_ms : options.lifetime_ms;
    bundle.blocks.push_back(
        {block_type::kPayload, kPayloadBlockNumber, 0, CrcType::kCrc32c, submission.payload});
    bundle.set_block(block_type::kBundleAge, 0, CrcType::kCrc16, encode_bundle_age(0));
    bundle.set_block(block_type::kHopCount, 0, CrcType::kCrc16, encode_hop_count({options.hop_limit, 0}));
    ClassBlock klass{.urgency = submission.urgency,
                     .kind = submission.kind,
                     .message_id = {},
                     .chunk_index = 0,
                     .chunk_count = 1};
    const Buffer id = bundle.id().key();
    crypto_generichash(klass.message_id.data(), klass.message_id.size(), id.data(), id.size(), nullptr, 0);
    bundle.set_block(block_type::kClass, 0, CrcType::kCrc16, encode_class(klass));
    return bundle;
}

}  // namespace tram::node
