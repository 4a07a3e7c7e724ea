// Validation of JSON values against a subset of JSON Schema draft 2020-12: type (also a list), properties, required,
// additionalProperties, items, enum, const, minimum/maximum (and exclusive), minLength/maxLength, minItems/maxItems,
// minProperties/maxProperties, pattern (PCRE2), anyOf/oneOf/allOf/not, $ref to the whole schema ("#") or to one of its
// own $defs or definitions. Annotations (title, description, default ...) are allowed; any other keyword is an error.
// Schemas and values may be hostile: nesting and work are limited.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/status.h"

namespace rung {

/// Checks that the schema itself is one we can decide.
Status check_schema(const nlohmann::ordered_json& schema);
/// OK if `value` is valid; else an error that names the place (JSON pointer) and the rule broken.
Status validate_json(const nlohmann::ordered_json& value, const nlohmann::ordered_json& schema);

/// JSON Schema's equality: numbers by value, objects whatever the order of keys.
bool equal_json(const nlohmann::ordered_json& left, const nlohmann::ordered_json& right);
/// A key as a part of a JSON pointer (RFC 6901).
std::string escape_json_pointer(std::string_view key);
/// Keywords that say something about a schema, not about values; $defs is one of them.
bool is_schema_annotation(std::string_view keyword);
/// The schema that "#", "#/$defs/name" or "#/definitions/name" names; null when there is none. Other places of a schema
/// need not be schemas.
const nlohmann::ordered_json* resolve_reference(const nlohmann::ordered_json& root, std::string_view reference);

}  // namespace rung
