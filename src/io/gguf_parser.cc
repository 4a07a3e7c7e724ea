#include "io/gguf_parser.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <string>
#include <unordered_set>
#include <utility>

#include "io/byte_reader.h"
#include "io/gguf_layout.h"

namespace rung {
namespace {

// Bounds on what a damaged count can make us allocate; real files stay far below all of them.
constexpr uint64_t kMaxEntries = uint64_t{1} << 16;
constexpr uint64_t kMaxTensors = uint64_t{1} << 20;
constexpr uint64_t kMaxArrayElements = uint64_t{1} << 24;  // of all arrays together
constexpr uint64_t kMaxStringBytes = uint64_t{1} << 28;
constexpr uint64_t kMaxNameBytes = 65535;  // of keys by the specification; more than enough for tensors
constexpr int kMaxNesting = 8;

// The smallest possible records: lengths and counts without any text, one dimension.
constexpr uint64_t kMinEntryBytes = 8 + 4 + 1;
constexpr uint64_t kMinTensorBytes = 8 + 4 + 8 + 4 + 8;

/// Bytes of one value at least: a string is a length, an array its type and count.
uint64_t min_bytes(GgufType type) {
  if (type == GgufType::kString) return 8;
  if (type == GgufType::kArray) return 12;
  return packed_bytes(type);
}

struct Extent {
  uint64_t begin, end;
  size_t tensor;
};

class ShardParser {
 public:
  ShardParser(std::span<const uint8_t> bytes, std::string_view file, GgufData data)
      : bytes_(bytes), in_(bytes, file), file_(file), data_(data) {}

  Result<GgufShard> parse() {
    RUNG_CHECK(parse_header());
    RUNG_CHECK(parse_metadata());
    RUNG_CHECK(find_alignment());
    RUNG_CHECK(parse_directory());
    RUNG_CHECK(bind_data());
    return std::move(shard_);
  }

 private:
  Status parse_header();
  Status check_version(uint32_t version);
  Status parse_metadata();
  Result<GgufType> parse_type(std::string_view key);
  Result<std::string_view> parse_string(std::string_view key, std::string_view what, uint64_t limit);
  Result<GgufValue> parse_value(GgufType type, std::string_view key, int depth);
  Result<std::span<const uint8_t>> parse_packed(GgufType type, uint64_t count, std::string_view key);
  Result<GgufValue> parse_array(std::string_view key, int depth);
  Status parse_elements(std::string_view key, uint64_t count, int depth, GgufArray& array);
  Status find_alignment();
  Status parse_directory();
  Result<GgufTensor> parse_tensor(uint64_t index);
  Status bind_data();
  Status check_overlap(std::vector<Extent> extents) const;

