// Byte buffers: `ByteView` to look, `Buffer` to build, `Bytes` to keep and share.
//
// Invariants: a `Bytes` never changes after it was made; copies and slices share one allocation and keep
// it alive. A payload is therefore received once and then stored, cached and sent without being copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tram {

using ByteView = std::span<const std::uint8_t>;
using Buffer = std::vector<std::uint8_t>;

/// Immutable, shared bytes. Cheap to copy and to slice.
class Bytes {
  public:
    Bytes() = default;
    /// Takes over `buffer` without copying its contents.
    explicit Bytes(Buffer buffer);
    /// Copies `view`.
    static Bytes copy_of(ByteView view);

    [[nodiscard]] ByteView view() const { return view_; }
    operator ByteView() const { return view_; }  // NOLINT(google-explicit-constructor): a view loses nothing
    [[nodiscard]] const std::uint8_t* data() const { return view_.data(); }
    [[nodiscard]] std::size_t size() const { return view_.size(); }
    [[nodiscard]] bool empty() const { return view_.empty(); }

    /// The part [offset, offset + length), sharing this allocation. The range must lie inside.
    [[nodiscard]] Bytes slice(std::size_t offset, std::size_t length) const;
    /// The part that `inside` shows; `inside` must be a view into these bytes.
    [[nodiscard]] Bytes slice(ByteView inside) const;

    friend bool operator==(const Bytes& a, const Bytes& b);

  private:
    std::shared_ptr<const Buffer> owner_;
    ByteView view_;
};

/// The bytes of `text`, aliasing it.
ByteView as_bytes(std::string_view text);
/// `bytes` as characters, aliasing them.
std::string_view as_text(ByteView bytes);
/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(ByteView bytes);
/// Reads hexadecimal, ignoring white space. Nothing when a character is no digit or the count is odd.
std::optional<Buffer> from_hex(std::string_view text);
/// Appends `tail` to `out`.
void append(Buffer& out, ByteView tail);

}  // namespace tram
