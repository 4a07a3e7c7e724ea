#include "io/safetensors.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "io/byte_reader.h"

namespace rung {
namespace {

using nlohmann::json;

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the format's own library
constexpr size_t kMaxDimensions = 16;

struct TypeBits {
  std::string_view name;
  uint64_t bits;
};
constexpr std::array kTypes = {
    TypeBits{"BOOL", 8}, TypeBits{"F4", 4},      TypeBits{"F6_E2M3", 6}, TypeBits{"F6_E3M2", 6}, TypeBits{"U8", 8},
    TypeBits{"I8", 8},   TypeBits{"F8_E5M2", 8}, TypeBits{"F8_E4M3", 8}, TypeBits{"F8_E8M0", 8}, TypeBits{"I16", 16},
    TypeBits{"U16", 16}, TypeBits{"F16", 16},    TypeBits{"BF16", 16},   TypeBits{"I32", 32},    TypeBits{"U32", 32},
    TypeBits{"F32", 32}, TypeBits{"F64", 64},    TypeBits{"I64", 64},    TypeBits{"U64", 64}};

/// One member of the header's object, checked field by field.
class TensorReader {
 public:
  TensorReader(std::string_view file, const std::string& name, const json& value)
      : file_(file), name_(name), value_(value) {}

  Result<SafetensorsTensor> read() const {
    if (!value_.is_object()) return wrong("is no object");
    SafetensorsTensor tensor;
    tensor.name = name_;
    const auto type = value_.find("dtype");
    if (type == value_.end() || !type->is_string()) return wrong("has no dtype");
    tensor.type = type->get<std::string>();
    RUNG_TRY(tensor.shape, numbers("shape", kMaxDimensions));
    RUNG_TRY(const std::vector<uint64_t> place, numbers("data_offsets", 2));
    if (place.size() != 2 || place[0] > place[1]) return wrong("has data_offsets that are no begin and end");
    tensor.begin = place[0], tensor.end = place[1];
    RUNG_CHECK(check_bytes(tensor));
    return tensor;
  }

 private:
  tl::unexpected<Error> wrong(std::string_view what) const {
    return input_error("{}: tensor {} {}", file_, quoted_name(name_), what);
  }

  Result<std::vector<uint64_t>> numbers(const char* key, size_t most) const {
    const auto list = value_.find(key);
    if (list == value_.end() || !list->is_array() || list->size() > most)
      return wrong(fmt::format("needs {}, an array of at most {} numbers", key, most));
    std::vector<uint64_t> values;
    for (const json& value : *list) {
      if (!value.is_number_unsigned()) return wrong(fmt::format("has a {} that is no whole number", key));
      values.push_back(value.get<uint64_t>());
    }
    return values;
  }

  Status check_bytes(const SafetensorsTensor& tensor) const {
    const auto type = std::find_if(kTypes.begin(), kTypes.end(),
                                   [&](const TypeBits& candidate) { return candidate.name == tensor.type; });
    if (type == kTypes.end()) return wrong(fmt::format("has type {}, which is unknown", quoted_name(tensor.type)));
    uint64_t bits = type->bits;
    for (const uint64_t length : tensor.shape)
      if (__builtin_mul_overflow(bits, length, &bits))
        return wrong(fmt::format("has shape ({}), too large for any file", fmt::join(tensor.shape, ", ")));
    if (bits % 8 == 0 && bits / 8 == tensor.bytes()) return {};
    return wrong(fmt::format("has shape ({}) of {}, {} bytes, but data_offsets of {} bytes",
                             fmt::join(tensor.shape, ", "), tensor.type, bits / 8, tensor.bytes()));
  }

  std::string_view file_;
  const std::string& name_;
  const json& value_;
};

/// The format allows no holes: a file cannot hide data between tensors.
Status check_places(const SafetensorsHeader& header, std::string_view file) {
  uint64_t end = 0;
  for (const SafetensorsTensor& tensor : header.tensors) {
    if (tensor.begin != end)
      return input_error("{}: tensor {} begins at {} of the data, the one before it ends at {}", file,
                         quoted_name(tensor.name), tensor.begin, end);
    end = tensor.end;
  }
  return {};
}

}  // namespace

uint64_t SafetensorsTensor::values() const {
  uint64_t product = 1;
  for (const uint64_t length : shape) product *= length;
  return product;
}

Result<SafetensorsHeader> parse_safetensors_header(std::span<const uint8_t> bytes, std::string_view file) {
  ByteReader in(bytes, file);
  RUNG_TRY(const uint64_t length, in.number<uint64_t>("header length"));
  const uint64_t allowed = std::min(in.remaining(), kMaxHeaderBytes);
  if (length > allowed)
    return input_error(
        "{}: header length is {}, at most {} is possible here: no safetensors file, or cut inside its "
        "header",
        file, length, allowed);
  RUNG_TRY(const std::string_view text, in.text(length, "header"));
  const json document = json::parse(text, nullptr, false);
  if (!document.is_object()) return input_error("{}: the header is not a JSON object", file);
  SafetensorsHeader header;
  for (const auto& [name, value] : document.items()) {
    if (name == "__metadata__") continue;
    RUNG_TRY(SafetensorsTensor tensor, TensorReader(file, name, value).read());
    header.tensors.push_back(std::move(tensor));
  }
  std::sort(header.tensors.begin(), header.tensors.end(), [](const SafetensorsTensor& a, const SafetensorsTensor& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  RUNG_CHECK(check_places(header, file));
  header.data_bytes = header.tensors.empty() ? 0 : header.tensors.back().end;
  return header;
}

Result<SafetensorsHeader> read_safetensors_header(const std::filesystem::path& path) {
  RUNG_TRY(const MappedFile mapped, MappedFile::open(path));
  return parse_safetensors_header(mapped.bytes(), path.string());
}

}  // namespace rung
