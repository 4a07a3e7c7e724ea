#include "codec/grid_halves.h"

namespace rung {
namespace {

constexpr SlotNumbers slot_numbers() {
  SlotNumbers numbers{};
  for (int slot = 0; slot < GridHalves::kMaxSlots; ++slot) {
    for (int32_t& lane : numbers.lanes[slot]) lane = slot;
  }
  return numbers;
}

}  // namespace

constinit const SlotNumbers kSlotNumbers = slot_numbers();

}  // namespace rung
