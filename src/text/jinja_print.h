// How values become text: str() and repr() of Python, and json.dumps as Hugging Face's tojson filter calls it.
#pragma once

#include <optional>
#include <string>

#include "text/jinja_runtime.h"

namespace rung::jinja {

/// str(value): what {{ value }} prints.
Result<std::string> print(Runtime& runtime, const Value& value);
/// repr(value): what stands inside a printed list.
Result<std::string> represent(Runtime& runtime, const Value& value);

struct JsonStyle {
  bool ascii_only = false;
  bool sort_keys = false;
  std::optional<std::string> indent;  ///< one level of it; absent: all on one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};
Result<std::string> dump_json(Runtime& runtime, const Value& value, const JsonStyle& style);

}  // namespace rung::jinja
