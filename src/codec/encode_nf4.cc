#include "codec/encode_nf4.h"

#include <algorithm>
#include <cmath>

#include "codec/blocks.h"

namespace rung {
namespace {

constexpr size_t kNestedBlocks = 256;  ///< absmax values that share one second-level scale

/// Index of the nearest entry of the rising map.
size_t nearest_entry(const std::array<float, 256>& table, float value) {
  const auto above = std::lower_bound(table.begin(), table.end(), value);
  if (above == table.begin()) return 0;
  if (above == table.end()) return table.size() - 1;
  const size_t index = static_cast<size_t>(above - table.begin());
  return value - table[index - 1] <= table[index] - value ? index - 1 : index;
}

}  // namespace

std::array<float, 256> make_dynamic_map() {
  // Seven decades; decade i has 2^i values: the means of neighbours among 2^i + 1 even steps from 0.1 to 1.
  std::array<float, 256> map{};
  size_t count = 0;
  for (int decade = 0; decade < 7; ++decade) {
    const int cells = 1 << decade;
    const double power = std::pow(10.0, decade - 6);
    for (int cell = 0; cell < cells; ++cell) {
      const double value = power * (0.1 + 0.9 * (cell + 0.5) / cells);
      map[count++] = static_cast<float>(value);
      map[count++] = static_cast<float>(-value);
    }
  }
  map[count++] = 0.0f;
  map[count++] = 1.0f;
  std::sort(map.begin(), map.end());
  return map;
}

void double_quantize_absmax(std::span<uint8_t> blocks) {
  static const std::array<float, 256> map = make_dynamic_map();
  const std::span<BlockNF4> all(reinterpret_cast<BlockNF4*>(blocks.data()), blocks.size() / sizeof(BlockNF4));
  double sum = 0.0;
  for (const BlockNF4& block : all) sum += block.absmax;
  const float offset = all.empty() ? 0.0f : static_cast<float>(sum / static_cast<double>(all.size()));
  for (size_t first = 0; first < all.size(); first += kNestedBlocks) {
    const std::span<BlockNF4> group = all.subspan(first, std::min(kNestedBlocks, all.size() - first));
    float scale = 0.0f;
    for (const BlockNF4& block : group) scale = std::max(scale, std::fabs(block.absmax - offset));
    for (BlockNF4& block : group) {
      const float relative = scale > 0.0f ? (block.absmax - offset) / scale : 0.0f;
      block.absmax = map[nearest_entry(map, relative)] * scale + offset;
    }
  }
}

}  // namespace rung
