#include "measure/panel_items.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "base/mapped_file.h"
#include "text/json_schema.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

struct GraderName {
  std::string_view name;
  Grader grader;
};
constexpr std::array kGraders = {GraderName{"exact", Grader::kExact}, GraderName{"number", Grader::kNumber},
                                 GraderName{"json", Grader::kJson}, GraderName{"tool_call", Grader::kToolCall},
                                 GraderName{"no_tool_call", Grader::kNoToolCall}};

/// One line of one file, with errors that say where.
class LineReader {
 public:
  LineReader(const fs::path& file, size_t line) : where_(fmt::format("{}: line {}", file.string(), line)) {}

  Result<PanelItem> read(std::string_view text) const {
    auto json = std::make_shared<ordered_json>(ordered_json::parse(text, nullptr, false));
    if (json->is_discarded()) return input_error("{}: is not JSON", where_);
    if (!json->is_object()) return input_error("{}: found {}, allowed is a JSON object", where_, json->type_name());
    PanelItem item;
    item.line = text;
    RUNG_TRY(item.id, string_field(*json, "id"));
    RUNG_TRY(const std::string grader, string_field(*json, "grader"));
    const auto row =
        std::find_if(kGraders.begin(), kGraders.end(), [&](const GraderName& known) { return known.name == grader; });
    if (row == kGraders.end())
      return input_error("{}: field grader: found '{}', allowed are exact, number, json, tool_call, no_tool_call",
                         where_, grader);
    item.grader = row->grader;
    RUNG_CHECK(check_messages(*json));
    RUNG_CHECK(check_answer(*json, item.grader));
    if (json->contains("tools") && !(*json)["tools"].is_array())
      return input_error("{}: field tools: found {}, allowed is an array", where_, (*json)["tools"].type_name());
    item.record = std::move(json);
    return item;
  }

 private:
  Result<std::string> string_field(const ordered_json& json, const char* key) const {
    const auto found = json.find(key);
    if (found == json.end()) return input_error("{}: field {} is missing", where_, key);
    if (!found->is_string())
      return input_error("{}: field {}: found {}, allowed is a string", where_, key, found->type_name());
    return found->get<std::string>();
  }

  Status check_messages(const ordered_json& json) const {
    const auto messages = json.find("messages");
    if (messages == json.end() || !messages->is_array() || messages->empty())
      return input_error("{}: field messages: allowed is an array of at least one message", where_);
    for (const ordered_json& message : *messages)
      if (!message.is_object() || !message.contains("role") || !message["role"].is_string())
        return input_error("{}: field messages: every message must be an object with a role", where_);
    return {};
  }

  Status check_answer(const ordered_json& json, Grader grader) const {
    const auto answer = json.find("answer");
    const auto wrong = [&](const char* allowed) {
      return input_error("{}: field answer: found {}, the grader allows {}", where_,
                         answer == json.end() ? "nothing" : answer->type_name(), allowed);
    };
    const bool exists = answer != json.end();
    switch (grader) {
      case Grader::kExact:
        if (!exists || !answer->is_string()) return wrong("a string");
        break;
      case Grader::kNumber:
        if (!exists || !answer->is_number()) return wrong("a number");
        break;
      case Grader::kJson:
        if (!exists || !answer->is_object()) return wrong("an object");
        if (!json.contains("schema"))
          return input_error("{}: field schema is missing, the grader json needs it", where_);
        if (const Status schema = check_schema(json["schema"]); !schema)
          return input_error("{}: field schema: {}", where_, schema.error().message);
        break;
      case Grader::kToolCall:
        if (!exists || !answer->is_object() || !answer->contains("name") || !answer->contains("arguments") ||
            !(*answer)["name"].is_string())
          return wrong("an object with name and arguments");
        break;
      case Grader::kNoToolCall:
        break;
    }
    return {};
  }

  std::string where_;
};

Result<Capability> read_capability(const fs::path& file) {
  RUNG_TRY(const std::string text, read_file(file));
  Capability capability{file.stem().string(), {}};
  std::set<std::string> ids;
  size_t line = 0;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view record(text.data() + begin, end - begin);
    begin = end + 1;
    ++line;
    if (record.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    RUNG_TRY(PanelItem item, LineReader(file, line).read(record));
    if (!ids.insert(item.id).second)
      return input_error("{}: line {}: field id: '{}' is there twice", file.string(), line, item.id);
    capability.items.push_back(std::move(item));
  }
  if (capability.items.empty()) return input_error("{}: has no items", file.string());
  return capability;
}

}  // namespace

Result<std::vector<Capability>> read_panel(const fs::path& folder) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, error))
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
  if (error) return input_error("{}: cannot be read as a folder: {}", folder.string(), error.message());
  if (files.empty())
    return input_error("{}: has no *.jsonl files; a panel is a folder of them, one a capability", folder.string());
  std::sort(files.begin(), files.end());
  std::vector<Capability> panel;
  for (const fs::path& file : files) {
    RUNG_TRY(Capability capability, read_capability(file));
    panel.push_back(std::move(capability));
  }
  return panel;
}

}  // namespace rung
