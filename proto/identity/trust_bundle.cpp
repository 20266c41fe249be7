#include "proto/identity/trust_bundle.h"

#include <algorithm>
#include <set>

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::identity {

namespace {

constexpr std::uint64_t kVersion = 1;
constexpr std::string_view kCertificateLabel = "CERTIFICATE";
constexpr std::string_view kListLabel = "TRAM REVOCATION LIST";

int rank(const Certificate& certificate) {
    switch (certificate.usage) {
        case Usage::kRoot: return 0;
        case Usage::kAuthority: return 1;
        case Usage::kTls:
        case Usage::kSign:
        case Usage::kSeal: return 2;
    }
    return 3;
}

Error at_item(std::string_view what, std::size_t number, const Error& error) {
    return {error.code, std::string{what} + " " + std::to_string(number) + ": " + error.message};
}

// Puts a bundle together item by item; the first failure stays.
class Collector {
  public:
    void add_certificate(ByteView der) {
        auto certificate = read_certificate(der);
        if (certificate) {
            bundle_.certificates.push_back(std::move(*certificate));
        } else if (!error_) {
            error_ = at_item("certificate", bundle_.certificates.size() + 1, certificate.error());
        }
    }
    void add_list(ByteView wire) {
        auto list = bundle_.lists.size() < kTrustListsMax
                        ? read_revocation_list(wire)
                        : fail(ErrorCode::kTooLarge, "there are too many revocation lists");
        if (list) {
            bundle_.lists.push_back(std::move(*list));
        } else if (!error_) {
            error_ = at_item("revocation list", bundle_.lists.size() + 1, list.error());
        }
    }
    [[nodiscard]] bool ok() const { return !error_; }
    Result<TrustBundle> take() {
        if (error_) return std::unexpected{std::move(*error_)};
        if (bundle_.certificates.empty() && bundle_.lists.empty()) {
            return fail(ErrorCode::kMalformed, "there is neither a certificate nor a revocation list in it");
        }
        sort_certificates(bundle_.certificates);
        return std::move(bundle_);
    }

  private:
    TrustBundle bundle_;
    std::optional<Error> error_;
};

std::unexpected<Error> too_large() {
    return fail(ErrorCode::kTooLarge, "certificates and lists together have at most 16 MiB");
}

}  // namespace

void sort_certificates(std::vector<Certificate>& certificates) {
    std::ranges::stable_sort(certificates, {}, rank);
    std::set<CertificateId> seen;
    std::erase_if(certificates, [&](const Certificate& each) { return !seen.insert(each.id).second; });
}

std::string trust_to_pem(const TrustBundle& bundle) {
    std::string out;
    for (const Certificate& certificate : bundle.certificates)
        out += to_pem(kCertificateLabel, certificate.der);
    for (const RevocationList& list : bundle.lists)
        out += to_pem(kListLabel, list.wire);
    return out;
}

Result<TrustBundle> trust_from_pem(std::string_view pem) {
    if (pem.size() > kTrustBundleBytesMax) return too_large();
    Collector collector;
    std::size_t position = 0;
    while (collector.ok()) {
        const auto block = next_pem_block(pem, position);
        if (!block) return std::unexpected{block.error()};
        if (!*block) break;
        if ((*block)->label == kCertificateLabel) collector.add_certificate((*block)->data);
        if ((*block)->label == kListLabel) collector.add_list((*block)->data);
    }
    return collector.take();
}

Bytes encode_trust(const TrustBundle& bundle) {
    cbor::Writer out;
    out.open_array(3);
    out.write_unsigned(kVersion);
    out.open_array(bundle.certificates.size());
    for (const Certificate& certificate : bundle.certificates)
        out.write_bytes(certificate.der);
    out.open_array(bundle.lists.size());
    for (const RevocationList& list : bundle.lists)
        out.write_bytes(list.wire);
    return Bytes{out.take()};
}

Result<TrustBundle> decode_trust(ByteView wire) {
    if (wire.size() > kTrustBundleBytesMax) return too_large();
    cbor::Reader in{wire};
    Collector collector;
    in.open_array(3, 3);
    const std::uint64_t version = in.read_unsigned();
    if (in.ok() && version != kVersion) {
        in.fail(ErrorCode::kUnsupportedVersion, "this program knows version 1 only");
    }
    const std::uint64_t certificates = in.open_array(0, wire.size());
    for (std::uint64_t i = 0; i < certificates && in.ok() && collector.ok(); ++i) {
        const ByteView der = in.read_bytes(kCertificateBytesMax);
        if (in.ok()) collector.add_certificate(der);
    }
    const std::uint64_t lists = collector.ok() ? in.open_array(0, kTrustListsMax) : 0;
    for (std::uint64_t i = 0; i < lists && in.ok() && collector.ok(); ++i) {
        const ByteView list = in.read_bytes(kRevocationListBytesMax);
        if (in.ok()) collector.add_list(list);
    }
    if (in.ok() && collector.ok() && (!in.at_end() || !in.shortest())) {
        in.fail(ErrorCode::kMalformed, "the encoding is not deterministic");
    }
    if (!in.ok()) return fail(in.error()->code, "not a trust bundle: " + in.error()->message);
    return collector.take();
}

}  // namespace tram::identity
