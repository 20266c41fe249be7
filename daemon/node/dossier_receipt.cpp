#include "daemon/node/dossier_receipt.h"

#include <utility>

#include "daemon/node/own_receipt.h"

namespace tram::node {

Result<void> tell(Custody& custody, const Trust& trust, ReceiptListener& here, admin::Receipt receipt) {
    const std::string own = custody.options().node_id.to_string();
    // Its message may be over long before: a dossier takes its time.
    if (receipt.source != own) return send_own_receipt(custody, trust, receipt, kReceiptLifetimeMax_ms);
    receipt.holder = own;
    receipt.signed_unix_s = trust.unix_now();
    if (auto good = admin::receipt_from(admin::receipt_to(receipt)); !good)
        return fail(ErrorCode::kInvalidArgument, good.error().message);
    return here.take(receipt);
}

}  // namespace tram::node
