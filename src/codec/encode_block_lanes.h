// Blocks as the encoders search them: value k of kLanes blocks in one vector. Loading brings every block's values near
// 1 by an exact power of two (so that no sum under- or overflows, whatever finite values come in) and weighs them; the
// loop over a matrix hands out its blocks kLanes at a time.
#pragma once

#include "codec/format.h"
#include "codec/lanes.h"
#include "codec/transpose_lanes.h"

namespace rung {

/// How a value's weight in the squared error is made: importance^(eighths / 8) * sqrt(sigma2 * s + x^2), s the mean
/// square of the neighbourhood; 1 for importance where there is none. Weights that grow with the magnitude give a
/// better perplexity than the bare importance (found in llama.cpp; ik_llama.cpp discussion 140), and a power below 1
/// believes the importance less. What each format takes was settled by KL divergence: docs/formats.md.
struct Weighting {
  float sigma2 = 0.0f;  ///< 0: the magnitude does not count
  int eighths = 8;      ///< 1 to 8
  bool set = true;      ///< false: weights are left unset, for encoders that treat all values alike
};
inline constexpr Weighting kPlainWeighting;
inline constexpr Weighting kUnweighted{.set = false};

/// What a format's search minimises, and the share of the shrinkage that it gives back (see inflation()).
struct Objective {
  Weighting weighting;
  float given_back = 0.0f;
};
/// By what a matrix is used for.
struct Objectives {
  Objective general;
  Objective attention_output = general;
  Objective ffn_down = attention_output;
  RUNG_INLINE constexpr const Objective& of(MatrixUse use) const {
    return use == MatrixUse::kFfnDown ? ffn_down : use == MatrixUse::kAttentionOutput ? attention_output : general;
  }
};

/// x = original / unit; decoded values and scales are in the same unit while searching.
template <int kLanes, int kBlockValues>
struct BlockLanes {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  using I = typename L::I;
  static constexpr int kValues = kBlockValues;
  F x[kValues];
  F w[kValues];  ///< weight in the squared error, positive
  F unit;        ///< a power of two
  F inverse_unit;

  /// The bits of the half nearest to scale * unit; saturates instead of overflowing.
  RUNG_INLINE I to_half(F scale) const { return L::to_half(scale * unit); }
  RUNG_INLINE F from_half(I half) const { return L::from_half(half) * inverse_unit; }
  /// What remains of a scale that is stored as a half.
  RUNG_INLINE F through_half(F scale) const { return from_half(to_half(scale)); }
  /// The smallest scale above zero that a half can hold.
  RUNG_INLINE F smallest_half() const { return inverse_unit * 0x1p-24f; }
};

/// Scales of least squares shrink the weights in proportion to the error that is left, which costs the model more than
/// the error saves. The factor that gives `share` of it back; 1 where nothing is lost. `error` is less the constant
/// sum w x^2. Each format's share was settled by KL divergence on text of the calibration side: docs/formats.md.
template <int kLanes>
RUNG_INLINE typename Lanes<kLanes>::F inflation(const BlockLanes<kLanes, 256>& block, typename Lanes<kLanes>::F error,
                                                float share) {
  using L = Lanes<kLanes>;
  typename L::F energy{};
  for (int k = 0; k < 256; ++k) energy += block.w[k] * block.x[k] * block.x[k];
  const auto usable = energy > L::splat(0.0f);
  const auto lost = 1.0f + error / L::select(usable, energy, L::splat(1.0f));
  return 1.0f + share * L::select(usable, L::clamp(lost, L::splat(0.0f), L::splat(1.0f)), typename L::F{});
}

/// Sums over values for one choice of levels; xl / ll is the least-squares scale.
template <int kLanes>
struct LevelLanes {
  using F = typename Lanes<kLanes>::F;
  F xl{};  ///< sum w x level
  F ll{};  ///< sum w level^2
  /// sum w (x - scale * level)^2, less the constant sum w x^2
  RUNG_INLINE F error(F scale) const { return scale * (scale * ll - 2.0f * xl); }
};

/// Puts a candidate into a list of `count` that has the lowest cost first; the worst drops out. Entry: cost, and
/// take(where, other).
template <class Entry>
RUNG_INLINE void insert_ranked(Entry now, Entry* list, int count) {
  for (int at = 0; at < count; ++at) {
    const auto better = now.cost < list[at].cost;
    const Entry pushed = list[at];
    list[at].take(better, now);
    now.take(better, pushed);
  }
}

/// A matrix seen as a run of blocks.
struct BlockRun {
  const EncodeInput* input;
  size_t block_values;
  size_t per_row;
  size_t count;

