#include "tests/faults/power_cut.h"

#include <cmath>
#include <memory>
#include <random>
#include <thread>

#include "store/rocks_store.h"
#include "tests/faults/power_cut_fs.h"
#include "tests/faults/power_cut_model.h"
#include "tests/faults/simulated_disk.h"

namespace tram::faults {

namespace {

constexpr double kOperationsMax = 250;

class PowerCuts {
  public:
    explicit PowerCuts(const PowerCutOptions& options)
        : options_{options}, random_{options.seed}, disk_{std::make_shared<SimulatedDisk>(options.seed)} {}

    Result<PowerCutReport> run() {
        while (report_.cycles < options_.cycles) {
            if (auto done = cycle(); !done) return std::unexpected{done.error()};
            ++report_.cycles;
        }
        return report_;
    }

  private:
    Result<void> cycle() {
        disk_->power_on();
        const bool cut_early = random_() % 4 == 0;
        if (cut_early) arm();
        auto opened = open();
        if (!opened) return disk_->is_off() ? Result<void>{} : std::unexpected{opened.error()};
        auto& store = **opened;
        if (model_.compare(store)) {
            model_.begin_session();
            if (!cut_early) arm();
            load(store);
        } else if (!disk_->is_off()) {
            return fail(ErrorCode::kIo, "the store cannot be read although the power is on");
        }
        store.abandon();
        return {};
    }

    Result<std::unique_ptr<store::RocksStore>> open() {
        store::RocksStoreOptions options;
        options.directory = "/store";
        options.sync = options_.sync;
        options.reserve_bytes = 0;
        // The anchor would stop the control run at its first loss.
        options.accept_missing = !options_.sync;
        options.file_system = make_power_cut_file_system(disk_);
        return store::RocksStore::open(std::move(options), model_.listener());
    }

    // Small counts hit the steps of opening and of each commit, large ones the flushes.
    void arm() {
        const double exponent = std::generate_canonical<double, 32>(random_);
        disk_->cut_after(static_cast<std::uint64_t>(std::pow(kOperationsMax, exponent)));
    }

    void load(store::Store& store) {
        std::vector<std::thread> threads;
        for (unsigned i = 0; i < options_.threads; ++i) {
            threads.emplace_back([this, &store, seed = random_()] {
                std::mt19937_64 random{seed};
                while (model_.submit_one(store, random)) {
                }
            });
        }
        for (std::thread& thread : threads)
            thread.join();
    }

    const PowerCutOptions options_;
    std::mt19937_64 random_;
    std::shared_ptr<SimulatedDisk> disk_;
    PowerCutReport report_;
    PowerCutModel model_{report_};
};

}  // namespace

Result<PowerCutReport> run_power_cuts(const PowerCutOptions& options) {
    return PowerCuts{options}.run();
}

}  // namespace tram::faults
