// Notices and rows for tests of the registry.
#pragma once

#include <catch2/catch.hpp>
#include <map>
#include <string>

#include "daemon/registry/notices.h"
#include "tests/unit/admin/samples.h"

namespace tram::test {

inline constexpr std::uint64_t kLifetime_ms = 5ULL * 86'400'000;  ///< of make_notice()

inline admin::NoticeName name_of(std::string_view number) {
    return {kOfficeNode, 2026, admin::DocumentNumber::parse(number).value()};
}

inline admin::Village village(std::string_view name) {
    return admin::Village::parse(name).value();
}

/// A message id and a digest that follow from a text.
inline admin::Proof proof_for(std::string_view text) {
    admin::Proof proof{kOfficeNode, {}, cose::sha256(as_bytes(text))};
    std::copy_n(proof.digest.begin(), proof.message_id.size(), proof.message_id.begin());
    return proof;
}

inline registry::Notice notice_of(const admin::pb::Message& message, const admin::Proof& proof,
                                  admin::Arrival arrival) {
    registry::Notice notice{.known = admin::KnownNotice::heard_of(admin::name_of(message, proof).value())};
    REQUIRE(notice.known.take(message, proof, arrival));
    notice.describe(message);
    return notice;
}

struct NoticeRows {
    std::map<std::string, Bytes> rows;

    registry::Notices start() {
        registry::Notices notices{[this](std::string name, Bytes value) { rows[name] = std::move(value); },
                                  [this](const std::string& name) { rows.erase(name); }};
        for (const auto& [name, value] : rows)
            REQUIRE(notices.restore_state(name, value));
        return notices;
    }
};

}  // namespace tram::test
