#include "proto/admin/names.h"

#include <catch2/catch.hpp>
#include <set>
#include <type_traits>

using namespace tram;
using namespace tram::admin;

namespace {

LocalNumber number(std::string_view text) {
    const auto parsed = LocalNumber::parse(text);
    REQUIRE(parsed.has_value());
    return *parsed;
}

Epoch epoch(std::uint32_t chance) {
    return Epoch::drawn(Buffer{static_cast<std::uint8_t>(chance >> 24U),
                               static_cast<std::uint8_t>(chance >> 16U),
                               static_cast<std::uint8_t>(chance >> 8U), static_cast<std::uint8_t>(chance)});
}

}  // namespace

TEST_CASE("a local number says commune, device, epoch and running number", "[admin][names]") {
    const LocalNumber first = number("18904-ks07-000123");
    CHECK(first.commune() == "18904");
    CHECK(first.device() == "ks07");
    CHECK(first.epoch().is_first());
    CHECK(first.number() == 123);
    CHECK(first.node_id() == "dtn://18904-ks07/");
    CHECK(first.print() == "18904-ks07-000123");

    const LocalNumber later = number("18904-to-07.4k7qm2-1234567");
    CHECK(later.device() == "to-07");
    CHECK(later.epoch().print() == "4k7qm2");
    CHECK(later.number() == 1'234'567);
    CHECK(later.print() == "18904-to-07.4k7qm2-1234567");
}

TEST_CASE("a local number has one spelling and no other", "[admin][names]") {
    const std::string text = GENERATE(
        as<std::string>{}, "", "18904", "18904-ks07", "18904-ks07-", "18904-ks07-123", "18904-ks07-0000123",
        "18904-ks07-000000", "1890-ks07-000123", "189044-ks07-000123", "18904-KS07-000123",
        "18904-ks 7-000123", "18904-ks07.-000123", "18904-ks07.4k7q-000123", "18904-ks07.4k7qmi-000123",
        "18904-ks07.4K7QM2-000123", "18904-ks07.000000-000123", "18904--000123",
        "18904-ks07.4k7qm2.4k7qm2-000123", "18904-ks07-1234567890", "18904-ks07-00012x", " 18904-ks07-000123",
        "18904-ks07-000123 ", "18904-ks07/-000123", "18904-.4k7qm2-000123");
    CAPTURE(text);
    const auto parsed = LocalNumber::parse(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == ErrorCode::kInvalidArgument);
    CHECK_FALSE(LocalNumber::parse(std::string(200, '1')).has_value());
}

TEST_CASE("numbers follow each other until a device has used them up", "[admin][names]") {
    const auto first = LocalNumber::first_of("dtn://18904-ks07/", Epoch{});
    REQUIRE(first.has_value());
    CHECK(first->print() == "18904-ks07-000001");
    CHECK(first->next()->print() == "18904-ks07-000002");
    CHECK(number("18904-ks07-999999").next()->print() == "18904-ks07-1000000");
    const auto after_last = number("18904-ks07-999999999").next();
    REQUIRE_FALSE(after_last.has_value());
    CHECK(after_last.error().code == ErrorCode::kFull);

    CHECK_FALSE(LocalNumber::first_of("dtn://18904/", Epoch{}).has_value());
    CHECK_FALSE(LocalNumber::first_of("dtn://18904-ks07/inbox", Epoch{}).has_value());
}

TEST_CASE("no number of one life of a device is a number of another", "[admin][names]") {
    // Names that look like each other, in epochs that look like names.
    const std::vector<std::string> nodes{"dtn://18904-ks07/", "dtn://18904-ks07-4k7qm2/", "dtn://18904-ks/",
                                         "dtn://18904-ks07-000001/"};
    std::set<std::string> seen;
    std::size_t made = 0;
    for (const std::string& node : nodes) {
        for (const std::uint32_t chance : {0U, 2U, 0x12345678U, 0x3fffffffU}) {
            const auto of_epoch = LocalNumber::first_of(node, chance == 0 ? Epoch{} : epoch(chance));
            REQUIRE(of_epoch.has_value());
            LocalNumber each = *of_epoch;
            for (int i = 0; i < 20; ++i, ++made) {
                seen.insert(each.print());
                CHECK(number(each.print()) == each);
                each = *each.next();
            }
        }
    }
    CHECK(seen.size() == made);
}