  RUNG_INLINE BlockRun(const EncodeInput& in, size_t values)
      : input(&in), block_values(values), per_row(in.columns / values), count(in.rows * (in.columns / values)) {}
  RUNG_INLINE const float* values(size_t block) const { return input->values + block * block_values; }
  RUNG_INLINE const float* importance(size_t block) const { return input->importance + block % per_row * block_values; }
};

/// Mean square of a row. Eight sums side by side, always added up in the same order.
template <int kLanes>
double row_mean_square(const float* row, size_t count) {
  double sums[8] = {};
  size_t k = 0;
  for (; k + 8 <= count; k += 8) {
    for (size_t part = 0; part < 8; ++part) sums[part] += static_cast<double>(row[k + part]) * row[k + part];
  }
  for (; k < count; ++k) sums[0] += static_cast<double>(row[k]) * row[k];
  double sum = 0.0;
  for (const double part : sums) sum += part;
  return sum / static_cast<double>(count);
}

/// A value that the importance calls irrelevant still gets this share of the heaviest one's weight, so that formats
/// which choose values jointly do not fill it with noise.
inline constexpr float kLeastImportance = 1e-7f;

/// Value k of each block, from kLanes addresses, into to[k].
template <int kLanes, int kValues>
RUNG_INLINE void transpose_in(const float* const* from, typename Lanes<kLanes>::F* to) {
  for (int k = 0; k < kValues; k += 4) load_four<kLanes>(from, k, to + k);
}

/// The power of two above a magnitude, and its inverse. Exponents beyond 120 are left in the values: then both are
/// normal floats. 1 for zero.
template <int kLanes>
struct PowerOfTwo {
  using L = Lanes<kLanes>;
  typename L::F value;
  typename L::F inverse;
  RUNG_INLINE explicit PowerOfTwo(typename L::F magnitude) {
    const auto zero = magnitude == L::splat(0.0f);
    const auto exponent =
        L::min(L::max((L::bits(magnitude) >> 23) - 126, L::splat_int(-120)), L::splat_int(120)) & ~zero;
    value = L::from_bits((exponent + 127) << 23);
    inverse = L::from_bits((127 - exponent) << 23);
  }
};

/// Fills out.x, unit and inverse_unit.
template <int kLanes, int kValues>
RUNG_INLINE void load_values(const float* const* values, BlockLanes<kLanes, kValues>& out) {
  using L = Lanes<kLanes>;
  transpose_in<kLanes, kValues>(values, out.x);
  typename L::F largest{};
  for (int k = 0; k < kValues; ++k) largest = L::max(largest, L::abs(out.x[k]));
  const PowerOfTwo<kLanes> power(largest);
  out.unit = power.value;
  out.inverse_unit = power.inverse;
  for (int k = 0; k < kValues; ++k) out.x[k] *= out.inverse_unit;
}

/// w^(eighths / 8) by square roots, which every instruction set rounds alike.
template <int kLanes>
RUNG_INLINE typename Lanes<kLanes>::F power_of_weight(typename Lanes<kLanes>::F weight, int eighths) {
  if (eighths == 8) return weight;
  auto result = Lanes<kLanes>::splat(1.0f), root = weight;
  for (int bit = 4; bit > 0; bit /= 2) {
    root = Lanes<kLanes>::sqrt(root);
    if ((eighths & bit) != 0) result *= root;
  }
  return result;
}

/// Fills out.w. mean_square: of the original values around the block, one a lane, divided by unit^2; importance may be
/// null.
template <int kLanes, int kValues>
RUNG_INLINE void weigh(const float* const* importance, Weighting weighting, typename Lanes<kLanes>::F mean_square,
                       BlockLanes<kLanes, kValues>& out) {
  using L = Lanes<kLanes>;
  using F = typename L::F;
  if (!weighting.set) return;
  if (importance != nullptr) {
    transpose_in<kLanes, kValues>(importance, out.w);
    F heaviest{};
    for (int k = 0; k < kValues; ++k) heaviest = L::max(heaviest, out.w[k]);
    const auto usable = heaviest > L::splat(0.0f);
    const F scale = PowerOfTwo<kLanes>(heaviest).inverse;
    for (int k = 0; k < kValues; ++k) {
      const F weight = power_of_weight<kLanes>(out.w[k] * scale, weighting.eighths) + kLeastImportance;
      out.w[k] = L::select(usable, weight, L::splat(1.0f));
    }
  } else {
    for (int k = 0; k < kValues; ++k) out.w[k] = L::splat(1.0f);
  }
  if (weighting.sigma2 == 0.0f) return;
  // Zero would leave zeros weightless; beyond 1e12 all weights are equal anyway, and the sums stay in range.
  const F sigma2 = L::clamp(mean_square * weighting.sigma2, L::splat(1e-12f), L::splat(1e12f));
  for (int k = 0; k < kValues; ++k) out.w[k] *= L::sqrt(sigma2 + out.x[k] * out.x[k]);
}

/// Mean square of the loaded values of each block.
template <int kLanes, int kValues>
RUNG_INLINE typename Lanes<kLanes>::F block_mean_square(const BlockLanes<kLanes, kValues>& block) {
  typename Lanes<kLanes>::F sum{};
  for (int k = 0; k < kValues; ++k) sum += block.x[k] * block.x[k];
  return sum * (1.0f / kValues);
}

/// Mean square of each block's row, in the block's unit: what the 32-value formats of llama.cpp take as sigma2.
template <int kLanes>
class RowSquares {
 public:
  explicit RowSquares(const BlockRun& run) : run_(run) {}
  RUNG_INLINE float of_block(size_t block) {
    const size_t row = block / run_.per_row;
    if (row != row_) {
      row_ = row;
      square_ = row_mean_square<kLanes>(run_.input->values + row * run_.input->columns, run_.input->columns);
    }
    // Beyond the range of float: saturated by weigh() in any case.
    return square_ > 1e30 ? 1e30f : static_cast<float>(square_);
  }

