// Receipts that are kept here, in the words of api.proto.
#pragma once

#include <string>

#include "daemon/node/node.h"
#include "proto/base/error.h"
#include "proto/tram/api.pb.h"

namespace tram::api {

/// Errors: invalid_argument (page size above 1,000).
Result<pb::ListReceiptsReply> list_receipts(const node::Node& node, const pb::ListReceiptsRequest& request);

struct ReceiptView {
    pb::GetReceiptReply reply;
    std::string file;  ///< as proto/admin/receipt_file.h writes it
};
/// The receipt that `name` means: its name, a beginning of it of four digits or more, or the id of its
/// message. Errors: not_found, ambiguous, invalid_argument, unknown_signer (its certificate is gone).
Result<ReceiptView> get_receipt(const node::Node& node, const std::string& name);

}  // namespace tram::api
