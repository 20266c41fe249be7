#include "daemon/node/checks.h"

#include "proto/admin/receipt.h"

namespace tram::node {

bool is_good(const effect::Check& check) {
    if (!bpsec::verify(check.claim, check.payload, check.key)) return false;
    return check.receipt == nullptr || admin::verify_receipt(*check.receipt, check.receipt_key).has_value();
}

}  // namespace tram::node
