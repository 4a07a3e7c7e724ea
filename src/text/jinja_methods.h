// The tables behind find_method.
#pragma once

#include <span>

#include "text/jinja_builtins.h"

namespace rung::jinja {

std::span<const Named<Method>> string_methods();

}  // namespace rung::jinja
