// tram-bench: what the subcommands share. Each one measures rows and hands them over as it goes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "proto/base/error.h"

namespace tram::bench {

struct Row {
    std::string name;               ///< "case" in the output
    std::uint64_t size = 0;         ///< bytes of a bundle
    std::uint64_t concurrency = 0;  ///< bundles under way at once
    double bundles_per_s = 0;
    double mb_per_s = 0;   ///< 10^6 bytes
    double reference = 0;  ///< bundles/s of what is compared with; 0: nothing is
};
using RowSink = std::function<void(const Row&)>;

struct StoreBenchOptions {
    std::filesystem::path directory;  ///< on the disk to be measured; a subdirectory is made and removed
    double seconds = 2;               ///< for each measurement
};
/// Durable inserts through the store beside RocksDB's own synced batches. Errors: those of the store.
Result<void> bench_store(const StoreBenchOptions& options, const RowSink& sink);

struct ForwardBenchOptions {
    std::filesystem::path directory;  ///< on the disk to be measured; a subdirectory is made and removed
    std::filesystem::path daemon;     ///< the tramd program
    double seconds = 5;               ///< for each measurement
};
/// Bundles through one carrier daemon: a source gives them to tramd, tramd gives them to a sink, everything
/// synced before it is acknowledged. Errors: unavailable (the daemon does not start or stops), io.
Result<void> bench_forward(const ForwardBenchOptions& options, const RowSink& sink);

/// A figure that is not about stored bundles.
struct Measure {
    std::string name;        ///< "case" in the output
    std::uint64_t size = 0;  ///< bytes of a payload or content, or number of sessions
    double value = 0;
    std::string unit;
    double reference = 0;  ///< the same unit, of the bare library; 0: nothing to compare with
};
using MeasureSink = std::function<void(const Measure&)>;

struct SecurityBenchOptions {
    double seconds = 1;  ///< for each measurement
};
/// Signatures of bundles, sealed messages and TLS sessions beside libsodium and OpenSSL alone.
Result<void> bench_security(const SecurityBenchOptions& options, const MeasureSink& sink);
/// The part of bench_security() about sessions.
Result<void> bench_tls(const SecurityBenchOptions& options, const MeasureSink& sink);
/// The part of bench_tls() about bundles on the way, with and without TLS.
Result<void> bench_transfers(const SecurityBenchOptions& options, const MeasureSink& sink);

}  // namespace tram::bench
