#include "tests/faults/simulated_disk.h"

#include <catch2/catch.hpp>
#include <set>

using namespace tram::faults;

namespace {

std::string contents(SimulatedDisk& disk, const std::string& path) {
    SimulatedDisk::Handle handle;
    if (disk.open(path, handle) != DiskAnswer::kOk) return "(none)";
    std::string text(100, '\0');
    std::size_t got = 0;
    REQUIRE(disk.read(handle, 0, text.size(), text.data(), got) == DiskAnswer::kOk);
    return text.substr(0, got);
}

SimulatedDisk::Handle make(SimulatedDisk& disk, const std::string& path, const std::string& text) {
    SimulatedDisk::Handle handle;
    REQUIRE(disk.create(path, false, handle) == DiskAnswer::kOk);
    REQUIRE(disk.append(handle, text) == DiskAnswer::kOk);
    return handle;
}

}  // namespace

TEST_CASE("what was synced, with its entry, survives every cut", "[faults]") {
    SimulatedDisk disk{GENERATE(range(0U, 50U))};
    const auto file = make(disk, "/file", "synced");
    disk.sync(file);
    disk.sync_directory("/");
    disk.append(file, "unsynced");
    disk.cut();
    CHECK(disk.append(file, "x") == DiskAnswer::kOff);
    disk.power_on();
    CHECK(disk.append(file, "x") == DiskAnswer::kOff);
    const std::string left = contents(disk, "/file");
    CHECK(left == std::string{"syncedunsynced"}.substr(0, left.size()));
    CHECK(left.size() >= 6);
}

TEST_CASE("a cut tears unsynced data at different bytes and forgets entries", "[faults]") {
    std::set<std::size_t> sizes;
    bool forgotten = false;
    for (unsigned seed = 0; seed < 100; ++seed) {
        SimulatedDisk disk{seed};
        make(disk, "/old", "");
        disk.sync_directory("/");
        SimulatedDisk::Handle old;
        REQUIRE(disk.create("/old", true, old) == DiskAnswer::kOk);
        disk.append(old, "0123456789");
        disk.sync(make(disk, "/fresh", "data"));
        disk.cut();
        disk.power_on();
        sizes.insert(contents(disk, "/old").size());
        forgotten = forgotten || contents(disk, "/fresh") == "(none)";
    }
    CHECK(sizes.size() > 5);
    CHECK(forgotten);
}

TEST_CASE("a rename before a cut leaves the old or the new file, never none", "[faults]") {
    SimulatedDisk disk{GENERATE(range(0U, 50U))};
    disk.sync(make(disk, "/anchor", "old"));
    disk.sync_directory("/");
    disk.sync(make(disk, "/anchor.new", "new"));
    REQUIRE(disk.rename("/anchor.new", "/anchor") == DiskAnswer::kOk);
    CHECK(contents(disk, "/anchor") == "new");
    disk.cut();
    disk.power_on();
    const std::string left = contents(disk, "/anchor");
    CHECK((left == "old" || left == "new"));
    if (left == "new") CHECK(contents(disk, "/anchor.new") == "(none)");
}

TEST_CASE("an unsynced removal may come undone", "[faults]") {
    std::set<std::string> outcomes;
    for (unsigned seed = 0; seed < 50; ++seed) {
        SimulatedDisk disk{seed};
        disk.sync(make(disk, "/file", "data"));
        disk.sync_directory("/");
        disk.remove("/file");
        disk.cut();
        disk.power_on();
        outcomes.insert(contents(disk, "/file"));
    }
    CHECK(outcomes == std::set<std::string>{"(none)", "data"});
}

TEST_CASE("the power fails before the chosen operation", "[faults]") {
    SimulatedDisk disk{1};
    disk.cut_after(3);
    const auto file = make(disk, "/file", "data");
    CHECK(disk.sync(file) == DiskAnswer::kOk);
    CHECK(disk.sync_directory("/") == DiskAnswer::kOff);
    CHECK(disk.is_off());
}
