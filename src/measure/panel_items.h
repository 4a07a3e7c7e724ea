// The items of a panel: a folder of JSON Lines files, one capability each, named by its file. A line is an object with
// id, capability, messages (or a prompt to continue), optional tools, grader, answer, and as the grader needs them
// schema or choices; stops, max_tokens, extract, by_length, gold, entries, level and form are optional. Every line is
// checked when read; errors name file, line, field, what was found and what is allowed. docs/panel.md describes the
// fields.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace rung {

enum class Grader {
  kExact,         ///< the answer's text, white space around it apart
  kShortAnswer,   ///< the expected words, whatever their case and the marks around them
  kNumber,        ///< the last number of the answer
  kChoice,        ///< the likeliest of the choices as a continuation of the prompt; in text, the choice itself
  kJson,          ///< one JSON object equal to the expected one and valid for the schema
  kJsonValid,     ///< one JSON value that is valid for the schema
  kToolCall,      ///< one tool call with the expected name and arguments
  kToolCalls,     ///< exactly the expected calls, in any order
  kCallMatch,     ///< the expected calls in any order, each argument one of several values (call_match.h)
  kNoToolCall,    ///< no tool call
  kCode,          ///< Python that passes the tests when it is run
  kInstructions,  ///< all of the instructions are followed (instruction_checks.h), strictly
};

/// Immutable; copies share the JSON.
struct PanelItem {
  using Json = std::shared_ptr<const nlohmann::ordered_json>;

  std::string id;          ///< unique in the panel
  std::string capability;  ///< as its file is named
  Grader grader = Grader::kExact;
  Json messages;       ///< a list of {role, content, ...}, not empty; null where there is a prompt instead
  std::string prompt;  ///< a text to be continued as it stands, without chat template; not empty where messages is null
  Json tools;          ///< a list of functions, as OpenAI writes them; null without
  Json answer;   ///< what is expected: string, number, object, call {name, arguments}, list of calls, instructions or
                 ///< null
  Json schema;   ///< for kJson and kJsonValid; else null
  Json choices;  ///< for kChoice: a list of at least two strings, all different, one of them the answer; else null
  bool by_length = false;              ///< for kChoice: the likeliest by the mean over its characters ("acc_norm")
  std::vector<std::string> stops;      ///< the answer ends before the first of these
  std::optional<uint64_t> max_tokens;  ///< of the answer; else the run's own limit
  std::string extract;  ///< a pattern (text/regex.h): only its first match is graded, without one the answer is wrong
  std::optional<std::string> gold;  ///< a text that is right; where a model was trained on the task, its very wording
  std::optional<uint64_t> entries;  ///< of the list that a recall item asks about
  std::optional<uint64_t> level;    ///< difficulty, from 1
  std::string form;                 ///< which wording of the task it is; may be empty
};

struct Capability {
  std::string name;
  std::vector<PanelItem> items;  ///< in the order of the file, not empty
};

/// As the field grader of a line names it.
std::string_view grader_name(Grader grader);

/// All *.jsonl files of the folder, by file name.
Result<std::vector<Capability>> read_panel(const std::filesystem::path& folder);

/// JSON whose nesting is limited, so that walking it is safe. The error says what is wrong and where.
Result<nlohmann::ordered_json> parse_bounded_json(std::string_view text);

}  // namespace rung
