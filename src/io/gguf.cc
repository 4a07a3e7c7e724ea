#include "io/gguf.h"

#include <utility>

#include "io/byte_reader.h"
#include "io/gguf_layout.h"
#include "io/gguf_parser.h"
#include "io/gguf_split.h"

namespace rung {

uint64_t GgufTensor::values() const {
  if (shape.empty()) return 0;
  uint64_t product = 1;
  for (const uint64_t length : shape) product *= length;
  return product;
}

uint64_t GgufTensor::data_bytes() const {
  const std::optional<BlockSize> block = ggml_block(ggml_type);
  return block ? values() / block->values * block->bytes : 0;
}

Result<GgufFile> GgufFile::open(const std::filesystem::path& path, GgufData data) {
  GgufFile file;
  file.path_ = path;
  RUNG_TRY(MappedFile mapped, MappedFile::open(path));
  RUNG_TRY(GgufShard first, parse_gguf_shard(mapped.bytes(), path.string(), data));
  RUNG_TRY(const std::optional<SplitPart> split, split_part(first.metadata, path));
  if (!split) {
    file.add_shard(std::move(first), mapped.bytes());
    file.files_.push_back(std::move(mapped));
    RUNG_CHECK(file.build_indices());
    RUNG_CHECK(file.check_total());
    return file;
  }
  for (uint64_t number = 0; number < split->count; ++number) {
    const std::filesystem::path part_path = split->path(number);
    std::error_code ignored;
    if (!std::filesystem::exists(part_path, ignored))
      return input_error("{}: part {} of {} is missing: {}", path.string(), number + 1, split->count,
                         part_path.string());
    RUNG_TRY(MappedFile part, MappedFile::open(part_path));
    RUNG_TRY(GgufShard shard, parse_gguf_shard(part.bytes(), part_path.string(), data));
    RUNG_CHECK(check_split_part(shard.metadata, part_path, number, split->count));
    file.add_shard(std::move(shard), part.bytes());
    file.files_.push_back(std::move(part));
  }
  RUNG_CHECK(file.build_indices());
  RUNG_CHECK(file.check_total());
  RUNG_TRY(const uint64_t announced, file.u64("split.tensors.count", file.tensors_.size()));
  if (announced != file.tensors_.size())
    return input_error("{}: split.tensors.count is {}, the {} parts have {} tensors", path.string(), announced,
                       split->count, file.tensors_.size());
  return file;
}

Result<GgufFile> GgufFile::parse(std::span<const uint8_t> bytes, std::string name) {
  GgufFile file;
  file.path_ = std::move(name);
  RUNG_TRY(GgufShard shard, parse_gguf_shard(bytes, file.path_.string()));
  file.add_shard(std::move(shard), bytes);
  RUNG_CHECK(file.build_indices());
  RUNG_TRY(const uint64_t parts, file.u64("split.count", 1));
  if (parts > 1)
    return input_error("{}: split.count is {}, only a whole file can be read here", file.path_.string(), parts);
  return file;
}

Result<GgufFile> GgufFile::describe(std::string name, std::vector<GgufEntry> metadata,
                                    std::vector<GgufTensor> tensors) {
  GgufFile file;
  file.path_ = std::move(name);
  GgufShard shard;
  shard.metadata = std::move(metadata);
  shard.tensors = std::move(tensors);
  for (GgufTensor& tensor : shard.tensors) {
    if (tensor.shape.empty() || tensor.shape.size() > kGgufMaxDimensions)
      return input_error("{}: tensor {} has {} dimensions, allowed are 1 to {}", file.path_.string(),
                         quoted_name(tensor.name), tensor.shape.size(), kGgufMaxDimensions);
    tensor.format = format_from_ggml(tensor.ggml_type);
    RUNG_CHECK(check_gguf_shape(tensor, file.path_.string()));
  }
  file.add_shard(std::move(shard), {});
  RUNG_CHECK(file.build_indices());
  RUNG_CHECK(file.check_total());
  return file;
}

void GgufFile::add_shard(GgufShard&& shard, std::span<const uint8_t> bytes) {
  if (shards_.empty()) {
    version_ = shard.version;
    alignment_ = shard.alignment;
    metadata_ = std::move(shard.metadata);
  }
  for (GgufTensor& tensor : shard.tensors) {
    tensor.shard = shards_.size();
    tensors_.push_back(std::move(tensor));
  }
  shards_.push_back(bytes);
  bytes_ += bytes.size();
}

/// Once metadata_ and tensors_ are final: the indices view their strings.
Status GgufFile::build_indices() {
  for (size_t index = 0; index < metadata_.size(); ++index) keys_.emplace(metadata_[index].key, index);
  for (size_t index = 0; index < tensors_.size(); ++index) {
    const auto [place, fresh] = names_.emplace(tensors_[index].name, index);
    if (!fresh)
      return input_error("{}: tensor {} is in part {} and in part {}", path_.string(),
                         quoted_name(tensors_[index].name), tensors_[place->second].shard + 1,
                         tensors_[index].shard + 1);
  }
  return {};
}

/// Headers can announce what no disk holds; with data the size of the file is the limit.
Status GgufFile::check_total() const {
  constexpr uint64_t kMost = uint64_t{1} << 60;
  uint64_t bytes = 0, values = 0;
  for (const GgufTensor& tensor : tensors_) {
    if (tensor.data_bytes() > kMost - bytes || tensor.values() > kMost - values)
      return input_error("{}: up to tensor {} the weights come to more than 2^60, which is no model", path_.string(),
                         quoted_name(tensor.name));
    bytes += tensor.data_bytes();
    values += tensor.values();
  }
  return {};
}

void GgufFile::prefetch(std::span<const uint8_t> piece) const {
  for (const MappedFile& file : files_) file.prefetch(piece);
}

void GgufFile::release(std::span<const uint8_t> piece) const {
  for (const MappedFile& file : files_) file.release(piece);
}

const GgufValue* GgufFile::find(std::string_view key) const {
  const auto found = keys_.find(key);
  return found != keys_.end() ? &metadata_[found->second].value : nullptr;
}

const GgufTensor* GgufFile::tensor(std::string_view name) const {
  const auto found = names_.find(name);
  return found != names_.end() ? &tensors_[found->second] : nullptr;
}

template <class T, class Convert>
Result<T> GgufFile::typed(std::string_view key, std::optional<T> absent, std::string_view allowed,
                          Convert convert) const {
  const GgufValue* value = find(key);
  if (value == nullptr) {
    if (absent) return *std::move(absent);
    return input_error("{}: metadata key {} is missing", path_.string(), quoted_name(key));
  }
  if (std::optional<T> converted = convert(*value)) return *std::move(converted);
  if (const std::optional<int64_t> number = value->as_i64())
    return input_error("{}: metadata key {} is {}, allowed is {}", path_.string(), quoted_name(key), *number, allowed);
  return input_error("{}: metadata key {} is of type {}, allowed is {}", path_.string(), quoted_name(key),
                     gguf_type_name(value->type), allowed);
}

Result<uint64_t> GgufFile::u64(std::string_view key, std::optional<uint64_t> absent) const {
  return typed(key, absent, "a non-negative integer", [](const GgufValue& value) { return value.as_u64(); });
}

Result<double> GgufFile::f64(std::string_view key, std::optional<double> absent) const {
  return typed(key, absent, "a number", [](const GgufValue& value) { return value.as_double(); });
}

Result<bool> GgufFile::boolean(std::string_view key, std::optional<bool> absent) const {
  return typed(key, absent, "a bool", [](const GgufValue& value) { return value.as_bool(); });
}

Result<std::string> GgufFile::str(std::string_view key, std::optional<std::string> absent) const {
  return typed(key, std::move(absent), "a string", [](const GgufValue& value) -> std::optional<std::string> {
    if (const std::string* text = value.as_string()) return *text;
    return std::nullopt;
  });
}

Result<const GgufArray*> GgufFile::array(std::string_view key, GgufType element) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return input_error("{}: metadata key {} is missing", path_.string(), quoted_name(key));
  const GgufArray* array = value->as_array();
  if (array == nullptr)
    return input_error("{}: metadata key {} is of type {}, allowed is an array of {}", path_.string(), quoted_name(key),
                       gguf_type_name(value->type), gguf_type_name(element));
  if (array->element != element)
    return input_error("{}: metadata key {} is an array of {}, allowed is an array of {}", path_.string(),
                       quoted_name(key), gguf_type_name(array->element), gguf_type_name(element));
  return array;
}

}  // namespace rung
