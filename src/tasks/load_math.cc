// GSM8K (Cobbe et al. 2021, arXiv:2110.14168), as lm-evaluation-harness asks it in version 1.0 of its task.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "measure/answer_text.h"
#include "tasks/loaders.h"

namespace rung {
namespace {

namespace fs = std::filesystem;

constexpr size_t kShots = 5;
constexpr uint64_t kMaxTokens = 256;
constexpr std::string_view kMark = "#### ";

struct Problem {
  std::string question, answer;
  double value = 0;
};

/// "1,250" after the last mark.
std::optional<double> final_value(const std::string& answer) {
  const size_t mark = answer.rfind(kMark);
  if (mark == std::string::npos) return std::nullopt;
  std::string digits(trim_space(std::string_view(answer).substr(mark + kMark.size())));
  std::erase(digits, ',');
  try {
    const auto value = nlohmann::json::parse(digits);
    if (value.is_number()) return value.get<double>();
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
  return std::nullopt;
}

/// The answer ends at a blank line, as the harness has it; two of the published ones have one in them.
std::string without_blank_lines(std::string text) {
  for (size_t at; (at = text.find("\n\n")) != std::string::npos;) text.erase(at, 1);
  return text;
}

Result<std::vector<Problem>> read_problems(const fs::path& path) {
  RUNG_TRY(const auto records, read_records(path));
  std::vector<Problem> problems;
  for (const Record& record : records) {
    Problem problem;
    RUNG_TRY(problem.question, record.text("question"));
    RUNG_TRY(problem.answer, record.text("answer"));
    const auto value = final_value(problem.answer);
    if (!value) return record.fail("answer", "a text that ends with #### and a number");
    problem.value = *value;
    problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace

Result<LoadedTask> load_gsm8k(const fs::path& path) {
  RUNG_TRY(std::vector<Problem> problems, read_problems(path));
  LoadedTask task;
  const fs::path train = path.parent_path() / "train.jsonl";
  std::error_code ignored;
  size_t scored_from = 0;
  std::vector<Problem> shots;
  if (fs::exists(train, ignored) && !fs::equivalent(train, path, ignored)) {
    RUNG_TRY(shots, read_problems(train));
  } else {
    if (problems.size() <= kShots)
      return input_error(
          "{}: found {} problems and no train.jsonl beside it, allowed are more than {}: the first ones "
          "are examples then",
          path.string(), problems.size(), kShots);
    scored_from = kShots;
    shots = problems;
    task.notes.push_back(fmt::format(
        "no train.jsonl beside {}, so its first {} problems are the examples and not scored", path.string(), kShots));
  }
  shots.resize(std::min(shots.size(), kShots));
  std::string before;
  for (const Problem& shot : shots) before += fmt::format("Question: {}\nAnswer: {}\n\n", shot.question, shot.answer);
  for (size_t at = scored_from; at < problems.size(); ++at) {
    const Problem& problem = problems[at];
    PanelItem item =
        continuation(fmt::format("{:04}", at), fmt::format("{}Question: {}\nAnswer:", before, problem.question),
                     Grader::kNumber, problem.value);
    item.stops = {"\n\n", "Question:"};
    item.extract = R"(#### (\-?[0-9\.\,]+))";
    item.max_tokens = kMaxTokens;
    item.gold = " " + without_blank_lines(problem.answer);
    task.capability.items.push_back(std::move(item));
  }
  return task;
}

}  // namespace rung
