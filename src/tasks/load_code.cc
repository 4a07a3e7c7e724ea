// Tasks whose answers are run: HumanEval (Chen et al. 2021, arXiv:2107.03374) and MBPP (Austin et al. 2021,
// arXiv:2108.07732), as lm-evaluation-harness asks them, and CRUXEval (Gu et al. 2024, arXiv:2401.03065), as its
// authors.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tasks/cruxeval_prompts.h"
#include "tasks/loaders.h"
#include "text/regex.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

PanelItem program(std::string id, std::string prompt, const std::string& before, const std::string& after) {
  return continuation(std::move(id), std::move(prompt), Grader::kCode, {{"before", before}, {"after", after}});
}

struct Mbpp {
  size_t id = 0;
  std::string text, code, setup;
  std::vector<std::string> tests;

  /// What is asked; the harness shows three tests.
  std::string prompt() const {
    const size_t shown_tests = std::min<size_t>(tests.size(), 3);
    return fmt::format(
        "You are an expert Python programmer, and here is your task: {} Your code should pass these tests:\n\n{}\n"
        "[BEGIN]\n",
        text, fmt::join(tests.begin(), tests.begin() + static_cast<std::ptrdiff_t>(shown_tests), "\n"));
  }
};

/// mbpp.jsonl calls its question text and has setup code; sanitized-mbpp.json calls it prompt and has imports.
Result<Mbpp> read_mbpp(const Record& record) {
  Mbpp problem;
  RUNG_TRY(problem.id, record.index("task_id", 1000000));
  RUNG_TRY(problem.text,
           record.text(record.find("text") == nullptr && record.find("prompt") != nullptr ? "prompt" : "text"));
  RUNG_TRY(problem.code, record.text("code"));
  RUNG_TRY(problem.tests, record.texts("test_list"));
  if (const auto* setup = record.find("test_setup_code"); setup != nullptr) {
    if (!setup->is_string()) return record.fail("test_setup_code", "a string");
    problem.setup = setup->get<std::string>();
  }
  if (const auto* imports = record.find("test_imports"); imports != nullptr && !imports->empty()) {
    RUNG_TRY(const auto lines, record.texts("test_imports"));
    problem.setup += fmt::format("{}\n", fmt::join(lines, "\n"));
  }
  return problem;
}

/// The split that the paper names: 1 to 10 are examples, 11 to 510 the test, the others training.
constexpr size_t kFirstTest = 11, kLastTest = 510;
constexpr size_t kShots[] = {2, 3, 4};

/// The text between an assertion's == and what follows, or all of it.
constexpr const char* kOutputPart = R"((?|\A[\s\S]*?==((?:(?!==)[\s\S])*)|\A([\s\S]*)\z))";
/// The call between assert and ==; without a call of f nothing.
constexpr const char* kInputPart =
    R"((?|\A(?:(?!==)[\s\S])*?assert((?:(?!==|assert)[\s\S])*?f\((?:(?!==|assert)[\s\S])*)|\A((?:(?!==|assert)[\s\S])*?f\((?:(?!==|assert)[\s\S])*)))";

struct Cruxeval {
  std::string id, code, input, output;
};

Result<std::vector<Cruxeval>> read_cruxeval(const fs::path& path) {
  RUNG_TRY(const auto records, read_records(path));
  std::vector<Cruxeval> samples;
  for (const Record& record : records) {
    Cruxeval sample;
    RUNG_TRY(sample.id, record.identity("id"));
    RUNG_TRY(sample.code, record.text("code"));
    const auto* input = record.find("input");  // empty where f takes no arguments
    if (input == nullptr || !input->is_string()) return record.fail("input", "a string");
    sample.input = input->get<std::string>();
    RUNG_TRY(sample.output, record.text("output"));
    samples.push_back(std::move(sample));
  }
  return samples;
}

PanelItem assertion(const Cruxeval& sample, std::string prompt, const std::string& between, const char* part) {
  PanelItem item = program(sample.id, std::move(prompt),
                           fmt::format("{}\n{}assert ({}) == (", sample.code, between, sample.output), ")");
  item.stops = {"[/ANSWER]"};
  item.extract = part;
  item.max_tokens = 512;
  item.gold = fmt::format("assert f({}) == {}\n", sample.input, sample.output);
  return item;
}

}  // namespace

Result<LoadedTask> load_humaneval(const fs::path& path) {
  RUNG_TRY(const auto records, read_records(path));
  static const Regex kName = Regex::compile(R"(\A[A-Za-z_]\w*\z)").value();
  LoadedTask task;
  for (const Record& record : records) {
    RUNG_TRY(std::string id, record.identity("task_id"));
    RUNG_TRY(const std::string prompt, record.text("prompt"));
    RUNG_TRY(const std::string test, record.text("test"));
    RUNG_TRY(const std::string entry, record.text("entry_point"));
    if (!kName.is_in(entry)) return record.fail("entry_point", "the name of a function");
    PanelItem item = program(std::move(id), prompt, prompt, fmt::format("{}\ncheck({})", test, entry));
    RUNG_TRY(item.gold, record.text("canonical_solution"));
    item.stops = {"\nclass", "\ndef", "\n#", "\nif", "\nprint"};
    item.max_tokens = 1024;
    task.capability.items.push_back(std::move(item));
  }
  return task;
}

Result<LoadedTask> load_mbpp(const fs::path& path) {
  RUNG_TRY(const auto records, read_records(path));
  std::vector<Mbpp> problems;
  for (const Record& record : records) {
    RUNG_TRY(Mbpp problem, read_mbpp(record));
    problems.push_back(std::move(problem));
  }
  LoadedTask task;
  std::string before;
  for (const size_t shot : kShots) {
    const auto found =
        std::find_if(problems.begin(), problems.end(), [&](const Mbpp& problem) { return problem.id == shot; });
    if (found == problems.end()) {
      task.notes.push_back(fmt::format("task {} is not in {}, so one example fewer is shown", shot, path.string()));
      continue;
    }
    before += fmt::format("{}{}\n[DONE]\n\n", found->prompt(), found->code);
  }
  for (const Mbpp& problem : problems) {
    if (problem.id < kFirstTest || problem.id > kLastTest) continue;
    PanelItem item = program(std::to_string(problem.id), before + problem.prompt(), problem.setup,
                             fmt::format("{}", fmt::join(problem.tests, "\n")));
    item.gold = problem.code;
    item.stops = {"[DONE]"};
    item.max_tokens = 256;
    task.capability.items.push_back(std::move(item));
  }
  if (task.capability.items.empty())
    return input_error("{}: found no task of the test split, allowed are those with task_id {} to {}", path.string(),
                       kFirstTest, kLastTest);
  return task;
}

Result<LoadedTask> load_cruxeval_outputs(const fs::path& path) {
  RUNG_TRY(const auto samples, read_cruxeval(path));
  LoadedTask task;
  for (const Cruxeval& sample : samples)
    // The answer is to be a value: a call of f itself, which always holds, finds no f.
    task.capability.items.push_back(
        assertion(sample, cruxeval_output_prompt(sample.code, sample.input), "del f\n", kOutputPart));
  return task;
}

Result<LoadedTask> load_cruxeval_inputs(const fs::path& path) {
  RUNG_TRY(const auto samples, read_cruxeval(path));
  LoadedTask task;
  for (const Cruxeval& sample : samples)
    task.capability.items.push_back(
        assertion(sample, cruxeval_input_prompt(sample.code, sample.output), "", kInputPart));
  return task;
}

}  // namespace rung
