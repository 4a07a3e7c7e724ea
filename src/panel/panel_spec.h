// Panels that are drawn and not read, as --panel names them: "builtin" or "pico", with ":SEED" or the seed 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/status.h"

namespace rung {

struct PanelSpec {
  enum class Kind {
    kBuiltIn,  ///< generated for any model, levels tuned on the reference
    kPico,     ///< fresh items in the words of the shipped model
  };
  Kind kind = Kind::kBuiltIn;
  uint64_t seed = 1;
};

/// Nothing where `text` is no such name but a path; an error where what follows the name is no seed.
Result<std::optional<PanelSpec>> parse_panel_spec(std::string_view text);

}  // namespace rung
