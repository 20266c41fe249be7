#include "tests/system/harness/workload.h"

#include <algorithm>
#include <array>
#include <random>
#include <sodium.h>
#include <stdexcept>

namespace tram::harness {

namespace {

constexpr std::size_t kUnderWayMax = 256;

Answer await(ApiClient& client) {
    auto answer = client.next(kPatience);
    if (!answer) throw std::runtime_error{"the daemon does not answer"};
    if (answer->reply.has_failure()) {
        throw std::runtime_error{answer->reply.failure().code() + ": " + answer->reply.failure().message()};
    }
    return std::move(*answer);
}

void must_post(const std::optional<std::uint64_t>& id) {
    if (!id) throw std::runtime_error{"the connection to the daemon takes no request"};
}

}  // namespace

Buffer make_payload(std::uint64_t number, std::size_t size) {
    Buffer payload(size);
    std::mt19937_64 random{number};
    for (std::size_t i = 0; i < size; i += sizeof number) {
        const std::uint64_t word = i == 0 ? number : random();
        for (std::size_t j = 0; j < std::min(sizeof word, size - i); ++j) {
            payload[i + j] = static_cast<std::uint8_t>(word >> (8 * j));
        }
    }
    return payload;
}

std::optional<std::uint64_t> number_of(ByteView payload) {
    if (payload.size() < sizeof(std::uint64_t)) return std::nullopt;
    std::uint64_t number = 0;
    for (std::size_t j = 0; j < sizeof number; ++j)
        number |= std::uint64_t{payload[j]} << (8 * j);
    return number;
}

std::string digest_of(ByteView payload) {
    std::array<std::uint8_t, crypto_generichash_BYTES> digest{};
    crypto_generichash(digest.data(), digest.size(), payload.data(), payload.size(), nullptr, 0);
    return to_hex(digest);
}

Digests submit(ApiClient& client, const Consignment& consignment) {
    Digests sent;
    std::map<std::uint64_t, std::string> under_way;
    std::uint64_t posted = 0;
    while (sent.size() < consignment.count) {
        while (posted < consignment.count && under_way.size() < kUnderWayMax) {
            const std::uint64_t number = consignment.first_number + posted++;
            const Buffer payload = make_payload(number, consignment.size(number));
            const auto id = client.post(send_request(consignment.destination), payload);
            must_post(id);
            under_way.emplace(*id, digest_of(payload));
        }
        const Answer answer = await(client);
        auto found = under_way.extract(answer.reply.id());
        if (found.empty()) throw std::runtime_error{"an answer to no request"};
        const auto [at, fresh] =
            sent.emplace(answer.reply.send_bundle().bundle_id(), std::move(found.mapped()));
        if (!fresh) throw std::runtime_error{"two submissions got the bundle id " + at->first};
    }
    return sent;
}

void collect(ApiClient& client, const std::string& endpoint, Mailbox& mailbox) {
    std::size_t under_way = 0;
    bool more = true;
    while (more || under_way > 0) {
        while (more && under_way < kUnderWayMax) {
            must_post(client.post(receive_request(endpoint, milliseconds{0})));
            ++under_way;
        }
        const Answer answer = await(client);
        --under_way;
        if (!answer.reply.has_receive_bundle()) continue;  // an acknowledgement was taken
        const pb::ReceiveBundleReply& bundle = answer.reply.receive_bundle();
        if (!bundle.found()) {
            more = false;
            continue;
        }
        if (!mailbox.received.emplace(bundle.bundle_id(), digest_of(answer.payload)).second) ++mailbox.again;
        must_post(client.post(acknowledge_request(bundle.token())));
        ++under_way;
    }
}

}  // namespace tram::harness
