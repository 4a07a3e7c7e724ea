#include "calibrate/imatrix_statistics.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "model/tensor_role.h"

namespace rung {
namespace {

constexpr double kActive = 1e-5;

std::vector<double> seen_values(const ImatrixEntry& entry) {
  std::vector<double> values;
  for (uint64_t matrix = 0; matrix < entry.matrices; ++matrix)
    if (entry.counts[matrix] > 0)
      for (uint64_t column = 0; column < entry.columns; ++column)
        values.push_back(entry.mean[matrix * entry.columns + column]);
  return values;
}

TensorStatistics statistics_of(const std::string& tensor, const std::vector<double>& values) {
  TensorStatistics result;
  result.tensor = tensor;
  result.values = values.size();
  const auto count = static_cast<double>(values.size());
  result.sum = std::accumulate(values.begin(), values.end(), 0.0);
  result.mean = result.sum / count;
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  result.least = *least;
  result.most = *most;
  double squares = 0, above = 0, active = 0;
  for (const double value : values) {
    squares += (value - result.mean) * (value - result.mean);
    active += value > kActive;
    if (const double share = value / result.sum; share > 0) result.entropy -= share * std::log2(share);
  }
  result.deviation = std::sqrt(squares / count);
  for (const double value : values) above += value > result.mean + result.deviation;
  result.active = active / count;
  result.outliers = above / count;
  result.normalised_entropy = values.size() > 1 ? result.entropy / std::log2(count) : 0;
  return result;
}

std::optional<double> cosine_of(const std::vector<double>& a, const std::vector<double>& b) {
  if (a.size() != b.size()) return {};
  const double dot = std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  const double norms = std::sqrt(std::inner_product(a.begin(), a.end(), a.begin(), 0.0) *
                                 std::inner_product(b.begin(), b.end(), b.begin(), 0.0));
  return norms > 0 ? std::optional(dot / norms) : std::nullopt;
}

}  // namespace

std::vector<TensorStatistics> imatrix_statistics(const Imatrix& imatrix) {
  constexpr int64_t kNoLayer = INT64_MAX;
  std::map<std::pair<int64_t, std::string>, std::pair<const std::string*, std::vector<double>>> tensors;
  for (const auto& [name, entry] : imatrix.entries) {
    const auto layer = role_of(name).layer;
    const std::string part = layer ? name.substr(name.find('.', sizeof("blk.") - 1)) : name;
    if (auto values = seen_values(entry); !values.empty())
      tensors[{layer ? int64_t{*layer} : kNoLayer, part}] = {&name, std::move(values)};
  }
  std::vector<TensorStatistics> result;
  for (const auto& [place, tensor] : tensors) {
    result.push_back(statistics_of(*tensor.first, tensor.second));
    const auto& counts = imatrix.entries.find(*tensor.first)->second.counts;
    result.back().tokens = std::accumulate(counts.begin(), counts.end(), 0.0);
    const auto before = tensors.find({place.first - 1, place.second});
    if (before != tensors.end()) result.back().cosine = cosine_of(tensor.second, before->second.second);
  }
  return result;
}

}  // namespace rung
