// GGUF files, versions 2 and 3: metadata and a directory of tensors over memory-mapped bytes. Split files
// (NAME-00001-of-0000N.gguf) open as one. Everything is validated before use: magic, version, counts against the bytes
// left, string lengths, types, shapes, alignment, offsets (inside the file, no overlap). A GgufFile is immutable and
// may be read by many threads. Follows the GGUF specification (ggml/docs/gguf.md) and docs/formats.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "base/mapped_file.h"
#include "base/status.h"
#include "codec/format.h"

namespace rung {

enum class GgufType : uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kString, kArray, kU64, kI64, kF64 };
/// "u32", "string", "array" ...
std::string_view gguf_type_name(GgufType type);
/// The name of a ggml tensor type: the format's ("q4_k"), "i8" to "f64", else "type 138".
std::string ggml_type_name(uint32_t id);

struct GgufArray;
/// One metadata value. Integers keep their stored width in `type`; the variant widens them.
struct GgufValue {
  GgufType type = GgufType::kU32;
  std::variant<uint64_t, int64_t, double, bool, std::string, std::shared_ptr<const GgufArray>> data;

  static GgufValue u32(uint32_t value) { return {GgufType::kU32, uint64_t{value}}; }
  static GgufValue u64(uint64_t value) { return {GgufType::kU64, value}; }
  static GgufValue f32(float value) { return {GgufType::kF32, double{value}}; }
  static GgufValue boolean(bool value) { return {GgufType::kBool, value}; }
  static GgufValue string(std::string value) { return {GgufType::kString, std::move(value)}; }
  static GgufValue strings(const std::vector<std::string>& values);

  /// The value as the asked kind, if it is one (any integer type for the integers, any number for as_double).
  std::optional<uint64_t> as_u64() const;
  std::optional<int64_t> as_i64() const;
  std::optional<double> as_double() const;
  std::optional<bool> as_bool() const;
  const std::string* as_string() const;
  const GgufArray* as_array() const;
};

/// The elements of an array, all of one type. They are packed as in the file, so that a large vocabulary costs little
/// more than its text, and made when asked for.
class GgufValues {
 public:
  class Iterator {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = GgufValue;
    using difference_type = ptrdiff_t;
    using pointer = void;
    using reference = GgufValue;

    Iterator(const GgufValues* values, size_t index) : values_(values), index_(index) {}
    GgufValue operator*() const { return (*values_)[index_]; }
    Iterator& operator++() { return ++index_, *this; }
    bool operator==(const Iterator& other) const { return index_ == other.index_; }

   private:
    const GgufValues* values_;
    size_t index_;
  };

  GgufValues() = default;
  GgufValues(const std::vector<GgufValue>& values) {
    for (const GgufValue& value : values) push_back(value);
  }

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  GgufValue operator[](size_t index) const;
  Iterator begin() const { return {this, 0}; }
  Iterator end() const { return {this, size_}; }
  /// An element of an array of strings, without a copy.
  std::string_view text(size_t index) const;
  /// All elements of an array of numbers or bools, little endian.
  std::span<const uint8_t> packed() const { return bytes_; }

  /// Of the type of those before it.
  void push_back(const GgufValue& value);
  void push_text(std::string_view value);
  /// Numbers or bools as the file holds them.
  void set_packed(GgufType type, std::span<const uint8_t> bytes);

 private:
  GgufType type_ = GgufType::kU8;
  size_t size_ = 0;
  std::vector<uint8_t> bytes_;  ///< numbers or texts, one after the other
  std::vector<uint64_t> ends_;  ///< of each text in bytes_
  std::vector<std::shared_ptr<const GgufArray>> arrays_;
};

struct GgufArray {
  GgufType element = GgufType::kU32;  ///< may be kArray
  GgufValues values;
};
struct GgufEntry {
  std::string key;
  GgufValue value;
};

