#include "ladder/weight_picture.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "model/tensor_role.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

constexpr size_t kGroup = 32;       ///< weights in the picture: two or fewer scales in every format
constexpr size_t kRows = 64;        ///< of the matrix that are looked at
constexpr size_t kBins = 61;        ///< odd, so that zero is a bin's middle
constexpr double kReach = 4;        ///< of the histogram, in root mean squares
constexpr size_t kMostLevels = 64;  ///< more than can be told apart in a picture

bool is_float(Format format) { return format_info(format).group_values == 0 && format_info(format).block_values == 1; }

/// In the middle of the model's layers.
const GgufTensor* find_matrix(const GgufFile& file) {
  std::vector<const GgufTensor*> found;
  for (const GgufTensor& tensor : file.tensors()) {
    const Role role = role_of(tensor.name).role;
    if ((role == Role::kRoutedExpertDown || role == Role::kFfnDown) && tensor.format && is_float(*tensor.format) &&
        tensor.columns() >= kGroup)
      found.push_back(&tensor);
  }
  return found.empty() ? nullptr : found[found.size() / 2];
}

ordered_json histogram_json(std::span<const float> values, double rms) {
  std::vector<uint64_t> counts(kBins, 0);
  const double width = 2 * kReach * rms / kBins;
  for (const float value : values) {
    const double bin = std::floor((value + kReach * rms) / width);
    ++counts[static_cast<size_t>(std::clamp(bin, 0.0, double{kBins - 1}))];
  }
  return {{"low", -kReach * rms}, {"high", kReach * rms}, {"counts", counts}};
}

/// One group after the other: the levels of a block's first `values` weights. Formats with integer codes.
void add_code_levels(Format format, std::span<const uint8_t> blocks, size_t rows, size_t columns, size_t group,
                     std::set<float>& levels) {
  const size_t per_scale = format_info(format).group_values, row_size = row_bytes(format, columns);
  std::vector<int8_t> codes(columns);
  std::vector<float> scale(columns / per_scale), min(columns / per_scale);
  std::set<int8_t> alphabet;
  for (size_t row = 0; row < rows; ++row) {
    unpack_row(format, blocks.data() + row * row_size, columns, codes.data(), scale.data(), min.data());
    alphabet.insert(codes.begin(), codes.end());
  }
  unpack_row(format, blocks.data(), columns, codes.data(), scale.data(), min.data());
  for (size_t part = 0; part * per_scale < group; ++part)
    for (const int8_t code : alphabet) levels.insert(scale[part] * static_cast<float>(code) - min[part]);
}

/// A table of floats times the block's largest magnitude (nf4).
void add_table_levels(Format format, std::span<const float> decoded, size_t group, std::set<float>& levels) {
  const size_t block = format_info(format).block_values;
  const auto largest = [&](size_t begin) {
    float most = 0;
    for (size_t at = begin; at < begin + block; ++at) most = std::max(most, std::abs(decoded[at]));
    return most;
  };
  std::set<float> table;
  for (size_t begin = 0; begin + block <= decoded.size(); begin += block)
    if (const float most = largest(begin); most > 0)
      for (size_t at = begin; at < begin + block; ++at) table.insert(decoded[at] / most);
  for (size_t part = 0; part * block < group; ++part)
    for (const float entry : table) levels.insert(entry * largest(part * block));
}

/// Levels that differ only in rounding count once.
std::vector<float> distinct(const std::set<float>& levels) {
  std::vector<float> result;
  const float span = levels.empty() ? 0 : *levels.rbegin() - *levels.begin();
  for (const float level : levels)
    if (result.empty() || level - result.back() > 1e-5f * span) result.push_back(level);
  return result;
}

}  // namespace

GroupLevels levels_of_group(Format format, std::span<const float> values, size_t columns, size_t group) {
  const size_t rows = values.size() / columns, row_size = row_bytes(format, columns);
  std::vector<uint8_t> blocks(rows * row_size);
  encode_matrix_rows(format, {.values = values.data(), .rows = rows, .columns = columns}, blocks.data());
  finish_tensor(format, blocks);
  std::vector<float> decoded(values.size());
  for (size_t row = 0; row < rows; ++row)
    decode_row(format, blocks.data() + row * row_size, columns, decoded.data() + row * columns);
  std::set<float> levels;
  if (format_info(format).unpack != nullptr)
    add_code_levels(format, blocks, rows, columns, group, levels);
  else
    add_table_levels(format, decoded, group, levels);
  return {{decoded.begin(), decoded.begin() + static_cast<ptrdiff_t>(group)}, distinct(levels)};
}

ordered_json weight_picture(const TensorSource& source, std::span<const Format> formats) {
  const GgufTensor* tensor = find_matrix(source.file());
  if (tensor == nullptr) return nullptr;
  const size_t columns = tensor->columns(), rows = std::min<size_t>(kRows, tensor->rows());
  std::vector<float> values(rows * columns);
  for (size_t row = 0; row < rows; ++row)
    decode_row(*tensor->format, tensor->bytes.data() + row * row_bytes(*tensor->format, columns), columns,
               values.data() + row * columns);
  double squares = 0;
  for (const float value : values) {
    if (!std::isfinite(value)) return nullptr;
    squares += double{value} * value;
  }
  const double rms = std::sqrt(squares / static_cast<double>(values.size()));
  if (rms == 0) return nullptr;
  ordered_json levels = ordered_json::array();
  for (const Format format : formats) {
    const FormatInfo& info = format_info(format);
    if (is_float(format) || info.encode == nullptr || columns % info.block_values != 0) continue;
    const GroupLevels found = levels_of_group(format, values, columns, kGroup);
    ordered_json row = {{"format", info.name}, {"decoded", found.decoded}};
    row["levels"] = found.levels.size() <= kMostLevels ? ordered_json(found.levels) : ordered_json::array();
    row["level_count"] = found.levels.size();
    levels.push_back(std::move(row));
  }
  return {{"tensor", tensor->name},
          {"rows", rows},
          {"columns", columns},
          {"rms", rms},
          {"histogram", histogram_json(values, rms)},
          {"group", std::vector<float>(values.begin(), values.begin() + kGroup)},
          {"formats", levels}};
}

}  // namespace rung
