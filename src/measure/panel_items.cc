#include "measure/panel_items.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/mapped_file.h"
#include "measure/call_match.h"
#include "measure/instruction_checks.h"
#include "text/json_schema.h"
#include "text/regex.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kMaxJsonDepth = 100;
constexpr uint64_t kMostAnswerTokens = uint64_t{1} << 20;  // a cache is reserved for them

constexpr std::pair<std::string_view, Grader> kGraders[] = {{"exact", Grader::kExact},
                                                            {"short_answer", Grader::kShortAnswer},
                                                            {"number", Grader::kNumber},
                                                            {"choice", Grader::kChoice},
                                                            {"json", Grader::kJson},
                                                            {"json_valid", Grader::kJsonValid},
                                                            {"tool_call", Grader::kToolCall},
                                                            {"tool_calls", Grader::kToolCalls},
                                                            {"call_match", Grader::kCallMatch},
                                                            {"no_tool_call", Grader::kNoToolCall},
                                                            {"code", Grader::kCode},
                                                            {"instructions", Grader::kInstructions}};

std::string grader_names() {
  std::string names;
  for (size_t index = 0; index < std::size(kGraders); ++index)
    names += fmt::format("{}{}",
                         index == 0                         ? ""
                         : index + 1 == std::size(kGraders) ? " or "
                                                            : ", ",
                         kGraders[index].first);
  return names;
}

/// One line under examination; knows how to say where it is.
class Line {
 public:
  Line(std::string place, const Json& record) : place_(std::move(place)), record_(record) {}
  Result<PanelItem> read(std::string_view capability) const;

 private:
  tl::unexpected<Error> fail(std::string_view field, std::string_view allowed) const;
  Result<std::string> text(const std::string& field) const;
  const Json* find(const std::string& field) const;
  Result<Grader> grader() const;
  Status check_question() const;
  Status check_tools(Grader grader) const;
  Status check_answer(Grader grader) const;
  Status at_answer(const Status& status) const;
  Status check_schema_field(Grader grader) const;
  Status check_choices(Grader grader) const;
  Result<std::optional<uint64_t>> count(const char* field) const;
  Status read_asking(PanelItem& item) const;
  Status read_optional(PanelItem& item) const;

  std::string place_;
  const Json& record_;
};

bool has_text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string();
}

PanelItem::Json share(const Json* json) { return json != nullptr ? std::make_shared<const Json>(*json) : nullptr; }

const Json* Line::find(const std::string& field) const {
  const auto found = record_.find(field);
  return found != record_.end() ? &*found : nullptr;
}

tl::unexpected<Error> Line::fail(std::string_view field, std::string_view allowed) const {
  constexpr size_t kMaxShown = 60;
  const Json* value = find(std::string(field));
  std::string found = value != nullptr ? value->dump() : "nothing";
  if (found.size() > kMaxShown)
    found = std::string(value->type_name()) + " of " + std::to_string(found.size()) + " bytes";
  return input_error("{}: field '{}': found {}, allowed is {}", place_, field, found, allowed);
}

Result<std::string> Line::text(const std::string& field) const {
  const Json* value = find(field);
  if (value == nullptr || !value->is_string() || value->get_ref<const std::string&>().empty()) {
    return fail(field, "a string that is not empty");
  }
  return value->get<std::string>();
}

Result<Grader> Line::grader() const {
  const Json* value = find("grader");
  for (const auto& [name, grader] : kGraders) {
    if (value != nullptr && value->is_string() && value->get_ref<const std::string&>() == name) return grader;
  }
  return fail("grader", grader_names());
}

Status Line::check_question() const {
  if (find("prompt") != nullptr) {
    if (find("messages") != nullptr) return fail("prompt", "either messages or a prompt");
    return text("prompt").map([](const std::string&) {});
  }
  const auto is_message = [](const Json& message) {
    return message.is_object() && has_text(message, "role") &&
           (has_text(message, "content") || message.contains("tool_calls"));
  };
  const Json* messages = find("messages");
  const bool is_ok = messages != nullptr && messages->is_array() && !messages->empty() &&
                     std::all_of(messages->begin(), messages->end(), is_message);
  return is_ok ? Status() : fail("messages", "a list, not empty, of objects with the strings role and content");
}

Status Line::check_tools(Grader grader) const {
  const Json* tools = find("tools");
  const bool is_needed = grader == Grader::kToolCall || grader == Grader::kToolCalls || grader == Grader::kCallMatch ||
                         grader == Grader::kNoToolCall;
  if (tools == nullptr && !is_needed) return {};
  const auto is_tool = [](const Json& tool) {
    return tool.is_object() && tool.contains("function") && tool["function"].is_object() &&
           has_text(tool["function"], "name");
  };
  const bool is_ok =
      tools != nullptr && tools->is_array() && !tools->empty() && std::all_of(tools->begin(), tools->end(), is_tool);
  return is_ok ? Status()
               : fail("tools", "a list, not empty, of {\"type\": \"function\", \"function\": {\"name\": ...}}");
}

