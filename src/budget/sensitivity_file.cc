#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/mapped_file.h"
#include "budget/sensitivity.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

Status read_numbers(const ordered_json& json, const char* key, const std::string& file,
                    std::map<std::string, double>& numbers) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_object()) return input_error("{}: \"{}\" is not an object", file, key);
  for (const auto& [name, value] : found->items()) {
    if (!value.is_number()) return input_error("{}: \"{}\", \"{}\": is not a number", file, key, name);
    numbers[name] = value.get<double>();
  }
  return {};
}

/// For readers; derived from the rest.
ordered_json table_json(const SensitivityTable& table, const SensitivityInputs& inputs) {
  ordered_json groups = ordered_json::array();
  for (size_t group = 0; group < table.of_groups.size(); ++group) {
    ordered_json formats = ordered_json::array();
    for (const FormatSensitivity& entry : table.of_groups[group])
      formats.push_back({{"type", choice_name(entry.format)},
                         {"bytes", entry.bytes},
                         {"error", entry.error},
                         {"kld", entry.divergence},
                         {"source", entry.is_measured ? "measured" : "extrapolated"}});
    groups.push_back({{"group", inputs.groups[group].name},
                      {"weights", inputs.groups[group].values},
                      {"types", std::move(formats)}});
  }
  return groups;
}

}  // namespace

Result<SensitivityTable> read_sensitivities(const std::filesystem::path& file, const std::string& identity) {
  SensitivityTable table;
  table.identity = identity;
  std::error_code ignored;
  if (file.empty() || !std::filesystem::exists(file, ignored)) return table;
  RUNG_TRY(const std::string text, read_file(file));
  const ordered_json json = ordered_json::parse(text, nullptr, false);
  const std::string name = file.string();
  if (!json.is_object() || !json.contains("format") || json["format"] != "rung-sensitivity")
    return input_error("{}: is not a file of sensitivities", name);
  if (!json.contains("identity") || json["identity"] != identity)
    return input_error(
        "{}: was measured with another model, text, importance matrix, objective, encoders or program version; name "
        "another file",
        name);
  RUNG_CHECK(read_numbers(json, "errors", name, table.errors));
  RUNG_CHECK(read_numbers(json, "measured", name, table.measured));
  RUNG_CHECK(read_numbers(json, "mixes", name, table.mixes));
  return table;
}

Status write_sensitivities(const SensitivityTable& table, const SensitivityInputs& inputs) {
  if (inputs.file.empty()) return {};
  const ordered_json json = {{"format", "rung-sensitivity"},        {"version", 1},
                             {"program", "rung " RUNG_VERSION},     {"identity", table.identity},
                             {"groups", table_json(table, inputs)}, {"errors", table.errors},
                             {"measured", table.measured},          {"mixes", table.mixes}};
  return write_file(inputs.file, json.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n");
}

}  // namespace rung
