#include "plan/kv_type.h"

#include <vector>

#include "engine/kv_format.h"
#include "plan/quantity.h"

namespace rung {
namespace {

std::string type_names() {
  std::vector<std::string_view> names;
  for (const KvFormatInfo& info : all_kv_formats()) names.push_back(info.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Result<KvType> KvType::find(std::string_view name, std::string_view option) {
  KvType type;
  type.name_ = name;
  if (const auto format = kv_format_from_name(name)) {
    type.block_values_ = kv_format_info(*format).block_values;
    type.block_bytes_ = kv_format_info(*format).block_bytes;
    return type;
  }
  return input_error("{}: found '{}', allowed are {}, or two of them, KEYS/VALUES", option, name, type_names());
}

uint64_t KvType::row_bytes(uint64_t values) const {
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
