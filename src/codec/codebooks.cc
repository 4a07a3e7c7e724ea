#include "codec/codebooks.h"

namespace rung {
namespace {

#include "codec/codebooks_data.inc"

/// Undoes the packing of scripts/make_codebooks.py: each value's index among the levels, the first value lowest.
template <size_t kValues, size_t kPoints, size_t kLevels>
constexpr Grid<kPoints, kValues> expand(const std::array<uint16_t, kPoints>& packed,
                                        const std::array<int8_t, kLevels>& levels) {
  constexpr unsigned kBits = kLevels > 4 ? 3 : 2;
  Grid<kPoints, kValues> grid{};
  for (size_t point = 0; point < kPoints; ++point) {
    for (size_t value = 0; value < kValues; ++value) {
      grid[point][value] = levels[(packed[point] >> (kBits * value)) & ((1u << kBits) - 1)];
    }
  }
  return grid;
}

constexpr std::array<int8_t, 3> kIq2Levels = {8, 25, 43};
constexpr std::array<int8_t, 8> kIq3XxsLevels = {4, 12, 20, 28, 36, 44, 52, 62};
constexpr std::array<int8_t, 8> kIq3SLevels = {1, 3, 5, 7, 9, 11, 13, 15};
constexpr std::array<int8_t, 3> kIq1Levels = {-1, 0, 1};

alignas(64) constexpr Grid<256, 8> kIq2Xxs = expand<8>(kIq2XxsPacked, kIq2Levels);
alignas(64) constexpr Grid<512, 8> kIq2Xs = expand<8>(kIq2XsPacked, kIq2Levels);
alignas(64) constexpr Grid<1024, 8> kIq2S = expand<8>(kIq2SPacked, kIq2Levels);
alignas(64) constexpr Grid<256, 4> kIq3Xxs = expand<4>(kIq3XxsPacked, kIq3XxsLevels);
alignas(64) constexpr Grid<512, 4> kIq3S = expand<4>(kIq3SPacked, kIq3SLevels);
alignas(64) constexpr Grid<2048, 8> kIq1S = expand<8>(kIq1SPacked, kIq1Levels);

}  // namespace

const Grid<256, 8>& iq2_xxs_grid() { return kIq2Xxs; }
const Grid<512, 8>& iq2_xs_grid() { return kIq2Xs; }
const Grid<1024, 8>& iq2_s_grid() { return kIq2S; }
const Grid<256, 4>& iq3_xxs_grid() { return kIq3Xxs; }
const Grid<512, 4>& iq3_s_grid() { return kIq3S; }
const Grid<2048, 8>& iq1_s_grid() { return kIq1S; }

}  // namespace rung
