#include "report/kv_table.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "report/rows_text.h"
#include "report/terminal_text.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

double number(const ordered_json& json, const char* key) { return json.at(key).get<double>(); }
std::string text(const ordered_json& json, const char* key) { return printable(json.at(key).get<std::string>()); }

std::vector<TextRow> curve_rows(const ordered_json& document) {
  std::vector<TextRow> rows = {{"KV type", "bits", "size"}};
  for (const ordered_json& length : document.at("settings").at("contexts"))
    rows[0].push_back(fmt::format("KL at {}", length.get<uint64_t>()));
  rows[0].push_back("grows by");
  TextRow noise = {"f32 (noise)", "", ""};
  for (const ordered_json& point : document.at("noise").at("kld")) noise.push_back(divergence(number(point, "mean")));
  noise.push_back("");
  rows.push_back(std::move(noise));
  for (const ordered_json& type : document.at("types")) {
    TextRow row = {text(type, "name"), fixed(number(type, "bits_per_value"), 2), file_size(number(type, "bytes"))};
    for (const ordered_json& point : type.at("kld")) row.push_back(divergence(number(point, "mean")));
    const ordered_json& growth = type.at("growth");
    row.push_back(growth.is_null() ? "-"
                                   : fmt::format("{:.2f} [{:.2f}-{:.2f}]", number(growth, "ratio"),
                                                 number(growth, "low"), number(growth, "high")));
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<TextRow> side_rows(const ordered_json& sides) {
  std::vector<TextRow> rows = {{"stored so alone", "keys", "values", "keys - values", "more fragile"}};
  for (const ordered_json& side : sides) {
    const ordered_json& difference = side.at("difference");
    rows.push_back({text(side, "name"), divergence(number(side.at("keys"), "mean")),
                    divergence(number(side.at("values"), "mean")),
                    fmt::format("{:+.6f} [{:+.6f}, {:+.6f}]", number(difference, "mean"), number(difference, "low"),
                                number(difference, "high")),
                    text(side, "more_fragile")});
  }
  return rows;
}

std::string place_of(const ordered_json& cell) {
  const ordered_json& context = cell.at("context");
  return context.is_null() ? text(cell, "capability")
                           : fmt::format("{} at {}", text(cell, "capability"), context.get<uint64_t>());
}

/// '!' degraded, '?' too few items to tell.
std::string mark_of(const std::string& verdict) {
  return verdict == "degraded" ? "!" : verdict == "holds" ? " " : verdict == "not judged" ? "-" : "?";
}

std::vector<TextRow> panel_rows(const ordered_json& types) {
  std::vector<TextRow> rows = {{"% right"}, {"f16"}};
  for (const ordered_json& cell : types.front().at("panel")) {
    rows[0].push_back(place_of(cell) + " ");
    rows[1].push_back(percent(number(cell, "reference_score"), 1) + " ");
  }
  rows[0].push_back("rots from");
  rows[1].push_back("");
  for (const ordered_json& type : types) {
    TextRow row = {text(type, "name")};
    for (const ordered_json& cell : type.at("panel"))
      row.push_back(percent(number(cell, "score"), 1) + mark_of(cell.at("verdict").get<std::string>()));
    const ordered_json& rot = type.at("rot");
    row.push_back(rot.is_null() ? "-" : place_of(rot));
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

std::string render_kv_ladder(const ordered_json& document, const TableStyle& style) {
  const ordered_json &types = document.at("types"), &sides = document.at("findings").at("keys_and_values");
  std::string out = fmt::format("{}: keys and values in other types than f16, which is the reference\n\n",
                                text(document.at("model"), "name"));
  write_rows(curve_rows(document), style, out);
  out +=
      "KL: mean divergence, nats, of the last predictions before that context. bits: of a stored value at the longest\n"
      "context, scales and 16-bit windows counted. grows by: KL at the longest over KL at the shortest context.\n";
  if (!sides.empty()) {
    out += "\n";
    write_rows(side_rows(sides), style, out);
  }
  if (!types.empty() && !types.front().at("panel").empty()) {
    out += "\n";
    write_rows(panel_rows(types), style, out);
    out +=
        "! degraded, ? too few items to tell (exact McNemar beside f16, Holm over the whole table). \"at N\": prose "
        "was put\n"
        "before each item, so that prompt and answer fill N tokens.\n";
  }
  for (const ordered_json& type : types)
    if (type.at("research").get<bool>()) {
      out +=
          "\nBelow 8 bits a value this is research: these numbers are this model's, on these texts, up to this "
          "context.\n";
      break;
    }
  return out + "Intervals are 95 %, by drawing chunks again.\n";
}

}  // namespace rung
