// Ownership of what OpenSSL allocates.
#pragma once

#include <memory>
#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace tram::identity {

template <auto kFree>
struct OpensslFree {
    template <typename T>
    void operator()(T* object) const {
        kFree(object);
    }
};

template <typename T, auto kFree>
using OpensslPtr = std::unique_ptr<T, OpensslFree<kFree>>;

using X509Ptr = OpensslPtr<X509, X509_free>;
using PkeyPtr = OpensslPtr<EVP_PKEY, EVP_PKEY_free>;
using NamePtr = OpensslPtr<X509_NAME, X509_NAME_free>;
using ObjectPtr = OpensslPtr<ASN1_OBJECT, ASN1_OBJECT_free>;
using OctetsPtr = OpensslPtr<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>;
using BitsPtr = OpensslPtr<ASN1_BIT_STRING, ASN1_BIT_STRING_free>;
using BasicConstraintsPtr = OpensslPtr<BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free>;
using AuthorityKeyIdPtr = OpensslPtr<AUTHORITY_KEYID, AUTHORITY_KEYID_free>;
using ExtendedUsagePtr = OpensslPtr<EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free>;
using GeneralNamesPtr = OpensslPtr<GENERAL_NAMES, GENERAL_NAMES_free>;

/// Leaves the thread's queue of OpenSSL errors as empty as it should have been found.
class ErrorQueueGuard {
  public:
    ErrorQueueGuard() { ERR_clear_error(); }
    ~ErrorQueueGuard() { ERR_clear_error(); }
    ErrorQueueGuard(const ErrorQueueGuard&) = delete;
    ErrorQueueGuard& operator=(const ErrorQueueGuard&) = delete;
};

inline constexpr const char* kBundleEid = "1.3.6.1.5.5.7.8.11";       // id-on-bundleEID, RFC 9174 4.4.2.1
inline constexpr const char* kBundleSecurity = "1.3.6.1.5.5.7.3.35";  // id-kp-bundleSecurity, RFC 9174 4.4.2

}  // namespace tram::identity