  std::span<const uint8_t> bytes_;
  ByteReader in_;
  std::string_view file_;
  GgufData data_;
  uint64_t entry_count_ = 0;
  uint64_t tensor_count_ = 0;
  uint64_t array_elements_ = 0;
  std::vector<uint64_t> offsets_;  ///< of the tensors, from the start of the data
  GgufShard shard_;
};

Status ShardParser::parse_header() {
  RUNG_TRY(const std::string_view magic, in_.text(4, "magic"));
  if (magic != "GGUF") return input_error("{}: magic is {}, a GGUF file starts with 'GGUF'", file_, quoted_name(magic));
  RUNG_TRY(const uint32_t version, in_.number<uint32_t>("version"));
  RUNG_CHECK(check_version(version));
  shard_.version = version;
  RUNG_TRY(tensor_count_, in_.number<uint64_t>("tensor count"));
  RUNG_TRY(entry_count_, in_.number<uint64_t>("metadata count"));
  const auto check = [&](std::string_view what, uint64_t count, uint64_t record, uint64_t limit) -> Status {
    const uint64_t allowed = std::min(in_.remaining() / record, limit);
    if (count <= allowed) return {};
    return input_error("{}: {} is {}, at most {} fit into the {} bytes left", file_, what, count, allowed,
                       in_.remaining());
  };
  RUNG_CHECK(check("tensor count", tensor_count_, kMinTensorBytes, kMaxTensors));
  return check("metadata count", entry_count_, kMinEntryBytes, kMaxEntries);
}

Status ShardParser::check_version(uint32_t version) {
  if (version == 2 || version == 3) return {};
  if (version != 0 && (version & 0xffff) == 0)
    return input_error("{}: version is {:#010x}: a big-endian file, only little-endian ones are supported", file_,
                       version);
  return input_error("{}: version is {}, supported are 2 and 3", file_, version);
}

Status ShardParser::parse_metadata() {
  std::unordered_set<std::string_view> seen;
  for (uint64_t index = 0; index < entry_count_; ++index) {
    RUNG_TRY(const std::string_view key, parse_string("", "metadata key", kMaxNameBytes));
    if (!seen.insert(key).second) return input_error("{}: metadata key {} occurs twice", file_, quoted_name(key));
    RUNG_TRY(const GgufType type, parse_type(key));
    RUNG_TRY(GgufValue value, parse_value(type, key, 0));
    shard_.metadata.push_back({std::string(key), std::move(value)});
  }
  return {};
}

Result<GgufType> ShardParser::parse_type(std::string_view key) {
  RUNG_TRY(const uint32_t id, in_.number<uint32_t>("value type"));
  if (id > static_cast<uint32_t>(GgufType::kF64))
    return input_error("{}: metadata key {} has value type {}, allowed are 0 to 12", file_, quoted_name(key), id);
  return static_cast<GgufType>(id);
}

Result<std::string_view> ShardParser::parse_string(std::string_view key, std::string_view what, uint64_t limit) {
  RUNG_TRY(const uint64_t length, in_.number<uint64_t>(what));
  const uint64_t allowed = std::min(in_.remaining(), limit);
  if (length <= allowed) return in_.text(length, what);
  return input_error("{}: {}{}{} at byte {} has length {}, at most {} is allowed", file_, what,
                     key.empty() ? "" : " of ", key.empty() ? "" : quoted_name(key), in_.position() - 8, length,
                     allowed);
}

Result<GgufValue> ShardParser::parse_value(GgufType type, std::string_view key, int depth) {
  if (type == GgufType::kArray) return parse_array(key, depth);
  if (type == GgufType::kString) {
    RUNG_TRY(const std::string_view text, parse_string(key, "string", kMaxStringBytes));
    return GgufValue::string(std::string(text));
  }
  RUNG_TRY(const auto packed, parse_packed(type, 1, key));
  return load_packed(type, packed.data());
}

Result<std::span<const uint8_t>> ShardParser::parse_packed(GgufType type, uint64_t count, std::string_view key) {
  const uint64_t begin = in_.position();
  if (count > in_.remaining() / packed_bytes(type))
    return input_error("{}: metadata key {}: {} at byte {} is cut off by the end of the file", file_, quoted_name(key),
                       gguf_type_name(type), begin);
  RUNG_TRY(const auto packed, in_.take(count * packed_bytes(type), "value"));
  if (type != GgufType::kBool) return packed;
  const auto wrong = std::find_if(packed.begin(), packed.end(), [](uint8_t byte) { return byte > 1; });
  if (wrong == packed.end()) return packed;
  return input_error("{}: metadata key {}: bool at byte {} is {}, allowed are 0 and 1", file_, quoted_name(key),
                     begin + static_cast<uint64_t>(wrong - packed.begin()), *wrong);
}

Result<GgufValue> ShardParser::parse_array(std::string_view key, int depth) {
  if (depth == kMaxNesting)
    return input_error("{}: metadata key {}: arrays are nested more than {} deep", file_, quoted_name(key),
                       kMaxNesting);
  RUNG_TRY(const GgufType element, parse_type(key));
  RUNG_TRY(const uint64_t count, in_.number<uint64_t>("array length"));
  const uint64_t allowed = std::min(in_.remaining() / min_bytes(element), kMaxArrayElements - array_elements_);
  if (count > allowed)
    return input_error("{}: metadata key {}: array of {} at byte {} has {} elements, at most {} are allowed here",
                       file_, quoted_name(key), gguf_type_name(element), in_.position() - 8, count, allowed);
  array_elements_ += count;
  auto array = std::make_shared<GgufArray>();
  array->element = element;
  if (packed_bytes(element) != 0) {
    RUNG_TRY(const auto packed, parse_packed(element, count, key));
    array->values.set_packed(element, packed);
  } else {
    RUNG_CHECK(parse_elements(key, count, depth, *array));
  }
  return GgufValue{GgufType::kArray, std::shared_ptr<const GgufArray>(std::move(array))};
}

/// Strings or arrays.
Status ShardParser::parse_elements(std::string_view key, uint64_t count, int depth, GgufArray& array) {
  for (uint64_t index = 0; index < count; ++index) {
    if (array.element == GgufType::kString) {
      RUNG_TRY(const std::string_view text, parse_string(key, "string", kMaxStringBytes));
      array.values.push_text(text);
    } else {
      RUNG_TRY(const GgufValue value, parse_array(key, depth + 1));
      array.values.push_back(value);
    }
  }
  return {};
}

Status ShardParser::find_alignment() {
  RUNG_TRY(shard_.alignment, gguf_alignment(shard_.metadata, file_));
  return {};
}

Status ShardParser::parse_directory() {
  std::unordered_set<std::string> seen;
  for (uint64_t index = 0; index < tensor_count_; ++index) {
    RUNG_TRY(GgufTensor tensor, parse_tensor(index));
    if (!seen.insert(tensor.name).second)
      return input_error("{}: tensor {} occurs twice", file_, quoted_name(tensor.name));
    RUNG_CHECK(check_gguf_shape(tensor, file_));
    shard_.tensors.push_back(std::move(tensor));
  }
  return {};
}

Result<GgufTensor> ShardParser::parse_tensor(uint64_t index) {
  GgufTensor tensor;
  RUNG_TRY(const std::string_view name, parse_string("", "tensor name", kMaxNameBytes));
  tensor.name = name;
  RUNG_TRY(const uint32_t dimensions, in_.number<uint32_t>("dimension count"));
  if (dimensions < 1 || dimensions > kGgufMaxDimensions)
    return input_error("{}: tensor {} (number {}) has {} dimensions, allowed are 1 to {}", file_,
                       quoted_name(tensor.name), index, dimensions, kGgufMaxDimensions);
  for (uint32_t dimension = 0; dimension < dimensions; ++dimension) {
    RUNG_TRY(const uint64_t length, in_.number<uint64_t>("tensor dimension"));
    tensor.shape.push_back(length);
  }
  RUNG_TRY(tensor.ggml_type, in_.number<uint32_t>("tensor type"));
  tensor.format = format_from_ggml(tensor.ggml_type);
  RUNG_TRY(const uint64_t offset, in_.number<uint64_t>("tensor offset"));
  if (offset % shard_.alignment != 0)
    return input_error("{}: tensor {} has offset {}, allowed are multiples of the alignment {}", file_,
                       quoted_name(tensor.name), offset, shard_.alignment);
  offsets_.push_back(offset);
  return tensor;
}

Status ShardParser::bind_data() {
  const uint64_t start = align_up(in_.position(), shard_.alignment);
  const uint64_t available = start < bytes_.size() ? bytes_.size() - start : 0;
  std::vector<Extent> extents;
  extents.reserve(shard_.tensors.size());
  for (size_t index = 0; index < shard_.tensors.size(); ++index) {
    GgufTensor& tensor = shard_.tensors[index];
    const uint64_t offset = offsets_[index];
    const uint64_t bytes = tensor.data_bytes();
    const uint64_t needed = std::max<uint64_t>(bytes, 1);  // of an unknown type at least the first byte must be there
    const uint64_t room = data_ == GgufData::kRequired ? available : INT64_MAX;
    if (offset > room || needed > room - offset)
      return input_error("{}: tensor {} takes {} bytes at offset {}, the file has {} bytes of tensor data", file_,
                         quoted_name(tensor.name), needed, offset, available);
    if (data_ == GgufData::kRequired) tensor.bytes = bytes_.subspan(start + offset, bytes);
    extents.push_back({offset, offset + needed, index});
  }
  return check_overlap(std::move(extents));
}

Status ShardParser::check_overlap(std::vector<Extent> extents) const {
  std::sort(extents.begin(), extents.end(), [](const Extent& a, const Extent& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.tensor < b.tensor;
  });
  for (size_t next = 1; next < extents.size(); ++next) {
    const Extent& before = extents[next - 1];
    const Extent& after = extents[next];
    if (before.end > after.begin)
      return input_error("{}: tensor {} at offset {} overlaps tensor {}, which ends at {}", file_,
                         quoted_name(shard_.tensors[after.tensor].name), after.begin,
                         quoted_name(shard_.tensors[before.tensor].name), before.end);
  }
  return {};
}

}  // namespace

Result<GgufShard> parse_gguf_shard(std::span<const uint8_t> bytes, std::string_view file, GgufData data) {
  return ShardParser(bytes, file, data).parse();
}

Status check_gguf_shape(const GgufTensor& tensor, std::string_view file) {
  uint64_t product = 1;
  for (const uint64_t length : tensor.shape) {
    if (length == 0)
      return input_error("{}: tensor {} has shape ({}), no dimension may be 0", file, quoted_name(tensor.name),
                         fmt::join(tensor.shape, ", "));
    if (__builtin_mul_overflow(product, length, &product) || product > INT64_MAX)
      return input_error("{}: tensor {} has shape ({}), at most 2^63 - 1 values are allowed", file,
                         quoted_name(tensor.name), fmt::join(tensor.shape, ", "));
  }
  const std::optional<BlockSize> block = ggml_block(tensor.ggml_type);
  if (!block) return {};
  if (tensor.columns() % block->values != 0)
    return input_error("{}: tensor {} has rows of {} values, {} needs a multiple of {}", file, quoted_name(tensor.name),
                       tensor.columns(), ggml_type_name(tensor.ggml_type), block->values);
  uint64_t bytes = 0;
  if (__builtin_mul_overflow(product / block->values, block->bytes, &bytes))
    return input_error("{}: tensor {} has shape ({}), too large for any file", file, quoted_name(tensor.name),
                       fmt::join(tensor.shape, ", "));
  return {};
}

}  // namespace rung