 private:
  const BlockRun& run_;
  size_t row_ = SIZE_MAX;
  double square_ = 0.0;
};

/// Calls encode_one(loaded blocks, kLanes output blocks) until the matrix is done. Where the last group is not full its
/// last block is repeated, and those copies land in a scratch block. Formats of up to 64 values take sigma2 over the
/// row, the others over the block.
template <int kLanes, class Block, int kValues, class EncodeOne>
RUNG_INLINE void for_each_block_group(const EncodeInput& input, Weighting weighting, uint8_t* blocks,
                                      EncodeOne encode_one) {
  using L = Lanes<kLanes>;
  const BlockRun run(input, kValues);
  RowSquares<kLanes> squares(run);
  BlockLanes<kLanes, kValues> loaded;
  Block scratch;
  Block* out = reinterpret_cast<Block*>(blocks);
  for (size_t first = 0; first < run.count; first += kLanes) {
    const float* values[kLanes];
    const float* importance[kLanes];
    Block* targets[kLanes];
    float square[kLanes];
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const bool real = first + lane < run.count;
      const size_t block = real ? first + lane : run.count - 1;
      values[lane] = run.values(block);
      importance[lane] = input.importance == nullptr ? nullptr : run.importance(block);
      targets[lane] = real ? out + block : &scratch;
      square[lane] = kValues <= 64 && weighting.sigma2 > 0.0f ? squares.of_block(block) : 0.0f;
    }
    load_values<kLanes, kValues>(values, loaded);
    const typename L::F mean_square = kValues <= 64 ? L::load(square) * loaded.inverse_unit * loaded.inverse_unit
                                                    : block_mean_square<kLanes, kValues>(loaded);
    weigh<kLanes, kValues>(input.importance == nullptr ? nullptr : importance, weighting, mean_square, loaded);
    encode_one(loaded, targets);
  }
}

}  // namespace rung
