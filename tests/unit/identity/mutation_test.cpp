// Whatever happens to certificates, requests, lists and bundles on their way: no crash, and nothing of it is
// believed. The seed is fixed; a failure names the round.
#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <random>
#include <set>

#include "proto/identity/keyring.h"
#include "proto/identity/request.h"
#include "proto/identity/trust_bundle.h"
#include "tests/identities.h"

using namespace tram;
using namespace tram::identity;
using namespace tram::test;

namespace {

struct World {
    Authority root = make_root();
    Authority commune = make_authority(root, "18904");
    Device kiosk = make_device(commune, "dtn://18904-ks07/");
    RevocationList list =
        make_revocation_list(commune.key, commune.certificate, 7, kNow, {serial_of("a"), serial_of("b")});

    [[nodiscard]] Keyring keyring() const {
        Keyring made;
        REQUIRE(made.add_root(root.certificate));
        REQUIRE(made.add(commune.certificate));
        return made;
    }
};

Buffer buffer_of(ByteView bytes) {
    return {bytes.begin(), bytes.end()};
}

class Mutator {
  public:
    explicit Mutator(std::uint32_t seed) : random_{seed} {}

    // One to four changes: a bit, a byte, a part removed, doubled or put in, the end cut off.
    Buffer mutate(const Buffer& original) {
        Buffer out = original;
        for (std::size_t changes = below(4) + 1; changes > 0 && !out.empty(); --changes)
            change(out);
        return out;
    }

  private:
    std::size_t below(std::size_t bound) {
        return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_);
    }
    std::uint8_t byte() { return static_cast<std::uint8_t>(below(256)); }

    void change(Buffer& out) {
        const std::size_t at = below(out.size());
        const auto here = out.begin() + static_cast<std::ptrdiff_t>(at);
        const auto part = static_cast<std::ptrdiff_t>(below(std::min<std::size_t>(16, out.size() - at)) + 1);
        switch (below(6)) {
            case 0: out[at] ^= static_cast<std::uint8_t>(1U << below(8)); break;
            case 1: out[at] = byte(); break;
            case 2: out.erase(here, here + part); break;
            case 3: {
                const Buffer copy{here, here + part};
                out.insert(here, copy.begin(), copy.end());
                break;
            }
            case 4: out.insert(here, static_cast<std::size_t>(part), byte()); break;
            default: out.resize(at); break;
        }
    }

    std::mt19937 random_;
};

// Every single bit, then many random changes; `check` sees only what differs from the original.
void for_each_mutation(const Buffer& original, int rounds, const std::function<void(const Buffer&)>& check) {
    for (std::size_t bit = 0; bit < original.size() * 8; ++bit) {
        INFO("bit " << bit);
        Buffer altered = original;
        altered[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        check(altered);
    }
    Mutator mutator{20'261'121};
    for (int round = 0; round < rounds; ++round) {
        INFO("round " << round);
        const Buffer altered = mutator.mutate(original);
        if (altered != original) check(altered);
    }
}

}  // namespace

TEST_CASE("no altered certificate is believed", "[identity][fuzz]") {
    const World world;
    const auto which = GENERATE(0, 1, 2);
    const Certificate& original = which == 0   ? world.root.certificate
                                  : which == 1 ? world.commune.certificate
                                               : world.kiosk.tls;
    Keyring keyring = world.keyring();
    REQUIRE(keyring.add(world.kiosk.tls));
    const std::size_t before = keyring.certificates().size();
    std::size_t readable = 0;
    for_each_mutation(buffer_of(original.der), 500, [&](const Buffer& altered) {
        const auto read = read_certificate(altered);
        if (!read) return;
        ++readable;
        CHECK_FALSE(keyring.add(*read));
        if (read->usage == Usage::kRoot) CHECK_FALSE(keyring.add_root(*read));
        CHECK_FALSE(keyring.accept_chain({Bytes::copy_of(altered)}, std::nullopt));
    });
    CHECK(readable > 100);  // the changes reach the signature check
    CHECK(keyring.certificates().size() == before);
    CHECK(keyring.roots().size() == 1);
}

TEST_CASE("no altered request is believed", "[identity][fuzz]") {
    const auto tls = key_of("tls");
    const auto request =
        make_request("dtn://18904-ks07/", "Kiosk", &tls, key_of("sign"), sealing_public_key_of("seal"));
    for_each_mutation(buffer_of(request.wire), 5'000,
                      [&](const Buffer& altered) { CHECK_FALSE(read_request(altered)); });

    const std::string text = request_to_text(request);
    for_each_mutation(buffer_of(as_bytes(text)), 5'000, [&](const Buffer& altered) {
        const auto read = request_from_text(as_text(altered));
        if (read) CHECK(read->wire == request.wire);  // white space, small letters
    });
}

TEST_CASE("no altered revocation list is believed", "[identity][fuzz]") {
    const World world;
    const Keyring fresh = world.keyring();
    for_each_mutation(buffer_of(world.list.wire), 5'000, [&](const Buffer& altered) {
        const auto read = read_revocation_list(altered);
        if (!read) return;
        Keyring keyring = fresh;
        if (!keyring.add(*read)) return;
        // What the signature does not cover: the tag, and headers that mean nothing.
        CHECK(read->message.payload == world.list.message.payload);
    });
}

TEST_CASE("an altered trust bundle brings nothing that was not in it", "[identity][fuzz]") {
    const World world;
    const TrustBundle bundle{{world.root.certificate, world.commune.certificate, world.kiosk.tls,
                              world.kiosk.signing, world.kiosk.sealing},
                             {world.list}};
    std::set<CertificateId> known;
    for (const Certificate& each : bundle.certificates)
        known.insert(each.id);
    const auto check = [&](const Result<TrustBundle>& read) {
        if (!read) return;
        Keyring keyring = world.keyring();
        for (const Certificate& each : read->certificates) {
            if (known.contains(each.id)) continue;
            CHECK_FALSE(keyring.add(each));
        }
        for (const RevocationList& list : read->lists) {
            if (keyring.add(list)) CHECK(list.message.payload == world.list.message.payload);
        }
    };
    Mutator mutator{7};
    const Buffer wire = buffer_of(encode_trust(bundle));
    const std::string pem = trust_to_pem(bundle);
    const Buffer text = buffer_of(as_bytes(pem));
    for (int round = 0; round < 600; ++round) {
        INFO("round " << round);
        check(decode_trust(mutator.mutate(wire)));
        check(trust_from_pem(as_text(mutator.mutate(text))));
    }
}

TEST_CASE("random bytes are nothing at all", "[identity][fuzz]") {
    std::mt19937 random{3};
    for (int round = 0; round < 3'000; ++round) {
        INFO("round " << round);
        Buffer bytes(random() % 600);
        std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(random()); });
        if (!bytes.empty() && round % 2 == 0) bytes[0] = round % 4 == 0 ? 0x30 : 0x84;
        CHECK_FALSE(read_certificate(bytes));
        CHECK_FALSE(read_request(bytes));
        CHECK_FALSE(read_revocation_list(bytes));
        CHECK_FALSE(decode_trust(bytes));
        CHECK_FALSE(trust_from_pem(as_text(bytes)));
        CHECK_FALSE(request_from_text(as_text(bytes)));
    }
}
