#include "daemon/node/node.h"

#include <utility>

#include "daemon/node/own_receipt.h"
#include "daemon/node/reports.h"
#include "daemon/node/submission.h"

namespace tram::node {

Node::Node(NodeOptions options)
    : custody_{std::move(options)},
      trust_{custody_},
      copies_{custody_},
      room_{custody_, copies_},
      forwarding_{custody_, copies_},
      delivery_{custody_},
      reassembly_{custody_},
      exchange_{custody_, trust_, forwarding_},
      receipts_{custody_, trust_},
      made_receipts_{custody_, trust_},
      sync_{custody_, copies_, room_, forwarding_, made_receipts_},
      reception_{custody_,    trust_,    exchange_, sync_,         room_,
                 forwarding_, delivery_, receipts_, made_receipts_},
      messages_{custody_, made_receipts_,
                [this](const cose::CertificateId& id, const std::string& node_id) {
                    return trust_.known_signer(id, node_id);
                }},
      outgoing_{custody_, room_, delivery_, receipts_,
                [this](const std::string& node_id) { return trust_.recipient(node_id); }},
      requests_{custody_, trust_, outgoing_, messages_},
      dossiers_{custody_, trust_, outgoing_, messages_, requests_},
      notices_{custody_, trust_, outgoing_, messages_},
      visit_plans_{custody_, trust_, outgoing_, messages_, copies_} {
    requests_.set_office(dossiers_);
    messages_.add_reader(dossiers_);
    messages_.add_reader(requests_);
    receipts_.add_listener(requests_);
    receipts_.add_listener(dossiers_);
    messages_.add_reader(notices_);
    receipts_.add_listener(notices_);
    messages_.add_reader(visit_plans_);
}

void Node::restore_state(const std::string& name, ByteView value) {
    custody_.restore_state(name, value);
    trust_.restore_state(name, value);
    copies_.restore_state(name, value);
    outgoing_.restore_state(name);
    receipts_.restore_state(name, value);
    made_receipts_.restore_state(name, value);
    requests_.restore_state(name, value);
    dossiers_.restore_state(name, value);
    notices_.restore_state(name, value);
    visit_plans_.restore_state(name, value);
}

std::vector<Error> Node::start(Now now) {
    // The keyring first: it says how late it must be.
    std::vector<Error> unusable = trust_.start();
    set_now(now);
    custody_.start(custody_.now());
    copies_.start();
    outgoing_.start();
    receipts_.start();
    for (Error& error : requests_.start())
        unusable.push_back(std::move(error));
    for (Error& error : dossiers_.start())
        unusable.push_back(std::move(error));
    for (Error& error : notices_.start())
        unusable.push_back(std::move(error));
    for (Error& error : visit_plans_.start())
        unusable.push_back(std::move(error));
    // By key: what is ready may turn out to be refused, and go.
    std::vector<BundleKey> keys;
    for (const auto& [key, entry] : custody_.inventory().entries())
        keys.push_back(key);
    for (const BundleKey key : keys) {
        if (const Entry* entry = custody_.inventory().find(key)) ready(*entry);
    }
    expire();
    settle_trust();
    return unusable;
}

void Node::step(const Input& input, Now now) {
    set_now(now);
    std::visit([this](const auto& happened) { handle(happened); }, input);
    settle_trust();
}

std::vector<Effect> Node::take_effects() {
    sync_.pump();
    forwarding_.pump();
    return custody_.take_effects();
}

std::optional<Instant> Node::next_timeout() {
    std::optional<Instant> next = forwarding_.next_timeout();
    const auto consider = [&](std::optional<Instant> deadline) {
        if (deadline && (!next || *deadline < *next)) next = deadline;
    };
    consider(delivery_.next_timeout());
    consider(messages_.next_timeout());
    consider(outgoing_.next_timeout());
    consider(exchange_.next_timeout());
    consider(sync_.next_timeout());
    if (const auto deadline = custody_.next_deadline_ms()) {
        consider(custody_.clock().when(*deadline, custody_.now().monotonic));
    }
    return next;
}

void Node::handle(const input::Persisted& persisted) {
    for (Promise& kept : custody_.settle(persisted.up_to)) {
        if (auto* emit = std::get_if<promise::Emit>(&kept)) {
            custody_.emit(std::move(emit->effect));
        } else if (Entry* entry = custody_.inventory().find(std::get<promise::Ready>(kept).key)) {
            entry->durable = true;
            entry->draft = false;
            ready(*entry);
        }
    }
}

void Node::ready(const Entry& entry) {
    if (entry.record.held) return;
    if (entry.record.forward) {
        if (entry.record.local && !entry.parcel->flooded_in) copies_.begin(*entry.parcel);
        forwarding_.ready(entry);
        sync_.ready(entry);
    }
    if (!entry.record.deliver_here) return;
    if (entry.is_fragment()) {
        reassembly_.ready(entry);
    } else if (entry.record.chunk) {
        messages_.ready(entry);
    } else {
        delivery_.ready(entry);
    }
}

void Node::withdraw(const Entry& entry) {
    if (!entry.record.deliver_here) return;
    if (entry.is_fragment()) {
        reassembly_.withdraw(entry);
    } else if (entry.record.chunk) {
        messages_.withdraw(entry);
    } else {
        delivery_.withdraw(entry);
    }
}

void Node::handle(const input::Submit& submit) {
    auto made = build_bundle(custody_, submit.submission);
    if (!made) {
        custody_.emit(effect::Reply{submit.request, std::unexpected{std::move(made.error())}});
        return;
    }
    const std::uint64_t weight = custody_.weight_of(made->bundle, made->wire);
    if (!room_.could_fit(Room::own(weight + room_.margin(weight))) || !room_.make_fit(Room::own(weight))) {
        ++custody_.counters().bundles_refused_full;
        custody_.emit(
            effect::Reply{submit.request, fail(ErrorCode::kFull,
                                               "the store is full: see `tram status`; free disk space, raise "
                                               "store.quota, or let a carrier take bundles away first")});
        return;
    }
    const bpv7::BundleId id = made->bundle.id();
    room_.count_stored(weight);
    const bpv7::PrimaryBlock& primary = made->bundle.primary;
    Intake intake = delivery_.intake_for(primary.destination);
    intake.awaits_receipt =
        submit.submission.chunk && has_receipt(options(), primary.source, primary.destination);
    const Entry& entry = custody_.store(made->bundle, std::move(made->wire), std::move(intake));
    if (entry.record.awaits_receipt) receipts_.wait_for(entry);
    ++custody_.counters().bundles_submitted;
    custody_.notify(effect::Notify::What::kStored, entry);
    custody_.emit_when_durable(effect::Reply{submit.request, effect::Reply::Sent{id}});
}

void Node::handle(const input::RevealRequest& reveal) {
    const auto number = admin::LocalNumber::parse(reveal.local_number);
    if (!number) {
        custody_.emit(effect::Reply{reveal.request, std::unexpected{number.error()}});
        return;
    }
    const bool filed = reveal.box == input::Box::kFiled ||
                       (reveal.box == input::Box::kEither && requests_.registry().find(*number) != nullptr);
    auto revealed = filed ? requests_.reveal(*number) : dossiers_.reveal(*number);
    if (revealed) {
        custody_.emit(effect::Reply{reveal.request, std::move(*revealed)});
    } else {
        custody_.emit(effect::Reply{reveal.request, std::unexpected{std::move(revealed.error())}});
    }
}

void Node::handle(const input::Return& given_back) {
    delivery_.take_back(given_back);
    messages_.take_back(given_back);
}

void Node::handle(const input::Cancel& cancel) {
    const Entry* entry = custody_.inventory().find(cancel.key);
    if (entry == nullptr) {
        custody_.emit(
            effect::Reply{cancel.request, fail(ErrorCode::kNotFound, "the bundle is not here any more")});
        return;
    }
    withdraw(*entry);
    ++custody_.counters().bundles_cancelled;
    custody_.notify(effect::Notify::What::kCancelled, *entry);
    report_on(custody_, entry->record, bpv7::Assertion::kDeleted, bpv7::ReportReason::kTransmissionCancelled);
    const store::BundleRecord record = entry->record;
    custody_.remove(cancel.key, store::Ending::kCancelled);
    receipts_.chunk_gone(record);
    custody_.emit_when_durable(effect::Reply{cancel.request, effect::Reply::Done{}});
}

void Node::handle(const input::Hold& hold) {
    Entry* entry = custody_.inventory().find(hold.key);
    if (entry == nullptr) {
        custody_.emit(
            effect::Reply{hold.request, fail(ErrorCode::kNotFound, "the bundle is not here any more")});
        return;
    }
    set_held(*entry, hold.held);
    custody_.emit_when_durable(effect::Reply{hold.request, effect::Reply::Done{}});
}

void Node::set_held(Entry& entry, bool held) {
    if (entry.record.held == held) return;
    if (held) withdraw(entry);
    entry.record.held = held;
    custody_.update(entry);
    if (!held && entry.durable) ready(entry);
}

void Node::handle(const input::Tick&) {
    exchange_.tick();
    sync_.tick();
    forwarding_.tick();
    delivery_.tick();
    messages_.tick();
    outgoing_.tick();
    expire();
}

void Node::expire() {
    const std::uint64_t now = custody_.node_time_ms();
    for (const BundleKey key : custody_.inventory().expired(now)) {
        const Entry& entry = *custody_.inventory().find(key);
        withdraw(entry);
        ++custody_.counters().bundles_expired;
        custody_.notify(effect::Notify::What::kExpired, entry);
        report_on(custody_, entry.record, bpv7::Assertion::kDeleted, bpv7::ReportReason::kLifetimeExpired);
        const store::BundleRecord record = entry.record;
        custody_.remove(key, store::Ending::kExpired);
        receipts_.chunk_gone(record);
    }
    receipts_.expire(now);
    notices_.expire(now);
    made_receipts_.expire(now);
    custody_.forget_expired_tombstones(now);
}

}  // namespace tram::node
