#include "tasks/tasks.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/hash.h"
#include "measure/sandbox.h"
#include "tasks/loaders.h"

namespace rung {
namespace {

constexpr std::string_view kCruxeval = "facebookresearch/cruxeval, 2024-01, direct prompts";

constexpr Task kTasks[] = {
    {"gsm8k", "test.jsonl of openai/grade-school-math; examples from train.jsonl beside it",
     "lm-evaluation-harness gsm8k 1.0, 5-shot, filter get-answer", load_gsm8k},
    {"humaneval", "HumanEval.jsonl.gz of openai/human-eval",
     "lm-evaluation-harness 0.4.9 humaneval 1.0, pass@1, greedy", load_humaneval},
    {"mbpp", "mbpp.jsonl or sanitized-mbpp.json of google-research/mbpp",
     "lm-evaluation-harness 0.4.9 mbpp 1.0, 3-shot, pass@1, greedy", load_mbpp},
    {"cruxeval_o", "cruxeval.jsonl of facebookresearch/cruxeval", kCruxeval, load_cruxeval_outputs},
    {"cruxeval_i", "cruxeval.jsonl of facebookresearch/cruxeval", kCruxeval, load_cruxeval_inputs},
    {"mmlu", "the folder with dev/ and test/, or one of its test/*_test.csv; or gemma.cpp's JSON",
     "lm-evaluation-harness 0.4.9 mmlu 1.0, 5-shot, acc", load_mmlu},
    {"arc", "ARC-Challenge-Test.jsonl or ARC-Easy-Test.jsonl of AI2",
     "lm-evaluation-harness 0.4.9 arc 1.0, 0-shot, acc_norm", load_arc},
    {"hellaswag", "hellaswag_val.jsonl of rowanz/hellaswag",
     "lm-evaluation-harness 0.4.9 hellaswag 1.0, 0-shot, acc_norm", load_hellaswag},
    {"ifeval", "input_data.jsonl of google-research/instruction_following_eval",
     "lm-evaluation-harness 0.4.9 ifeval 4.0, prompt-level strict", load_ifeval},
    {"bfcl", "BFCL_v4_*.json of ShishirPatil/gorilla, one turn, Python; possible_answer/ beside it",
     "BFCL v4, AST checker", load_bfcl},
    {"jsonschemabench", "a folder of schemas of guidance-ai/jsonschemabench, or JSON Lines of its rows",
     "lm-evaluation-harness 0.4.9 jsonschema_bench 0.1, 0-shot, schema_compliance", load_jsonschemabench},
};

/// What needs no interpreter loads without one.
bool is_run(const Capability& capability) {
  return std::any_of(capability.items.begin(), capability.items.end(),
                     [](const PanelItem& item) { return item.grader == Grader::kCode; });
}

Status check_ids(const Capability& capability, const std::string& file) {
  std::set<std::string_view> ids;
  for (const PanelItem& item : capability.items)
    if (!ids.insert(item.id).second)
      return input_error("{}: found the id \"{}\" twice, allowed is once", file, item.id);
  return {};
}

/// Files are sorted by topic or by difficulty; their first items are no sample of them.
void mix(Capability& capability) {
  const auto key = [](const PanelItem& item) { return content_hash(item.id); };
  std::vector<std::pair<std::string, PanelItem>> keyed;
  for (PanelItem& item : capability.items) keyed.emplace_back(key(item), std::move(item));
  std::sort(keyed.begin(), keyed.end(), [](const auto& left, const auto& right) { return left.first < right.first; });
  capability.items.clear();
  for (auto& [hash, item] : keyed) capability.items.push_back(std::move(item));
}

std::string task_names() {
  std::string names;
  for (const Task& task : kTasks) names += fmt::format("{}{}", names.empty() ? "" : ", ", task.name);
  return names;
}

}  // namespace

std::span<const Task> known_tasks() { return kTasks; }

Result<LoadedTask> load_task(std::string_view name_and_file) {
  const size_t equals = name_and_file.find('=');
  const std::string_view name = name_and_file.substr(0, equals);
  const auto task =
      std::find_if(std::begin(kTasks), std::end(kTasks), [&](const Task& row) { return row.name == name; });
  if (task == std::end(kTasks))
    return input_error("task '{}': found no such task, allowed are {}, each with =FILE", name, task_names());
  const std::string file(equals == std::string_view::npos ? "" : name_and_file.substr(equals + 1));
  if (file.empty()) return input_error("task '{}': found no file, allowed is {}=FILE: {}", name, name, task->files);
  RUNG_TRY(LoadedTask loaded, task->load(file));
  Capability& capability = loaded.capability;
  if (capability.name.empty()) capability.name = name;
  if (is_run(capability) && !python_available())
    return input_error("task '{}': its answers are programs that must be run: {}; or leave the task out", name,
                       python_available().error().message);
  RUNG_CHECK(check_ids(capability, file));
  for (PanelItem& item : capability.items) {
    item.id = fmt::format("{}/{}", capability.name, item.id);
    item.capability = capability.name;
  }
  for (std::string& note : loaded.notes) note = fmt::format("{}: {}", capability.name, note);
  mix(capability);
  return loaded;
}

Result<std::vector<LoadedTask>> load_tasks(const std::vector<std::string>& names_and_files) {
  std::vector<LoadedTask> loaded;
  std::set<std::string> names;
  for (const std::string& entry : names_and_files) {
    RUNG_TRY(LoadedTask task, load_task(entry));
    if (!names.insert(task.capability.name).second)
      return input_error("tasks: found {} twice, allowed is once", task.capability.name);
    loaded.push_back(std::move(task));
  }
  return loaded;
}

PanelItem::Json share(nlohmann::ordered_json json) {
  return std::make_shared<const nlohmann::ordered_json>(std::move(json));
}

PanelItem continuation(std::string id, std::string prompt, Grader grader, nlohmann::ordered_json answer) {
  PanelItem item;
  item.id = std::move(id);
  item.prompt = std::move(prompt);
  item.grader = grader;
  item.answer = share(std::move(answer));
  return item;
}

PanelItem question(std::string id, const std::string& text, Grader grader, nlohmann::ordered_json answer) {
  PanelItem item = continuation(std::move(id), "", grader, std::move(answer));
  item.messages = share({{{"role", "user"}, {"content", text}}});
  return item;
}

PanelItem choice(std::string id, std::string prompt, const std::vector<std::string>& choices, size_t right,
                 bool by_length) {
  PanelItem item = continuation(std::move(id), std::move(prompt), Grader::kChoice, choices[right]);
  item.choices = share(choices);
  item.by_length = by_length;
  item.gold = choices[right];
  return item;
}

}  // namespace rung