bool is_call(const Json& call) {
  return call.is_object() && has_text(call, "name") && call.contains("arguments") && call["arguments"].is_object();
}

Status Line::at_answer(const Status& status) const {
  return status ? Status() : input_error("{}: field 'answer': {}", place_, status.error().message);
}

Status Line::check_answer(Grader grader) const {
  const Json* answer = find("answer");
  switch (grader) {
    case Grader::kExact:
    case Grader::kShortAnswer:
    case Grader::kChoice:
      return text("answer").map([](const std::string&) {});
    case Grader::kNumber:
      return answer != nullptr && answer->is_number() ? Status() : fail("answer", "a number for grader number");
    case Grader::kJson:
      return answer != nullptr && answer->is_object() ? Status() : fail("answer", "an object for grader json");
    case Grader::kNoToolCall:
    case Grader::kJsonValid:
      return answer == nullptr || answer->is_null() ? Status() : fail("answer", "null for this grader");
    case Grader::kCallMatch:
      return at_answer(check_call_alternatives(answer != nullptr ? *answer : Json()));
    case Grader::kInstructions:
      return at_answer(check_instructions(answer != nullptr ? *answer : Json()));
    case Grader::kToolCall:
      return answer != nullptr && is_call(*answer)
                 ? Status()
                 : fail("answer", "{\"name\": ..., \"arguments\": {...}} for grader tool_call");
    case Grader::kCode:
      return answer != nullptr && answer->is_object() && has_text(*answer, "after") &&
                     (!answer->contains("before") || has_text(*answer, "before"))
                 ? Status()
                 : fail("answer", "{\"after\": tests in Python} for grader code");
    case Grader::kToolCalls:
      break;
  }
  const bool is_ok = answer != nullptr && answer->is_array() && !answer->empty() &&
                     std::all_of(answer->begin(), answer->end(), is_call);
  return is_ok ? Status()
               : fail("answer", "a list, not empty, of {\"name\": ..., \"arguments\": {...}} for grader tool_calls");
}

Status Line::check_choices(Grader grader) const {
  if (grader != Grader::kChoice) return {};
  const Json* choices = find("choices");
  std::set<std::string> texts;
  const auto is_new_text = [&](const Json& choice) {
    return choice.is_string() && !choice.get_ref<const std::string&>().empty() &&
           texts.insert(choice.get<std::string>()).second;
  };
  const bool is_ok = choices != nullptr && choices->is_array() && choices->size() >= 2 &&
                     std::all_of(choices->begin(), choices->end(), is_new_text);
  if (!is_ok) return fail("choices", "a list of at least two strings, all different, for grader choice");
  return texts.count(find("answer")->get<std::string>()) != 0 ? Status() : fail("answer", "one of the choices");
}

Status Line::check_schema_field(Grader grader) const {
  const Json* schema = find("schema");
  if (grader != Grader::kJson && grader != Grader::kJsonValid) return {};
  if (schema == nullptr || !schema->is_object()) return fail("schema", "a JSON Schema for this grader");
  const Status decidable = check_schema(*schema);
  if (!decidable) return input_error("{}: field 'schema': {}", place_, decidable.error().message);
  if (grader == Grader::kJsonValid) return {};
  const Status valid = validate_json(*find("answer"), *schema);
  if (!valid) return input_error("{}: field 'answer': breaks its own schema: {}", place_, valid.error().message);
  return {};
}

/// How the answer is asked for and which part of it counts.
Status Line::read_asking(PanelItem& item) const {
  if (find("prompt") != nullptr) {
    RUNG_TRY(item.prompt, text("prompt"));
  }
  if (const Json* stops = find("stops")) {
    const auto is_stop = [](const Json& stop) {
      return stop.is_string() && !stop.get_ref<const std::string&>().empty();
    };
    if (!stops->is_array() || !std::all_of(stops->begin(), stops->end(), is_stop))
      return fail("stops", "a list of strings that are not empty");
    item.stops = stops->get<std::vector<std::string>>();
  }
  RUNG_TRY(item.max_tokens, count("max_tokens"));
  if (item.max_tokens && (*item.max_tokens == 0 || *item.max_tokens > kMostAnswerTokens))
    return fail("max_tokens", fmt::format("a count from 1 to {}", kMostAnswerTokens));
  if (const Json* by_length = find("by_length")) {
    if (!by_length->is_boolean()) return fail("by_length", "true or false");
    item.by_length = by_length->get<bool>();
  }
  if (find("extract") == nullptr) return {};
  RUNG_TRY(item.extract, text("extract"));
  const auto pattern = Regex::compile(item.extract);
  return pattern ? Status() : input_error("{}: field 'extract': {}", place_, pattern.error().message);
}