TEST_CASE("an epoch that is drawn is never the first one", "[admin][names]") {
    CHECK_FALSE(epoch(0).is_first());
    CHECK_FALSE(epoch(0x40000000).is_first());
    CHECK(epoch(0).print() == "000001");
    CHECK(epoch(0xffffffff).print() == "zzzzzz");
    CHECK(*Epoch::parse("zzzzzz") == epoch(0xffffffff));
    CHECK(Epoch::parse("")->is_first());
}

TEST_CASE("the code of a dossier is read and never made", "[admin][names]") {
    CHECK(DossierCode::parse("H50.99.1-261124-0012")->text() == "H50.99.1-261124-0012");
    CHECK(DossierCode::parse("G22.99-240229-001234").has_value());
    CHECK(DossierCode::parse("000.00.12.H50-210315-0001").has_value());
    STATIC_REQUIRE_FALSE(std::is_default_constructible_v<DossierCode>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<DossierCode, std::string>);
    STATIC_REQUIRE_FALSE(std::is_aggregate_v<DossierCode>);
    STATIC_REQUIRE_FALSE(std::is_constructible_v<DossierCode, LocalNumber>);

    const std::string text =
        GENERATE(as<std::string>{}, "", "H50", "H50.99.1-261324-0012", "H50.99.1-230229-0012",
                 "h50.99.1-261124-0012", "H50-261124-0012", "H50.99.1-261124-12", "H50.99.1-261124-0012345",
                 "H50.9999-261124-0012", "H50.99.1-261124-0012-1", "18904-ks07-000123",
                 "H50.99.1.2.3-261124-00", "H50.99.1.2.3.4-261124-0012", "50.99.1-261124-0012",
                 "H50.H51-261124-0012", "00.H50.1-261124-0012", "H50.-261124-0012", "H50.99.1-261124-0012 ");
    CAPTURE(text);
    CHECK_FALSE(DossierCode::parse(text).has_value());
}

TEST_CASE("procedures are national or local, with a version when it is known", "[admin][names]") {
    const std::string text = GENERATE(as<std::string>{}, "1.001193", "1.001193@2", "2.001218.000.00.00.H38",
                                      "1.000948.H38", "LOCAL.VNEID2", "LOCAL.VNEID2@12");
    const auto procedure = Procedure::parse(text);
    REQUIRE(procedure.has_value());
    CHECK(procedure->print() == text);
    CHECK(Procedure::parse("1.001193@2")->version == 2);
    CHECK(Procedure::parse("1.001193")->version == 0);

    const std::string bad = GENERATE(as<std::string>{}, "", "1", "1.0011", "1.0011933", "11.001193",
                                     "1.001193@", "1.001193@0", "1.001193@02", "1.001193@x", "1.001193.",
                                     "LOCAL.", "local.x", "LOCAL.vneid", "1.001193@12345678901");
    CAPTURE(bad);
    CHECK_FALSE(Procedure::parse(bad).has_value());
}

TEST_CASE("document numbers are those of offices", "[admin][names]") {
    CHECK(DocumentNumber::parse("07/CĐ-UBND")->text() == "07/CĐ-UBND");
    CHECK(DocumentNumber::parse("07/Q\xC4\x90-\x41\xCC\x82")->text() == "07/QĐ-Â");
    CHECK(DocumentNumber::parse("205/2026/TB-UBND").has_value());
    const std::string bad = GENERATE(as<std::string>{}, "", "/CĐ", "07", "07/", "CĐ/07", "07/C Đ", "07/--",
                                     "07/000197000123", "1234567/TB", "07/a\"b", "07/TB\xC3");
    CAPTURE(bad);
    CHECK_FALSE(DocumentNumber::parse(bad).has_value());
}

TEST_CASE("languages have tags, and names where they are spoken here", "[admin][names]") {
    const auto [text, name] = GENERATE(table<std::string, std::string>({
        {"vi", "Tiếng Việt"},
        {"hmn", "Mông"},
        {"ium", "Dao"},
        {"tyz", "Tày"},
        {"nut", "Nùng"},
        {"bru", "Bru - Vân Kiều"},
        {"HMN-Latn", "Mông"},
        {"qaa", "qaa"},
    }));
    const auto language = Language::parse(text);
    REQUIRE(language.has_value());
    CHECK(language->name() == name);
    CHECK(Language::parse("HMN-Latn")->text() == "hmn-latn");
    CHECK(Language::parse("HMN-Latn")->primary() == "hmn");
    CHECK(Language{}.text() == "vi");

    const std::string bad =
        GENERATE(as<std::string>{}, "", "v", "viet", "vi-", "vi--x", "vi_VN", "vi-123456789", "mông", "12");
    CAPTURE(bad);
    CHECK_FALSE(Language::parse(bad).has_value());
}
