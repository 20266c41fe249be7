// A kiosk, a carrier and a server of one commune with keys, in a mesh, for tests about messages.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/identities.h"
#include "tests/unit/node/mesh.h"

namespace tram::node::testing {

inline constexpr std::size_t kKiosk = 0;
inline constexpr std::size_t kLaptop = 1;
inline constexpr std::size_t kServer = 2;
inline const std::string kServerInbox = "dtn://18904-srv/in";

/// How the nodes of a world are.
struct Setup {
    bool open = true;  ///< false: bundles are signed, and messages end with receipts
    RouterKind router = RouterKind::kEpidemic;
    std::uint64_t quota_bytes = 20ULL << 30;
};

/// Kiosk and server have sealing keys, the laptop has none; all know everybody's certificates. No links yet.
struct World {
    explicit World(std::uint32_t seed = 1, std::uint64_t quota_bytes = 20ULL << 30)
        : World{seed, Setup{.quota_bytes = quota_bytes}} {}
    World(std::uint32_t seed, const Setup& setup);

    [[nodiscard]] Host& host(std::size_t index) { return mesh.host(index); }
    [[nodiscard]] const Custody& custody(std::size_t index) { return host(index).node().custody(); }
    [[nodiscard]] std::size_t stored(std::size_t index) {
        return custody(index).inventory().entries().size();
    }
    /// Names of the rows that mark drafts on the disk of a host.
    [[nodiscard]] std::vector<std::string> draft_rows(std::size_t index);

    /// Sends from the kiosk to the server until the answer; the number of the message.
    std::uint64_t send(std::uint64_t content_bytes);
    /// Meets everybody in turn.
    void meet();
    effect::Reply ask(std::size_t at, const std::function<Input(RequestId)>& make) {
        return mesh.ask(at, make);
    }
    /// The next message of the server's inbox, or nothing.
    std::optional<MessageHandOver> fetch(std::size_t at = kServer,
                                         const std::string& endpoint = kServerInbox);
    Result<effect::Reply::Piece> read(const std::string& token, std::uint64_t index,
                                      std::size_t at = kServer);
    /// All pieces; an error when one of them is.
    Result<Buffer> read_all(const MessageHandOver& message, std::size_t at = kServer);
    Result<void> acknowledge(const std::string& token, std::size_t at = kServer);

    Mesh mesh;
};

/// One of the three, with all its keys.
const test::Device& device_of(const std::string& node_id);
identity::TrustBundle everybody();

MessageTerms terms_for(const std::string& destination, std::uint64_t content_bytes);

/// The kiosk as a program that keeps to no rules would be: makes chunks and hands them to the server.
class Stranger {
  public:
    explicit Stranger(World& world);

    /// Chunks of a message to the server's inbox, sealed for `recipient` (nothing: public), as they should
    /// be.
    std::vector<Bytes> seal(const Bytes& content, std::optional<std::string> recipient, std::uint8_t id = 1);
    /// Brings a bundle with `payload` as chunk `index` of `count` to the server; whether it was accepted.
    bool bring(const Bytes& payload, std::uint64_t index, std::uint64_t count, std::uint8_t id = 1,
               const std::string& destination = kServerInbox);
    /// Brings all.
    void bring(const std::vector<Bytes>& chunks, std::uint8_t id = 1);
    /// Brings the bundle before the last again.
    std::optional<Refusal> bring_again();

  private:
    std::optional<Refusal> arrive(const Bytes& wire);

    World& world_;
    std::uint64_t sequence_ = 1'000'000;
    Bytes last_;
};

}  // namespace tram::node::testing
