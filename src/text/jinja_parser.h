// Parses a template's source by Jinja's grammar. Errors name the line.
#pragma once

#include <string_view>

#include "text/jinja_ast.h"

namespace rung::jinja {

/// Unknown statements, and unknown filters and tests outside conditions, are errors that name them.
Result<Block> parse_template(std::string_view source);

}  // namespace rung::jinja
