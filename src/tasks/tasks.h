// Published benchmark tasks from the files that their authors distribute, as items of a panel: asked and graded as the
// reference harness does (docs/tasks.md says where not), so that ladders, comparisons and statistics treat them like
// any other capability. Nothing is downloaded.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "measure/panel_items.h"

namespace rung {

struct LoadedTask {
  Capability capability;           ///< items in an order that depends on their ids only: the first so many are a sample
  std::vector<std::string> notes;  ///< what a user should know: items left out, examples taken from the file
};

struct Task {
  std::string_view name;       ///< on the command line
  std::string_view files;      ///< what it reads
  std::string_view reference;  ///< whose prompts and grading it follows, with its version
  Result<LoadedTask> (*load)(const std::filesystem::path& path);
};

std::span<const Task> known_tasks();

/// NAME=FILE. Errors name the file, the place in it, the field, what was found and what is allowed. A task whose
/// answers are run is an error where no Python can be (measure/sandbox.h).
Result<LoadedTask> load_task(std::string_view name_and_file);

/// The tasks in their order. Two of the same capability are an error.
Result<std::vector<LoadedTask>> load_tasks(const std::vector<std::string>& names_and_files);

}  // namespace rung
