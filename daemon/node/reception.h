// Taking bundles from peers: RFC 9171 5.6 (reception), with our limits and refusals.
//
//   Arrived -> decode -> known already? -> cheap refusals -> whose signature? -> Check ... Checked
//                                            -> known by now? -> the RFC's steps -> store, or consume
//
// Each bundle that arrives is either stored (and accepted when that is durable), recognised (and refused as
// completed when what it is recognised by is durable), or refused with a code and a reason. Nothing is
// dropped in silence. Unless the node is open, nothing is stored, consumed or reported on before its
// signature is known to be good; many are checked at a time, and their order does not matter.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "daemon/node/custody.h"
#include "daemon/node/delivery.h"
#include "daemon/node/forwarding.h"
#include "daemon/node/made_receipts.h"
#include "daemon/node/receipts.h"
#include "daemon/node/sync.h"
#include "daemon/node/trust_exchange.h"

namespace tram::node {

class Reception {
  public:
    Reception(Custody& custody, const Trust& trust, TrustExchange& exchange, Sync& sync, Room& room,
              Forwarding& forwarding, Delivery& delivery, Receipts& receipts, MadeReceipts& made_receipts);
    ~Reception();

    void arrived(const input::Arrived& arrived);
    void checked(const input::Checked& checked);

  private:
    struct Incoming;
    struct Objection;
    void refuse(const Incoming& in, Refusal refusal, ErrorCode code, const std::string& why);
    void refuse(const Incoming& in, const Error& error);
    /// What a neighbour says to this node about itself: taken in and stored by nobody.
    void answer_neighbour(const Incoming& in, const Result<void>& taken);
    [[nodiscard]] bool needs_signature(const bpv7::Bundle& bundle) const;
    void check_signature(Incoming in);
    [[nodiscard]] Result<cose::PublicKey> signer_of(const Incoming& in) const;
    void take(Incoming in);
    bool block_rules_hold(Incoming& in);
    bool is_known(Incoming& in);
    bool is_repetition(const Incoming& in, const std::optional<store::HopRecord>& from,
                       std::optional<std::uint64_t> hop_count) const;
    [[nodiscard]] bool asks_for_receipt(const Incoming& in, const store::Tombstone& gone) const;
    void confirm_again(const Incoming& in);
    void answer_duplicate(const Incoming& in, std::string_view why);
    [[nodiscard]] bool is_report(const Incoming& in) const;
    void consume_report(const Incoming& in);
    /// A receipt: taken when it is for this node, else passed on; only when it is a good one.
    void take_receipt(Incoming in);
    Result<cose::PublicKey> read_receipt(Incoming& in) const;
    Result<void> check_receipt(Incoming& in) const;
    void refuse_receipt(const Incoming& in, const Error& error);
    /// Why a node that says a bundle was delivered cannot know.
    [[nodiscard]] std::optional<Objection> objection_to_report(const bpv7::BundleId& id,
                                                               const bpv7::Eid& reporter) const;
    bool note_delivery(const bpv7::BundleId& id, const bpv7::Eid& reporter);
    /// Everything but the room that it takes.
    [[nodiscard]] std::optional<Objection> objection_to(const Incoming& in) const;
    [[nodiscard]] Room::Claim claim_of(const Incoming& in) const;
    /// What arrives unasked is looked at as if all was given up for it that may be.
    [[nodiscard]] std::optional<Objection> objection_to_size(const Incoming& in) const;
    void object(const Incoming& in, const Objection& objection);
    void keep(Incoming& in);

    Custody& custody_;
    const Trust& trust_;
    TrustExchange& exchange_;
    Sync& sync_;
    Room& room_;
    Forwarding& forwarding_;
    Delivery& delivery_;
    Receipts& receipts_;
    MadeReceipts& made_receipts_;
    std::unordered_map<CheckId, std::unique_ptr<Incoming>> checking_;
    CheckId last_check_ = 0;
};

}  // namespace tram::node
