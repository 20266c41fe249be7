// Areas: which notices are for this node, and for which of its villages.
#include "daemon/registry/areas.h"

#include <catch2/catch.hpp>

#include "tests/unit/admin/samples.h"

using namespace tram;
using namespace tram::registry;
using tram::test::code_of;

namespace {

const std::string kKiosk = "dtn://18904-ks07/";

struct Rows {
    std::map<std::string, Bytes> rows;

    Areas start(const std::vector<std::string>& configured = {}, const std::string& node_id = kKiosk) {
        Areas areas{[this](std::string name, Bytes value) { rows[name] = std::move(value); },
                    [this](const std::string& name) { rows.erase(name); }};
        for (const auto& [name, value] : rows)
            REQUIRE(areas.restore_state(name, value));
        REQUIRE(areas.configure(node_id, configured).empty());
        return areas;
    }
};

Concern concern(const Areas& areas, std::string_view audience) {
    return areas.concern(admin::Audience::parse(audience).value());
}

std::vector<std::string> villages(const Concern& concern) {
    std::vector<std::string> names;
    for (const admin::Village& each : concern.villages)
        names.push_back(each.text());
    return names;
}

std::vector<std::string> shown(const Areas& areas) {
    std::vector<std::string> texts;
    for (const auto& [key, area] : areas.all())
        texts.push_back(area_text(area.audience));
    return texts;
}

}  // namespace

TEST_CASE("an area is a commune, one village or a role, in every spelling", "[registry][areas]") {
    const auto [text, print] = GENERATE(
        table<const char*, const char*>({{"18904", "18904"},
                                         {"xa:18904", "18904"},
                                         {"xa:18904/*", "18904"},
                                         {"18904/Khâu Slôm", "18904/Khâu Slôm"},
                                         {"xa:18904/DH-07", "18904/DH-07"},
                                         {"role:to-cong-nghe-so@18904", "role:to-cong-nghe-so@18904"}}));
    const auto area = parse_area(text);
    REQUIRE(area);
    CHECK(area_text(*area) == print);
    CHECK(parse_area(print) == *area);
}

TEST_CASE("what is no area is refused", "[registry][areas]") {
    const char* text = GENERATE("", "1890", "18904/", "18904/DH-07,DH-08", "tyt:18904", "role:x", "18904/a@b",
                                "Dân Hóa", "dtn://18904/~notice");
    CHECK(code_of(parse_area(text)) == "invalid_argument");
}

TEST_CASE("a notice concerns a node by its areas, and names its villages", "[registry][areas]") {
    Rows rows;
    const Areas areas = rows.start({"18904/DH-07", "18904/Bản Nà", "role:to-cong-nghe-so@18904"});
    struct Case {
        const char* audience;
        bool here;
        std::vector<std::string> villages;
    };
    const auto [audience, here, names] =
        GENERATE(values<Case>({{"xa:18904/*", true, {"Bản Nà", "DH-07"}},
                               {"xa:18904/dh-07,DH-08", true, {"DH-07"}},
                               {"xa:18904/Bản Na", false, {}},
                               {"xa:00901/*", false, {}},
                               {"xa:00901/DH-07", false, {}},
                               {"role:to-cong-nghe-so@18904", true, {"Bản Nà", "DH-07"}},
                               {"role:to-cong-nghe-so@00901", false, {}},
                               {"role:y-te@18904", false, {}}}));
    const Concern found = concern(areas, audience);
    CHECK(found.here == here);
    CHECK(villages(found) == names);
}

TEST_CASE("every node is in the commune of its own name, and stays there", "[registry][areas]") {
    Rows rows;
    Areas areas = rows.start();
    CHECK(concern(areas, "xa:18904/*").here);
    CHECK(concern(areas, "xa:18904/*").villages.empty());
    CHECK_FALSE(concern(areas, "xa:18904/DH-07").here);
    CHECK(code_of(areas.leave("18904")) == "forbidden");
    CHECK(shown(rows.start({}, "dtn://localhost/")).empty());
}

TEST_CASE("an area that was joined comes back after a restart, and can be left", "[registry][areas]") {
    Rows rows;
    Areas areas = rows.start({"18904/DH-07"});
    CHECK(areas.join("18904/Hoá Sơn").value());
    CHECK_FALSE(areas.join("18904/HÓA SƠN").value());
    CHECK_FALSE(areas.join("18904/dh-07").value());
    CHECK(rows.rows.size() == 1);
    CHECK(code_of(areas.join("nowhere")) == "invalid_argument");

    Areas again = rows.start({"18904/DH-07"});
    CHECK(shown(again) == shown(areas));
    CHECK(again.all().size() == 3);
    CHECK(code_of(again.leave("18904/DH-07")) == "forbidden");
    CHECK(code_of(again.leave("18904/DH-08")) == "not_found");
    CHECK(again.leave("18904/Hóa Sơn"));
    CHECK(rows.rows.empty());
    CHECK(rows.start({"18904/DH-07"}).all().size() == 2);
}

TEST_CASE("a node is in 64 areas at most, and what the configuration says wrongly is told",
          "[registry][areas]") {
    Rows rows;
    Areas areas = rows.start();
    for (std::size_t i = 1; i < Areas::kAreasMax; ++i)
        REQUIRE(areas.join("18904/V-" + std::to_string(i)));
    CHECK(code_of(areas.join("18904/one more")) == "full");
    const auto errors = areas.configure(kKiosk, {"18904/DH-07", "18904/", "18904"});
    REQUIRE(errors.size() == 1);
    CHECK(errors.front().message.find("node.areas: \"18904/\"") == 0);
}

TEST_CASE("a damaged area is said, and stays", "[registry][areas]") {
    Rows rows;
    Areas before = rows.start();
    REQUIRE(before.join("18904/DH-07"));
    const Bytes value = rows.rows.begin()->second;
    Areas areas{[](std::string, Bytes) {}, [](const std::string&) {}};
    CHECK(code_of(areas.restore_state("area/dtn://18904/~notice/dh-08", value)) == "corrupt");
    CHECK(code_of(areas.restore_state(rows.rows.begin()->first, ByteView{value}.first(3))) == "corrupt");
    CHECK(areas.restore_state("notice/77", {}));
    CHECK(areas.all().empty());
}
