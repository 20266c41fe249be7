// A province with one commune or more that enrols devices, all files as daemon/enrol makes them.
#pragma once

#include <filesystem>
#include <string>

#include "config/config.h"
#include "daemon/enrol/identity_directory.h"
#include "proto/base/bytes.h"
#include "tests/system/harness/certificates.h"

namespace tram::harness {

class Province {
  public:
    /// Makes the root and the authority of commune 18904 in `directory`, which must outlive this.
    Province(std::filesystem::path directory, const std::string& name);

    /// Makes the authority of another commune, five digits.
    void add_authority(const std::string& commune);
    /// Enrols a device with the authority of its commune and returns its settings: fast_config() with this
    /// identity. It knows the offices (`sealing`) that were enrolled before it. Throws on failure.
    [[nodiscard]] config::Config enrol(const std::string& node_id, bool sealing = false);
    /// Revokes a device, or an authority (dtn://18904/); what the Trust request takes.
    [[nodiscard]] Bytes revoke(const std::string& eid);

    /// Of a device that was enrolled: its settings once more, and its identity directory.
    [[nodiscard]] config::Config settings_of(const std::string& node_id) const;
    [[nodiscard]] std::filesystem::path files_of(const std::string& node_id) const;
    [[nodiscard]] enrol::Identity identity(const std::string& node_id) const;
    /// An authority's own certificate and its key, to make certificates with faults; for "" the root's.
    [[nodiscard]] Certified authority(const std::string& commune) const;

  private:
    [[nodiscard]] std::filesystem::path files_of_authority(const std::string& commune) const;

    std::filesystem::path directory_;
    std::string name_;
};

}  // namespace tram::harness
