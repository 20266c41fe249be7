// An office, a laptop and a kiosk in a village of one commune, for tests about notices.
#pragma once

#include <string>
#include <vector>

#include "tests/unit/admin/samples.h"
#include "tests/unit/node/message_world.h"

namespace tram::node::testing {

inline const std::string kNotice = "07/CĐ-UBND";
inline const std::string kVillage = "DH-07";

/// Of the sample, without what is given when it is published.
inline admin::pb::Message notice_draft(const std::string& number = kNotice) {
    admin::pb::Message message = tram::test::make_notice(number);
    message.mutable_notice()->clear_edition();
    return message;
}

struct NoticeWorld {
    /// The kiosk is in kVillage; the office expects proof from it and from DH-08.
    explicit NoticeWorld(std::uint32_t seed = 1) : world{seed, Setup{.open = false}} {
        configure(kKiosk, {"18904/" + kVillage}, {});
        configure(kServer, {}, {kVillage, "DH-08"});
    }

    void configure(std::size_t at, std::vector<std::string> areas, std::vector<std::string> villages) {
        world.host(at).options().areas = std::move(areas);
        world.host(at).options().villages = std::move(villages);
        world.mesh.crash(at);
    }
    void contact(std::size_t a, std::size_t b) {
        world.mesh.connect(a, b);
        world.mesh.settle();
        world.mesh.disconnect(a, b);
    }
    /// From the office to the village.
    void carry() {
        contact(kServer, kLaptop);
        contact(kLaptop, kKiosk);
    }
    void bring_back() {
        contact(kKiosk, kLaptop);
        contact(kLaptop, kServer);
    }
    void wait(std::uint64_t ms) {
        world.mesh.advance(Duration{static_cast<Duration::rep>(ms)});
        *world.mesh.wall() = DtnTime{world.mesh.wall()->milliseconds + ms};
        for (std::size_t i = 0; i < 3; ++i) {
            world.host(i).give(input::Tick{});
            world.host(i).settle();
            world.host(i).sync();
        }
    }

    Result<effect::Reply::Publishing> open(const admin::pb::Message& message, bool replace = false,
                                           std::size_t at = kServer) {
        const Bytes wire = admin::encode_message(message).value();
        const auto reply =
            world.ask(at, [&](RequestId id) { return input::PublishNotice{id, wire, replace}; });
        if (!reply.outcome) return std::unexpected{reply.outcome.error()};
        return std::get<effect::Reply::Publishing>(*reply.outcome);
    }
    Result<void> finish(const std::string& token, std::uint64_t offset, const std::string& content,
                        std::size_t at = kServer) {
        const auto appended = world.ask(at, [&](RequestId id) {
            return input::AppendMessage{id, token, offset, Bytes::copy_of(as_bytes(content))};
        });
        if (!appended.outcome) return std::unexpected{appended.outcome.error()};
        const auto sent = world.ask(at, [&](RequestId id) { return input::FinishMessage{id, token}; });
        if (!sent.outcome) return std::unexpected{sent.outcome.error()};
        world.mesh.settle();
        return {};
    }
    Result<void> publish(const admin::pb::Message& message, bool replace = false) {
        const auto opened = open(message, replace);
        if (!opened) return std::unexpected{opened.error()};
        return finish(opened->token, opened->offset, message.attachments().empty() ? "" : "a voice");
    }
    Result<void> recall(const std::string& number = kNotice) {
        admin::pb::Message message;
        admin::stamp(message);
        message.mutable_head()->set_document_number(number);
        message.mutable_notice()->set_recall(true);
        message.mutable_notice()->set_year(2026);
        return publish(message);
    }
    /// As a program does that keeps to no rules.
    void smuggle(std::size_t at, const admin::pb::Message& message,
                 const std::string& destination = "dtn://18904/~notice") {
        const auto encoded = admin::encode_message(message);
        REQUIRE(encoded);
        const Bytes head = admin::begin_content(*encoded);
        const std::string content =
            std::string{as_text(head)} + (message.attachments().empty() ? "" : "a voice");
        MessageTerms terms = terms_for(destination, content.size());
        terms.kind = bpv7::Kind::kNotice;
        terms.is_public = true;
        terms.content_type = admin::kContentType;
        const auto reply = world.ask(at, [&](RequestId id) { return input::OpenMessage{id, terms}; });
        REQUIRE(reply.outcome);
        REQUIRE(finish(std::get<effect::Reply::Opened>(*reply.outcome).token, 0, content, at));
    }
    Result<void> mark(std::vector<std::string> displayed, std::vector<std::string> announced,
                      std::size_t at = kKiosk, const std::string& number = kNotice) {
        const auto reply = world.ask(at, [&](RequestId id) {
            return input::MarkNotice{id, {number}, std::move(displayed), std::move(announced)};
        });
        if (!reply.outcome) return std::unexpected{reply.outcome.error()};
        return {};
    }
    Result<void> join(std::size_t at, const std::string& area) {
        const auto reply = world.ask(at, [&](RequestId id) { return input::JoinArea{id, area}; });
        if (!reply.outcome) return std::unexpected{reply.outcome.error()};
        return {};
    }

    const Notices& notices(std::size_t at) { return world.host(at).node().notices(); }
    /// "heard_of", "current", "superseded", "recalled", "expired" or "unknown".
    std::string status(std::size_t at, const std::string& number = kNotice) {
        const auto* notice = notices(at).book().find(
            {tram::test::kOfficeNode, 2026, admin::DocumentNumber::parse(number).value()});
        if (notice == nullptr) return "unknown";
        static constexpr const char* kNames[] = {"heard_of", "current", "superseded", "recalled", "expired"};
        return kNames[static_cast<std::size_t>(notice->known.status(world.custody(at).node_time_ms()))];
    }
    const registry::Notice& notice(std::size_t at, const std::string& number = kNotice) {
        const auto found = notices(at).find({number});
        REQUIRE(found);
        return **found;
    }
    /// What the office knows of a village.
    registry::VillageReport proof(const std::string& village = kVillage,
                                  const std::string& number = kNotice) {
        const registry::Notice& own = notice(kServer, number);
        const auto reports = notices(kServer).book().report(own.known.name(), notices(kServer).carriers(own));
        REQUIRE(reports);
        for (const registry::VillageReport& each : *reports)
            if (each.proof.village.text() == village) return each;
        FAIL("the village is not in the proof");
        return reports->front();
    }
    std::size_t stored(std::size_t at) { return world.stored(at); }

    World world;
};

}  // namespace tram::node::testing
