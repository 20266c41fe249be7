// Words for people: the terms of Vietnamese administration, and English ones.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/tram/admin.pb.h"

namespace tram::admin {

enum class Tongue : std::uint8_t { kVietnamese, kEnglish };

/// The word for a value; for one that this program does not know, its number.
std::string word(pb::Kind value, Tongue tongue);
std::string word(pb::Urgency value, Tongue tongue);
std::string word(pb::Secrecy value, Tongue tongue);
std::string word(pb::DossierState value, Tongue tongue);
std::string word(pb::Channel value, Tongue tongue);
std::string word(pb::UpdateKind value, Tongue tongue);
std::string word(pb::HandOver value, Tongue tongue);
std::string word(pb::RequestPurpose value, Tongue tongue);

/// What is said when a secret document is refused.
std::string_view secret_refusal(Tongue tongue);

}  // namespace tram::admin
