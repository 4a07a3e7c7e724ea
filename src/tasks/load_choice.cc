// Multiple choice: MMLU (Hendrycks et al. 2021, arXiv:2009.03300), ARC (Clark et al. 2018, arXiv:1803.05457) and
// HellaSwag (Zellers et al. 2019, arXiv:1905.07830), as lm-evaluation-harness asks them.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "tasks/loaders.h"
#include "text/jinja_text.h"
#include "text/regex.h"

namespace rung {
namespace {

namespace fs = std::filesystem;

constexpr size_t kShots = 5;
constexpr size_t kMmluCells = 6;
const std::vector<std::string>& letters() {
  static const std::vector<std::string> four = {"A", "B", "C", "D"};
  return four;
}

std::string strip(std::string_view text) { return jinja::strip(text, std::nullopt, jinja::Side::kBoth); }

struct MmluRow {
  std::string question;
  size_t right = 0;
};

Result<std::vector<MmluRow>> read_mmlu_rows(const fs::path& path) {
  RUNG_TRY(const auto csv, read_csv(path));
  std::vector<MmluRow> rows;
  for (const CsvRow& row : csv) {
    if (row.cells.size() != kMmluCells)
      return input_error("{}: found {} cells, allowed are {}: question, four choices, answer", row.place,
                         row.cells.size(), kMmluCells);
    const auto& cells = row.cells;
    const std::string answer = strip(cells[5]);
    const auto right = std::find(letters().begin(), letters().end(), answer);
    if (right == letters().end())
      return input_error("{}: answer: found \"{}\", allowed is A, B, C or D", row.place, answer.substr(0, 60));
    rows.push_back({fmt::format("{}\nA. {}\nB. {}\nC. {}\nD. {}\nAnswer:", strip(cells[0]), cells[1], cells[2],
                                cells[3], cells[4]),
                    static_cast<size_t>(right - letters().begin())});
  }
  return rows;
}

/// "abstract_algebra" of test/abstract_algebra_test.csv
std::string subject_of(const fs::path& path) {
  std::string name = path.stem().string();
  for (const std::string_view ending : {"_test", "_val", "_dev"})
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  return name;
}

/// The questions of one subject, after those of the dev split; without that file after the first of its own.
Status add_subject(const fs::path& path, LoadedTask& task) {
  RUNG_TRY(const std::vector<MmluRow> rows, read_mmlu_rows(path));
  const std::string subject = subject_of(path);
  const fs::path dev = path.parent_path().parent_path() / "dev" / (subject + "_dev.csv");
  std::vector<MmluRow> shots = rows;
  std::error_code ignored;
  const bool has_dev = fs::exists(dev, ignored);
  if (has_dev) {
    RUNG_TRY(shots, read_mmlu_rows(dev));
  } else if (rows.size() <= kShots) {
    return input_error("{}: found {} rows and no {}, allowed are more than {}: the first ones are examples then",
                       path.string(), rows.size(), dev.string(), kShots);
  } else {
    task.notes.push_back(fmt::format("no {}, so the first {} questions of {} are the examples and not scored",
                                     dev.string(), kShots, path.string()));
  }
  shots.resize(std::min(shots.size(), kShots));
  std::string name = subject;
  std::replace(name.begin(), name.end(), '_', ' ');
  std::string before = fmt::format("The following are multiple choice questions (with answers) about {}.\n\n", name);
  for (const MmluRow& shot : shots) before += fmt::format("{} {}\n\n", shot.question, letters()[shot.right]);
  for (size_t at = has_dev ? 0 : kShots; at < rows.size(); ++at)
    task.capability.items.push_back(
        choice(fmt::format("{}/{:04}", subject, at), before + rows[at].question, letters(), rows[at].right, false));
  return {};
}

Result<LoadedTask> load_mmlu_folder(const fs::path& folder) {
  std::vector<fs::path> paths;
  std::error_code error;
  for (fs::directory_iterator at(folder / "test", error), end; !error && at != end; at.increment(error))
    if (at->path().extension() == ".csv") paths.push_back(at->path());
  if (error || paths.empty())
    return input_error("{}: found no test/*.csv in it, allowed is the folder that MMLU's data.tar unpacks to",
                       folder.string());
  std::sort(paths.begin(), paths.end());
  LoadedTask task;
  for (const fs::path& path : paths) RUNG_CHECK(add_subject(path, task));
  return task;
}

/// gemma.cpp's evals/mmlu.json: prompts with their examples in them.
Result<LoadedTask> load_mmlu_prompts(const fs::path& path) {
  RUNG_TRY(const auto files, read_records(path));
  if (files.size() != 1)
    return input_error("{}: found {} records, allowed is one with 'samples'", path.string(), files.size());
  RUNG_TRY(const auto samples, files.front().objects("samples"));
  LoadedTask task;
  for (const Record& sample : samples) {
    RUNG_TRY(std::string id, sample.identity("i"));
    RUNG_TRY(std::string prompt, sample.text("prompt"));
    RUNG_TRY(std::vector<std::string> options, sample.texts("options"));
    RUNG_TRY(const size_t right, sample.index("input_label", options.size()));
    for (std::string& option : options) option = strip(option);
    task.capability.items.push_back(choice(std::move(id), std::move(prompt), options, right, false));
  }
  return task;
}

struct ArcQuestion {
  std::string stem, key;
  std::vector<std::string> texts, labels;
};

/// AI2's own files nest a list of {text, label} in the question; Hugging Face's rows have two lists in parallel.
Result<ArcQuestion> read_arc(const Record& record) {
  ArcQuestion arc;
  RUNG_TRY(arc.key, record.text("answerKey"));
  const auto* question = record.find("question");
  if (question != nullptr && question->is_string()) {
    RUNG_TRY(arc.stem, record.text("question"));
    RUNG_TRY(const Record choices, record.object("choices"));
    RUNG_TRY(arc.texts, choices.texts("text"));
    RUNG_TRY(arc.labels, choices.texts("label"));
    if (arc.texts.size() != arc.labels.size())
      return choices.fail("label", fmt::format("as many labels as texts, {}", arc.texts.size()));
    return arc;
  }
  RUNG_TRY(const Record nested, record.object("question"));
  RUNG_TRY(arc.stem, nested.text("stem"));
  RUNG_TRY(const auto choices, nested.objects("choices"));
  for (const Record& one : choices) {
    RUNG_TRY(std::string text, one.text("text"));
    RUNG_TRY(std::string label, one.text("label"));
    arc.texts.push_back(std::move(text));
    arc.labels.push_back(std::move(label));
  }
  return arc;
}

std::string without_artifacts(std::string_view text) {
  static const Regex kBrackets = Regex::compile("\\[.*?\\]").value();
  const std::string marked = jinja::replace(strip(text), " [title]", ". ", -1);
  std::string clean;
  for (const std::string_view piece : kBrackets.split(marked)) clean += piece;
  return jinja::replace(clean, "  ", " ", -1);
}

}  // namespace

Result<LoadedTask> load_mmlu(const fs::path& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return load_mmlu_folder(path);
  if (path.extension() == ".json") return load_mmlu_prompts(path);
  LoadedTask task;
  RUNG_CHECK(add_subject(path, task));
  return task;
}

Result<LoadedTask> load_arc(const fs::path& path) {
  RUNG_TRY(const auto records, read_records(path));
  LoadedTask task;
  for (const Record& record : records) {
    RUNG_TRY(std::string id, record.identity("id"));
    RUNG_TRY(const ArcQuestion arc, read_arc(record));
    const auto right = std::find(arc.labels.begin(), arc.labels.end(), arc.key);
    if (right == arc.labels.end())
      return record.fail("answerKey", fmt::format("one of {}", fmt::join(arc.labels, ", ")));
    if (arc.texts.size() < 2) return record.fail("question", "at least two choices");
    task.capability.items.push_back(choice(std::move(id), fmt::format("Question: {}\nAnswer:", arc.stem), arc.texts,
                                           static_cast<size_t>(right - arc.labels.begin()), true));
  }
  return task;
}

Result<LoadedTask> load_hellaswag(const fs::path& path) {
  RUNG_TRY(const auto records, read_records(path));
  LoadedTask task;
  for (const Record& record : records) {
    RUNG_TRY(std::string id, record.identity("ind"));
    RUNG_TRY(const std::string activity, record.text("activity_label"));
    RUNG_TRY(const std::string first, record.text("ctx_a"));
    const auto* second = record.find("ctx_b");
    if (second == nullptr || !second->is_string()) return record.fail("ctx_b", "a string");
    RUNG_TRY(std::vector<std::string> endings, record.texts("endings"));
    if (endings.size() < 2) return record.fail("endings", "at least two");
    RUNG_TRY(const size_t right, record.index("label", endings.size()));
    for (std::string& ending : endings) ending = without_artifacts(ending);
    if (std::any_of(endings.begin(), endings.end(), [](const std::string& ending) { return ending.empty(); }))
      return record.fail("endings", "endings with more than artifacts in brackets");
    const std::string context = first + " " + jinja::capitalize(second->get_ref<const std::string&>());
    task.capability.items.push_back(
        choice(std::move(id), without_artifacts(activity + ": " + context), endings, right, true));
  }
  return task;
}

}  // namespace rung
