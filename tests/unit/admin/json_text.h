// JSON text to pb::Value and back, on Boost.JSON.
#pragma once

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "proto/tram/admin.pb.h"

namespace tram::test {

inline admin::pb::Value value_of_json(const boost::json::value& json) {
    admin::pb::Value out;
    if (json.is_bool()) out.set_flag(json.get_bool());
    if (json.is_int64()) out.set_whole(json.get_int64());
    if (json.is_double()) out.set_number(json.get_double());
    if (json.is_string()) out.set_text(std::string{json.get_string()});
    if (json.is_array()) {
        out.mutable_list();
        for (const boost::json::value& each : json.get_array())
            *out.mutable_list()->add_items() = value_of_json(each);
    }
    if (json.is_object()) {
        out.mutable_fields();
        for (const auto& [key, each] : json.get_object()) {
            admin::pb::Field* field = out.mutable_fields()->add_fields();
            field->set_name(std::string{key});
            *field->mutable_value() = value_of_json(each);
        }
    }
    return out;
}

inline boost::json::value json_of_value(const admin::pb::Value& value) {
    using admin::pb::Value;
    switch (value.kind_case()) {
        case Value::kFlag: return value.flag();
        case Value::kWhole: return value.whole();
        case Value::kNumber: return value.number();
        case Value::kText: return boost::json::string{value.text()};
        case Value::kList: {
            boost::json::array out;
            for (const Value& each : value.list().items())
                out.push_back(json_of_value(each));
            return out;
        }
        case Value::kFields: {
            boost::json::object out;
            for (const auto& each : value.fields().fields())
                out[each.name()] = json_of_value(each.value());
            return out;
        }
        case Value::KIND_NOT_SET: break;
    }
    return nullptr;
}

}  // namespace tram::test
