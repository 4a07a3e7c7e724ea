// Validation of JSON values against a subset of JSON Schema draft 2020-12: type (also a list), properties, required,
// additionalProperties, items, enum, const, minimum/maximum (and exclusive), minLength/maxLength, minItems/maxItems,
// minProperties/maxProperties, pattern (PCRE2), anyOf/oneOf/allOf/not, $ref to the whole schema ("#") or to one of its
// own $defs or definitions. Annotations (title, description, default ...) are allowed; any other keyword is an error.
// Schemas and values may be hostile: nesting and work are limited.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "base/status.h"

namespace rung {

/// Checks that the schema itself is one we can decide.
Status check_schema(const nlohmann::ordered_json& schema);
/// OK if `value` is valid; else an error that names the place (JSON pointer) and the rule broken.
Status validate_json(const nlohmann::ordered_json& value, const nlohmann::ordered_json& schema);

}  // namespace rung
