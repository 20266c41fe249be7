#include "daemon/node/notices.h"

#include <algorithm>
#include <utility>

#include "daemon/node/offices.h"
#include "daemon/node/own_receipt.h"

namespace tram::node {

namespace {

using Status = admin::KnownNotice::Status;

constexpr std::size_t kFormerMax = 16;

Verdict refused(Error why) {
    return {.what = Verdict::What::kRefuse, .why = std::move(why)};
}

Verdict set_aside(Error why) {
    return {.what = Verdict::What::kSetAside, .why = std::move(why)};
}

MessageName name_of(const registry::Notice& notice) {
    return {notice.source, notice.destination, notice.known.message_id()};
}

}  // namespace

Notices::Notices(Custody& custody, const Trust& trust, Outgoing& outgoing, Messages& messages)
    : custody_{custody},
      trust_{trust},
      outgoing_{outgoing},
      messages_{messages},
      book_{[&custody](std::string name, Bytes value) {
                custody.save_state(std::move(name), std::move(value));
            },
            [&custody](std::string name) { custody.erase_state(std::move(name)); }},
      areas_{[&custody](std::string name, Bytes value) {
                 custody.save_state(std::move(name), std::move(value));
             },
             [&custody](std::string name) { custody.erase_state(std::move(name)); }} {}

void Notices::restore_state(const std::string& name, ByteView value) {
    if (auto read = book_.restore_state(name, value); !read) unreadable_.push_back(std::move(read.error()));
    if (auto read = areas_.restore_state(name, value); !read) unreadable_.push_back(std::move(read.error()));
}

std::vector<Error> Notices::start() {
    const NodeOptions& options = custody_.options();
    std::vector<Error> errors = std::exchange(unreadable_, {});
    for (Error& error : areas_.configure(own_id(), options.areas))
        errors.push_back(std::move(error));
    for (const std::string& text : options.villages) {
        auto village = admin::Village::parse(text);
        if (village) {
            villages_.push_back(std::move(*village));
        } else {
            errors.push_back(
                {village.error().code, "node.villages: \"" + text + "\": " + village.error().message});
        }
    }
    return errors;
}

bool Notices::wants(const bpv7::Eid& destination, bpv7::Kind kind) const {
    return kind == bpv7::Kind::kNotice && !destination.is_singleton();
}

std::optional<Verdict> Notices::known(const MessageName& name) const {
    const registry::Notice* notice = book_.find_message(name.message_id);
    if (notice == nullptr || name_of(*notice) != name) return std::nullopt;
    return Verdict{.what = notice->known.successor() ? Verdict::What::kDone : Verdict::What::kKeep};
}

Verdict Notices::take(const ArrivedMessage& arrived) {
    if (arrived.sealed) return refused({ErrorCode::kForbidden, "a notice is public, and this one is sealed"});
    if (arrived.head_only) return take_newer(arrived);
    const admin::Proof proof{arrived.sender, arrived.name.message_id, arrived.digest};
    const auto name = admin::name_of(arrived.message, proof);
    if (!name) return refused(name.error());
    const auto office = admin::Office::parse(arrived.message.notice().from());
    const auto speaker = speaker_for(custody_.options(), *office);
    if (!speaker) return set_aside(speaker.error());
    if (*speaker != arrived.sender) {
        return refused({ErrorCode::kWrongSender, "a notice in the name of " + office->print() +
                                                     " is signed by " + arrived.sender +
                                                     ", and its node is " + *speaker});
    }
    const auto wanted =
        learn(arrived.message, *name, proof, arrived.name, arrived.content_bytes, arrived.age_ms);
    if (wanted) return {.what = *wanted ? Verdict::What::kKeep : Verdict::What::kDone};
    return wanted.error().code == ErrorCode::kFull ? set_aside(wanted.error()) : refused(wanted.error());
}

Verdict Notices::take_newer(const ArrivedMessage& arrived) {
    if (newer_.size() < kNewerMax) {
        const std::uint64_t now_ms = custody_.node_time_ms();
        newer_.insert_or_assign(arrived.name.message_id, Newer{arrived.message.head(), arrived.sender, now_ms,
                                                               now_ms + arrived.remaining_ms});
    }
    return {.what = Verdict::What::kKeep};
}

Result<bool> Notices::learn(const admin::pb::Message& message, const admin::NoticeName& name,
                            const admin::Proof& proof, const MessageName& at, std::uint64_t content_bytes,
                            std::uint64_t age_ms) {
    using Outcome = admin::KnownNotice::Outcome;
    const std::uint64_t now_ms = custody_.node_time_ms();
    if (auto room = book_.make_room(name, now_ms); !room) return std::unexpected{std::move(room.error())};
    const registry::Notice* before = book_.find(name);
    registry::Notice notice =
        before != nullptr ? *before : registry::Notice{.known = admin::KnownNotice::heard_of(name)};
    const registry::Notice old = notice;
    const auto outcome = notice.known.take(message, proof, {now_ms, age_ms});
    if (!outcome) return std::unexpected{outcome.error()};
    if (*outcome == Outcome::kOlder) return false;
    if (*outcome == Outcome::kRepeated) return name_of(notice) == at;
    notice.describe(message);
    notice.source = at.source;
    notice.destination = at.destination;
    notice.content_bytes = content_bytes;
    notice.signed_for.clear();
    if (is_own(notice) && old.known.edition() != 0) {
        notice.former.insert(notice.former.begin(), old.known.message_id());
        notice.former.resize(std::min(notice.former.size(), kFormerMax));
    }
    const bool valid = notice.known.status(now_ms) != Status::kSuperseded;
    book_.put(notice);
    if (is_own(notice)) (void)book_.open_proof(name, expected_villages(message.notice()));
    if (valid) sign_delivered(notice);
    if (old.known.edition() != 0) end_message(old);
    const auto older = admin::superseded_by(message, name);
    if (older && !message.notice().recall()) supersede(*older, name);
    for (const admin::pb::DocumentName& each : message.notice().ended()) {
        const auto number = admin::DocumentNumber::parse(each.number());
        if (!number) continue;
        const admin::NoticeName over{name.issuer_node, each.year(), *number};
        if (over != name) supersede(over, name);
    }
    return valid;
}

void Notices::supersede(const admin::NoticeName& older, const admin::NoticeName& by) {
    if (!book_.make_room(older, custody_.node_time_ms())) return;
    const registry::Notice* known = book_.find(older);
    registry::Notice notice =
        known != nullptr ? *known : registry::Notice{.known = admin::KnownNotice::heard_of(older)};
    notice.known.supersede(by);
    const bool was_here = notice.known.edition() != 0;
    book_.put(notice);
    if (was_here) end_message(notice);
}

void Notices::end_message(const registry::Notice& notice) {
    messages_.end(name_of(notice), store::Ending::kCancelled);
}

bool Notices::is_own(const registry::Notice& notice) const {
    return notice.known.name().issuer_node == own_id();
}

std::optional<admin::Awaited> Notices::awaits(const admin::Receipt& receipt) const {
    if (!receipt.reference || receipt.source != own_id()) return std::nullopt;
    for (const registry::Notice* notice : book_.find_number(*receipt.reference)) {
        if (!is_own(*notice)) continue;
        admin::Awaited awaited{.message_id = receipt.message_id, .source = own_id()};
        if (notice->known.message_id() == receipt.message_id) {
            awaited.digest = notice->known.digest();
            return awaited;
        }
        if (std::ranges::find(notice->former, receipt.message_id) != notice->former.end()) return awaited;
    }
    return std::nullopt;
}

Result<void> Notices::take(const admin::Receipt& receipt) {
    const registry::Notice* notice = book_.find_message(receipt.message_id);
    if (notice == nullptr && awaits(receipt)) book_.heard_from(receipt, custody_.node_time_ms());
    if (notice == nullptr || !is_own(*notice) || receipt.source != own_id()) return {};
    const auto taken = book_.take_receipt(notice->known.name(), receipt, custody_.node_time_ms());
    if (!taken && taken.error().code != ErrorCode::kFull) return std::unexpected{taken.error()};
    return {};
}

void Notices::expire(std::uint64_t now_ms) {
    book_.expire(now_ms);
    std::erase_if(newer_, [&](const auto& each) { return each.second.expires_at_ms <= now_ms; });
    std::erase_if(drafts_, [&](const auto& each) { return !outgoing_.is_open(each.second); });
}

Result<const registry::Notice*> Notices::find(const NoticeReference& reference) const {
    const auto number = admin::DocumentNumber::parse(reference.document_number);
    if (!number) return std::unexpected{number.error()};
    std::vector<const registry::Notice*> found = book_.find_number(*number);
    std::erase_if(found, [&](const registry::Notice* each) {
        const admin::NoticeName& name = each->known.name();
        return each->known.edition() == 0 || (reference.year != 0 && name.year != reference.year) ||
               (!reference.issuer.empty() && name.issuer_node != reference.issuer);
    });
    if (found.empty()) return fail(ErrorCode::kNotFound, "no notice with this number is known here");
    if (found.size() > 1) {
        return fail(ErrorCode::kAmbiguous,
                    std::to_string(found.size()) + " notices have this number: say the year and the issuer");
    }
    return found.front();
}

std::vector<registry::Carrier> Notices::carriers(const registry::Notice& notice) const {
    std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> taken;  // chunks, and when the last
    std::uint64_t chunks = 0;
    for (const BundleKey key : custody_.inventory().chunks_of(notice.known.message_id())) {
        const store::BundleRecord& record = custody_.inventory().find(key)->record;
        if (record.source != notice.source) continue;
        ++chunks;
        for (const store::HopRecord& hop : record.forwarded_to) {
            auto& [count, at_ms] = taken[hop.peer];
            ++count;
            at_ms = std::max(at_ms, hop.node_time_ms);
        }
    }
    std::vector<registry::Carrier> carriers;
    for (const auto& [node_id, hops] : taken)
        if (hops.first == chunks) carriers.push_back({node_id, hops.second});
    return carriers;
}

}  // namespace tram::node
