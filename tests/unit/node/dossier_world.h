// The kiosk and the office of a secure world, as applications at both ends use them.
#pragma once

#include <string>

#include "tests/unit/admin/samples.h"
#include "tests/unit/node/message_world.h"

namespace tram::node::testing {

inline const std::string kRequests = "dtn://18904-srv/requests";
inline const std::string kUpdatesHere = "dtn://18904-ks07/updates";

struct DossierWorld {
    explicit DossierWorld(std::uint32_t seed = 1);

    /// A crash, and a start at `place`.
    void restart(std::size_t at, const std::string& place = "here", std::uint8_t chance = 1);
    /// Everything gets from the kiosk to the office and back.
    void meet();

    /// A request without number, with one attachment.
    static admin::pb::Message request();
    /// What follows `number`.
    static admin::pb::Message follows(const std::string& number, admin::pb::RequestPurpose purpose,
                                      const std::string& note);
    static admin::pb::Message update(admin::pb::UpdateKind kind, admin::pb::DossierState state);

    Result<std::string> file(const admin::pb::Message& message, const std::string& key = {},
                             std::size_t at = kKiosk);
    /// Files the request; the number.
    std::string file();
    Result<effect::Reply::Filing> open_update(const std::string& number, const admin::pb::Message& message,
                                              const std::string& key = {});
    /// The sequence of the word.
    Result<std::uint64_t> say(const std::string& number, const admin::pb::Message& message,
                              const std::string& key = {});
    Result<std::uint64_t> say(const std::string& number, admin::pb::DossierState state);
    Result<void> accept(const std::string& number, const std::string& code = tram::test::kCode);
    Result<void> hand_over(const std::string& number, std::size_t at = kKiosk);
    Result<effect::Reply::Revealed> reveal(std::size_t at, const std::string& number,
                                           input::Box box = input::Box::kEither);
    /// The message that a token reads.
    admin::pb::Message read(std::size_t at, const effect::Reply::Revealed::Content& content);
    /// As an application that writes what it likes; attachments of the samples' pictures.
    void post(std::size_t from, const std::string& destination, bpv7::Kind kind,
              const admin::pb::Message& message, bool is_public = false);
    /// The messages that the office's applications get, acknowledged.
    std::vector<admin::pb::Message> drain();
    /// Asks with `input`, whose answer is Done or an error.
    Result<void> done(std::size_t at, const std::function<Input(RequestId)>& make);
    Result<effect::Reply::Sent> finish(std::size_t at, const effect::Reply::Filing& filing);

    const registry::Registry& filed(std::size_t at = kKiosk);
    const registry::Dossiers& received();
    const registry::Request& filed(const std::string& number);
    const registry::Received& received(const std::string& number);
    /// Receipts of this type that the host keeps.
    std::size_t receipts(std::size_t at, admin::pb::ReceiptType type);

    World world;
};

}  // namespace tram::node::testing
