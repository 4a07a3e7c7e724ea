// Encoders of the formats with grids of magnitudes: iq2_xxs, iq2_xs, iq2_s, iq3_xxs, iq3_s. One lane is one super-block
// of 256 values. The search is in grid_scales_lanes.h; here is what tells the formats apart, and how they are written.
#pragma once

#include "codec/blocks.h"
#include "codec/encode_formats.h"
#include "codec/exact_lanes.h"
#include "codec/grid_scales_lanes.h"

namespace rung {

/// One super-block, ready to be packed. `point` of eight n: n for iq2, 2n and 2n + 1 for iq3.
struct GridFields {
  uint16_t d;
  uint8_t scale[16];
  uint8_t signs[32];
  uint16_t point[64];
};

/// The 7-bit index of even signs lacks the eighth, which follows from it.
RUNG_INLINE uint32_t four_sign_indices(const uint8_t* signs) {
  uint32_t packed = 0;
  for (uint32_t n = 0; n < 4; ++n) packed |= static_cast<uint32_t>(signs[n] & 127) << (7 * n);
  return packed;
}
RUNG_INLINE uint8_t two_nibbles(const uint8_t* low_then_high) {
  return static_cast<uint8_t>(low_then_high[0] | low_then_high[1] << 4);
}

RUNG_INLINE void pack(const GridFields& from, BlockIQ2_XXS& to) {
  for (int b = 0; b < 8; ++b) {
    for (int n = 0; n < 4; ++n) to.groups[b].grid[n] = static_cast<uint8_t>(from.point[4 * b + n]);
    to.groups[b].signs_scale = four_sign_indices(from.signs + 4 * b) | static_cast<uint32_t>(from.scale[b]) << 28;
  }
}
RUNG_INLINE void pack(const GridFields& from, BlockIQ2_XS& to) {
  for (int n = 0; n < 32; ++n) to.qs[n] = static_cast<uint16_t>(from.point[n] | (from.signs[n] & 127) << 9);
  for (int b = 0; b < 8; ++b) to.scales[b] = two_nibbles(from.scale + 2 * b);
}
RUNG_INLINE void pack(const GridFields& from, BlockIQ2_S& to) {
  for (int b = 0; b < 8; ++b) {
    int high = 0;
    for (int n = 0; n < 4; ++n) {
      to.qs[4 * b + n] = static_cast<uint8_t>(from.point[4 * b + n]);
      to.signs[4 * b + n] = from.signs[4 * b + n];
      high |= (from.point[4 * b + n] >> 8) << (2 * n);
    }
    to.qh[b] = static_cast<uint8_t>(high);
    to.scales[b] = two_nibbles(from.scale + 2 * b);
  }
}
RUNG_INLINE void pack(const GridFields& from, BlockIQ3_XXS& to) {
  for (int n = 0; n < 64; ++n) to.qs[n] = static_cast<uint8_t>(from.point[n]);
  for (int b = 0; b < 8; ++b)
    to.signs_scale[b] = four_sign_indices(from.signs + 4 * b) | static_cast<uint32_t>(from.scale[b]) << 28;
}
RUNG_INLINE void pack(const GridFields& from, BlockIQ3_S& to) {
  for (int b = 0; b < 8; ++b) {
    int high = 0;
    for (int n = 0; n < 8; ++n) {
      to.qs[8 * b + n] = static_cast<uint8_t>(from.point[8 * b + n]);
      high |= (from.point[8 * b + n] >> 8) << n;
    }
    to.qh[b] = static_cast<uint8_t>(high);
    for (int n = 0; n < 4; ++n) to.signs[4 * b + n] = from.signs[4 * b + n];
  }
  for (int b = 0; b < 4; ++b) to.scales[b] = two_nibbles(from.scale + 2 * b);
}

/// The points and signs of the whole super-block at the chosen scales, by lane.
template <class Kind>
RUNG_INLINE void gather_fields(const GridScales<Kind>& scales, const BlockLanes<Kind::kLanes, 256>& block,
                               GridFields* fields) {
  using Found = GridEight<typename Kind::Grid::Levels>;
  constexpr int kLanes = Kind::kLanes;
  using L = Lanes<kLanes>;
  int32_t of_lane[kLanes], seconds[kLanes];
  L::store(scales.half(), of_lane);
  for (int lane = 0; lane < kLanes; ++lane) fields[lane].d = static_cast<uint16_t>(of_lane[lane]);
  for (int b = 0; b < Kind::kScales; ++b) {
    L::store(scales.scale(b), of_lane);
    for (int lane = 0; lane < kLanes; ++lane) fields[lane].scale[b] = static_cast<uint8_t>(of_lane[lane]);
  }
  for (int eight = 0; eight < 32; ++eight) {
    Found found;
    find_eight<typename Kind::Grid, Flips::kJointly>(block.x + 8 * eight, block.w + 8 * eight,
                                                     scales.step(eight / Kind::kScaleEights), found);
    L::store(found.signs, of_lane);
    for (int lane = 0; lane < kLanes; ++lane) fields[lane].signs[eight] = static_cast<uint8_t>(of_lane[lane]);
    for (int n = 0; n < Found::kPoints; ++n) {
      L::store(found.first[n], of_lane);
      L::store(found.second[n], seconds);
      for (int lane = 0; lane < kLanes; ++lane)
        fields[lane].point[eight * Found::kPoints + n] = Kind::Grid::kHalves.point[of_lane[lane]][seconds[lane]];
    }
  }
}

/// Blocks that were decoded from the format itself are found again without loss, however unusual their scales: those
/// that may be such are searched from everywhere, with equal weights, so that no value is too light to count.
template <class Kind>
__attribute__((noinline)) void search_exact(const GridSettings& settings, const BlockLanes<Kind::kLanes, 256>& block,
                                            GridScales<Kind>& scales) {
  using Levels = typename Kind::Grid::Levels;
  using L = Lanes<Kind::kLanes>;
  constexpr float kLargest = Levels::kLevels[Levels::kCount - 1];
  typename L::F largest{};
  for (int k = 0; k < 256; ++k) largest = L::max(largest, L::abs(block.x[k]));
  const auto maybe = maybe_on_grid<Kind::kLanes, 256>(block.x, 31.0f * kLargest) & (largest > L::splat(0.0f));
  if (!L::any(maybe)) return;
  BlockLanes<Kind::kLanes, 256> equal = block;
  for (int k = 0; k < 256; ++k) equal.w[k] = L::splat(1.0f);
  const GridSettings everywhere = {settings.unit, Levels::kLevels[0], kLargest, GridScales<Kind>::kMaxStarts, 15};
  GridScales<Kind> thorough(everywhere, equal);
  thorough.search();
  scales.take(maybe & thorough.exact(), thorough);
}

template <class Kind, class Block>
RUNG_INLINE void encode_grid(const EncodeInput& input, const Objectives& objectives, GridSettings settings,
                             uint8_t* blocks) {
  constexpr int kLanes = Kind::kLanes;
  const Objective& objective = objectives.of(input.use);
  settings.given_back = objective.given_back;
  for_each_block_group<kLanes, Block, 256>(input, objective.weighting, blocks,
                                           [&](const BlockLanes<kLanes, 256>& block, Block* const* out) {
                                             GridScales<Kind> scales(settings, block);
                                             scales.search();
                                             search_exact<Kind>(settings, block, scales);
                                             GridFields fields[kLanes];
                                             gather_fields<Kind>(scales, block, fields);
                                             for (int lane = 0; lane < kLanes; ++lane) {
                                               out[lane]->d = fields[lane].d;
                                               pack(fields[lane], *out[lane]);
                                             }
                                           });
}

// Settled by divergence: docs/formats.md.
inline constexpr Objectives kObjectivesIQ2_XXS{{{8.0f}, 0.85f}, {{8.0f, 4}, 0.5f}};
inline constexpr Objectives kObjectivesIQ2_XS{{{2.0f, 7}, 1.2f}, {{8.0f, 4}, 0.5f}};
inline constexpr Objectives kObjectivesIQ2_S{{{8.0f, 7}, 1.0f}, {{8.0f, 4}, 0.5f}};
inline constexpr Objectives kObjectivesIQ3_XXS{{{8.0f, 7}, 1.0f}, {{2.0f, 5}, 0.6f}};
inline constexpr Objectives kObjectivesIQ3_S{{{2.0f, 7}, 1.0f}, {{2.0f, 5}, 1.0f}};

template <int kLanes>
using KindIQ2_XXS = GridKind<GridOf<Iq2Levels<kLanes>, kIq2XxsHalves, GridSigns::kEven>, 4>;
template <int kLanes>
using KindIQ2_XS = GridKind<GridOf<Iq2Levels<kLanes>, kIq2XsHalves, GridSigns::kEven>, 2>;
template <int kLanes>
using KindIQ2_S = GridKind<GridOf<Iq2Levels<kLanes>, kIq2SHalves, GridSigns::kFree>, 2>;
template <int kLanes>
using KindIQ3_XXS = GridKind<GridOf<Iq3XxsLevels<kLanes>, kIq3XxsHalves, GridSigns::kEven>, 4>;
template <int kLanes>
using KindIQ3_S = GridKind<GridOf<Iq3SLevels<kLanes>, kIq3SHalves, GridSigns::kFree>, 4>;

/// `starts`: of normal effort.
RUNG_INLINE GridSettings grid_settings(Effort effort, float unit, float first_start, float last_start, int starts) {
  const int count = effort == Effort::kFast ? starts - 2 : effort == Effort::kBest ? 2 * starts : starts;
  return {unit, first_start, last_start, count, 1};
}

template <int kLanes>
void encode_iq2_xxs(const EncodeInput& input, uint8_t* blocks) {
  encode_grid<KindIQ2_XXS<kLanes>, BlockIQ2_XXS>(input, kObjectivesIQ2_XXS,
                                                 grid_settings(input.effort, 0.25f, 20.0f, 33.0f, 5), blocks);
}

template <int kLanes>
void encode_iq2_xs(const EncodeInput& input, uint8_t* blocks) {
  encode_grid<KindIQ2_XS<kLanes>, BlockIQ2_XS>(input, kObjectivesIQ2_XS,
                                               grid_settings(input.effort, 0.25f, 20.0f, 33.0f, 5), blocks);
}

template <int kLanes>
void encode_iq2_s(const EncodeInput& input, uint8_t* blocks) {
  encode_grid<KindIQ2_S<kLanes>, BlockIQ2_S>(input, kObjectivesIQ2_S,
                                             grid_settings(input.effort, 0.25f, 21.0f, 31.0f, 4), blocks);
}

template <int kLanes>
void encode_iq3_xxs(const EncodeInput& input, uint8_t* blocks) {
  encode_grid<KindIQ3_XXS<kLanes>, BlockIQ3_XXS>(input, kObjectivesIQ3_XXS,
                                                 grid_settings(input.effort, 0.5f, 22.0f, 40.0f, 6), blocks);
}

template <int kLanes>
void encode_iq3_s(const EncodeInput& input, uint8_t* blocks) {
  encode_grid<KindIQ3_S<kLanes>, BlockIQ3_S>(input, kObjectivesIQ3_S, grid_settings(input.effort, 2.0f, 5.0f, 10.0f, 6),
                                             blocks);
}

}  // namespace rung
