#include "io/imatrix_writer.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "base/atomic_file.h"
#include "io/byte_reader.h"
#include "io/gguf_writer.h"
#include "io/imatrix.h"

namespace rung {
namespace {

uint64_t matrix_count(const GgufTensor& tensor) { return tensor.values() / (tensor.shape[0] * tensor.shape[1]); }

/// An entry of one row of all values, as .dat files have and what was merged from them: one row a matrix. Its count is
/// in units of `tokens`.
void unfold(ImatrixSumsEntry& entry, uint64_t columns, uint64_t matrices, double tokens) {
  const double units = entry.counts.front();
  entry.columns = columns;
  entry.matrices = matrices;
  entry.counts.assign(matrices, units * tokens);
  for (uint64_t matrix = 0; matrix < matrices; ++matrix) {
    const auto row = std::span(entry.sums).subspan(matrix * columns, columns);
    const bool constant = std::all_of(row.begin(), row.end(), [&](double value) { return value == row.front(); });
    if (matrices > 1 && constant && (row.front() == 0 || row.front() == units)) {
      std::fill(row.begin(), row.end(), 0.0);
      entry.counts[matrix] = 0;
    }
    for (double& value : row) value *= tokens;
  }
}

std::vector<uint64_t> trimmed_shape(uint64_t columns, uint64_t matrices) {
  return matrices == 1 ? std::vector<uint64_t>{columns} : std::vector<uint64_t>{columns, matrices};
}

std::vector<float> to_floats(std::span<const double> values) {
  std::vector<float> floats(values.size());
  std::transform(values.begin(), values.end(), floats.begin(), [](double value) { return static_cast<float>(value); });
  return floats;
}

std::span<const uint8_t> bytes_of(std::span<const float> values) {
  return {reinterpret_cast<const uint8_t*>(values.data()), values.size_bytes()};
}

std::vector<GgufEntry> metadata_of(const ImatrixSums& sums) {
  std::vector<GgufEntry> metadata = {{"general.type", GgufValue::string("imatrix")},
                                     {"imatrix.datasets", GgufValue::strings(sums.datasets)},
                                     {"imatrix.chunk_count", GgufValue::u32(static_cast<uint32_t>(sums.chunk_count))},
                                     {"imatrix.chunk_size", GgufValue::u32(static_cast<uint32_t>(sums.chunk_size))}};
  if (sums.weights_only) metadata.push_back({std::string(kImatrixWeightsOnlyKey), GgufValue::boolean(true)});
  return metadata;
}

Status write_gguf(const std::filesystem::path& path, const ImatrixSums& sums) {
  std::vector<GgufTensorPlan> tensors;
  for (const auto& [name, entry] : sums.entries) {
    tensors.push_back(
        {name + ".in_sum2", trimmed_shape(entry.columns, entry.matrices), 0, entry.sums.size() * sizeof(float)});
    tensors.push_back({name + ".counts", trimmed_shape(1, entry.matrices), 0, entry.matrices * sizeof(float)});
  }
  RUNG_TRY(GgufWriter writer, GgufWriter::create(path, metadata_of(sums), tensors));
  for (const auto& [name, entry] : sums.entries) {
    RUNG_CHECK(writer.write(bytes_of(to_floats(entry.sums))));
    RUNG_CHECK(writer.write(bytes_of(to_floats(entry.counts))));
  }
  return writer.commit();
}

/// The fields of a .dat file, one after the other.
class DatWriter {
 public:
  explicit DatWriter(AtomicFile& file) : file_(file) {}

  Status number(uint64_t value) {
    const auto stored = static_cast<int32_t>(value);
    return file_.write({reinterpret_cast<const uint8_t*>(&stored), sizeof(stored)});
  }
  Status text(const std::string& value) {
    RUNG_CHECK(number(value.size()));
    return file_.write(value);
  }
  Status entry(const std::string& name, const ImatrixSumsEntry& entry, uint64_t chunk_size);

