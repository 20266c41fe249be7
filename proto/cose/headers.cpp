#include "proto/cose/headers.h"

#include <algorithm>

#include "proto/cbor/reader.h"

namespace tram::cose {

namespace {

constexpr std::int64_t kLastCommon = 7;  // labels 1 to 7 are known to every implementation

constexpr std::size_t kProtectedBytesMax = 16U << 10;
constexpr std::size_t kHeadersMax = 16;
constexpr std::size_t kLabelBytesMax = 64;
constexpr std::size_t kHashBytesMax = 64;

Label read_label(cbor::Reader& in) {
    if (in.peek() == cbor::Type::kText) return in.read_text(kLabelBytesMax);
    return in.read_integer();
}

bool contains(const std::vector<Label>& labels, const Label& label) {
    return std::ranges::find(labels, label) != labels.end();
}

void read_critical(cbor::Reader& in, Headers& headers) {
    const std::uint64_t count = in.open_array(1, kHeadersMax);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i)
        headers.critical.push_back(read_label(in));
}

void read_x5t(cbor::Reader& in, Headers& headers) {
    in.open_array(2, 2);
    headers.x5t_algorithm = read_label(in);
    headers.x5t_hash = in.read_bytes(kHashBytesMax);
}

void read_protected(cbor::Reader& in, Headers& headers) {
    const std::uint64_t pairs = in.open_map(kHeadersMax);
    for (std::uint64_t i = 0; i < pairs && in.ok(); ++i) {
        const Label label = read_label(in);
        if (in.ok() && contains(headers.protected_labels, label))
            in.fail(ErrorCode::kMalformed, "a COSE header occurs twice");
        headers.protected_labels.push_back(label);
        if (label == Label{header::kAlgorithm}) {
            headers.algorithm = read_label(in);
        } else if (label == Label{header::kCritical}) {
            read_critical(in, headers);
        } else if (label == Label{header::kX5t}) {
            read_x5t(in, headers);
        } else {
            in.skip();
        }
    }
}

void read_unprotected(cbor::Reader& in, Headers& headers) {
    const std::uint64_t pairs = in.open_map(kHeadersMax);
    for (std::uint64_t i = 0; i < pairs && in.ok(); ++i) {
        const Label label = read_label(in);
        if (in.ok() &&
            (contains(headers.protected_labels, label) || contains(headers.unprotected_labels, label)))
            in.fail(ErrorCode::kMalformed, "a COSE header occurs twice");
        if (label == Label{header::kCritical})
            in.fail(ErrorCode::kMalformed, "the list of critical headers is unprotected");
        headers.unprotected_labels.push_back(label);
        in.skip();
    }
}

}  // namespace

Headers read_headers(cbor::Reader& in) {
    Headers headers;
    headers.protected_bytes = in.read_bytes(kProtectedBytesMax);
    // Nothing protected is a byte string without bytes (RFC 9052 3).
    if (in.ok() && !headers.protected_bytes.empty()) {
        cbor::Reader inner{headers.protected_bytes};
        read_protected(inner, headers);
        if (inner.ok() && !inner.at_end())
            inner.fail(ErrorCode::kMalformed, "bytes after the protected headers");
        if (!inner.ok()) in.fail(inner.error()->code, "protected headers: " + inner.error()->message);
    }
    read_unprotected(in, headers);
    return headers;
}

Result<void> check_critical(const Headers& headers) {
    for (const Label& label : headers.critical) {
        const auto* number = std::get_if<std::int64_t>(&label);
        const bool known =
            number && ((*number >= header::kAlgorithm && *number <= kLastCommon) || *number == header::kX5t);
        if (!known) {
            return fail(ErrorCode::kUnsupportedSecurity,
                        "a COSE message has a critical header that is not known here (RFC 9052 3.1)");
        }
        if (!contains(headers.protected_labels, label)) {
            return fail(ErrorCode::kMalformed,
                        "a COSE message calls a header critical that its protected headers lack "
                        "(RFC 9052 3.1)");
        }
    }
    return {};
}

}  // namespace tram::cose
