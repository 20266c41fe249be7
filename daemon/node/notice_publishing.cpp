// Notices of an office that is at this node, on their way out.
#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/node/notices.h"
#include "daemon/node/offices.h"
#include "daemon/node/wall_clock.h"
#include "proto/admin/fields.h"
#include "proto/admin/message.h"
#include "proto/admin/rules.h"

namespace tram::node {

namespace {

namespace pb = admin::pb;
using Kind = admin::Audience::Kind;

constexpr std::size_t kEndedMax = admin::limits::kEndedMax;
constexpr std::uint64_t kLifetimeMax_s = admin::limits::kLifetimeMax;
constexpr std::uint64_t kDay_s = 86'400;

std::uint32_t year_of(std::int64_t unix_s) {
    // Vietnam, where the documents are dated, is seven hours ahead.
    const std::chrono::sys_seconds local{std::chrono::seconds{unix_s} + std::chrono::hours{7}};
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(local)};
    return static_cast<std::uint32_t>(static_cast<int>(date.year()));
}

/// Checks what has to be right before the notice has a name.
Result<pb::Message> read(ByteView wire) {
    auto message = admin::decode_message(wire);
    if (!message) return message;
    if (!message->has_notice() || message->head().document_number().empty())
        return fail(ErrorCode::kInvalidArgument, "only notices with a document number are published");
    if (message->notice().edition() != 0)
        return fail(ErrorCode::kInvalidArgument, "editions are counted here: leave the edition out");
    admin::stamp(*message);
    message->mutable_head()->set_kind(pb::KIND_NOTICE);
    if (auto good = admin::normalize(*message); !good) return std::unexpected{std::move(good.error())};
    return message;
}

}  // namespace

void Notices::publish(const input::PublishNotice& publish) {
    auto begun = begin(publish);
    if (!begun) {
        custody_.emit(effect::Reply{publish.request, std::unexpected{std::move(begun.error())}});
    } else {
        custody_.emit_when_durable(effect::Reply{publish.request, std::move(*begun)});
    }
}

Result<effect::Reply::Publishing> Notices::begin(const input::PublishNotice& publish) {
    if (custody_.options().security.open)
        return fail(ErrorCode::kNoCertificate, "notices are signed, and this node runs without certificates");
    auto message = read(publish.message);
    if (!message) return std::unexpected{message.error()};
    if (auto good = complete(*message); !good) return std::unexpected{std::move(good.error())};
    const auto name = admin::name_of(*message, {own_id(), {}, {}});
    if (!name) return std::unexpected{name.error()};
    const bool recall = message->notice().recall();
    const auto edition = next_edition(*name, publish.replace || recall, recall);
    if (!edition) return std::unexpected{edition.error()};
    message->mutable_notice()->set_edition(*edition);
    if (auto good = admin::check(*message); !good) return std::unexpected{std::move(good.error())};
    if (auto room = book_.make_room(*name, custody_.node_time_ms()); !room)
        return std::unexpected{std::move(room.error())};

    const auto encoded = admin::encode_message(*message);
    if (!encoded) return std::unexpected{encoded.error()};
    const auto terms = terms_for(*message, encoded->size());
    if (!terms) return std::unexpected{terms.error()};
    if (const auto draft = drafts_.find(*name); draft != drafts_.end()) outgoing_.drop({0, draft->second});
    const Bytes head = admin::begin_content(*encoded);
    Cargo cargo{{},
                [this, message = *message, destination = terms->destination.to_string(),
                 bytes = terms->content_bytes](const MessageId& id, const cose::Digest& digest) {
                    published(message, {own_id(), destination, id}, digest, bytes);
                }};
    const auto opened = outgoing_.open(*terms, std::move(cargo), head);
    if (!opened) return std::unexpected{opened.error()};
    drafts_.insert_or_assign(*name, opened->token);
    return effect::Reply::Publishing{opened->token, opened->message_id, head.size(), *edition};
}

Result<void> Notices::complete(pb::Message& message) const {
    pb::Notice& notice = *message.mutable_notice();
    if (const auto wall = custody_.now().wall; wall && !notice.has_issued_unix_s())
        notice.set_issued_unix_s(to_unix(*wall));
    if (notice.year() == 0 && notice.has_issued_unix_s()) notice.set_year(year_of(notice.issued_unix_s()));
    if (!admin::is_document_year(notice.year())) {
        return fail(ErrorCode::kInvalidArgument,
                    "say in which year the document has its number: the clock of this node is not trusted");
    }
    if (notice.recall()) {
        if (auto known = complete_recall(message); !known) return known;
    }
    if (notice.from().empty()) notice.set_from("xa:" + std::string{identity::commune_of(own_id())});
    if (auto good = may_speak_for(notice); !good) return good;
    complete_ended(message);
    return complete_times(notice);
}

/// A node that has missed what came in between must not go on showing what is over.
void Notices::complete_ended(pb::Message& message) const {
    pb::Notice& notice = *message.mutable_notice();
    notice.clear_ended();
    const auto number = admin::DocumentNumber::parse(message.head().document_number());
    if (!number) return;
    const admin::NoticeName name{own_id(), notice.year(), *number};
    std::vector<admin::NoticeName> over = book_.all_superseded_by(name);
    if (const auto older = admin::superseded_by(message, name)) {
        over.push_back(*older);
        for (admin::NoticeName& each : book_.all_superseded_by(*older))
            over.push_back(std::move(each));
    }
    over.resize(std::min(over.size(), kEndedMax), name);
    for (const admin::NoticeName& each : over) {
        pb::DocumentName& ended = *notice.add_ended();
        ended.set_year(each.year);
        ended.set_number(each.number.text());
    }
}

