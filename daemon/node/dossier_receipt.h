// Receipts that dossiers make: they go to the node of the other end, which may be this one.
#pragma once

#include "daemon/node/custody.h"
#include "daemon/node/message_reader.h"
#include "daemon/node/trust.h"
#include "proto/admin/receipt.h"

namespace tram::node {

/// Signs `receipt` as send_own_receipt() does; about a message of this node itself, `here` hears of it at
/// once, as nothing is sent within a node. Errors: those of send_own_receipt() and of `here`.
Result<void> tell(Custody& custody, const Trust& trust, ReceiptListener& here, admin::Receipt receipt);

}  // namespace tram::node
