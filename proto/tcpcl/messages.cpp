#include "proto/tcpcl/messages.h"

namespace tram::tcpcl {

std::string_view reason_text(RefuseReason reason) {
    switch (reason) {
        case RefuseReason::kUnknown: return "unknown reason";
        case RefuseReason::kCompleted: return "completed: the peer already has the bundle";
        case RefuseReason::kNoResources: return "no resources";
        case RefuseReason::kRetransmit: return "retransmit";
        case RefuseReason::kNotAcceptable: return "not acceptable";
        case RefuseReason::kExtensionFailure: return "extension failure";
        case RefuseReason::kSessionTerminating: return "session terminating";
    }
    return "unknown reason";
}

std::string_view reason_text(TermReason reason) {
    switch (reason) {
        case TermReason::kUnknown: return "unknown reason";
        case TermReason::kIdleTimeout: return "idle timeout";
        case TermReason::kVersionMismatch: return "version mismatch";
        case TermReason::kBusy: return "busy";
        case TermReason::kContactFailure: return "contact failure";
        case TermReason::kResourceExhaustion: return "resource exhaustion";
    }
    return "unknown reason";
}

std::string_view reason_text(RejectReason reason) {
    switch (reason) {
        case RejectReason::kUnknownType: return "message type unknown";
        case RejectReason::kUnsupported: return "message unsupported";
        case RejectReason::kUnexpected: return "message unexpected";
    }
    return "unknown reason";
}

RefuseReason refuse_reason(std::uint8_t code) {
    return code <= static_cast<std::uint8_t>(RefuseReason::kSessionTerminating)
               ? static_cast<RefuseReason>(code)
               : RefuseReason::kUnknown;
}

TermReason term_reason(std::uint8_t code) {
    return code <= static_cast<std::uint8_t>(TermReason::kResourceExhaustion) ? static_cast<TermReason>(code)
                                                                              : TermReason::kUnknown;
}

RefusalMeaning meaning(RefuseReason reason) {
    switch (reason) {
        case RefuseReason::kCompleted: return RefusalMeaning::kPeerHasIt;
        case RefuseReason::kRetransmit: return RefusalMeaning::kSendAgain;
        case RefuseReason::kUnknown:
        case RefuseReason::kNoResources: return RefusalMeaning::kSendLater;
        case RefuseReason::kSessionTerminating: return RefusalMeaning::kSendInAnotherSession;
        case RefuseReason::kNotAcceptable:
        case RefuseReason::kExtensionFailure: return RefusalMeaning::kDoNotSendAgain;
    }
    return RefusalMeaning::kSendLater;
}

Error tls_offer_lost() {
    return {
        ErrorCode::kNoTls,
        "only one side has seen the other's offer of TLS: something on the way takes it out, do not trust "
        "that network"};
}

}  // namespace tram::tcpcl
