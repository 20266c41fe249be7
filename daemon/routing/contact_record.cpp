#include "daemon/routing/contact_record.h"

#include "proto/cbor/reader.h"
#include "proto/cbor/writer.h"

namespace tram::routing {

namespace {

constexpr std::uint64_t kTagMax = 0xffffffff;

/// Takes packed contacts off the front of a byte string.
class Unpacker {
  public:
    explicit Unpacker(ByteView packed) : rest_{packed} {}
    [[nodiscard]] bool more() const { return ok_ && !rest_.empty(); }
    [[nodiscard]] bool ok() const { return ok_; }

    ContactSummary take() {
        ContactSummary contact;
        for (int i = 0; i < 4; ++i)
            contact.peer = contact.peer << 8U | byte();
        contact.wait = byte();
        const std::uint8_t both = byte();
        contact.length = both >> 3U;
        for (unsigned i = 0; i < (both & 7U); ++i) {
            WeekSlot slot{.slot = byte(), .chance = 0};
            slot.chance = byte();
            ok_ = ok_ && slot.slot < kSlotsPerWeek;
            contact.slots.push_back(slot);
        }
        ok_ = ok_ && contact.peer != kNoTag;
        return contact;
    }

  private:
    std::uint8_t byte() {
        if (rest_.empty()) {
            ok_ = false;
            return 0;
        }
        const std::uint8_t value = rest_.front();
        rest_ = rest_.subspan(1);
        return value;
    }

    ByteView rest_;
    bool ok_ = true;
};

std::uint32_t read_up_to(cbor::Reader& in, std::uint64_t max) {
    const std::uint64_t value = in.read_unsigned();
    if (value <= max) return static_cast<std::uint32_t>(value);
    in.fail(ErrorCode::kMalformed, "a number in a contact record is larger than it can be");
    return 0;
}

}  // namespace

void ContactRecord::encode(cbor::Writer& out) const {
    Buffer packed;
    for (const ContactSummary& contact : contacts) {
        for (int shift = 24; shift >= 0; shift -= 8)
            packed.push_back(static_cast<std::uint8_t>(contact.peer >> static_cast<unsigned>(shift)));
        packed.push_back(contact.wait);
        packed.push_back(static_cast<std::uint8_t>(contact.length << 3U | contact.slots.size()));
        for (const WeekSlot& slot : contact.slots) {
            packed.push_back(slot.slot);
            packed.push_back(slot.chance);
        }
    }
    out.open_array(6);
    out.write_unsigned(origin);
    out.write_unsigned(area);
    out.write_unsigned(number);
    out.write_unsigned(age_h);
    out.write_unsigned(kept);
    out.write_bytes(packed);
}

ContactRecord ContactRecord::decode(cbor::Reader& in) {
    ContactRecord record;
    in.open_array(6, 6);
    record.origin = read_up_to(in, kTagMax);
    record.area = read_up_to(in, kTagMax);
    record.number = read_up_to(in, kTagMax);
    record.age_h = read_up_to(in, kTagMax);
    record.kept = static_cast<std::uint8_t>(read_up_to(in, 255));
    Unpacker unpacker{in.read_bytes(kBytesMax)};
    while (unpacker.more() && record.contacts.size() < kContactsMax)
        record.contacts.push_back(unpacker.take());
    if (unpacker.more()) in.fail(ErrorCode::kTooLarge, "a contact record names too many contacts");
    if (!unpacker.ok() || (in.ok() && record.origin == kNoTag))
        in.fail(ErrorCode::kMalformed, "a contact record cannot be read");
    return record;
}

}  // namespace tram::routing
