// For tests: builds GGUF files byte by byte from the specification, sound or with one fault, independent of GgufWriter.
#pragma once

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rung::test {

inline std::vector<uint8_t> file_bytes(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

inline void write_bytes(const std::filesystem::path& path, const std::vector<uint8_t>& bytes) {
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

/// Little-endian fields in a row.
struct Bytes {
  std::vector<uint8_t> out;

  template <class T>
  Bytes& number(T value) {
    const auto* raw = reinterpret_cast<const uint8_t*>(&value);
    out.insert(out.end(), raw, raw + sizeof(T));
    return *this;
  }
  Bytes& raw(std::string_view text) {
    out.insert(out.end(), text.begin(), text.end());
    return *this;
  }
  Bytes& text(std::string_view value) { return number(uint64_t{value.size()}).raw(value); }
};

/// Ids of value types and tensor types as in the specification.
enum ValueType : uint32_t { U8, I8, U16, I16, U32, I32, F32, BOOL, STRING, ARRAY, U64, I64, F64 };
constexpr uint32_t kGgmlF32 = 0, kGgmlQ4K = 12, kGgmlI32 = 26, kGgmlF64 = 28, kGgmlUnknown = 1000;

struct GgufBuilder {
  struct Tensor {
    std::string name;
    std::vector<uint64_t> shape;
    uint32_t type;
    std::vector<uint8_t> data;
    std::optional<uint64_t> offset;      // empty: where the data lies
    std::optional<uint32_t> dimensions;  // empty: of the shape
  };

  std::string magic = "GGUF";
  uint32_t version = 3;
  uint64_t alignment = 32;
  std::optional<uint64_t> tensor_count, entry_count;
  Bytes entries;
  uint64_t entries_added = 0;
  std::vector<Tensor> tensors;

  /// The caller appends the value to what is returned.
  Bytes& entry(std::string_view key, uint32_t type) {
    ++entries_added;
    return entries.text(key).number(type);
  }
  GgufBuilder& u16(std::string_view key, uint16_t value) { return entry(key, U16).number(value), *this; }
  GgufBuilder& u32(std::string_view key, uint32_t value) { return entry(key, U32).number(value), *this; }
  GgufBuilder& i32(std::string_view key, int32_t value) { return entry(key, I32).number(value), *this; }
  GgufBuilder& string(std::string_view key, std::string_view value) { return entry(key, STRING).text(value), *this; }
  GgufBuilder& strings(std::string_view key, const std::vector<std::string>& values) {
    Bytes& out = entry(key, ARRAY).number(uint32_t{STRING}).number(uint64_t{values.size()});
    for (const std::string& value : values) out.text(value);
    return *this;
  }
  Tensor& tensor(std::string_view name, std::vector<uint64_t> shape, uint32_t type, size_t bytes) {
    std::vector<uint8_t> data(bytes);
    for (size_t index = 0; index < bytes; ++index) data[index] = static_cast<uint8_t>(index * 7 + tensors.size());
    tensors.push_back({std::string(name), std::move(shape), type, std::move(data), {}, {}});
    return tensors.back();
  }
  Tensor& floats(std::string_view name, std::vector<uint64_t> shape, const std::vector<float>& values) {
    Tensor& added = tensor(name, std::move(shape), kGgmlF32, values.size() * sizeof(float));
    std::memcpy(added.data.data(), values.data(), added.data.size());
    return added;
  }

  std::vector<uint8_t> build() const {
    const auto pad = [&](std::vector<uint8_t>& out) {
      out.resize((out.size() + alignment - 1) / alignment * alignment);
    };
    Bytes file;
    file.raw(magic).number(version).number(tensor_count.value_or(tensors.size()));
    file.number(entry_count.value_or(entries_added));
    file.out.insert(file.out.end(), entries.out.begin(), entries.out.end());
    std::vector<uint8_t> data;
    for (const Tensor& tensor : tensors) {
      file.text(tensor.name).number(tensor.dimensions.value_or(static_cast<uint32_t>(tensor.shape.size())));
      for (const uint64_t length : tensor.shape) file.number(length);
      file.number(tensor.type).number(tensor.offset.value_or(data.size()));
      data.insert(data.end(), tensor.data.begin(), tensor.data.end());
      pad(data);
    }
    pad(file.out);
    file.out.insert(file.out.end(), data.begin(), data.end());
    return file.out;
  }
};

/// Every value type, nested arrays, and tensors of known, plain and unknown types, in less than 2 KB.
inline GgufBuilder small_file() {
  GgufBuilder file;
  file.string("general.architecture", "llama").u32("general.alignment", 32);
  file.entry("u8", U8).number(uint8_t{200});
  file.entry("i8", I8).number(int8_t{-100});
  file.entry("u16", U16).number(uint16_t{60000});
  file.entry("i16", I16).number(int16_t{-30000});
  file.entry("i32", I32).number(int32_t{-2000000000});
  file.entry("f32", F32).number(0.1f);
  file.entry("yes", BOOL).number(uint8_t{1});
  file.entry("u64", U64).number(uint64_t{1} << 63);
  file.entry("i64", I64).number(INT64_MIN);
  file.entry("f64", F64).number(0.1);
  file.strings("tokens", {"<s>", "", "a token that is longer than the small-string buffer"});
  Bytes& nested = file.entry("nested", ARRAY).number(uint32_t{ARRAY}).number(uint64_t{2});
  nested.number(uint32_t{I32}).number(uint64_t{2}).number(int32_t{-1}).number(int32_t{2});
  nested.number(uint32_t{F32}).number(uint64_t{0});
  file.tensor("token_embd.weight", {4, 3}, kGgmlF32, 48);
  file.tensor("blk.0.attn_q.weight", {256, 2}, kGgmlQ4K, 288);
  file.tensor("blk.0.ffn_gate_tid2eid.weight", {5}, kGgmlI32, 20);
  file.tensor("blk.0.future", {3, 1, 2, 2}, kGgmlUnknown, 7);
  return file;
}

}  // namespace rung::test
