#include "plan/kv_type.h"

#include <array>

#include "codec/format.h"
#include "engine/kv_format.h"
#include "plan/quantity.h"

namespace rung {
namespace {

// What llama.cpp's --cache-type-k and --cache-type-v offer beside the types of our engine.
constexpr std::array kOtherTypes = {Format::F32,  Format::F16,  Format::BF16, Format::Q8_0,  Format::Q5_1,
                                    Format::Q5_0, Format::Q4_1, Format::Q4_0, Format::IQ4_NL};
constexpr std::string_view kFp8 = "fp8";  // one byte a value, its scale a tensor's

std::string type_names() {
  std::string names;
  const auto add = [&](std::string_view name) {
    if ((", " + names + ",").find(fmt::format(", {},", name)) == std::string::npos)
      names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  };
  for (const KvFormatInfo& info : all_kv_formats()) add(info.name);
  for (const Format format : kOtherTypes) add(format_name(format));
  add(kFp8);
  return names;
}

}  // namespace

Result<KvType> KvType::find(std::string_view name, std::string_view option) {
  KvType type;
  type.name_ = name;
  if (const auto format = kv_format_from_name(name)) {
    type.engine_row_bytes_ = kv_format_info(*format).row_bytes;
    return type;
  }
  if (name == kFp8) {
    type.block_bytes_ = 1;
    return type;
  }
  for (const Format format : kOtherTypes) {
    if (format_name(format) != name) continue;
    type.block_values_ = format_info(format).block_values;
    type.block_bytes_ = format_info(format).block_bytes;
    return type;
  }
  return input_error("{}: found '{}', allowed are {}, or two of them, KEYS/VALUES", option, name, type_names());
}

uint64_t KvType::row_bytes(uint64_t values) const {
  if (engine_row_bytes_ != nullptr) return engine_row_bytes_(values);
  return saturating_product({values / block_values_ + (values % block_values_ != 0), block_bytes_});
}

Result<KvTypes> KvTypes::parse(std::string_view text, std::string_view option) {
  const size_t slash = text.find('/');
  KvTypes types;
  RUNG_TRY(types.keys, KvType::find(text.substr(0, slash), option));
  RUNG_TRY(types.values, slash == std::string_view::npos ? types.keys : KvType::find(text.substr(slash + 1), option));
  return types;
}

std::string KvTypes::name() const {
  return keys.name() == values.name() ? keys.name() : keys.name() + "/" + values.name();
}

}  // namespace rung
