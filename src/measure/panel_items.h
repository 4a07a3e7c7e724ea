// The items of a panel: a folder of JSON Lines files, one capability each, named by its file. A line is an object with
// id, capability, messages, optional tools, grader, answer, and as the grader needs them schema; gold and entries are
// optional. Every line is checked when read; errors name file, line, field, what was found and what is allowed.
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
  kExact,       ///< the answer's text, white space around it apart
  kNumber,      ///< the last number of the answer
  kJson,        ///< one JSON object equal to the expected one and valid for the schema
  kToolCall,    ///< one tool call with the expected name and arguments
  kNoToolCall,  ///< no tool call
};

/// Immutable; copies share the JSON.
struct PanelItem {
  using Json = std::shared_ptr<const nlohmann::ordered_json>;

  std::string id;          ///< unique in the panel
  std::string capability;  ///< as its file is named
  Grader grader = Grader::kExact;
  Json messages;                    ///< a list of {role, content, ...}, not empty
  Json tools;                       ///< a list of functions, as OpenAI writes them; null without
  Json answer;                      ///< what is expected: string, number, object, call {name, arguments} or null
  Json schema;                      ///< for kJson; else null
  std::optional<std::string> gold;  ///< the text that a model was trained to write
  std::optional<uint64_t> entries;  ///< of the list that a recall item asks about
};

struct Capability {
  std::string name;
  std::vector<PanelItem> items;  ///< in the order of the file, not empty
};

/// All *.jsonl files of the folder, by file name.
Result<std::vector<Capability>> read_panel(const std::filesystem::path& folder);

/// JSON whose nesting is limited, so that walking it is safe. The error says what is wrong and where.
Result<nlohmann::ordered_json> parse_bounded_json(std::string_view text);

}  // namespace rung
