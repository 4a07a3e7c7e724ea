// Types of JSON values as a set, and whether two schemas can hold for one value: what oneOf needs.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string_view>

namespace rung {

/// A set of the constants below.
using TypeSet = uint8_t;

inline constexpr TypeSet kNullType = 1, kBooleanType = 2, kObjectType = 4, kArrayType = 8, kStringType = 16,
                         kIntegerType = 32, kFractionType = 64;  ///< numbers are integers and fractions
inline constexpr TypeSet kNumberType = kIntegerType | kFractionType, kAnyType = 127;

/// Of the keyword "type" of a checked schema, which may be absent.
TypeSet declared_types(const nlohmann::ordered_json& schema);
TypeSet type_of(const nlohmann::ordered_json& value);

/// True only if no value is valid for both: other types, other constants, or objects that must have a property with
/// other constants. `root`: the checked document of both.
bool are_disjoint(const nlohmann::ordered_json& one, const nlohmann::ordered_json& other,
                  const nlohmann::ordered_json& root);

}  // namespace rung