 private:
  AtomicFile& file_;
};

/// Calls are whole chunks, rounded up, so that a little data is not none. An expert without tokens is stored as a mean
/// of 1 over one call, as llama-imatrix does.
Status DatWriter::entry(const std::string& name, const ImatrixSumsEntry& entry, uint64_t chunk_size) {
  const double most = *std::max_element(entry.counts.begin(), entry.counts.end());
  const auto calls = static_cast<uint64_t>(std::ceil(most / static_cast<double>(chunk_size)));
  RUNG_CHECK(text(name));
  RUNG_CHECK(number(calls));
  RUNG_CHECK(number(entry.sums.size()));
  std::vector<float> values = to_floats(entry.sums);
  for (uint64_t matrix = 0; matrix < entry.matrices; ++matrix)
    for (uint64_t column = 0; column < entry.columns; ++column) {
      float& value = values[matrix * entry.columns + column];
      const auto count = static_cast<float>(entry.counts[matrix]);
      value = (count == 0 ? 1.0f : value / count) * static_cast<float>(calls);
    }
  return file_.write(bytes_of(values));
}

bool has_data(const ImatrixSumsEntry& entry) {
  return std::any_of(entry.counts.begin(), entry.counts.end(), [](double count) { return count > 0; });
}

Status write_dat(const std::filesystem::path& path, const ImatrixSums& sums) {
  for (const auto& [name, entry] : sums.entries)
    if (entry.sums.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
      return input_error("{}: {} has {} values, a .dat file holds at most 2^31 - 1; write .gguf", path.string(),
                         quoted_name(name), entry.sums.size());
  RUNG_TRY(AtomicFile file, AtomicFile::create(path));
  DatWriter out(file);
  RUNG_CHECK(out.number(static_cast<uint64_t>(std::count_if(sums.entries.begin(), sums.entries.end(),
                                                            [](const auto& item) { return has_data(item.second); }))));
  for (const auto& [name, entry] : sums.entries)
    if (has_data(entry)) RUNG_CHECK(out.entry(name, entry, sums.chunk_size));
  RUNG_CHECK(out.number(sums.chunk_count));
  RUNG_CHECK(out.text(sums.datasets.empty() ? "" : sums.datasets.back()));
  return file.commit();
}

}  // namespace

Status ImatrixSums::add(const ImatrixSums& other, const std::string& name) {
  if (!entries.empty() && weights_only != other.weights_only)
    return input_error("{}: activations and the weights' own column energy cannot be added up", name);
  for (const auto& [tensor, from] : other.entries) {
    const auto [found, is_new] = entries.try_emplace(tensor, from);
    ImatrixSumsEntry& into = found->second;
    if (is_new) continue;
    if (into.columns != from.columns || into.matrices != from.matrices)
      return input_error("{}: {} has {} columns and {} matrices, expected are {} and {}", name, quoted_name(tensor),
                         from.columns, from.matrices, into.columns, into.matrices);
    std::transform(into.sums.begin(), into.sums.end(), from.sums.begin(), into.sums.begin(), std::plus<>());
    std::transform(into.counts.begin(), into.counts.end(), from.counts.begin(), into.counts.begin(), std::plus<>());
  }
  weights_only = other.weights_only;
  datasets.insert(datasets.end(), other.datasets.begin(), other.datasets.end());
  chunk_count += other.chunk_count;
  if (chunk_size == 0) chunk_size = other.chunk_size;
  return {};
}

Result<ImatrixSums> read_imatrix_sums(const std::filesystem::path& path, const GgufFile& model, uint64_t chunk_size) {
  RUNG_TRY(Imatrix raw, read_raw_imatrix(path));
  const bool legacy = raw.chunk_size == 0;
  ImatrixSums sums{
      std::move(raw.datasets), raw.chunk_count, legacy ? chunk_size : raw.chunk_size, raw.weights_only, {}};
  for (auto& [name, from] : raw.entries) {
    const GgufTensor* tensor = model.tensor(name);
    if (tensor == nullptr || tensor->shape.size() < 2)
      return input_error("{}: has an entry for tensor {}, which the model lacks: it was made for another model",
                         path.string(), quoted_name(name));
    const uint64_t columns = tensor->columns(), matrices = matrix_count(*tensor);
    if (from.mean.size() != columns * matrices || (from.matrices != 1 && from.columns != columns))
      return input_error("{}: {} has {} columns and {} matrices, the model's tensor has {} and {}", path.string(),
                         quoted_name(name), from.columns, from.matrices, columns, matrices);
    ImatrixSumsEntry entry{from.columns, from.matrices, {from.mean.begin(), from.mean.end()}, std::move(from.counts)};
    if (from.matrices == 1) unfold(entry, columns, matrices, legacy ? static_cast<double>(chunk_size) : 1);
    sums.entries.emplace(name, std::move(entry));
  }
  return sums;
}

Status write_imatrix(const std::filesystem::path& path, const ImatrixSums& sums) {
  if (path.extension() == ".dat" && sums.weights_only)
    return input_error("{}: a .dat file cannot say that it is made of weights only; write .gguf", path.string());
  return path.extension() == ".dat" ? write_dat(path, sums) : write_gguf(path, sums);
}

}  // namespace rung
