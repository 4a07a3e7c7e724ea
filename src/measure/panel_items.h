// A panel: a folder of JSON Lines files, one capability each, one item a line:
//   {"id", "capability", "messages": [...], optional "tools": [...], "grader", "answer", optional "schema", optional
//   "gold"}
// (models/pico-moe/README.md). Immutable once read.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/status.h"

namespace rung {

enum class Grader {
  kExact,       ///< the answer's text
  kNumber,      ///< the last number in the answer
  kJson,        ///< the answer is a JSON object equal to the expected one and valid for its schema
  kToolCall,    ///< one call of the right tool with equal arguments
  kNoToolCall,  ///< no call
};

struct PanelItem {
  std::string id;
  Grader grader = Grader::kExact;
  std::string line;                                      ///< the record as it stands in the file
  std::shared_ptr<const nlohmann::ordered_json> record;  ///< the same, parsed and checked
};

struct Capability {
  std::string name;  ///< of the file, without .jsonl
  std::vector<PanelItem> items;
};

/// All *.jsonl of the folder, in the order of their names. A line that is no record is an error that names file, line
/// and field; so are two items with one id.
Result<std::vector<Capability>> read_panel(const std::filesystem::path& folder);

}  // namespace rung