Status Line::read_optional(PanelItem& item) const {
  if (find("gold") != nullptr) {
    RUNG_TRY(item.gold, text("gold"));
  }
  if (find("form") != nullptr) {
    RUNG_TRY(item.form, text("form"));
  }
  RUNG_TRY(item.entries, count("entries"));
  RUNG_TRY(item.level, count("level"));
  return {};
}

Result<std::optional<uint64_t>> Line::count(const char* field) const {
  const Json* value = find(field);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_unsigned()) return fail(field, "a count");
  return value->get<uint64_t>();
}

Result<PanelItem> Line::read(std::string_view capability) const {
  PanelItem item;
  RUNG_TRY(item.id, text("id"));
  RUNG_TRY(item.capability, text("capability"));
  if (item.capability != capability) return fail("capability", fmt::format("\"{}\", as the file is named", capability));
  RUNG_TRY(item.grader, grader());
  RUNG_CHECK(check_question());
  RUNG_CHECK(check_tools(item.grader));
  RUNG_CHECK(check_answer(item.grader));
  RUNG_CHECK(check_schema_field(item.grader));
  RUNG_CHECK(check_choices(item.grader));
  RUNG_CHECK(read_asking(item));
  RUNG_CHECK(read_optional(item));
  item.messages = share(find("messages"));
  item.tools = share(find("tools"));
  item.answer = find("answer") != nullptr ? share(find("answer")) : std::make_shared<const Json>();
  const bool has_schema = item.grader == Grader::kJson || item.grader == Grader::kJsonValid;
  item.schema = has_schema ? share(find("schema")) : nullptr;
  item.choices = item.grader == Grader::kChoice ? share(find("choices")) : nullptr;
  return item;
}

Result<Capability> read_capability(const std::filesystem::path& path, std::set<std::string>& ids) {
  RUNG_TRY(const std::string content, read_file(path));
  Capability capability;
  capability.name = path.stem().string();
  size_t number = 0;
  for (size_t begin = 0; begin < content.size();) {
    const size_t end = std::min(content.find('\n', begin), content.size());
    const std::string_view text = std::string_view(content).substr(begin, end - begin);
    const std::string place = fmt::format("{}:{}", path.string(), ++number);
    begin = end + 1;
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    const auto record = parse_bounded_json(text);
    if (!record) return input_error("{}: {}", place, record.error().message);
    if (!record->is_object()) return input_error("{}: found {}, allowed is a JSON object", place, record->type_name());
    RUNG_TRY(PanelItem item, Line(place, *record).read(capability.name));
    if (!ids.insert(item.id).second) return input_error("{}: field 'id': \"{}\" was used before", place, item.id);
    capability.items.push_back(std::move(item));
  }
  if (capability.items.empty()) return input_error("{}: found no items, allowed is at least one line", path.string());
  return capability;
}

}  // namespace

Result<Json> parse_bounded_json(std::string_view text) {
  bool is_deep = false;
  const auto limit = [&is_deep](int depth, Json::parse_event_t, Json&) {
    is_deep = is_deep || depth > kMaxJsonDepth;
    return !is_deep;
  };
  try {
    Json json = Json::parse(text.begin(), text.end(), limit);
    if (!is_deep) return json;
  } catch (const Json::exception& error) {
    // It quotes all of the string or number it failed in, which may be the whole file.
    const std::string_view what = error.what();
    if (!is_deep) return input_error("found no valid JSON ({})", what.substr(0, what.find("; last read: ")));
  }
  return input_error("found JSON nested deeper, allowed are {} levels", kMaxJsonDepth);
}

std::string_view grader_name(Grader grader) {
  return std::find_if(std::begin(kGraders), std::end(kGraders), [&](const auto& row) { return row.second == grader; })
      ->first;
}

Result<std::vector<Capability>> read_panel(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::is_directory(folder, error)) {
    return input_error("panel {}: found no such folder, allowed is a folder of .jsonl files", folder.string());
  }
  std::vector<std::filesystem::path> paths;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".jsonl") paths.push_back(at->path());
  }
  if (error) return input_error("panel {}: {}", folder.string(), error.message());
  if (paths.empty()) return input_error("panel {}: found no .jsonl file, allowed is at least one", folder.string());
  std::sort(paths.begin(), paths.end());
  std::vector<Capability> panel;
  std::set<std::string> ids;
  for (const auto& path : paths) {
    RUNG_TRY(Capability capability, read_capability(path, ids));
    panel.push_back(std::move(capability));
  }
  return panel;
}

}  // namespace rung
