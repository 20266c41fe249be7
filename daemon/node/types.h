// What goes into the node and what comes out of it.
//
// Inputs say what happened; effects say what the shell must do about it. Nothing that promises durability
// (Accept, a Reply to SendBundle or Acknowledge) is among the effects before the Persisted input that covers
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "daemon/routing/router.h"
#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/base/limits.h"
#include "proto/base/time.h"
#include "proto/bpsec/signature.h"
#include "proto/bpv7/codec.h"
#include "proto/bpv7/eid.h"
#include "proto/envelope/envelope.h"
#include "proto/identity/certificate.h"
#include "store/records.h"

namespace tram::admin {
struct SignedReceipt;
}

namespace tram::node {

using store::BundleKey;
using store::Ticket;

/// Names a link while it lasts; the shell's number, never reused.
using LinkId = std::uint64_t;
/// Names a transfer received on a link; the link's number.
using TransferId = std::uint64_t;
/// Names a request of a local application; the shell's number.
using RequestId = std::uint64_t;
/// Stands for no stored bundle: what is transmitted under it belongs to this contact alone.
inline constexpr BundleKey kUnstored = 0;
/// Stands likewise for what the sync of neighbours says (sync.h).
inline constexpr BundleKey kSyncMessage = ~BundleKey{0};
/// Names a signature that is being checked; the node's number, never reused.
using CheckId = std::uint64_t;

using RouterKind = routing::Kind;
using routing::Route;

/// Who this node is and what it insists on. An `open` node signs nothing and takes anything: for experiments.
struct Security {
    bool open = true;
    std::shared_ptr<const cose::SigningKey> signing_key;      ///< null: nothing can be sent from here
    cose::CertificateId signer{};                             ///< of the certificate for signing_key
    identity::UnixTime certificate_ends = 0;                  ///< when the first of our own ends; 0: none
    std::shared_ptr<const envelope::SealingKey> sealing_key;  ///< null: no sealed messages come here
    std::vector<std::string>
        unsigned_sources;                    ///< patterns (bpv7::matches) of sources taken without signature
    std::size_t checks_waiting_max = 4'096;  ///< signatures being checked; more arrivals are told "not now"
};

/// Where requests to an office go.
struct OfficeEndpoint {
    std::string office;  ///< xa:18904
    bpv7::Eid endpoint;
};

struct NodeOptions {
    bpv7::Eid node_id;
    Security security;
    bool clock_trusted = true;      ///< false: the wall clock is never believed
    DtnTime clock_earliest{};       ///< no working clock shows an earlier time
    std::vector<bpv7::Eid> groups;  ///< group endpoints this node is a member of
    RouterKind router = RouterKind::kEpidemic;
    std::vector<Route> routes;
    Limits limits;
    bool strict = false;  ///< see bpv7::DecodeOptions::strict
    bool status_reports =
        false;  ///< make the status reports that bundles ask for; off by default (RFC 9171 5.1)
    std::uint64_t lifetime_ms = 120ULL * 24 * 3600 * 1000;
    std::uint8_t hop_limit = 32;
    Duration delivery_lease{60'000};
    /// A message of ours goes to a peer that has it already only when its receipt is not back after this.
    std::uint64_t offer_again_ms = 7ULL * 24 * 3600 * 1000;
    std::uint64_t quota_bytes = 20ULL << 30;  ///< of encoded bundles
    std::uint32_t relay_percent_max = 85;     ///< of the quota, for bundles from peers
    std::uint32_t spare_percent_max = 98;     ///< of the quota, the same with copies that may be given up
    std::uint32_t local_percent_max = 95;     ///< of the quota, for bundles of local applications
    std::uint32_t arrival_percent_max =
        98;  ///< of the quota, for what peers bring that is for here, and receipts
    std::uint64_t cache_bytes_max = 32ULL
                                    << 20;  ///< bundle bytes kept in memory between arrival and departure
    std::uint64_t link_bundles_in_flight_max = 2'048;
    std::uint64_t link_bytes_in_flight_max = 16ULL << 20;
    std::uint64_t bytes_in_flight_max = 64ULL << 20;  ///< on all links together; each may have one bundle
    std::size_t fetches_waiting_max = 1'024;
    std::uint32_t surplus_percent_max = 80;  ///< of the room for relayed bundles, for copies that are surplus
    std::uint32_t source_percent_max = 90;   ///< of the same room, for bundles made by one other node
    std::uint32_t peer_percent_max = 100;    ///< of the same room, for bundles brought by one peer
    std::uint32_t bulk_percent_max = 95;     ///< of the same room, for bundles of kind bulk
    std::vector<OfficeEndpoint> offices;     ///< others than a commune's own, see Requests
    std::vector<std::string> areas;          ///< that this node is in, see registry/areas.h
    std::vector<std::string> villages;       ///< that this office expects proof of its notices from
    Bytes place;   ///< tells this disk in this machine from its copies: see registry/numbers.h
    Bytes chance;  ///< random bytes, new at each start; 4 or more where requests are filed
    /// For simulations: the bytes that an encoded bundle stands for, from itself and its own length.
    /// Applications then cut messages themselves (Submission::chunk), and messages are handed out unopened,
    /// without content. Null: bundles are what they are.
    std::uint64_t (*weigh)(const bpv7::Bundle& bundle, std::size_t wire_bytes) = nullptr;
};

/// Why a peer did not take a bundle, as far as the node cares (RFC 9174 5.2.4).
enum class Refusal : std::uint8_t {
    kCompleted,      ///< it has the bundle already
    kNoResources,    ///< not now
    kRetransmit,     ///< send it again
    kNotAcceptable,  ///< not to this peer
    kTerminating,    ///< the session ends; next time
};

/// What an application hands over.
struct Submission {
    bpv7::Eid destination;
    std::optional<bpv7::Eid> source;  ///< an endpoint of this node; nothing: the node id
    std::uint64_t lifetime_ms = 0;    ///< 0: NodeOptions::lifetime_ms
    bpv7::Urgency urgency = bpv7::Urgency::kNormal;
    bpv7::Kind kind = bpv7::Kind::kBulk;
    bool report_delivery = false;
    std::optional<store::ChunkRecord> chunk{};  ///< part of a message that the application has cut itself
    Bytes payload;
};

/// A notice that is meant, see Notices::find().
struct NoticeReference {
    std::string document_number;
    std::uint32_t year = 0;  ///< 0: whichever
    std::string issuer{};    ///< node id; empty: whoever
};

/// What a message is to be.
struct MessageTerms {
    bpv7::Eid destination;
    std::optional<bpv7::Eid> source;  ///< an endpoint of this node; nothing: the node id
    std::uint64_t lifetime_ms = 0;    ///< 0: NodeOptions::lifetime_ms
    bpv7::Urgency urgency = bpv7::Urgency::kNormal;
    bpv7::Kind kind = bpv7::Kind::kBulk;
    bool is_public = false;  ///< signed, readable by everybody; else sealed to destination and `also_for`
    std::vector<bpv7::Eid> also_for;  ///< node ids of further recipients that may open it
    std::uint64_t content_bytes = 0;
    std::string content_type;
};

namespace input {
/// A session with a peer is up. `peer` may be dtn:none when the peer did not say who it is: such a peer may
/// bring bundles but gets none.
struct PeerUp {
    LinkId link = 0;
    bpv7::Eid peer;
    std::uint64_t transfer_mru = 0;
    std::string address;
    bool authenticated = false;  ///< a certificate proved who the peer is
    bool trusts = false;         ///< speaks the trust exchange (trust_exchange.h); only with `authenticated`
    bool syncs = false;          ///< speaks the sync of neighbours (sync.h)
};
/// No new transfers on this link.
struct PeerEnding {
    LinkId link = 0;
};
struct PeerDown {
    LinkId link = 0;
    std::string reason;  ///< for people; empty after an orderly end
};
/// Bytes that claim to be a bundle.
struct Arrived {
    LinkId link = 0;
    TransferId transfer = 0;
    Bytes wire;
};
/// The peer acknowledged a transmitted bundle to the end.
struct Confirmed {
    LinkId link = 0;
    BundleKey key = 0;
};
struct Declined {
    LinkId link = 0;
    BundleKey key = 0;
    Refusal refusal = Refusal::kNotAcceptable;
};
/// All batches up to this ticket are durable.
struct Persisted {
    Ticket up_to = 0;
};
/// The answer to Load.
struct Loaded {
    BundleKey key = 0;
    Result<Bytes> wire;
};
/// What the disk may still take without touching its reserve.
struct FreeSpace {
    std::uint64_t bytes = 0;
};
struct Submit {
    RequestId request = 0;
    Submission submission;
};
/// An application asks for the next bundle of an endpoint.
struct Fetch {
    RequestId request = 0;
    bpv7::Eid endpoint;
    Duration wait{0};
};
struct Acknowledge {
    RequestId request = 0;
    std::string token;
};
/// A HandOver did not reach its application: the bundle may go to another one at once.
struct Return {
    std::string token;
};
struct Cancel {
    RequestId request = 0;
    BundleKey key = 0;
};
/// Holds a bundle back from peers and applications, or releases it.
struct Hold {
    RequestId request = 0;
    BundleKey key = 0;
    bool held = true;
};
/// The outcome of a Check.
struct Checked {
    CheckId check = 0;
    bool good = false;
};
/// Certificates and revocation lists from the operator, as identity::encode_trust() writes them.
struct Trust {
    RequestId request = 0;
    Bytes wire;
};
/// An application begins a message (proto/envelope). The answer is Reply::Opened.
struct OpenMessage {
    RequestId request = 0;
    MessageTerms terms;
};
/// The next content of a message, in order; `offset` counts content bytes. What was taken before is taken
/// again without effect. The answer, Done, means that it is durable.
struct AppendMessage {
    RequestId request = 0;
    std::string token;
    std::uint64_t offset = 0;
    Bytes content;
};
/// All content is there: the message sets out. The answer is Reply::Sent; before it the message does not
/// exist for anybody, and a crash forgets it.
struct FinishMessage {
    RequestId request = 0;
    std::string token;
};
/// The application gives the message up, or is gone.
struct DropMessage {
    RequestId request = 0;  ///< 0: nobody waits for an answer
    std::string token;
};
/// An application files a request, or what follows one. The answer is Reply::Filing; what comes after is said
/// to the message: AppendMessage for the attachments, then FinishMessage.
struct FileRequest {
    RequestId request = 0;
    Bytes message;  ///< admin::pb::Message without time; with the local number of the request it follows
    std::string key;
    std::uint64_t lifetime_ms = 0;  ///< 0: NodeOptions::lifetime_ms
};
/// An office's next word about a dossier. The answer is Reply::Filing, and so on as for FileRequest.
struct SendUpdate {
    RequestId request = 0;
    std::string local_number;
    Bytes message;  ///< admin::pb::Message with an update; see registry::prepare_update()
    std::string key;
    std::uint64_t lifetime_ms = 0;  ///< 0: NodeOptions::lifetime_ms
};
/// The office has accepted a dossier. The answer is Done.
struct AcceptDossier {
    RequestId request = 0;
    std::string local_number;
    std::string dossier_code;
    std::int32_t due_day = 0;  ///< days since 1970
    std::string office_name;
    std::optional<std::int64_t> accepted_unix_s;  ///< nothing: now
};
/// Which dossiers are meant.
enum class Box : std::uint8_t { kEither, kFiled, kReceived };
/// A person wants to read what is here of a dossier. The answer is Reply::Revealed.
struct RevealRequest {
    RequestId request = 0;
    std::string local_number;
    Box box = Box::kEither;
};
/// The citizen has the result of a request that was filed here. The answer is Done.
struct HandOverResult {
    RequestId request = 0;
    std::string local_number;
    std::string witness;         ///< team, or empty
    std::uint32_t evidence = 0;  ///< admin::pb::EvidenceType
    std::string evidence_digest;
};
/// An office publishes a notice. The answer is Reply::Publishing; what comes after is said to the message, as
/// with FileRequest.
struct PublishNotice {
    RequestId request = 0;
    Bytes message;  ///< admin::pb::Message without edition
    bool replace = false;
};
/// This node has shown or played a notice once more, in these languages.
struct MarkNotice {
    RequestId request = 0;
    NoticeReference notice;
    std::vector<std::string> displayed;
    std::vector<std::string> announced;
};
/// An office publishes a visit plan. The answer is Reply::Planned, when it is durable.
struct PublishPlan {
    RequestId request = 0;
    Bytes message;  ///< admin::pb::Message with a plan; number 0: the node gives one
};
struct JoinArea {
    RequestId request = 0;
    std::string area;
};
struct LeaveArea {
    RequestId request = 0;
    std::string area;
};
/// An application asks for the next complete message of an endpoint. The answer is Reply::Nothing or
/// MessageHandOver.
struct FetchMessage {
    RequestId request = 0;
    bpv7::Eid endpoint;
    Duration wait{0};
};
/// The next piece of a message that was handed over: `index` counts from 0, one after the other; 0 begins
/// again. The answer is Reply::Piece.
struct ReadMessage {
    RequestId request = 0;
    std::string token;
    std::uint64_t index = 0;
};
/// Whom somebody will visit, for the router. Replaces what was planned before.
struct SetPlan {
    routing::VisitPlan plan;
};
/// The application has it all: it is gone from here when the answer, Done, comes.
struct AcknowledgeMessage {
    RequestId request = 0;
    std::string token;
};
/// A deadline named by next_timeout() may have passed.
struct Tick {};
}  // namespace input

using Input =
    std::variant<input::PeerUp, input::PeerEnding, input::PeerDown, input::Arrived, input::Confirmed,
                 input::Declined, input::Persisted, input::Loaded, input::FreeSpace, input::Submit,
                 input::Fetch, input::Acknowledge, input::Return, input::Cancel, input::Hold, input::Checked,
                 input::Trust, input::OpenMessage, input::AppendMessage, input::FinishMessage,
                 input::DropMessage, input::FileRequest, input::SendUpdate, input::AcceptDossier,
                 input::RevealRequest, input::HandOverResult, input::PublishNotice, input::MarkNotice,
                 input::PublishPlan, input::JoinArea, input::LeaveArea, input::FetchMessage,
                 input::ReadMessage, input::AcknowledgeMessage, input::SetPlan, input::Tick>;

/// A bundle as an application receives it.
struct HandOver {
    std::string token;  ///< for Acknowledge; the same when the bundle is handed out again
    bpv7::BundleId id;
    bpv7::Eid destination;
    std::uint8_t urgency = 0;
    bpv7::Kind kind = bpv7::Kind::kBulk;
    std::uint64_t age_ms = 0;
    Bytes payload;
};

/// A message as an application receives it; its content follows in pieces.
struct MessageHandOver {
    std::string token;  ///< for ReadMessage and AcknowledgeMessage; the same when it is handed out again
    envelope::MessageId message_id{};
    bpv7::Eid source;
    bpv7::Eid destination;
    std::uint8_t urgency = 0;
    bpv7::Kind kind = bpv7::Kind::kBulk;
    std::uint64_t age_ms = 0;
    bool sealed = false;
    std::string sender;                   ///< node id, proved by the signed header
    std::vector<std::string> recipients;  ///< node ids
    std::uint64_t content_bytes = 0;
    std::string content_type;
    std::uint64_t piece_count = 0;
};

namespace effect {
/// Make the batch durable, then report Persisted. Batches are committed in the order of their tickets.
struct Persist {
    store::Batch batch;
    Ticket ticket = 0;
};
/// Acknowledge a received transfer to the end: the bundle is durable here.
struct Accept {
    LinkId link = 0;
    TransferId transfer = 0;
};
struct Refuse {
    LinkId link = 0;
    TransferId transfer = 0;
    Refusal refusal = Refusal::kNotAcceptable;
};
/// Read bundles from the store; each comes back as Loaded.
struct Load {
    std::vector<BundleKey> keys;
};
/// Check signatures (is_good() in checks.h) on another thread; the outcome comes back as Checked.
struct Check {
    CheckId check = 0;
    bpsec::Claim claim;
    Bytes payload;
    cose::PublicKey key{};
    std::shared_ptr<const admin::SignedReceipt> receipt{};  ///< that the bundle carries; null: none
    cose::PublicKey receipt_key{};
};
/// End the session: the peer may not talk to us (any more).
struct Disconnect {
    LinkId link = 0;
    Error why;
};
/// Send these bytes; the outcome comes back as Confirmed or Declined, or with PeerDown not at all.
struct Transmit {
    LinkId link = 0;
    BundleKey key = 0;
    Bytes wire;
};
/// The answer to a request.
struct Reply {
    struct Done {};
    struct Sent {
        bpv7::BundleId id;
        std::optional<store::ChunkRecord> chunk{};  ///< of a message: that of its first bundle
        std::string local_number{};                 ///< of a request
    };
    struct Nothing {};  ///< no bundle came within the waiting time
    struct Opened {
        std::string token;
        envelope::MessageId message_id{};
    };
    struct Filing {
        std::string token;
        envelope::MessageId message_id{};
        std::uint64_t offset = 0;    ///< of the first attachment
        std::string filed{};         ///< the local number that it has already; the rest is empty then
        std::uint64_t sequence = 0;  ///< of an office's word, also of one that was sent before
    };
    /// What can be read here of a dossier, oldest first.
    struct Revealed {
        struct Content {
            std::string token;  ///< for ReadMessage
            envelope::MessageId message_id{};
            std::uint64_t content_bytes = 0;
            std::uint64_t piece_count = 0;
            std::uint32_t part = 0;      ///< of a request
            std::uint32_t epoch = 0;     ///< of a word
            std::uint64_t sequence = 0;  ///< of a word
        };
        std::vector<Content> contents;
    };
    struct Publishing {
        std::string token;
        envelope::MessageId message_id{};
        std::uint64_t offset = 0;  ///< of the first attachment
        std::uint32_t edition = 0;
    };
    /// A visit plan that was published.
    struct Planned {
        envelope::MessageId message_id{};
        std::string commune;
        std::uint32_t number = 0;
        std::vector<std::string> unknown_nodes{};  ///< names in it of which no certificate is known here
    };
    struct Piece {
        Bytes content;
        bool last = false;  ///< the whole message is here and its signature good: now it may be believed
        std::array<std::uint8_t, 32> digest{};  ///< SHA-256 of the content, with the last piece
    };
    /// What Trust brought, and what had to be done about it.
    struct Trusted {
        std::uint32_t new_certificates = 0;
        std::uint32_t new_lists = 0;
        std::uint32_t sessions_ended = 0;  ///< of devices that are now revoked
        std::uint32_t bundles_held = 0;    ///< made by devices that are now revoked
    };
    RequestId request = 0;
    Result<std::variant<Done, Sent, Nothing, HandOver, Opened, Filing, Revealed, Publishing, Planned,
                        MessageHandOver, Piece, Trusted>>
        outcome;
};
/// Something that subscribers and logs may want to know; what it says about a stored bundle is durable.
struct Notify {
    enum class What : std::uint8_t {
        kStored,
        kForwarded,
        kDelivered,
        kExpired,
        kCancelled,
        kRefused,
        kRepeated,  ///< refused because it is here or was: ordinary where bundles go many ways
        kReassembled,
        kReported,
        kCorrupt,
        kEvicted,  ///< a copy of somebody else's went because its room was needed
        kHeld,     ///< its source was revoked: a person decides
        kPeerUp,
        kPeerDown,
        kTrust,    ///< new certificates or lists; said before they are durable
        kRevoked,  ///< `peer` is revoked, and what that led to; said before it is durable
        kClock,    ///< the wall clock is believed from now on, or not any more and why
    };
    What what = What::kStored;
    Bytes bundle;  ///< bpv7::BundleId::key(); empty when no bundle is meant or it could not be decoded
    std::string destination;
    std::string peer;    ///< node id text
    std::string detail;  ///< a reason, for people; never payload
};
}  // namespace effect

using Effect = std::variant<effect::Persist, effect::Accept, effect::Refuse, effect::Load, effect::Check,
                            effect::Disconnect, effect::Transmit, effect::Reply, effect::Notify>;

/// The text of bpv7::BundleId::to_string() for a key; the key in hexadecimal when it is none.
std::string bundle_text(ByteView key);
std::string_view what_name(effect::Notify::What what);
std::string_view kind_name(bpv7::Kind kind);
std::optional<bpv7::Kind> kind_from_name(std::string_view name);

}  // namespace tram::node
