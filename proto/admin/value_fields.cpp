#include "proto/admin/value_fields.h"

#include "proto/admin/dates.h"

namespace tram::admin {

FieldReader::FieldReader(const pb::Fields& fields, std::string within)
    : fields_{&fields}, within_{std::move(within)} {}

const pb::Value* FieldReader::take(std::string_view key) {
    taken_.insert(std::string{key});
    const pb::Value* found = nullptr;
    for (const pb::Field& each : fields_->fields()) {
        if (each.name() != key) continue;
        if (found != nullptr) fail_at(key, "it is there twice");
        found = &each.value();
    }
    if (found == nullptr || found->kind_case() == pb::Value::KIND_NOT_SET || !good()) return nullptr;
    return found;
}

std::string FieldReader::text(std::string_view key) {
    const pb::Value* value = take(key);
    if (value == nullptr) return {};
    if (!value->has_text()) fail_at(key, "expected text");
    return value->text();
}

std::uint64_t FieldReader::whole(std::string_view key, std::uint64_t max) {
    const pb::Value* value = take(key);
    if (value == nullptr) return 0;
    if (!value->has_whole() || value->whole() < 0 || static_cast<std::uint64_t>(value->whole()) > max) {
        fail_at(key, "expected a whole number from 0 to " + std::to_string(max));
        return 0;
    }
    return static_cast<std::uint64_t>(value->whole());
}

bool FieldReader::flag(std::string_view key) {
    const pb::Value* value = take(key);
    if (value != nullptr && !value->has_flag()) fail_at(key, "expected true or false");
    return value != nullptr && value->flag();
}

std::string FieldReader::hex(std::string_view key) {
    const auto bytes = from_hex(text(key));
    if (!bytes) {
        fail_at(key, "expected hexadecimal digits");
        return {};
    }
    return std::string{as_text(*bytes)};
}

std::optional<std::int64_t> FieldReader::unix_s(std::string_view key) {
    const std::string value = text(key);
    if (value.empty()) return std::nullopt;
    const auto parsed = parse_time(value);
    if (parsed) return *parsed;
    fail_at(key, parsed.error().message);
    return std::nullopt;
}

std::optional<std::int32_t> FieldReader::day(std::string_view key) {
    const std::string value = text(key);
    if (value.empty()) return std::nullopt;
    const auto parsed = parse_day(value);
    if (parsed) return *parsed;
    fail_at(key, parsed.error().message);
    return std::nullopt;
}

const pb::Fields* FieldReader::fields(std::string_view key) {
    const pb::Value* value = take(key);
    if (value == nullptr) return nullptr;
    if (!value->has_fields()) fail_at(key, "expected an object");
    return value->has_fields() ? &value->fields() : nullptr;
}

const pb::List* FieldReader::list(std::string_view key) {
    const pb::Value* value = take(key);
    if (value == nullptr) return nullptr;
    if (!value->has_list()) fail_at(key, "expected a list");
    return value->has_list() ? &value->list() : nullptr;
}

void FieldReader::fail_at(std::string_view key, std::string_view why) {
    if (!good()) return;
    result_ = fail(ErrorCode::kInvalidArgument, within_ + std::string{key} + ": " + std::string{why});
}

void FieldReader::also(Result<void> other) {
    if (good()) result_ = std::move(other);
}

Result<void> FieldReader::finish() {
    for (const pb::Field& each : fields_->fields())
        if (!taken_.contains(each.name())) fail_at(each.name(), "there is no such key");
    return std::move(result_);
}

}  // namespace tram::admin
