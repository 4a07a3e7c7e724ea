#include "io/imatrix.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "base/hash.h"
#include "base/mapped_file.h"
#include "io/byte_reader.h"
#include "io/gguf.h"

namespace rung {
namespace {

constexpr std::string_view kSums = ".in_sum2";
constexpr std::string_view kCounts = ".counts";
constexpr std::string_view kPlainSums = ".in_sum";  // of newer files: mean activations, which we do not use

/// A mean of x^2 must be finite and at least 0; `what` tells which number it is. row: the matrix, thus the expert.
Status check_value(const std::string& file, std::string_view entry, std::string_view what, uint64_t row,
                   uint64_t column, float value) {
  if (std::isfinite(value) && value >= 0) return {};
  return input_error("{}: {}: {} of row {}, column {} is {}, allowed are finite values from 0", file,
                     quoted_name(entry), what, row, column, value);
}

std::vector<float> floats_of(const GgufTensor& tensor) {
  std::vector<float> values(tensor.bytes.size() / sizeof(float));
  std::memcpy(values.data(), tensor.bytes.data(), values.size() * sizeof(float));
  return values;
}

class GgufImatrix {
 public:
  GgufImatrix(const GgufFile& gguf, const std::string& file) : gguf_(gguf), file_(file) {}

  Result<Imatrix> read() {
    RUNG_CHECK(read_metadata());
    for (const GgufTensor& tensor : gguf_.tensors()) {
      if (tensor.name.ends_with(kSums)) {
        RUNG_CHECK(read_entry(tensor));
      } else if (tensor.name.ends_with(kCounts)) {
        if (sums_of(tensor.name) == nullptr)
          return input_error("{}: tensor {} has no {} beside it", file_, quoted_name(tensor.name), kSums);
      } else if (!tensor.name.ends_with(kPlainSums)) {
        return input_error("{}: tensor {} does not belong in an imatrix, allowed are names in {} and {}", file_,
                           quoted_name(tensor.name), kSums, kCounts);
      }
    }
    return std::move(imatrix_);
  }

 private:
  Status read_metadata();
  Result<uint32_t> chunk_number(std::string_view key) const;
  Status read_entry(const GgufTensor& sums);
  const GgufTensor* sums_of(std::string_view counts_name) const {
    return gguf_.tensor(std::string(counts_name.substr(0, counts_name.size() - kCounts.size())).append(kSums));
  }

  const GgufFile& gguf_;
  const std::string& file_;
  Imatrix imatrix_;
};

Status GgufImatrix::read_metadata() {
  RUNG_TRY(const std::string type, gguf_.str("general.type"));
  if (type != "imatrix")
    return input_error("{}: general.type is {}, an imatrix has 'imatrix'", file_, quoted_name(type));
  RUNG_TRY(const GgufArray* datasets, gguf_.array("imatrix.datasets", GgufType::kString));
  for (const GgufValue& value : datasets->values) imatrix_.datasets.push_back(*value.as_string());
  RUNG_TRY(imatrix_.chunk_count, chunk_number("imatrix.chunk_count"));
  RUNG_TRY(imatrix_.chunk_size, chunk_number("imatrix.chunk_size"));
  RUNG_TRY(imatrix_.weights_only, gguf_.boolean(kImatrixWeightsOnlyKey, false));
  return {};
}

Result<uint32_t> GgufImatrix::chunk_number(std::string_view key) const {
  RUNG_TRY(const uint64_t value, gguf_.u64(key));
  if (value <= std::numeric_limits<uint32_t>::max()) return static_cast<uint32_t>(value);
  return input_error("{}: {} is {}, at most 2^32 - 1 is allowed", file_, key, value);
}

Status GgufImatrix::read_entry(const GgufTensor& sums) {
  const std::string name = sums.name.substr(0, sums.name.size() - kSums.size());
  const GgufTensor* counts = gguf_.tensor(name + std::string(kCounts));
  if (counts == nullptr)
    return input_error("{}: tensor {} has no {} beside it", file_, quoted_name(sums.name), kCounts);
  for (const GgufTensor* tensor : {&sums, counts})
    if (tensor->format != Format::F32)
      return input_error("{}: tensor {} is of type {}, allowed is f32", file_, quoted_name(tensor->name),
                         ggml_type_name(tensor->ggml_type));
  ImatrixEntry entry;
  entry.columns = sums.columns();
  entry.matrices = sums.rows();
  // One count for several matrices: slices of a 3-D weight that all see every token (attn_k_b, attn_v_b).
  if (counts->values() != entry.matrices && counts->values() != 1)
    return input_error("{}: tensor {} has {} values, {} has {} matrices", file_, quoted_name(counts->name),
                       counts->values(), quoted_name(sums.name), entry.matrices);
  entry.mean = floats_of(sums);
  const std::vector<float> seen = floats_of(*counts);
  for (uint64_t matrix = 0; matrix < entry.matrices; ++matrix) {
    const float count = seen[seen.size() == 1 ? 0 : matrix];
    if (!std::isfinite(count) || count < 0)
      return input_error("{}: {}: count of matrix {} is {}, allowed are finite values from 0", file_, quoted_name(name),
                         matrix, count);
    entry.counts.push_back(count);
    for (uint64_t column = 0; column < entry.columns; ++column) {
      const float value = entry.mean[matrix * entry.columns + column];
      RUNG_CHECK(check_value(file_, name, "in_sum2", matrix, column, value));
    }
  }
  imatrix_.entries.emplace(name, std::move(entry));
  return {};
}

/// i32 n; n entries of {i32 length, name, i32 ncall, i32 nval, f32[nval]}; then, in newer files, {i32 chunks, i32
/// length, dataset}. A value is the mean times ncall.
class DatImatrix {
 public:
  DatImatrix(std::span<const uint8_t> bytes, const std::string& file) : in_(bytes, file), file_(file) {}