struct GgufTensor {
  std::string name;
  std::vector<uint64_t> shape;     ///< GGUF order: the row length (input dimension) first; 1 to 4 dimensions
  uint32_t ggml_type = 0;          ///< as stored
  std::optional<Format> format;    ///< empty: a type we do not know (or integers); only listed, never decoded
  std::span<const uint8_t> bytes;  ///< inside the mapping; empty for an unknown type
  size_t shard = 0;                ///< which file of a split, from 0

  uint64_t columns() const { return shape.empty() ? 0 : shape[0]; }
  uint64_t values() const;      ///< product of the shape; checked against overflow when opened
  uint64_t data_bytes() const;  ///< by shape and type, also where the data is not there; 0 for an unknown type
  uint64_t rows() const { return columns() == 0 ? 0 : values() / columns(); }
};

/// Whether a file must hold the data of its tensors, or its header is enough: to count bytes before they are
/// downloaded.
enum class GgufData : uint8_t { kRequired, kMayBeMissing };

class GgufFile {
 public:
  /// Of a file whose data may be missing the tensors have no bytes at all.
  static Result<GgufFile> open(const std::filesystem::path& path, GgufData data = GgufData::kRequired);
  /// A directory of tensors without data or file, for what is known of a model that is described elsewhere. Shapes are
  /// checked as those of a file. Takes names, shapes, types.
  static Result<GgufFile> describe(std::string name, std::vector<GgufEntry> metadata, std::vector<GgufTensor> tensors);
  /// For fuzzing and tests: one unsplit file in memory that outlives the result.
  static Result<GgufFile> parse(std::span<const uint8_t> bytes, std::string name);

  const std::filesystem::path& path() const { return path_; }
  uint32_t version() const { return version_; }
  uint64_t alignment() const { return alignment_; }
  uint64_t file_bytes() const { return bytes_; }  ///< all shards
  size_t shard_count() const { return shards_.size(); }
  std::span<const uint8_t> shard_bytes(size_t shard) const { return shards_[shard]; }  ///< a whole file of a split
  /// See MappedFile; nothing for a file parsed from memory.
  void prefetch(std::span<const uint8_t> piece) const;
  void release(std::span<const uint8_t> piece) const;

  std::span<const GgufEntry> metadata() const { return metadata_; }  ///< in file order
  const GgufValue* find(std::string_view key) const;
  /// The value of a key as the asked kind; `absent` if the file lacks the key. An error names file, key, what was found
  /// and what is allowed: a missing key without `absent`, another type, a number that does not fit.
  Result<uint64_t> u64(std::string_view key, std::optional<uint64_t> absent = {}) const;
  Result<double> f64(std::string_view key, std::optional<double> absent = {}) const;
  Result<bool> boolean(std::string_view key, std::optional<bool> absent = {}) const;
  Result<std::string> str(std::string_view key, std::optional<std::string> absent = {}) const;
  /// Valid as long as the file is open.
  Result<const GgufArray*> array(std::string_view key, GgufType element) const;
  std::span<const GgufTensor> tensors() const { return tensors_; }  ///< in file order
  const GgufTensor* tensor(std::string_view name) const;

 private:
  template <class T, class Convert>
  Result<T> typed(std::string_view key, std::optional<T> absent, std::string_view allowed, Convert convert) const;
  void add_shard(struct GgufShard&& shard, std::span<const uint8_t> bytes);
  Status build_indices();
  Status check_total() const;

  std::filesystem::path path_;
  uint32_t version_ = 3;
  uint64_t alignment_ = 32;
  uint64_t bytes_ = 0;
  std::vector<std::span<const uint8_t>> shards_;
  std::vector<MappedFile> files_;
  std::vector<GgufEntry> metadata_;
  std::vector<GgufTensor> tensors_;
  std::unordered_map<std::string_view, size_t> keys_;   ///< views of the strings in metadata_
  std::unordered_map<std::string_view, size_t> names_;  ///< views of the strings in tensors_
};

}  // namespace rung
