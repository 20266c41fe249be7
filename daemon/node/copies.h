// The node's side of its router: what it is told of contacts and of copies, what it has noted, what survives
// a restart.
//
// Rows: "router" (what it knows of contacts) and "parcel/<id>" of each parcel with a note, or that came as a
// copy which may be given up. A parcel came so when its giver keeps one: only then is it nobody's only copy.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "daemon/node/custody.h"
#include "daemon/routing/router.h"

namespace tram::node {

class Copies {
  public:
    explicit Copies(Custody& custody);

    void restore_state(const std::string& name, ByteView value);
    /// After the bundles have been restored.
    void start();

    [[nodiscard]] const routing::Router& router() const { return *router_; }
    [[nodiscard]] routing::Time now() const;
    /// What the router should know of a parcel.
    [[nodiscard]] routing::Carried carried(const Parcel& parcel) const;
    [[nodiscard]] routing::Verdict judge(const Parcel& parcel, const bpv7::Eid& peer) const;

    void contact_began(const bpv7::Eid& peer) { router_->contact_began(peer, now()); }
    void contact_ended(const bpv7::Eid& peer);
    Bytes greet(const bpv7::Eid& peer) { return router_->greet(peer, now()); }
    Result<Bytes> hear(const bpv7::Eid& peer, ByteView said) { return router_->hear(peer, said, now()); }
    void set_plan(const routing::VisitPlan& plan) { router_->set_plan(plan, now()); }

    /// A part of it is ready to go; for what was made here.
    void begin(Parcel& parcel);
    /// What goes with the offer of a copy.
    [[nodiscard]] Bytes share(const Parcel& parcel, const bpv7::Eid& peer);
    /// The peer has taken the first part of a copy.
    void given(Parcel& parcel, const bpv7::Eid& peer);
    /// The peer has it already.
    void known_at(Parcel& parcel, const bpv7::Eid& peer);
    /// The first part of an offered copy is here. `only`: the giver lets go of its own.
    void taken(Parcel& parcel, const bpv7::Eid& peer, routing::Verdict::Copy copy, bool only, ByteView note);
    /// Whether the parcel may go when its room is needed.
    [[nodiscard]] bool may_be_given_up(const Parcel& parcel) const;

  private:
    struct Row {
        routing::Verdict::Copy copy = routing::Verdict::Copy::kUtility;
        bool spare = false;
        Bytes note;
    };
    void note(Parcel& parcel, Bytes note);
    void write(Parcel& parcel);

    Custody& custody_;
    std::unique_ptr<routing::Router> router_;
    std::unordered_map<std::string, Row> rows_;  // before start()
    std::optional<std::uint64_t> saved_at_ms_;
};

}  // namespace tram::node
