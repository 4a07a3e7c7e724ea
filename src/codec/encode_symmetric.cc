#include "codec/encode_symmetric.h"

namespace rung {
namespace {

constexpr std::array<Iq4Levels::Cell, 512> make_cells() {
  std::array<Iq4Levels::Cell, 512> cells{};
  size_t code = 0;
  for (size_t cell = 0; cell < cells.size(); ++cell) {
    const float centre = static_cast<float>(cell) / 2.0f - 127.75f;
    // Past the midpoint to the next level; the levels rise, so one pass serves all cells.
    while (code + 1 < kIq4Levels.size() &&
           2.0f * centre > static_cast<float>(kIq4Levels[code] + kIq4Levels[code + 1])) {
      ++code;
    }
    cells[cell] = {static_cast<float>(kIq4Levels[code]), static_cast<uint8_t>(code)};
  }
  return cells;
}

constexpr std::array<Iq4Levels::Cell, 512> kCells = make_cells();

}  // namespace

const std::array<Iq4Levels::Cell, 512>& Iq4Levels::cells() { return kCells; }

}  // namespace rung
