// Reads whole published task files, grades every item's right answer and, for every item, the right answer of another
// item. Prints a table; exit status 1 unless all of the first are right and, but for answers that happen to fit, none
// of the second.
//   task_files_bench FOLDER      FOLDER as docs/tasks.md names the files: gsm8k/test.jsonl,
//   humaneval/HumanEval.jsonl.gz, ...
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "measure/grader.h"
#include "tasks/tasks.h"

namespace rung {
namespace {

struct Row {
  size_t items = 0, golds = 0, right = 0, others = 0, lucky = 0;
};

/// The next item that has another answer; the item itself where there is none.
const PanelItem& another(const std::vector<PanelItem>& items, size_t at) {
  for (size_t step = 1; step < items.size(); ++step) {
    const PanelItem& other = items[(at + step) % items.size()];
    if (*other.answer != *items[at].answer && other.gold != items[at].gold) return other;
  }
  return items[at];
}

Row grade_all(const Capability& capability) {
  Row row;
  row.items = capability.items.size();
  for (size_t at = 0; at < capability.items.size(); ++at) {
    const PanelItem& item = capability.items[at];
    if (!item.gold) continue;
    ++row.golds;
    row.right += grade(item, *item.gold) ? 1 : 0;
    const PanelItem& other = another(capability.items, at);
    if (&other == &item) continue;
    ++row.others;
    row.lucky += grade(item, *other.gold) ? 1 : 0;
  }
  return row;
}

/// Another input of CRUXEval may give this output, and in Python True == 1. Nothing else may fit by luck.
double lucky_share(const std::string& capability) {
  if (capability == "cruxeval_i") return 0.05;
  return capability == "cruxeval_o" ? 0.01 : 0;
}

bool report(const std::string& entry) {
  const auto start = std::chrono::steady_clock::now();
  const auto task = load_task(entry);
  if (!task) {
    fmt::print("{}\n", task.error().message);
    return false;
  }
  const Row row = grade_all(task->capability);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  fmt::print("| {} | {} | {} of {} | {} of {} | {:.1f} s |\n", task->capability.name, row.items, row.right, row.golds,
             row.lucky, row.others, seconds);
  for (const std::string& note : task->notes) fmt::print("  {}\n", note);
  return row.right == row.golds &&
         static_cast<double>(row.lucky) <= lucky_share(task->capability.name) * static_cast<double>(row.others);
}

}  // namespace
}  // namespace rung

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: task_files_bench FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = argv[1];
  constexpr std::pair<const char*, const char*> kFiles[] = {{"gsm8k", "gsm8k/test.jsonl"},
                                                            {"humaneval", "humaneval/HumanEval.jsonl.gz"},
                                                            {"mbpp", "mbpp/mbpp.jsonl"},
                                                            {"cruxeval_o", "cruxeval/cruxeval.jsonl"},
                                                            {"cruxeval_i", "cruxeval/cruxeval.jsonl"},
                                                            {"mmlu", "mmlu/mmlu-subset.json"},
                                                            {"arc", "arc/ARC-Challenge-Test.jsonl"},
                                                            {"hellaswag", "hellaswag/hellaswag_val.jsonl"},
                                                            {"ifeval", "ifeval/ifeval_input_data.jsonl"},
                                                            {"bfcl", "bfcl/BFCL_v4_simple_python.json"},
                                                            {"bfcl", "bfcl/BFCL_v4_multiple.json"},
                                                            {"bfcl", "bfcl/BFCL_v4_parallel.json"},
                                                            {"bfcl", "bfcl/BFCL_v4_irrelevance.json"},
                                                            {"jsonschemabench", "jsonschemabench"}};
  bool all = true;
  fmt::print(
      "| task | items | right answers graded right | answers of other items graded right | time |\n"
      "|---|---|---|---|---|\n");
  for (const auto& [task, file] : kFiles)
    if (std::filesystem::exists(folder / file))
      all = rung::report(fmt::format("{}={}", task, (folder / file).string())) && all;
  return all ? 0 : 1;
}
