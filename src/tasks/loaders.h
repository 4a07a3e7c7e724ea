// The loaders behind tasks.h, and what they share. Each reads one file (or folder) whole.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "tasks/records.h"
#include "tasks/tasks.h"

namespace rung {

Result<LoadedTask> load_gsm8k(const std::filesystem::path& path);
Result<LoadedTask> load_humaneval(const std::filesystem::path& path);
Result<LoadedTask> load_mbpp(const std::filesystem::path& path);
Result<LoadedTask> load_cruxeval_outputs(const std::filesystem::path& path);
Result<LoadedTask> load_cruxeval_inputs(const std::filesystem::path& path);
Result<LoadedTask> load_mmlu(const std::filesystem::path& path);
Result<LoadedTask> load_arc(const std::filesystem::path& path);
Result<LoadedTask> load_hellaswag(const std::filesystem::path& path);
Result<LoadedTask> load_ifeval(const std::filesystem::path& path);
Result<LoadedTask> load_bfcl(const std::filesystem::path& path);
Result<LoadedTask> load_jsonschemabench(const std::filesystem::path& path);

PanelItem::Json share(nlohmann::ordered_json json);

/// An item that continues a prompt.
PanelItem continuation(std::string id, std::string prompt, Grader grader, nlohmann::ordered_json answer);
/// An item that asks in a conversation of one turn.
PanelItem question(std::string id, const std::string& text, Grader grader, nlohmann::ordered_json answer);
/// The likeliest of the choices, which follow the prompt after a space.
PanelItem choice(std::string id, std::string prompt, const std::vector<std::string>& choices, size_t right,
                 bool by_length);

}  // namespace rung
