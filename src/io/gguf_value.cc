#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "io/gguf.h"
#include "io/gguf_layout.h"

namespace rung {
namespace {

template <class T>
T load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(T));
  return value;
}

template <class T>
void store(T value, std::vector<uint8_t>& out) {
  const auto bytes = std::bit_cast<std::array<uint8_t, sizeof(T)>>(value);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

std::string_view gguf_type_name(GgufType type) {
  static constexpr std::array<std::string_view, 13> kNames = {"u8",   "i8",     "u16",   "i16", "u32", "i32", "f32",
                                                              "bool", "string", "array", "u64", "i64", "f64"};
  return kNames[static_cast<size_t>(type)];
}

uint64_t packed_bytes(GgufType type) {
  static constexpr std::array<uint8_t, 13> kBytes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
  return kBytes[static_cast<size_t>(type)];
}

GgufValue load_packed(GgufType type, const uint8_t* bytes) {
  switch (type) {
    case GgufType::kU8:
      return {type, uint64_t{load<uint8_t>(bytes)}};
    case GgufType::kI8:
      return {type, int64_t{load<int8_t>(bytes)}};
    case GgufType::kU16:
      return {type, uint64_t{load<uint16_t>(bytes)}};
    case GgufType::kI16:
      return {type, int64_t{load<int16_t>(bytes)}};
    case GgufType::kU32:
      return {type, uint64_t{load<uint32_t>(bytes)}};
    case GgufType::kI32:
      return {type, int64_t{load<int32_t>(bytes)}};
    case GgufType::kU64:
      return {type, load<uint64_t>(bytes)};
    case GgufType::kI64:
      return {type, load<int64_t>(bytes)};
    case GgufType::kF32:
      return {type, double{load<float>(bytes)}};
    case GgufType::kF64:
      return {type, load<double>(bytes)};
    default:
      return {GgufType::kBool, load<uint8_t>(bytes) != 0};
  }
}

// std::get, because a value whose variant contradicts its type is a mistake of ours.
void store_packed(const GgufValue& value, std::vector<uint8_t>& out) {
  const auto unsigned_value = [&] { return std::get<uint64_t>(value.data); };
  const auto signed_value = [&] { return std::get<int64_t>(value.data); };
  switch (value.type) {
    case GgufType::kU8:
      return store(static_cast<uint8_t>(unsigned_value()), out);
    case GgufType::kU16:
      return store(static_cast<uint16_t>(unsigned_value()), out);
    case GgufType::kU32:
      return store(static_cast<uint32_t>(unsigned_value()), out);
    case GgufType::kU64:
      return store(unsigned_value(), out);
    case GgufType::kI8:
      return store(static_cast<int8_t>(signed_value()), out);
    case GgufType::kI16:
      return store(static_cast<int16_t>(signed_value()), out);
    case GgufType::kI32:
      return store(static_cast<int32_t>(signed_value()), out);
    case GgufType::kI64:
      return store(signed_value(), out);
    case GgufType::kF32:
      return store(static_cast<float>(std::get<double>(value.data)), out);
    case GgufType::kF64:
      return store(std::get<double>(value.data), out);
    default:
      return store(static_cast<uint8_t>(std::get<bool>(value.data)), out);
  }
}

GgufValue GgufValue::strings(const std::vector<std::string>& values) {
  auto array = std::make_shared<GgufArray>();
  array->element = GgufType::kString;
  for (const std::string& value : values) array->values.push_text(value);
  return {GgufType::kArray, std::shared_ptr<const GgufArray>(std::move(array))};
}

std::optional<uint64_t> GgufValue::as_u64() const {
  if (const auto* value = std::get_if<uint64_t>(&data)) return *value;
  if (const auto* value = std::get_if<int64_t>(&data); value != nullptr && *value >= 0)
    return static_cast<uint64_t>(*value);
  return std::nullopt;
}

std::optional<int64_t> GgufValue::as_i64() const {
  if (const auto* value = std::get_if<int64_t>(&data)) return *value;
  if (const auto* value = std::get_if<uint64_t>(&data); value != nullptr && *value <= INT64_MAX)
    return static_cast<int64_t>(*value);
  return std::nullopt;
}

std::optional<double> GgufValue::as_double() const {
  if (const auto* value = std::get_if<double>(&data)) return *value;
  if (const auto* value = std::get_if<uint64_t>(&data)) return static_cast<double>(*value);
  if (const auto* value = std::get_if<int64_t>(&data)) return static_cast<double>(*value);
  return std::nullopt;
}

std::optional<bool> GgufValue::as_bool() const {
  if (const auto* value = std::get_if<bool>(&data)) return *value;
  return std::nullopt;
}

const std::string* GgufValue::as_string() const { return std::get_if<std::string>(&data); }

const GgufArray* GgufValue::as_array() const {
  const auto* value = std::get_if<std::shared_ptr<const GgufArray>>(&data);
  return value != nullptr ? value->get() : nullptr;
}

GgufValue GgufValues::operator[](size_t index) const {
  if (type_ == GgufType::kString) return GgufValue::string(std::string(text(index)));
  if (type_ == GgufType::kArray) return {type_, arrays_[index]};
  return load_packed(type_, bytes_.data() + index * packed_bytes(type_));
}

std::string_view GgufValues::text(size_t index) const {
  const uint64_t begin = index == 0 ? 0 : ends_[index - 1];
  return {reinterpret_cast<const char*>(bytes_.data()) + begin, ends_[index] - begin};
}

void GgufValues::push_back(const GgufValue& value) {
  if (value.type == GgufType::kString) return push_text(std::get<std::string>(value.data));
  type_ = value.type;
  ++size_;
  if (type_ == GgufType::kArray) {
    arrays_.push_back(std::get<std::shared_ptr<const GgufArray>>(value.data));
  } else {
    store_packed(value, bytes_);
  }
}

void GgufValues::push_text(std::string_view value) {
  type_ = GgufType::kString;
  ++size_;
  bytes_.insert(bytes_.end(), value.begin(), value.end());
  ends_.push_back(bytes_.size());
}

void GgufValues::set_packed(GgufType type, std::span<const uint8_t> bytes) {
  type_ = type;
  bytes_.assign(bytes.begin(), bytes.end());
  size_ = bytes.size() / packed_bytes(type);
}

}  // namespace rung
