// Tasks whose answers have a form: IFEval (Zhou et al. 2023, arXiv:2311.07911), BFCL (Patil et al. 2025, version 4) and
// JSONSchemaBench (Geng et al. 2025, arXiv:2501.10868).
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "measure/call_match.h"
#include "measure/instruction_checks.h"
#include "measure/instruction_text.h"
#include "tasks/loaders.h"
#include "text/json_schema.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr uint64_t kIfevalTokens = 1280, kCallTokens = 512, kJsonTokens = 1024;

constexpr std::pair<std::string_view, std::string_view> kPythonTypes[] = {
    {"dict", "object"},   {"float", "number"},    {"tuple", "array"},     {"any", "string"},
    {"string", "string"}, {"integer", "integer"}, {"boolean", "boolean"}, {"array", "array"}};

/// BFCL's parameters name Python's types; tools are described to models in JSON Schema's. The first unknown type, if
/// any.
std::string to_json_types(ordered_json& schema) {
  if (!schema.is_structured()) return {};
  const auto type = schema.is_object() ? schema.find("type") : schema.end();
  if (type != schema.end() && type->is_string()) {
    const auto found = std::find_if(std::begin(kPythonTypes), std::end(kPythonTypes),
                                    [&](const auto& row) { return *type == row.first; });
    if (found == std::end(kPythonTypes)) return type->get<std::string>();
    *type = found->second;
  }
  const auto properties = schema.is_object() ? schema.find("properties") : schema.end();
  if (properties != schema.end() && properties->is_object()) {
    for (auto& property : *properties)
      if (std::string unknown = to_json_types(property); !unknown.empty()) return unknown;
  }
  const auto items = schema.is_object() ? schema.find("items") : schema.end();
  return items != schema.end() ? to_json_types(*items) : std::string();
}

Result<ordered_json> read_tools(const Record& record) {
  RUNG_TRY(const auto functions, record.objects("function"));
  ordered_json tools = ordered_json::array();
  for (const Record& function : functions) {
    RUNG_TRY(const std::string name, function.text("name"));
    RUNG_TRY(const std::string description, function.text("description"));
    const auto* parameters = function.find("parameters");
    if (parameters == nullptr || !parameters->is_object()) return function.fail("parameters", "an object");
    ordered_json schema = *parameters;
    const std::string unknown = to_json_types(schema);
    if (!unknown.empty())
      return input_error(
          "{}: field 'parameters': found the type \"{}\", allowed are Python's: dict, float, tuple, any, "
          "string, integer, boolean, array (Java's and JavaScript's files are not read)",
          function.place(), unknown);
    tools.push_back(
        {{"type", "function"}, {"function", {{"name", name}, {"description", description}, {"parameters", schema}}}});
  }
  return tools;
}

/// One turn; a list of turns, each a list of messages.
Result<ordered_json> read_messages(const Record& record) {
  const auto* turns = record.find("question");
  const auto is_message = [](const ordered_json& message) {
    return message.is_object() && message.contains("role") && message.at("role").is_string() &&
           message.contains("content") && message.at("content").is_string();
  };
  const bool is_ok = turns != nullptr && turns->is_array() && turns->size() == 1 && turns->front().is_array() &&
                     !turns->front().empty() && std::all_of(turns->front().begin(), turns->front().end(), is_message);
  if (!is_ok)
    return record.fail("question", "one turn, a list of {role, content}; multi-turn files need their tools to be run");
  return turns->front();
}

/// A right value, for the gold answer: the first that is not left out, all through an object.
ordered_json first_right(const ordered_json& alternative) {
  if (alternative.is_object()) {
    ordered_json object = ordered_json::object();
    for (const auto& [key, values] : alternative.items()) {
      const auto given =
          std::find_if(values.begin(), values.end(), [](const ordered_json& value) { return value != ""; });
      if (given != values.end()) object[key] = first_right(*given);
    }
    return object;
  }
  if (!alternative.is_array()) return alternative;
  ordered_json list = ordered_json::array();
  for (const ordered_json& element : alternative) list.push_back(first_right(element));
  return list;
}

std::string gold_calls(const ordered_json& calls) {
  std::string text;
  for (const ordered_json& call : calls)
    text +=
        fmt::format("{}<tool_call>\n{}\n</tool_call>", text.empty() ? "" : "\n",
                    ordered_json{{"name", call.at("name")}, {"arguments", first_right(call.at("arguments"))}}.dump());
  return text;
}

/// [{"f": {"a": [1, 2]}}] as panel items have it.
Result<ordered_json> read_ground_truth(const Record& record) {
  RUNG_TRY(const auto calls, record.objects("ground_truth"));
  ordered_json answer = ordered_json::array();
  const ordered_json& list = *record.find("ground_truth");
  for (const ordered_json& call : list) {
    if (call.size() != 1) return record.fail("ground_truth", "calls of one function each");
    answer.push_back({{"name", call.items().begin().key()}, {"arguments", call.items().begin().value()}});
  }
  const Status status = check_call_alternatives(answer);
  if (!status) return input_error("{}: field 'ground_truth': {}", record.place(), status.error().message);
  return answer;
}

using GroundTruth = std::map<std::string, ordered_json, std::less<>>;

Result<GroundTruth> read_possible_answers(const fs::path& questions) {
  const fs::path path = questions.parent_path() / "possible_answer" / questions.filename();
  std::error_code ignored;
  if (!fs::exists(path, ignored))
    return input_error("{}: found no {} beside it, allowed is one: the right calls are there", questions.string(),
                       path.string());
  RUNG_TRY(const auto records, read_records(path));
  GroundTruth truth;
  for (const Record& record : records) {
    RUNG_TRY(const std::string id, record.identity("id"));
    RUNG_TRY(truth[id], read_ground_truth(record));
  }
  return truth;
}

