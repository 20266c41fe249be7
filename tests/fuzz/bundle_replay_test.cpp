// Replays a corpus through the body of the bundle fuzz target: bundles made from seeds, the shared vectors
// when they are there, and mutations of both.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "proto/bpsec/rfc9173.h"
#include "proto/bpsec/signature.h"
#include "proto/bpv7/codec.h"
#include "proto/bpv7/status_report.h"
#include "tests/fuzz/bundle_decode.h"
#include "tests/fuzz/random_bundle.h"

using namespace tram;

namespace {

constexpr std::uint64_t kSeed = 20'261'121;
constexpr int kMadeBundles = 200;
constexpr int kMutationsEach = 40;

std::vector<Buffer> shared_bundles() {
    std::vector<Buffer> found;
    const char* shared = std::getenv("TRAM_SHARED");
    if (shared == nullptr) return found;
    const std::filesystem::path folder = std::filesystem::path{shared} / "data" / "vectors";
    if (!std::filesystem::exists(folder)) return found;
    for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
        if (entry.path().extension() != ".hex") continue;
        std::ifstream in{entry.path()};
        const std::string text{std::istreambuf_iterator<char>{in}, {}};
        if (auto bytes = from_hex(text)) found.push_back(std::move(*bytes));
    }
    return found;
}

void mutate(fuzz::Random& random, Buffer& bytes) {
    const auto place = [&] {
        return static_cast<std::size_t>(fuzz::below_or_equal(random, bytes.size() - 1));
    };
    for (std::uint64_t left = fuzz::below_or_equal(random, 3) + 1; left > 0 && !bytes.empty(); --left) {
        const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(place());
        switch (fuzz::below_or_equal(random, 5)) {
            case 0: *at = static_cast<std::uint8_t>(random()); break;
            case 1: *at = static_cast<std::uint8_t>(*at ^ 1U << fuzz::below_or_equal(random, 7)); break;
            case 2: bytes.insert(at, static_cast<std::uint8_t>(random())); break;
            case 3: bytes.erase(at); break;
            case 4: bytes.resize(place()); break;
            case 5: {
                const Buffer copy{at, bytes.end()};
                bytes.insert(
                    bytes.begin() + static_cast<std::ptrdiff_t>(place()), copy.begin(),
                    copy.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(copy.size(), 12)));
                break;
            }
        }
    }
}

void replay(fuzz::Random& random, const Buffer& seed) {
    fuzz::bundle_decode(seed);
    fuzz::parts_decode(seed);
    for (int i = 0; i < kMutationsEach; ++i) {
        Buffer mutant = seed;
        mutate(random, mutant);
        fuzz::bundle_decode(mutant);
        fuzz::parts_decode(mutant);
    }
}

}  // namespace

TEST_CASE("bundles made from a seed survive the fuzz body, and so do their mutants", "[bpv7][fuzz]") {
    fuzz::Random random{kSeed};
    for (int i = 0; i < kMadeBundles; ++i) {
        bpv7::Bundle bundle = fuzz::any_bundle(random);
        // Without CRCs more mutants get past the checksums and reach the rules behind them.
        if (i % 2 == 0) {
            bundle.primary.crc_type = bpv7::CrcType::kNone;
            for (auto& block : bundle.blocks)
                block.crc_type = bpv7::CrcType::kNone;
        }
        const Bytes wire = bpv7::encode(bundle);
        CHECK(bpv7::decode(wire).has_value());
        replay(random, Buffer{wire.view().begin(), wire.view().end()});
        for (const auto& block : bundle.blocks)
            replay(random, Buffer{block.data.view().begin(), block.data.view().end()});
    }
}

TEST_CASE("bundles with security blocks survive the fuzz body, and so do their mutants", "[bpsec][fuzz]") {
    fuzz::Random random{kSeed};
    const auto signing_key = cose::SigningKey::from_seed(Buffer(cose::kSeedBytes, 1));
    const Buffer key(32, 1);
    for (int i = 0; i < kMadeBundles; ++i) {
        bpv7::Bundle bundle = fuzz::any_bundle(random);
        if (bundle.primary.fragment) continue;
        bundle.primary.crc_type = bpv7::CrcType::kNone;
        if (i % 2 == 0) {
            bpsec::sign(bundle, *signing_key, cose::certificate_id(key));
        } else {
            const bpsec::HmacTerms signs{
                .targets = {1}, .source = bpv7::Eid::ipn(0, 1, 0), .wrapped_key = {}};
            REQUIRE(bpsec::add_bib_hmac(bundle, signs, key));
            const std::uint64_t bib = bundle.find(bpv7::block_type::kBlockIntegrity)->number;
            const bpsec::AesTerms encrypts{.targets = {1, bib},
                                           .source = bpv7::Eid::ipn(0, 1, 0),
                                           .iv = Bytes{Buffer(12, 1)},
                                           .wrapped_key = {}};
            if (i % 4 == 1) REQUIRE(bpsec::add_bcb_aes_gcm(bundle, encrypts, key));
        }
        const Bytes wire = bpv7::encode(bundle);
        CHECK(bpv7::decode(wire).has_value());
        replay(random, Buffer{wire.view().begin(), wire.view().end()});
        const Bytes& security = bundle.blocks.front().data;
        replay(random, Buffer{security.view().begin(), security.view().end()});
    }
}

TEST_CASE("status reports and class blocks survive the fuzz body, and so do their mutants", "[bpv7][fuzz]") {
    fuzz::Random random{kSeed};
    for (int i = 0; i < kMadeBundles; ++i) {
        bpv7::StatusReport report;
        for (auto& item : report.items) {
            item.asserted = fuzz::below_or_equal(random, 1) == 1;
            if (item.asserted && fuzz::below_or_equal(random, 1) == 1)
                item.time = DtnTime{fuzz::any_number(random)};
        }
        report.reason = static_cast<bpv7::ReportReason>(fuzz::below_or_equal(random, 300));
        report.subject = fuzz::any_bundle(random).id();
        const Bytes wire = bpv7::encode_status_report(report);
        replay(random, Buffer{wire.view().begin(), wire.view().end()});
        const Bytes block =
            bpv7::encode_class({.chunk_index = 3, .chunk_count = 3 + fuzz::any_number(random) / 2 + 1});
        replay(random, Buffer{block.view().begin(), block.view().end()});
    }
}

TEST_CASE("the shared vectors survive the fuzz body, and so do their mutants", "[bpv7][fuzz]") {
    const auto bundles = shared_bundles();
    if (bundles.empty()) {
        WARN("no shared vectors: set TRAM_SHARED");
        return;
    }
    fuzz::Random random{kSeed};
    for (const Buffer& bundle : bundles)
        replay(random, bundle);
    SUCCEED();
}
