#include "quantize/gptq.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "codec/repack.h"
#include "quantize/coordinate_descent.h"

namespace rung {
namespace {

constexpr size_t kRows = 32;  // worked on side by side
/// How far beyond the row's largest weight errors may move a weight; without a bound absurd moments could make it
/// infinite.
constexpr float kReach = 4.0f;

using Lanes = std::array<float, kRows>;  // one value of each row

/// Levels with equal steps are found by rounding, others by counting the midpoints below.
struct LevelSearch {
  explicit LevelSearch(Format format) : levels(code_levels(format)) {
    for (size_t place = 0; place + 1 < levels.size(); ++place) {
      middles.push_back((levels[place] + levels[place + 1]) / 2);
      is_even = is_even && levels[place + 1] - levels[place] == 1.0f;
    }
  }

  /// Places of the levels nearest to x.
  void nearest(const Lanes& x, Lanes& place) const {
    if (!is_even) {
      place.fill(0.0f);
      for (const float middle : middles)
        for (size_t row = 0; row < kRows; ++row) place[row] += x[row] > middle ? 1.0f : 0.0f;
      return;
    }
    constexpr float kRound = 0x1.8p23f;  // adding it leaves no place for a fraction
    const float last = static_cast<float>(levels.size() - 1);
    for (size_t row = 0; row < kRows; ++row) {
      float at = x[row] - levels[0];
      at = at > 0.0f ? at : 0.0f;
      at = at < last ? at : last;
      place[row] = (at + kRound) - kRound;
    }
  }

  std::span<const float> levels;
  std::vector<float> middles;
  bool is_even = true;
};

/// Up to kRows rows of a matrix on their way through one part of its columns.
class RowGroup {
 public:
  RowGroup(Format format, const LevelSearch& search, const EncodeInput& input, size_t first_row, size_t rows)
      : format_(format),
        search_(search),
        input_(input),
        first_row_(first_row),
        rows_(rows),
        block_values_(format_info(format).block_values),
        group_values_(scale_group(format)),
        values_(rows * block_values_),
        levels_(rows * block_values_),
        scale_(block_values_ / group_values_),
        min_(scale_.size()),
        inverse_(scale_.size()) {
    for (size_t row = 0; row < rows; ++row)
      for (size_t column = 0; column < input.columns; ++column)
        reach_[row] = std::max(reach_[row], kReach * std::fabs(weight(row, column)));
  }

  void encode(const FeedbackPart& part, uint8_t* blocks) {
    errors_.assign(part.columns(), Lanes{});
    targets_.resize(block_values_);
    const size_t stride = row_bytes(format_, input_.columns), bytes = format_info(format_).block_bytes;
    encoded_.resize(rows_ * bytes);
    for (size_t place = 0; place < part.columns(); place += block_values_) {
      const size_t column = part.first + part.order[place] / block_values_ * block_values_;
      move_targets(part, place);
      encode_block(column);
      if (takes_descent(format_)) {
        descend(part, place, column);
      } else {
        round_block(part, place, column);
      }
      for (size_t row = 0; row < rows_; ++row)
        std::copy_n(encoded_.data() + row * bytes, bytes,
                    blocks + (first_row_ + row) * stride + column / block_values_ * bytes);
    }
  }

 private:
  float weight(size_t row, size_t column) const { return input_.values[(first_row_ + row) * input_.columns + column]; }

  Lanes weights(size_t column) const {
    Lanes lanes{};
    for (size_t row = 0; row < rows_; ++row) lanes[row] = weight(row, column);
    return lanes;
  }

  /// What errors at places [begin, end) add to the target of `place`.
  void add_errors(const FeedbackPart& part, size_t place, size_t begin, size_t end, Lanes& target) const {
    const float* feedback = part.feedback.data() + place * part.columns();
    Lanes sum = target;
    for (size_t earlier = begin; earlier < end; ++earlier)
      for (size_t row = 0; row < kRows; ++row) sum[row] += feedback[earlier] * errors_[earlier][row];
    for (size_t row = 0; row < kRows; ++row) {
      const float bounded = sum[row] > -reach_[row] ? sum[row] : -reach_[row];
      target[row] = bounded < reach_[row] ? bounded : reach_[row];
    }
  }

