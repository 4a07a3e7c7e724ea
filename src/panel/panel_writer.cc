#include "panel/panel_writer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

void add_asking(const PanelItem& item, Json& line) {
  if (item.by_length) line["by_length"] = true;
  if (!item.stops.empty()) line["stops"] = item.stops;
  if (item.max_tokens) line["max_tokens"] = *item.max_tokens;
  if (!item.extract.empty()) line["extract"] = item.extract;
}

/// A file of another panel in the folder, if there is one.
std::optional<fs::path> foreign_file(const std::vector<Capability>& panel, const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().stem().string();
    const bool is_ours =
        std::any_of(panel.begin(), panel.end(), [&](const Capability& one) { return one.name == name; });
    if (at->path().extension() == ".jsonl" && !is_ours) return at->path();
  }
  return std::nullopt;
}

}  // namespace

std::string panel_line(const PanelItem& item) {
  Json line = {{"id", item.id}, {"capability", item.capability}};
  if (item.level) line["level"] = *item.level;
  if (!item.form.empty()) line["form"] = item.form;
  if (item.messages) line["messages"] = *item.messages;
  if (!item.prompt.empty()) line["prompt"] = item.prompt;
  if (item.tools) line["tools"] = *item.tools;
  line["grader"] = grader_name(item.grader);
  line["answer"] = *item.answer;
  if (item.schema) line["schema"] = *item.schema;
  if (item.choices) line["choices"] = *item.choices;
  add_asking(item, line);
  if (item.entries) line["entries"] = *item.entries;
  if (item.gold) line["gold"] = *item.gold;
  return line.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Status write_panel(const std::vector<Capability>& panel, const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) return failed_error("{}: cannot be created: {}", folder.string(), error.message());
  if (const auto foreign = foreign_file(panel, folder))
    return input_error("{}: belongs to another panel; name a new folder, or remove it", foreign->string());
  for (const Capability& capability : panel) {
    std::string lines;
    for (const PanelItem& item : capability.items) lines += panel_line(item) + "\n";
    RUNG_CHECK(write_file(folder / (capability.name + ".jsonl"), lines));
  }
  return {};
}

}  // namespace rung
