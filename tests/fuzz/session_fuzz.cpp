#include "tests/fuzz/session_fuzz.h"

#include <algorithm>
#include <deque>
#include <variant>

#include "proto/base/check.h"
#include "proto/tcpcl/session.h"

namespace tram::tcpcl::fuzz {

namespace {

/// Takes decisions from the front of the input; zeros when it is used up.
class Choices {
  public:
    explicit Choices(ByteView input) : rest_{input} {}
    std::uint8_t next() {
        if (rest_.empty()) return 0;
        const std::uint8_t byte = rest_.front();
        rest_ = rest_.subspan(1);
        return byte;
    }
    ByteView take(std::size_t bytes) {
        const ByteView part = rest_.first(std::min(bytes, rest_.size()));
        rest_ = rest_.subspan(part.size());
        return part;
    }
    [[nodiscard]] bool empty() const { return rest_.empty(); }

  private:
    ByteView rest_;
};

SessionOptions options_of(Choices& choices) {
    const std::uint8_t bits = choices.next();
    SessionOptions o;
    o.node_id = "dtn://fuzz/";
    o.keepalive_s = (bits & 2) != 0 ? 10 : 0;
    o.segment_mru = (bits & 4) != 0 ? 16 : 4096;
    o.transfer_mru = (bits & 8) != 0 ? 64 : 1U << 16;
    o.segment_bytes_max = (bits & 16) != 0 ? 3 : 1000;
    o.output_bytes_max = (bits & 32) != 0 ? 1 : 4096;
    o.can_tls = (bits & 64) != 0;
    o.idle_timeout = Duration{(bits & 128) != 0 ? 30'000 : 0};
    o.extension_bytes_max = 256;
    return o;
}

class Run {
  public:
    explicit Run(ByteView input)
        : choices_{input},
          session_{(input.empty() ? 0 : input[0] & 1) != 0 ? Role::kActive : Role::kPassive,
                   options_of(choices_), now_} {}

    void run() {
        if (choices_.next() % 2 == 0) start();
        while (!choices_.empty()) {
            step();
            drain();
        }
        session_.connection_lost(now_);
        drain();
        TRAM_CHECK(ended_ && session_.finished());
        TRAM_CHECK(!session_.next_timeout());
    }

  private:
    /// Gets past the handshake, where most inputs would otherwise end.
    void start() {
        Buffer bytes;
        encode_contact(bytes, 0);
        encode(bytes, SessInit{10, 50, 1U << 16, "dtn://peer/", {}});
        session_.receive(bytes, now_);
        drain();
    }

    void step() {
        switch (choices_.next() % 8) {
            case 0:
            case 1:
            case 2: session_.receive(choices_.take(choices_.next()), now_); break;
            case 3:
                static_cast<void>(
                    session_.send_transfer(Bytes::copy_of(choices_.take(choices_.next() % 64))));
                break;
            case 4: write(); break;
            case 5: answer(); break;
            case 6:
                now_ += Duration{choices_.next() * 200};
                session_.handle_timeout(now_);
                break;
            case 7:
                if (choices_.next() % 16 == 0) session_.terminate(TermReason::kUnknown, now_);
                if (choices_.next() % 16 == 0) session_.tls_established(now_);
                break;
        }
    }

    void write() {
        const ByteView view = session_.bytes_to_send();
        const std::size_t count = view.empty() ? 0 : 1 + choices_.next() % view.size();
        append(written_, view.first(count));
        session_.mark_sent(count);
        check_written();
    }

    void answer() {
        if (held_.empty()) return;
        const TransferId id = held_.front();
        held_.pop_front();
        if (choices_.next() % 2 == 0) {
            session_.accept_transfer(id);
        } else {
            session_.refuse_transfer(id, RefuseReason::kNoResources);
        }
    }

    void drain() {
        while (const auto event = session_.poll_event()) {
            TRAM_CHECK(!ended_);
            if (const auto* received = std::get_if<event::Received>(&*event)) {
                TRAM_CHECK(received->bundle.size() <= 1U << 16);
                held_.push_back(received->transfer);
            }
            ended_ = std::holds_alternative<event::Ended>(*event);
        }
    }

    /// Everything we write must be whole messages a peer can read.
    void check_written() {
        std::size_t at = 0;
        while (at < written_.size()) {
            const ByteView rest = ByteView{written_}.subspan(at);
            std::size_t bytes = kContactBytes;
            if (contact_seen_) {
                const auto parsed = parse_message(rest, 1U << 16);
                TRAM_CHECK(parsed.has_value());
                if (!*parsed) break;
                TRAM_CHECK(!std::holds_alternative<UnknownMessage>((*parsed)->message));
                bytes = (*parsed)->bytes;
                if (const auto* head = std::get_if<SegmentHead>(&(*parsed)->message)) {
                    bytes += static_cast<std::size_t>(head->data_bytes);
                }
            }
            if (rest.size() < bytes) break;
            contact_seen_ = true;
            at += bytes;
        }
        written_.erase(written_.begin(), written_.begin() + static_cast<std::ptrdiff_t>(at));
    }

    Choices choices_;
    Instant now_{};
    Session session_;
    std::deque<TransferId> held_;
    Buffer written_;
    bool contact_seen_ = false;
    bool ended_ = false;
};

}  // namespace

void run_session(ByteView input) {
    Run{input}.run();
}

}  // namespace tram::tcpcl::fuzz
