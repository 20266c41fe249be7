#include "proto/admin/places.h"

#include <catch2/catch.hpp>
#include <set>

#include "proto/admin/names.h"

using namespace tram;
using namespace tram::admin;

namespace {

std::string demux(std::string_view name) {
    const auto village = Village::parse(name);
    REQUIRE(village.has_value());
    return village->demux();
}

}  // namespace

TEST_CASE("offices are named by kind and commune code", "[admin][places]") {
    const std::string text = GENERATE(as<std::string>{}, "xa:18904", "ca-xa:19147", "tyt:01864");
    CHECK(Office::parse(text)->print() == text);
    CHECK(Office::parse("ca-xa:19147")->commune == "19147");
    const std::string bad = GENERATE(as<std::string>{}, "", "xa", "xa:", ":18904", "xa:1890", "xa:Dân Hoá",
                                     "XA:18904", "-xa:18904", "xa:18904/*", "xa:189044");
    CAPTURE(bad);
    CHECK_FALSE(Office::parse(bad).has_value());
}

TEST_CASE("a village in ASCII is its own endpoint", "[admin][places]") {
    const auto [name, expected] = GENERATE(table<std::string, std::string>({
        {"DH-07", "dh-07"},
        {"dh 07", "dh-07"},
        {"Ban 3", "ban-3"},
        {"  K'Long  ", "k-long"},
    }));
    CHECK(demux(name) == expected);
    CHECK(village_group("18904", *Village::parse("DH-07")) == "dtn://18904/~notice/dh-07");
    CHECK(commune_group("18904") == "dtn://18904/~notice");
}

TEST_CASE("a village spelt with accents is one ASCII endpoint in every spelling", "[admin][places]") {
    const std::string composed = "Khâu Slôm";
    const std::string decomposed = "Kha\xCC\x82u Slo\xCC\x82m";
    REQUIRE(composed != decomposed);
    // Fixed: nodes of different versions must meet at the same endpoint.
    CHECK(demux(composed) == "khau-slom.rkmb");
    CHECK(demux(decomposed) == demux(composed));
    CHECK(demux("KHÂU  SLÔM") == demux(composed));
    CHECK(demux("Bản Hoá") == demux("Bản Hóa"));
    CHECK(Village::parse(decomposed)->text() == composed);

    const std::vector<std::string> different{"Bản Na",    "Bản Nà",    "Bản Ná", "Ban Na",
                                             "Bàn Na",    "Ban-Na-2",  "Bản Đa", "Bản Da",
                                             "Khau Slom", "Khâu Slôm", "ພູ",      "山"};
    std::set<std::string> seen;
    for (const std::string& name : different) {
        CHECK(std::ranges::all_of(demux(name), [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
        }));
        seen.insert(demux(name));
    }
    CHECK(seen.size() == different.size());
    CHECK(demux(std::string(96, 'x')).size() == 64);
}

TEST_CASE("what cannot be a village is refused", "[admin][places]") {
    const std::string bad = GENERATE(as<std::string>{}, "", " ", "--", "a,b", "a/b", "*", "xa:1", "a@b",
                                     "000197000123", "a\nb", "a\xC3");
    CAPTURE(bad);
    CHECK_FALSE(Village::parse(bad).has_value());
    CHECK_FALSE(Village::parse(std::string(97, 'x')).has_value());
}

TEST_CASE("audiences become group endpoints", "[admin][places]") {
    const auto all = Audience::parse("xa:18904/*");
    REQUIRE(all.has_value());
    CHECK(all->print() == "xa:18904/*");
    CHECK(all->endpoints() == std::vector<std::string>{"dtn://18904/~notice"});

    const auto some = Audience::parse("xa:01864/Khâu Slôm, Hồng Mú,khâu slôm");
    REQUIRE(some.has_value());
    CHECK(some->print() == "xa:01864/Khâu Slôm,Hồng Mú");
    CHECK(some->endpoints() == std::vector<std::string>{"dtn://01864/~notice/" + demux("Khâu Slôm"),
                                                        "dtn://01864/~notice/" + demux("Hồng Mú")});

    const auto role = Audience::parse("role:to-cong-nghe-so@00901");
    REQUIRE(role.has_value());
    CHECK(role->print() == "role:to-cong-nghe-so@00901");
    CHECK(role->endpoints() == std::vector<std::string>{"dtn://00901/~role/to-cong-nghe-so"});
}

TEST_CASE("what is no audience is refused", "[admin][places]") {
    const std::string bad =
        GENERATE(as<std::string>{}, "", "xa:18904", "xa:18904/", "xa:1890/*", "xa:18904/*,DH-07",
                 "xa:18904/,DH-07", "xa:18904/DH-07,", "role:@00901", "role:to@901", "role:Tổ@00901",
                 "role:000197000123@00901", "tyt:01864/*", "*");
    CAPTURE(bad);
    CHECK_FALSE(Audience::parse(bad).has_value());

    std::string many = "xa:18904/0";
    for (std::size_t i = 1; i <= Audience::kVillagesMax; ++i)
        many += "," + std::to_string(i);
    const auto parsed = Audience::parse(many);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == ErrorCode::kTooLarge);
}