/// What is withdrawn is known here; the recall goes the same way, and is known as long.
Result<void> Notices::complete_recall(pb::Message& message) const {
    pb::Notice& notice = *message.mutable_notice();
    const auto number = admin::DocumentNumber::parse(message.head().document_number());
    if (!number) return std::unexpected{number.error()};
    const registry::Notice* known = book_.find({own_id(), notice.year(), *number});
    if (known == nullptr || known->known.edition() == 0)
        return fail(ErrorCode::kNotFound, "no notice of this number and year was published here");
    if (known->known.status(custody_.node_time_ms()) == admin::KnownNotice::Status::kRecalled)
        return fail(ErrorCode::kDuplicate, "this notice was recalled before");
    if (const auto& by = known->known.successor()) {
        return fail(ErrorCode::kDuplicate, "this notice is over everywhere: " + by->number.text() +
                                               " has taken its place; recall that one");
    }
    message.mutable_head()->set_title(known->title);
    message.mutable_head()->set_urgency(known->known.urgency());
    notice.set_from(known->from);
    notice.set_doc_type(known->doc_type);
    notice.set_audience(known->known.audience());
    notice.set_lifetime_s(std::max(known->known.lifetime_ms() / 1'000, kDay_s));
    return {};
}

Result<void> Notices::complete_times(pb::Notice& notice) const {
    if (notice.lifetime_s() != 0) return {};
    const auto wall = custody_.now().wall;
    if (!notice.has_valid_until_unix_s()) {
        notice.set_lifetime_s(
            std::clamp<std::uint64_t>(custody_.options().lifetime_ms / 1'000, 1, kLifetimeMax_s));
        return {};
    }
    if (!wall) {
        return fail(
            ErrorCode::kInvalidArgument,
            "say in lifetime_s how many seconds the notice is valid: the clock of this node is not trusted");
    }
    const std::int64_t left = notice.valid_until_unix_s() - to_unix(*wall);
    if (left <= 0)
        return fail(ErrorCode::kExpired, "the notice says that it is over already: see valid_until");
    notice.set_lifetime_s(std::min(static_cast<std::uint64_t>(left), kLifetimeMax_s));
    return {};
}

Result<void> Notices::may_speak_for(const pb::Notice& notice) const {
    const auto office = admin::Office::parse(notice.from());
    if (!office) return std::unexpected{office.error()};
    const auto speaker = speaker_for(custody_.options(), *office);
    if (!speaker) return std::unexpected{speaker.error()};
    if (*speaker == own_id()) return {};
    return fail(ErrorCode::kForbidden, "notices of " + office->print() + " are published at " + *speaker +
                                           " only, and this is " + own_id());
}

Result<std::uint32_t> Notices::next_edition(const admin::NoticeName& name, bool replace, bool recall) const {
    const registry::Notice* known = book_.find(name);
    const std::uint32_t last = known == nullptr ? 0 : known->known.edition();
    if (last == 0 && replace)
        return fail(ErrorCode::kNotFound,
                    "no notice of this number and year was published here to be replaced");
    if (last != 0 && replace && known->known.successor() && !recall) {
        return fail(ErrorCode::kOutdated,
                    "another notice has taken the place of this one: publish a further edition of that one");
    }
    if (last != 0 && !replace) {
        return fail(ErrorCode::kDuplicate,
                    "a notice of this number and year was published before: replace it by a "
                    "further edition, or give this one a number of its own");
    }
    return last + 1;
}

Result<MessageTerms> Notices::terms_for(const pb::Message& message, std::size_t encoded_bytes) const {
    const pb::Notice& notice = message.notice();
    const auto audience = admin::Audience::parse(notice.audience());
    if (!audience) return std::unexpected{audience.error()};
    const std::vector<std::string> endpoints = audience->endpoints();
    const auto destination =
        bpv7::Eid::parse(endpoints.size() == 1 ? endpoints.front() : admin::commune_group(audience->commune),
                         custody_.options().limits);
    if (!destination) return std::unexpected{destination.error()};
    MessageTerms terms;
    terms.destination = *destination;
    terms.lifetime_ms = notice.lifetime_s() * 1'000;
    terms.urgency = static_cast<bpv7::Urgency>(message.head().urgency());
    terms.kind = bpv7::Kind::kNotice;
    terms.is_public = true;
    terms.content_bytes = admin::content_bytes(message, encoded_bytes);
    terms.content_type = admin::kContentType;
    return terms;
}

void Notices::published(const pb::Message& message, const MessageName& at, const cose::Digest& digest,
                        std::uint64_t content_bytes) {
    const admin::Proof proof{own_id(), at.message_id, digest};
    const auto name = admin::name_of(message, proof);
    if (!name) return;
    drafts_.erase(*name);
    (void)learn(message, *name, proof, at, content_bytes, 0);
}

std::vector<admin::Village> Notices::expected_villages(const pb::Notice& notice) const {
    const auto audience = admin::Audience::parse(notice.audience());
    if (audience && audience->kind == Kind::kVillages) return audience->villages;
    return villages_;
}

}  // namespace tram::node
