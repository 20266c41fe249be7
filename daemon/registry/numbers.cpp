#include "daemon/registry/numbers.h"

#include "proto/admin/rows.h"
#include "proto/tram/admin_rows.pb.h"

namespace tram::registry {

namespace rows = admin::rows;

void Numbers::restore(ByteView row) {
    const auto read = rows::parse<admin::pb::NumbersRow>(row, "row of local numbers");
    if (!read) return;
    admin::Epoch epoch;
    if (!read->epoch().empty()) {
        const auto parsed = admin::Epoch::parse(read->epoch());
        if (!parsed) return;
        epoch = *parsed;
    }
    found_ = true;
    place_ = read->place();
    epoch_ = epoch;
    given_ = read->given();
}

std::optional<Bytes> Numbers::start(ByteView place, ByteView chance, bool new_store) {
    if (chance.size() < 4) return std::nullopt;
    started_ = true;
    const std::string_view here = as_text(place);
    if (found_ && place_ == here) return std::nullopt;
    if (found_ || !new_store) {
        epoch_ = admin::Epoch::drawn(chance);
        given_ = 0;
    }
    place_ = here;
    return encode();
}

Result<admin::LocalNumber> Numbers::next(std::string_view node_id) const {
    if (!started_) {
        return fail(ErrorCode::kUnavailable,
                    "this node gives no local numbers: it was started without chance");
    }
    const auto first = admin::LocalNumber::first_of(node_id, epoch_);
    if (!first || given_ == 0) return first;
    std::string text = first->print();
    const std::size_t dash = text.rfind('-');
    const std::size_t width = text.size() - dash - 1;
    std::string number = std::to_string(given_);
    if (number.size() < width) number.insert(0, width - number.size(), '0');
    text.replace(dash + 1, width, number);
    const auto last = admin::LocalNumber::parse(text);
    if (!last) return std::unexpected{last.error()};
    return last->next();
}

Bytes Numbers::give() {
    ++given_;
    return encode();
}

Bytes Numbers::encode() const {
    admin::pb::NumbersRow row;
    row.set_place(place_);
    row.set_epoch(epoch_.print());
    row.set_given(given_);
    return rows::encode(std::move(row));
}

}  // namespace tram::registry
