// Dossiers by local number, in memory, with the words by which they are searched.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/admin/names.h"
#include "proto/admin/text.h"
#include "proto/tram/admin.pb.h"

namespace tram::registry {

/// What a list is to have in it.
struct Query {
    std::optional<admin::LocalNumber> after{};
    std::size_t count = 100;
    std::string search{};  ///< words in the name or the code of the procedure; tones make no difference
    std::optional<admin::pb::DossierState> state{};
};

/// `Item` has title, procedure and state().
template <typename Item>
class Shelf {
  public:
    /// In place of what was there under the number.
    const Item& put(const admin::LocalNumber& number, Item item) {
        Place place{std::move(item), {}};
        place.folded = admin::fold(place.item.title + ' ' + place.item.procedure);
        return places_.insert_or_assign(number, std::move(place)).first->second.item;
    }
    [[nodiscard]] const Item* find(const admin::LocalNumber& number) const {
        const auto found = places_.find(number);
        return found == places_.end() ? nullptr : &found->second.item;
    }
    /// In ascending order; the pointers are good until the next change. One more than `count` when there is
    /// more.
    [[nodiscard]] std::vector<const Item*> list(const Query& query) const {
        std::vector<const Item*> found;
        const std::string wanted = admin::fold(query.search);
        auto at = query.after ? places_.upper_bound(*query.after) : places_.begin();
        for (; at != places_.end() && found.size() <= query.count; ++at) {
            const auto& [item, folded] = at->second;
            if (query.state && item.state() != *query.state) continue;
            if (admin::contains_folded(folded, wanted)) found.push_back(&item);
        }
        return found;
    }
    [[nodiscard]] std::size_t size() const { return places_.size(); }

  private:
    struct Place {
        Item item;
        std::string folded;  // what is searched
    };
    std::map<admin::LocalNumber, Place> places_;
};

}  // namespace tram::registry
