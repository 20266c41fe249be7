// What the store was told and what it acknowledged, and whether the disk agrees.
//
//   kPutting -> kStored -> kErasing -> kErased -> kForgetting -> kForgotten
//
// A state ending in -ing was not acknowledged: the batch may be there or not, but in one piece. Bundles have
// contents that follow from their key, so that nothing needs to be kept to compare them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>

#include "store/store.h"
#include "tests/faults/power_cut.h"

namespace tram::faults {

class PowerCutModel {
  public:
    explicit PowerCutModel(PowerCutReport& report) : report_{report} {}

    /// A store was opened and compared; its tickets begin again.
    void begin_session();
    store::CommitListener listener();
    /// Submits one random batch, after waiting while many are under way. False when the store has failed.
    bool submit_one(store::Store& store, std::mt19937_64& random);
    /// Compares `store` with what was acknowledged, then takes what is there for the truth. False when it
    /// could not be read to the end.
    bool compare(store::Store& store);

  private:
    enum class Stage : std::uint8_t { kPutting, kStored, kErasing, kErased, kForgetting, kForgotten };
    enum class Work : std::uint8_t { kPut, kErase, kForget, kState };
    struct Underway {
        Work work = Work::kPut;
        std::uint64_t number = 0;  // key of the bundle, or the state's value
    };
    struct Found {
        std::map<store::BundleKey, bool> bundles;  // whether record and bytes are as they should be
        std::set<store::BundleKey> tombstones;
        std::uint64_t state = 0;
    };

    store::Batch make_batch(std::mt19937_64& random, Underway& underway);
    std::optional<store::BundleKey> pick(Stage stage, std::mt19937_64& random) const;
    void move(store::BundleKey key, Stage stage);
    void acknowledge(const Underway& underway);
    std::optional<Found> read(store::Store& store) const;
    void judge(store::BundleKey key, Stage stage, const Found& found);
    void judge_order(const Found& found);
    void adopt(const Found& found);
    void finding(std::uint64_t& counter, store::BundleKey key, const char* what);

    PowerCutReport& report_;
    std::mutex mutex_;
    std::condition_variable moved_;
    std::map<store::BundleKey, Stage> bundles_;
    std::map<Stage, std::set<store::BundleKey>> by_stage_;
    std::map<store::Ticket, Underway> underway_;
    store::BundleKey next_key_ = 1;
    std::uint64_t next_state_ = 1;
    std::uint64_t acked_state_ = 0;
    bool failed_ = false;
};

}  // namespace tram::faults
