#include "plan/tensor_map.h"

#include <charconv>
#include <optional>
#include <unordered_set>

#include "codec/format.h"

namespace rung {
namespace {

constexpr size_t kMostTensors = 1 << 20;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\r')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::optional<uint64_t> whole_number(std::string_view text) {
  text = trimmed(text);
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

/// "(2560, 9728)", "(2560,)".
std::optional<std::vector<uint64_t>> parse_shape(std::string_view text) {
  if (text.size() < 3 || text.front() != '(' || text.back() != ')') return std::nullopt;
  std::vector<std::string_view> parts = split(text.substr(1, text.size() - 2), ',');
  if (parts.size() > 1 && trimmed(parts.back()).empty()) parts.pop_back();
  std::vector<uint64_t> shape;
  for (const std::string_view part : parts) {
    const auto number = whole_number(part);
    if (!number) return std::nullopt;
    shape.push_back(*number);
  }
  return shape;
}

std::optional<std::string_view> field(const std::vector<std::string_view>& parts, std::string_view key) {
  for (const std::string_view part : parts)
    if (part.size() > key.size() && part.starts_with(key) && part[key.size()] == '=')
      return part.substr(key.size() + 1);
  return std::nullopt;
}

Result<GgufTensor> parse_line(std::string_view line, std::string_view where) {
  const std::vector<std::string_view> parts = split(line, ':');
  if (parts.size() < 5)
    return input_error("{}: found {} fields, allowed is FILE:SHA256:NAME:shape=(...):dtype=...", where, parts.size());
  GgufTensor tensor;
  tensor.name = parts[2];
  if (tensor.name.empty() || tensor.name.size() > 255) return input_error("{}: the tensor has no usable name", where);
  const auto shape_text = field(parts, "shape"), type_text = field(parts, "dtype");
  const auto shape = shape_text ? parse_shape(*shape_text) : std::nullopt;
  if (!shape)
    return input_error("{}: shape: found '{}', allowed is (COLUMNS, ROWS, ...)", where, shape_text.value_or("nothing"));
  tensor.shape = *shape;
  const auto format = type_text ? format_from_name(*type_text) : std::nullopt;
  if (!format || format_info(*format).ggml_id < 0)
    return input_error("{}: dtype: found '{}', which is no type of GGUF that Rung knows", where,
                       type_text.value_or("nothing"));
  tensor.ggml_type = static_cast<uint32_t>(format_info(*format).ggml_id);
  if (const auto elements = field(parts, "elements")) {
    uint64_t product = 1;
    bool over = false;
    for (const uint64_t size : tensor.shape) over = over || __builtin_mul_overflow(product, size, &product);
    if (over || whole_number(*elements) != product)
      return input_error("{}: elements: found {}, the shape {} has another number", where, *elements, *shape_text);
  }
  return tensor;
}

}  // namespace

Result<std::vector<GgufTensor>> parse_tensor_map(std::string_view text, std::string_view file) {
  std::vector<GgufTensor> tensors;
  std::unordered_set<std::string> names;
  size_t number = 0;
  for (const std::string_view part : split(text, '\n')) {
    ++number;
    const std::string_view line = trimmed(part);
    if (line.empty()) continue;
    const std::string where = fmt::format("{}: line {}", file, number);
    RUNG_TRY(GgufTensor tensor, parse_line(line, where));
    if (!names.insert(tensor.name).second) return input_error("{}: tensor {} occurs twice", where, tensor.name);
    if (tensors.size() == kMostTensors) return input_error("{}: more than {} tensors", where, kMostTensors);
    tensors.push_back(std::move(tensor));
  }
  if (tensors.empty()) return input_error("{}: has no line that describes a tensor", file);
  return tensors;
}

}  // namespace rung
