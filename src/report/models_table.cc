#include "report/models_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "report/terminal_text.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

std::string text(const Json& object, const char* key) { return printable(object.value(key, "")); }

std::string named(const Json& entry) {
  return fmt::format("{} {}, {}, {} % right", text(entry, "model"), text(entry, "rung"),
                     file_size(entry.value("bytes", 0.0)), percent(entry.value("score", 0.0), 1));
}

std::string best_sentence(const Json& entry) {
  const std::string capability = text(entry, "capability");
  if (!entry["best"].is_object()) return fmt::format("{}: nothing fits.", capability);
  const Json &best = entry["best"], &smallest = entry["smallest_as_good"];
  std::string line = fmt::format("{}: {}", capability, named(best));
  if (smallest["rung"] != best["rung"] || smallest["model"] != best["model"])
    line += fmt::format("; no worse beyond chance: {}", named(smallest));
  return line + ".";
}

}  // namespace

std::string render_models(const Json& models, const TableStyle& style) {
  std::vector<Json> points = models["points"];
  std::stable_sort(points.begin(), points.end(), [](const Json& a, const Json& b) { return a["bytes"] < b["bytes"]; });
  size_t widest = 5, widest_rung = 4;
  for (const Json& point : points) {
    widest = std::max(widest, display_width(text(point, "model")));
    widest_rung = std::max(widest_rung, display_width(text(point, "rung")));
  }
  std::string out =
      painted(fmt::format("{}  {}      size  score", pad_right("model", widest), pad_right("rung", widest_rung)),
              Paint::kBold, style.color) +
      "\n";
  for (const Json& point : points) {
    const bool fits = point.value("fits", true);
    const auto score = point["score"].is_number() ? std::optional(point["score"].get<double>()) : std::nullopt;
    out += painted(fmt::format("{}  {}  {}  {}{}", pad_right(text(point, "model"), widest),
                               pad_right(text(point, "rung"), widest_rung),
                               pad_left(file_size(point.value("bytes", 0.0)), 8), pad_left(percent(score, 1), 5),
                               fits ? "" : "  does not fit"),
                   fits ? Paint::kNone : Paint::kDim, style.color) +
           "\n";
  }
  const std::string within =
      models["memory"].is_number() ? fmt::format(" within {}", file_size(models["memory"].get<double>())) : "";
  out += "\n" + painted("Best" + within, Paint::kBold, style.color) + "\n";
  for (const Json& entry : models["best"])
    for (const std::string& line : wrap("- " + best_sentence(entry), static_cast<size_t>(std::max(style.width, 40)), 2))
      out += line + "\n";
  for (const Json& note : models["notes"]) out += "- " + printable(note.get<std::string>()) + "\n";
  return out;
}

}  // namespace rung
