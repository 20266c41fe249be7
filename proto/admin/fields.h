// Bounds of what a message says, in bytes of UTF-8 where not said otherwise.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tram::admin::limits {

inline constexpr std::size_t kTitleMax = 400;
inline constexpr std::size_t kFileNameMax = 160;
inline constexpr std::size_t kShortMax = 160;    ///< a code, an office, a kind of document, a paper's name
inline constexpr std::size_t kNoteMax = 4'096;   ///< notes and reasons
inline constexpr std::size_t kBodyMax = 32'768;  ///< text of a notice
inline constexpr std::size_t kFieldNameMax = 64;
inline constexpr std::size_t kFieldTextMax = 8'192;
inline constexpr int kFieldsMax = 512;  ///< values in subject or form, nested ones counted
inline constexpr int kFieldDepthMax = 8;
inline constexpr int kNeedMax = 32;   ///< papers that are asked for
inline constexpr int kTextsMax = 24;  ///< languages of a notice
inline constexpr int kMarksMax = 8;
inline constexpr int kEndedMax = 64;
inline constexpr std::uint32_t kPartsMax = 32;                  ///< supplements to one request
inline constexpr std::uint32_t kLoudspeakerMax = 24;            ///< times to play a notice
inline constexpr std::uint64_t kLifetimeMax = 400ULL * 86'400;  ///< seconds

}  // namespace tram::admin::limits
