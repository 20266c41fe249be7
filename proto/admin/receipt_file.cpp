#include "proto/admin/receipt_file.h"

#include <algorithm>

#include "proto/identity/pem.h"

namespace tram::admin {

namespace {

constexpr std::string_view kLabel = "TRAM RECEIPT";

using identity::Certificate;
using identity::Usage;

// Adds whoever may have issued `certificate`, with the lists that count for what they issue.
void add_issuers(const Certificate& certificate, const identity::Keyring& keyring,
                 identity::TrustBundle& trust) {
    std::vector<const Certificate*> above = keyring.roots();
    const std::vector<const Certificate*> others = keyring.certificates();
    above.insert(above.end(), others.begin(), others.end());
    for (const Certificate* each : above) {
        const bool certifies = each->usage == Usage::kRoot || each->usage == Usage::kAuthority;
        const bool issued = each->key_id == certificate.issuer_key_id && each->id != certificate.id;
        if (!certifies || !issued) continue;
        trust.certificates.push_back(*each);
        const identity::RevocationList* list = keyring.list_of(*each);
        if (list != nullptr) trust.lists.push_back(*list);
        if (each->usage == Usage::kAuthority) add_issuers(*each, keyring, trust);
    }
}

}  // namespace

Result<ReceiptFile> gather_receipt_file(const SignedReceipt& signed_receipt,
                                        const identity::Keyring& keyring) {
    const Certificate* signer = keyring.find(signed_receipt.message.signer);
    if (signer == nullptr)
        return fail(ErrorCode::kUnknownSigner, "the certificate of who signed the receipt is not known here");
    ReceiptFile file{signed_receipt, {}};
    file.trust.certificates.push_back(*signer);
    add_issuers(*signer, keyring, file.trust);
    identity::sort_certificates(file.trust.certificates);
    return file;
}

std::string encode_receipt_file(const ReceiptFile& file) {
    return identity::to_pem(kLabel, file.receipt.wire) + identity::trust_to_pem(file.trust);
}

Result<ReceiptFile> decode_receipt_file(std::string_view pem) {
    if (pem.size() > kReceiptFileBytesMax)
        return fail(ErrorCode::kTooLarge, "a file with a receipt has at most 2 MiB");
    std::optional<SignedReceipt> receipt;
    std::size_t position = 0;
    while (true) {
        const auto block = identity::next_pem_block(pem, position);
        if (!block) return std::unexpected{block.error()};
        if (!*block) break;
        if ((*block)->label != kLabel) continue;
        if (receipt) return fail(ErrorCode::kMalformed, "there are two receipts in the file");
        auto read = read_receipt((*block)->data);
        if (!read) return std::unexpected{std::move(read.error())};
        receipt = std::move(*read);
    }
    if (!receipt) return fail(ErrorCode::kMalformed, "there is no receipt in the file");
    auto trust = identity::trust_from_pem(pem);
    if (!trust) return std::unexpected{std::move(trust.error())};
    return ReceiptFile{std::move(*receipt), std::move(*trust)};
}

Result<void> verify_receipt_file(const ReceiptFile& file, const std::vector<Certificate>& roots) {
    if (roots.empty())
        return fail(ErrorCode::kInvalidArgument,
                    "give the root certificate of the province to check against");
    identity::Keyring keyring;
    for (const Certificate& root : roots)
        if (auto added = keyring.add_root(root); !added) return added;
    for (const Certificate& each : file.trust.certificates) {
        if (each.usage == Usage::kRoot) continue;
        if (auto added = keyring.add(each); !added) return std::unexpected{std::move(added.error())};
    }
    for (const identity::RevocationList& list : file.trust.lists)
        if (auto added = keyring.add(list); !added) return std::unexpected{std::move(added.error())};
    return verify_receipt(file.receipt, keyring, file.receipt.receipt.signed_unix_s);
}

}  // namespace tram::admin
