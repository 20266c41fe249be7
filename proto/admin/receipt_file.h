// A receipt as a file that proves something to strangers: the receipt, and every certificate and revocation
// list on the way from its signer to a root. Who trusts the root needs nothing else.
//
// PEM: "TRAM RECEIPT" first, then what identity::trust_to_pem() writes. The root in it is for convenience and
// is not believed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "proto/admin/receipt.h"
#include "proto/identity/trust_bundle.h"

namespace tram::admin {

inline constexpr std::size_t kReceiptFileBytesMax = 2U << 20;

struct ReceiptFile {
    SignedReceipt receipt;
    identity::TrustBundle trust;
};

/// Collects what a stranger needs. Errors: unknown_signer (its certificate is not in the keyring).
Result<ReceiptFile> gather_receipt_file(const SignedReceipt& signed_receipt,
                                        const identity::Keyring& keyring);
std::string encode_receipt_file(const ReceiptFile& file);
/// Errors: too_large, malformed (no receipt, or two), and those of read_receipt() and trust_from_pem().
Result<ReceiptFile> decode_receipt_file(std::string_view pem);

/// Checks the file against `roots`, which the verifier has from elsewhere, and nothing else. Certificates
/// must have been good at the receipt's own time; without one, dates decide nothing. A signer that is revoked
/// by a list in the file is refused whenever it signed. Errors: invalid_argument (no root), unknown_authority
/// (the chain does not lead to one of the roots), certificate_revoked, certificate_expired,
/// certificate_too_early, wrong_node_id, unknown_signer, bad_signature.
Result<void> verify_receipt_file(const ReceiptFile& file, const std::vector<identity::Certificate>& roots);

}  // namespace tram::admin
