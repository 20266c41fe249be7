// Writing and reading pb::Fields by key.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "proto/base/bytes.h"
#include "proto/base/error.h"
#include "proto/tram/admin.pb.h"

namespace tram::admin {

class FieldWriter {
  public:
    explicit FieldWriter(pb::Fields* fields) : fields_{fields} {}

    pb::Value* add(std::string_view key) {
        pb::Field* field = fields_->add_fields();
        field->set_name(std::string{key});
        return field->mutable_value();
    }
    void text(std::string_view key, std::string_view value) { add(key)->set_text(std::string{value}); }
    void text_if(std::string_view key, std::string_view value) {
        if (!value.empty()) text(key, value);
    }
    void whole(std::string_view key, std::uint64_t value) {
        add(key)->set_whole(static_cast<std::int64_t>(value));
    }
    void whole_if(std::string_view key, std::uint64_t value) {
        if (value != 0) whole(key, value);
    }
    void flag(std::string_view key, bool value) { add(key)->set_flag(value); }
    void hex_if(std::string_view key, std::string_view bytes) { text_if(key, to_hex(as_bytes(bytes))); }
    void fields(std::string_view key, const pb::Fields& value) { *add(key)->mutable_fields() = value; }
    FieldWriter object(std::string_view key) { return FieldWriter{add(key)->mutable_fields()}; }
    pb::List* list(std::string_view key) { return add(key)->mutable_list(); }

  private:
    pb::Fields* fields_;
};

/// Takes values by key, with the first failure kept; finish() also refuses keys that nobody took.
class FieldReader {
  public:
    explicit FieldReader(const pb::Fields& fields, std::string within = {});

    /// Nothing when the key is missing or its value null.
    const pb::Value* take(std::string_view key);
    std::string text(std::string_view key);
    /// Not negative.
    std::uint64_t whole(std::string_view key, std::uint64_t max = UINT32_MAX);
    bool flag(std::string_view key);
    std::string hex(std::string_view key);
    std::optional<std::int64_t> unix_s(std::string_view key);
    std::optional<std::int32_t> day(std::string_view key);
    const pb::Fields* fields(std::string_view key);
    const pb::List* list(std::string_view key);

    [[nodiscard]] bool good() const { return result_.has_value(); }
    void fail_at(std::string_view key, std::string_view why);
    /// Takes over what another reader, of something within this one, came to.
    void also(Result<void> other);
    Result<void> finish();

  private:
    const pb::Fields* fields_;
    std::string within_;
    std::set<std::string, std::less<>> taken_;
    Result<void> result_;
};

}  // namespace tram::admin
