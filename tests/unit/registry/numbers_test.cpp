// Local numbers: none is given twice, whatever is done to the disk.
#include "daemon/registry/numbers.h"

#include <catch2/catch.hpp>
#include <set>

using namespace tram;
using registry::Numbers;

namespace {

const std::string kNode = "dtn://18904-ks07/";

/// A disk with the row, a machine that it is in, and the chance of its next start.
struct Disk {
    std::optional<Bytes> row{};
    std::string place = "machine 1, directory 1";
    std::uint8_t chance = 1;

    Numbers start() {
        Numbers numbers;
        const bool new_store = !row;
        if (row) numbers.restore(*row);
        if (auto changed = numbers.start(as_bytes(place), Buffer(32, chance++), new_store)) row = *changed;
        return numbers;
    }
    std::string give(Numbers& numbers) {
        const auto next = numbers.next(kNode);
        REQUIRE(next);
        row = numbers.give();
        return next->print();
    }
};

}  // namespace

TEST_CASE("numbers go on after a restart, in the first epoch", "[registry]") {
    Disk disk;
    for (int i = 1; i <= 12; ++i) {
        Numbers numbers = disk.start();
        CHECK(disk.give(numbers) == "18904-ks07-0000" + std::string(i < 10 ? "0" : "") + std::to_string(i));
    }
    Numbers numbers = disk.start();
    CHECK(numbers.next(kNode)->print() == "18904-ks07-000013");
    CHECK(numbers.next(kNode)->print() == "18904-ks07-000013");
}

TEST_CASE("clones and restored copies begin an epoch of their own", "[registry]") {
    std::set<std::string> given;
    Disk disk;
    const auto run = [&](Disk& each) {
        Numbers numbers = each.start();
        for (int i = 0; i < 5; ++i)
            CHECK(given.insert(each.give(numbers)).second);
    };
    disk.start();
    const Disk empty_backup = disk;  // from before the first number
    run(disk);
    const Disk backup = disk;
    run(disk);
    // One copy restored twice, a clone in another machine, and the original going on.
    for (std::uint8_t copy = 0; copy < 4; ++copy) {
        Disk other = copy < 2 ? backup : empty_backup;
        other.place = "directory " + std::to_string(copy);
        other.chance = static_cast<std::uint8_t>(100 + 10 * copy);
        run(other);
        run(other);
    }
    run(disk);
    CHECK(given.size() == 5 * 11);
}

TEST_CASE("a store that is not new and has no good row begins an epoch", "[registry]") {
    const Bytes damaged = Bytes::copy_of(as_bytes("\xff\xff damaged"));
    Numbers numbers;
    if (GENERATE(true, false)) numbers.restore(damaged);
    REQUIRE(numbers.start(as_bytes("here"), Buffer(4, 9), false));
    CHECK_FALSE(numbers.epoch().is_first());
    CHECK(numbers.next(kNode)->print().starts_with("18904-ks07."));
}

TEST_CASE("without chance, or for a node of no commune, no number is given", "[registry]") {
    Numbers numbers;
    CHECK_FALSE(numbers.start(as_bytes("here"), Buffer(3, 1), true));
    CHECK(numbers.next(kNode).error().code == ErrorCode::kUnavailable);
    CHECK(numbers.start(as_bytes("here"), Buffer(4, 1), true));
    CHECK(numbers.next("ipn:12.0").error().code == ErrorCode::kInvalidArgument);
}