/// "bfcl_simple_python" of BFCL_v4_simple_python.json
std::string bfcl_name(const fs::path& path) {
  std::string name = path.stem().string();
  for (const std::string_view beginning : {"BFCL_v4_", "BFCL_v3_"})
    if (name.starts_with(beginning)) name.erase(0, beginning.size());
  return "bfcl_" + name;
}

struct Schema {
  std::string id;
  ordered_json schema;
};

Result<std::vector<Schema>> read_schema_folder(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == ".json") paths.push_back(at->path());
  if (error || paths.empty())
    return input_error("{}: found no .json file in it, allowed is at least one", folder.string());
  std::sort(paths.begin(), paths.end());
  std::vector<Schema> schemas;
  for (const fs::path& path : paths) {
    RUNG_TRY(const std::string text, read_unpacked(path));
    auto schema = parse_bounded_json(text);
    if (!schema) return input_error("{}: {}", path.string(), schema.error().message);
    schemas.push_back({path.stem().string(), std::move(*schema)});
  }
  return schemas;
}

/// Rows with the schema as a string.
Result<std::vector<Schema>> read_schema_rows(const fs::path& path) {
  RUNG_TRY(const auto records, read_records(path));
  std::vector<Schema> schemas;
  for (const Record& record : records) {
    Schema row;
    RUNG_TRY(row.id, record.identity("unique_id"));
    RUNG_TRY(const std::string text, record.text("json_schema"));
    auto schema = parse_bounded_json(text);
    if (!schema) return input_error("{}: field 'json_schema': {}", record.place(), schema.error().message);
    row.schema = std::move(*schema);
    schemas.push_back(std::move(row));
  }
  return schemas;
}

}  // namespace

Result<LoadedTask> load_ifeval(const fs::path& path) {
  RUNG_TRY(const auto records, read_records(path));
  LoadedTask task;
  for (const Record& record : records) {
    RUNG_TRY(std::string id, record.identity("key"));
    RUNG_TRY(const std::string prompt, record.text("prompt"));
    RUNG_TRY(const auto ids, record.texts("instruction_id_list"));
    const auto* kwargs = record.find("kwargs");
    if (kwargs == nullptr || !kwargs->is_array() || kwargs->size() != ids.size())
      return record.fail("kwargs", fmt::format("a list of {} objects, one an instruction", ids.size()));
    ordered_json instructions = ordered_json::array();
    for (size_t at = 0; at < ids.size(); ++at) instructions.push_back({{"id", ids[at]}, {"kwargs", (*kwargs)[at]}});
    const Status status = check_instructions(instructions);
    if (!status) return input_error("{}: {}", record.place(), status.error().message);
    PanelItem item = question(std::move(id), prompt, Grader::kInstructions, std::move(instructions));
    item.max_tokens = kIfevalTokens;
    task.capability.items.push_back(std::move(item));
  }
  return task;
}

Result<LoadedTask> load_bfcl(const fs::path& path) {
  const bool is_irrelevance = path.filename().string().find("irrelevance") != std::string::npos;
  RUNG_TRY(const auto records, read_records(path));
  GroundTruth truth;
  if (!is_irrelevance) {
    RUNG_TRY(truth, read_possible_answers(path));
  }
  LoadedTask task;
  task.capability.name = bfcl_name(path);
  for (const Record& record : records) {
    PanelItem item;
    RUNG_TRY(item.id, record.identity("id"));
    RUNG_TRY(ordered_json messages, read_messages(record));
    RUNG_TRY(ordered_json tools, read_tools(record));
    item.messages = share(std::move(messages));
    item.tools = share(std::move(tools));
    item.max_tokens = kCallTokens;
    const auto right = truth.find(item.id);
    if (!is_irrelevance && right == truth.end())
      return record.fail("id", "one of the ids in possible_answer/" + path.filename().string());
    item.grader = is_irrelevance ? Grader::kNoToolCall : Grader::kCallMatch;
    item.answer = share(is_irrelevance ? ordered_json() : right->second);
    if (!is_irrelevance) item.gold = gold_calls(*item.answer);
    task.capability.items.push_back(std::move(item));
  }
  return task;
}

Result<LoadedTask> load_jsonschemabench(const fs::path& path) {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(path, ignored);
  RUNG_TRY(const std::vector<Schema> schemas, is_folder ? read_schema_folder(path) : read_schema_rows(path));
  LoadedTask task;
  std::string first_reason;
  for (const Schema& row : schemas) {
    const Status decidable = check_schema(row.schema);
    if (!decidable && first_reason.empty()) first_reason = fmt::format("{}: {}", row.id, decidable.error().message);
    if (!decidable) continue;
    PanelItem item =
        question(row.id,
                 fmt::format("Generate a JSON object that matches the following JSON schema.\n\nJSON schema: {}\n\n"
                             "JSON object: ",
                             row.schema.dump()),
                 Grader::kJsonValid, nullptr);
    item.schema = share(row.schema);
    item.max_tokens = kJsonTokens;
    task.capability.items.push_back(std::move(item));
  }
  const size_t left_out = schemas.size() - task.capability.items.size();
  if (task.capability.items.empty())
    return input_error("{}: found no schema that can be decided here ({})", path.string(), first_reason);
  if (left_out > 0)
    task.notes.push_back(
        fmt::format("{} of {} schemas were left out, because they use what is not checked here (first {})", left_out,
                    schemas.size(), first_reason));
  return task;
}

}  // namespace rung
