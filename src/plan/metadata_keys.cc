#include "plan/metadata_keys.h"

#include <toml++/toml.h>

#include <map>
#include <utility>

namespace rung {

std::string_view plan_implied_keys();  // made by rung_embed

namespace {

using ImpliedValues = std::map<std::pair<std::string, std::string>, GgufValue, std::less<>>;

/// By architecture and key. The document is ours and a test reads all of it.
const ImpliedValues& implied_values() {
  static const ImpliedValues values = [] {
    ImpliedValues result;
    const toml::table document = toml::parse(plan_implied_keys());
    for (const toml::node& node : *document["implied"].as_array()) {
      const toml::table& row = *node.as_table();
      for (const auto& [architecture, value] : *row["architectures"].as_table())
        result[{std::string(architecture.str()), row["key"].value_or<std::string>("")}] =
            GgufValue::u64(value.value_or<uint64_t>(0));
    }
    return result;
  }();
  return values;
}

std::optional<uint64_t> whole_number(const GgufValue& value) {
  if (const auto flag = value.as_bool()) return *flag ? 1 : 0;
  return value.as_u64();
}

}  // namespace

MetadataKeys::MetadataKeys(const GgufFile& file)
    : file_(file), architecture_(file.str("general.architecture", "").value_or("")) {}

std::string MetadataKeys::full_name(std::string_view key) const {
  return fmt::format("{}.{}", architecture_.empty() ? "ARCHITECTURE" : architecture_, key);
}

const GgufValue* MetadataKeys::find(std::string_view key) const {
  if (architecture_.empty()) return nullptr;
  if (const GgufValue* value = file_.find(full_name(key))) return value;
  const auto implied = implied_values().find(std::pair<std::string, std::string>(architecture_, key));
  return implied == implied_values().end() ? nullptr : &implied->second;
}

bool MetadataKeys::has(std::string_view key) const { return find(key) != nullptr; }

bool MetadataKeys::is_array(std::string_view key) const {
  const GgufValue* value = find(key);
  return value != nullptr && value->as_array() != nullptr;
}

tl::unexpected<Error> MetadataKeys::contradiction(std::string_view key, std::string_view found) const {
  return input_error("{}: metadata key {}: {}", file_.path().string(), full_name(key), found);
}

Result<std::optional<uint64_t>> MetadataKeys::number(std::string_view key, uint64_t most) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::optional<uint64_t>();
  const auto number = whole_number(*value);
  if (!number) return contradiction(key, "is not a whole number");
  if (*number > most) return contradiction(key, fmt::format("found {}, allowed are 0 to {}", *number, most));
  return number;
}

Result<std::optional<std::vector<uint64_t>>> MetadataKeys::each_layer(std::string_view key, size_t layers,
                                                                      uint64_t most, bool longer) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::optional<std::vector<uint64_t>>();
  const GgufArray* array = value->as_array();
  if (array == nullptr) {
    RUNG_TRY(const std::optional<uint64_t> one, number(key, most));
    return std::optional(std::vector<uint64_t>(layers, *one));
  }
  const size_t count = array->values.size();
  if (count < layers || (count > layers && !longer))
    return contradiction(key, fmt::format("has {} values for {} layers", count, layers));
  std::vector<uint64_t> values;
  for (size_t layer = 0; layer < layers; ++layer) {
    const auto number = whole_number(array->values[layer]);
    if (!number || *number > most)
      return contradiction(key, fmt::format("value {} is no whole number from 0 to {}", layer, most));
    values.push_back(*number);
  }
  return std::optional(std::move(values));
}

}  // namespace rung