  /// What earlier blocks' errors ask of this one: of each column as it is rounded after the others of the block
  /// (targets_), and of the block as a whole (values_), where errors t - w of the earlier columns are made up for.
  void move_targets(const FeedbackPart& part, size_t place) {
    for (size_t lane = 0; lane < block_values_; ++lane) {
      const size_t column = part.order[place + lane];
      const Lanes original = weights(part.first + column);
      Lanes& target = targets_[lane];
      target = original;
      add_errors(part, place + lane, 0, place, target);
      Lanes moved = target;
      if (place != 0) add_errors(part, place + lane, place, place + lane, moved);
      for (size_t row = 0; row < rows_; ++row) {
        values_[row * block_values_ + column % block_values_] = moved[row];
        errors_[place + lane][row] = original[row] - moved[row];
      }
    }
  }

  /// The whole block by its format's encoder.
  void encode_block(size_t column) {
    EncodeInput input = input_;
    input.values = values_.data();
    input.rows = rows_;
    input.columns = block_values_;
    if (input.importance != nullptr) input.importance += column;
    encode_matrix_rows(format_, input, encoded_.data());
  }

  void descend(const FeedbackPart& part, size_t place, size_t first_column) {
    const float* moments = part.inner.data() + (first_column - part.first) * block_values_;
    std::array<float, kDescentValues> decoded;
    for (size_t row = 0; row < rows_; ++row) {
      uint8_t* block = encoded_.data() + row * format_info(format_).block_bytes;
      descend_block(format_, values_.data() + row * block_values_, moments, block);
      decode_row(format_, block, block_values_, decoded.data());
      for (size_t next = place; next < place + block_values_; ++next) {
        const size_t column = part.first + part.order[next];
        errors_[next][row] = weight(row, column) - decoded[column - first_column];
      }
    }
  }

  /// Column by column with the scales that the encoder has stored.
  void round_block(const FeedbackPart& part, size_t place, size_t column) {
    read_scales();
    for (size_t next = place; next < place + block_values_; ++next) round_column(part, place, next, column);
    for (size_t row = 0; row < rows_; ++row)
      set_codes(format_, levels_.data() + row * block_values_, block_values_,
                encoded_.data() + row * format_info(format_).block_bytes);
  }

  void read_scales() {
    std::array<float, 256> scale, min;
    for (size_t row = 0; row < rows_; ++row) {
      scales_of_row(format_, encoded_.data() + row * format_info(format_).block_bytes, block_values_, scale.data(),
                    min.data());
      for (size_t group = 0; group < scale_.size(); ++group) {
        const float stored = scale[group] * input_.tensor_scale;
        scale_[group][row] = stored;
        min_[group][row] = min[group];
        inverse_[group][row] = std::fabs(stored) >= 4 * std::numeric_limits<float>::min() ? 1.0f / stored : 0.0f;
      }
    }
  }

  void round_column(const FeedbackPart& part, size_t block, size_t place, size_t first_column) {
    const size_t column = part.first + part.order[place], lane = column - first_column, group = lane / group_values_;
    Lanes target = targets_[place - block];
    add_errors(part, place, block, place, target);
    Lanes at, nearest;
    for (size_t row = 0; row < kRows; ++row) at[row] = (target[row] + min_[group][row]) * inverse_[group][row];
    search_.nearest(at, nearest);
    const Lanes original = weights(column);
    for (size_t row = 0; row < rows_; ++row) {
      const auto level = static_cast<uint8_t>(nearest[row]);
      levels_[row * block_values_ + lane] = level;
      errors_[place][row] = original[row] - (scale_[group][row] * search_.levels[level] - min_[group][row]);
    }
  }

  Format format_;
  const LevelSearch& search_;
  const EncodeInput& input_;
  size_t first_row_, rows_, block_values_, group_values_;
  Lanes reach_{};
  std::vector<Lanes> errors_;   ///< by place
  std::vector<Lanes> targets_;  ///< of a block's places
  std::vector<float> values_;   ///< (rows, block_values): the same in the order of columns
  std::vector<uint8_t> levels_, encoded_;
  std::vector<Lanes> scale_, min_, inverse_;  ///< by group
};

}  // namespace

bool takes_feedback(Format format) { return !code_levels(format).empty() || takes_descent(format); }

// Of each place the errors; the rest is as large as a block.
size_t feedback_working_bytes(size_t columns) { return columns * sizeof(Lanes); }

void encode_with_feedback(Format format, const EncodeInput& input, const ErrorFeedback& feedback, uint8_t* blocks) {
  const LevelSearch search(format);
  for (size_t row = 0; row < input.rows; row += kRows) {
    RowGroup group(format, search, input, row, std::min(kRows, input.rows - row));
    for (const FeedbackPart& part : feedback) group.encode(part, blocks);
  }
}

}  // namespace rung