  Result<Imatrix> read() {
    RUNG_TRY(const uint64_t entries, number("entry count", 1));
    for (uint64_t index = 0; index < entries; ++index) RUNG_CHECK(read_entry());
    if (in_.remaining() != 0) RUNG_CHECK(read_trailer());
    if (in_.remaining() != 0)
      return input_error("{}: has {} bytes after the end of the imatrix", file_, in_.remaining());
    return std::move(imatrix_);
  }

 private:
  Result<uint64_t> number(std::string_view field, int32_t least) {
    RUNG_TRY(const int32_t value, in_.number<int32_t>(field));
    if (value >= least) return static_cast<uint64_t>(value);
    return input_error("{}: {} at byte {} is {}, allowed is {} or more (is this an imatrix?)", file_, field,
                       in_.position() - sizeof(value), value, least);
  }
  Status read_entry();
  Status read_trailer();

  ByteReader in_;
  const std::string& file_;
  Imatrix imatrix_;
};

Status DatImatrix::read_entry() {
  RUNG_TRY(const uint64_t length, number("length of an entry's name", 1));
  RUNG_TRY(const std::string_view name, in_.text(length, "an entry's name"));
  RUNG_TRY(const uint64_t calls, number("ncall", 1));
  RUNG_TRY(const uint64_t values, number("nval", 1));
  RUNG_TRY(const auto bytes, in_.take(values * sizeof(float), "an entry's values"));
  ImatrixEntry entry;
  entry.columns = values;
  entry.counts = {static_cast<double>(calls)};
  entry.mean.resize(values);
  std::memcpy(entry.mean.data(), bytes.data(), bytes.size());
  for (uint64_t column = 0; column < values; ++column)
    RUNG_CHECK(check_value(file_, name, "value", 0, column, entry.mean[column]));
  if (!imatrix_.entries.emplace(name, std::move(entry)).second)
    return input_error("{}: entry {} occurs twice", file_, quoted_name(name));
  return {};
}

Status DatImatrix::read_trailer() {
  RUNG_TRY(const uint64_t chunks, number("chunk count", 0));
  RUNG_TRY(const uint64_t length, number("length of the dataset's name", 0));
  RUNG_TRY(const std::string_view dataset, in_.text(length, "the dataset's name"));
  imatrix_.chunk_count = static_cast<uint32_t>(chunks);
  imatrix_.datasets.emplace_back(dataset);
  return {};
}

Result<Imatrix> parse_raw(std::span<const uint8_t> bytes, const std::string& name) {
  constexpr std::string_view kMagic = "GGUF";
  Result<Imatrix> imatrix;
  if (bytes.size() >= kMagic.size() && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0) {
    RUNG_TRY(const GgufFile gguf, GgufFile::parse(bytes, name));
    imatrix = GgufImatrix(gguf, name).read();
  } else {
    imatrix = DatImatrix(bytes, name).read();
  }
  if (!imatrix) return imatrix;
  imatrix->file = std::filesystem::path(name).filename().string();
  imatrix->hash = content_hash(bytes);
  return imatrix;
}

Status divide_by_counts(Imatrix& imatrix, const std::string& file) {
  for (auto& [name, entry] : imatrix.entries)
    for (uint64_t matrix = 0; matrix < entry.matrices; ++matrix) {
      const auto count = static_cast<float>(entry.counts[matrix]);
      for (uint64_t column = 0; column < entry.columns; ++column) {
        float& value = entry.mean[matrix * entry.columns + column];
        value = count == 0 ? 1.0f : value / count;
        RUNG_CHECK(check_value(file, name, "mean", matrix, column, value));
      }
    }
  return {};
}

}  // namespace

const ImatrixEntry* Imatrix::find(std::string_view tensor) const {
  const auto found = entries.find(tensor);
  return found != entries.end() ? &found->second : nullptr;
}

Result<std::span<const float>> Imatrix::means(std::string_view tensor, uint64_t columns, uint64_t matrices) const {
  const ImatrixEntry* entry = find(tensor);
  if (entry == nullptr) return std::span<const float>();
  const bool flat = chunk_size == 0 && entry->matrices == 1;
  const bool fits = entry->columns == columns && entry->matrices == matrices;
  if (fits || (flat && entry->mean.size() / columns == matrices && entry->mean.size() % columns == 0))
    return std::span<const float>(entry->mean);
  return input_error("{}: {} has {} columns and {} matrices, the model's tensor has {} and {}", file,
                     quoted_name(tensor), entry->columns, entry->matrices, columns, matrices);
}

Result<Imatrix> parse_imatrix(std::span<const uint8_t> bytes, const std::string& name) {
  RUNG_TRY(Imatrix imatrix, parse_raw(bytes, name));
  RUNG_CHECK(divide_by_counts(imatrix, name));
  return imatrix;
}

Result<Imatrix> read_imatrix(const std::filesystem::path& path) {
  RUNG_TRY(const MappedFile mapped, MappedFile::open(path));
  return parse_imatrix(mapped.bytes(), path.string());
}

Result<Imatrix> read_raw_imatrix(const std::filesystem::path& path) {
  RUNG_TRY(const MappedFile mapped, MappedFile::open(path));
  return parse_raw(mapped.bytes(), path.string());
}

}  // namespace rung
