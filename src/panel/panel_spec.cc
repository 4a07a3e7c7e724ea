#include "panel/panel_spec.h"

#include <charconv>

namespace rung {

Result<std::optional<PanelSpec>> parse_panel_spec(std::string_view text) {
  const size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  if (name != "builtin" && name != "pico") return std::nullopt;
  PanelSpec spec{name == "pico" ? PanelSpec::Kind::kPico : PanelSpec::Kind::kBuiltIn, 1};
  if (colon == std::string_view::npos) return spec;
  const std::string_view seed = text.substr(colon + 1);
  const auto parsed = std::from_chars(seed.data(), seed.data() + seed.size(), spec.seed);
  if (parsed.ec != std::errc() || parsed.ptr != seed.data() + seed.size())
    return input_error("panel '{}': found the seed '{}', allowed is a whole number, as in {}:7", text, seed, name);
  return spec;
}

}  // namespace rung
