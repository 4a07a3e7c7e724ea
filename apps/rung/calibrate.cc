// rung calibrate: the mean squared activations of every matrix's input columns, written as an importance matrix.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/atomic_file.h"
#include "calibrate/calibrator.h"
#include "calibrate/top_up.h"
#include "calibrate/weights_only.h"
#include "calibrate_options.h"
#include "calibrate_report.h"
#include "commands.h"
#include "terminal.h"

namespace rung {
namespace {

GramKind gram_kind(const std::string& name) {
  if (name == "full") return GramKind::kFull;
  return name == "blocks" ? GramKind::kBlocks : GramKind::kNone;
}

Status show(const CalibrateArguments& arguments) {
  RUNG_TRY(const Imatrix imatrix, read_imatrix(arguments.show));
  print_statistics(imatrix, imatrix_statistics(imatrix), arguments.json);
  return {};
}

/// Wrong combinations, before anything is read.
Status check_arguments(const CalibrateArguments& arguments) {
  const bool has_text = !arguments.texts.empty() || !arguments.chats.empty();
  if (arguments.model.empty())
    return input_error("calibrate: MODEL is missing (only --show does without); see 'rung calibrate --help'");
  if (arguments.out.empty()) return input_error("calibrate: -o FILE is missing: where the importance matrix goes");
  if (arguments.weights_only && (has_text || !arguments.merged.empty() || !arguments.pools.empty()))
    return input_error("--weights-only: uses no text and nothing to merge; leave out the one or the other");
  if (!arguments.weights_only && !has_text && arguments.merged.empty())
    return input_error("calibrate: give --text FILE, --chat FILE, --merge FILE or --weights-only");
  if (!has_text && !arguments.pools.empty())
    return input_error("--top-up: adds to calibration text; give --text or --chat as well");
  if (!has_text && arguments.gram != "none")
    return input_error("--gram: second moments need calibration text; give --text or --chat as well");
  return {};
}

/// A file of conversations is one whose name ends in .jsonl.
Status add_pool_file(const ModelText& model, const std::string& path, bool parse_special, CalibrationText& text) {
  return path.ends_with(".jsonl") ? add_chat_file(model, path, text) : add_text_file(model, path, parse_special, text);
}

class Calibration {
 public:
  Calibration(const CalibrateArguments& arguments, Terminal& terminal)
      : arguments_(arguments),
        terminal_(terminal),
        precision_(arguments.precision == "f32" ? Precision::kF32 : Precision::kQ8),
        pool_(arguments.threads) {}

  Status run();

 private:
  Status open();
  Status read_texts();
  Status run_text();
  Status top_up();
  Status merge();
  Status check_grams(const InputMap& map);
  std::string gram_file() const;

  const CalibrateArguments& arguments_;
  Terminal& terminal_;
  Precision precision_;
  ThreadPool pool_;
  std::shared_ptr<const FileSource> source_;
  std::shared_ptr<const Engine> engine_;
  std::optional<InputMap> map_;
  std::optional<Calibrator> calibrator_;
  CalibrationText text_, prompts_;
  ImatrixSums sums_;
  CalibrateReport report_;
};

std::string Calibration::gram_file() const {
  if (!arguments_.gram_file.empty()) return arguments_.gram_file;
  return std::filesystem::path(arguments_.out).replace_extension(".gram.gguf").string();
}

Status Calibration::open() {
  RUNG_TRY(engine_, Engine::open(source_));
  const size_t trained = engine_->config().context;
  if (trained > 0 && arguments_.context > trained)
    return input_error("--context: found {}, the model was trained for {}", arguments_.context, trained);
  return {};
}

Status Calibration::read_texts() {
  RUNG_TRY(const ModelText model, open_model_text(source_->file()));
  if (model.tokenizer.size() > engine_->config().vocabulary)
    return input_error("{}: the tokenizer has {} tokens, the token embedding only {} rows", arguments_.model,
                       model.tokenizer.size(), engine_->config().vocabulary);
  text_.context = prompts_.context = arguments_.context;
  for (const std::string& path : arguments_.texts)
    RUNG_CHECK(add_text_file(model, path, arguments_.parse_special, text_));
  for (const std::string& path : arguments_.chats) RUNG_CHECK(add_chat_file(model, path, text_));
  for (const std::string& path : arguments_.pools)
    RUNG_CHECK(add_pool_file(model, path, arguments_.parse_special, prompts_));
  return {};
}

Status Calibration::check_grams(const InputMap& map) {
  const GramKind kind = gram_kind(arguments_.gram);
  if (kind == GramKind::kNone) return {};
  const GramCost cost = gram_cost(map.inputs(), kind, arguments_.output_matrix);
  terminal_.note(fmt::format("second moments ({}): {} of memory, {} on disk in {}", arguments_.gram,
                             human_bytes(cost.memory_bytes), human_bytes(cost.file_bytes), gram_file()));
  report_.gram_file = gram_file();
  report_.gram_bytes = cost.file_bytes;
  if (cost.memory_bytes <= arguments_.max_memory) return {};
  return input_error("--gram {}: needs {} of memory, --max-memory allows {}{}", arguments_.gram,
                     human_bytes(cost.memory_bytes), human_bytes(arguments_.max_memory),
                     kind == GramKind::kFull ? "; --gram blocks needs less" : "");
}

Status Calibration::top_up() {
  RUNG_TRY(const TopUp chosen, choose_top_up(engine_, pool_, *map_, calibrator_->sums(), prompts_,
                                             arguments_.least_tokens, precision_, terminal_));
  report_.topped_up = true;
  report_.least_tokens = arguments_.least_tokens;
  report_.starved_before = chosen.starved_before;
  report_.starved_after = chosen.starved_after;
  report_.prompts = prompts_.chunks.size();
  report_.prompts_chosen = chosen.chosen.chunks.size();
  RUNG_CHECK(calibrator_->run(chosen.chosen, "top-up", terminal_));
  text_.chunks.insert(text_.chunks.end(), chosen.chosen.chunks.begin(), chosen.chosen.chunks.end());
  text_.datasets.insert(text_.datasets.end(), chosen.chosen.datasets.begin(), chosen.chosen.datasets.end());
  return {};
}

Status Calibration::run_text() {
  RUNG_CHECK(open());
  RUNG_CHECK(read_texts());
  RUNG_TRY(map_, InputMap::of(engine_, pool_));
  RUNG_CHECK(check_grams(*map_));
  calibrator_.emplace(engine_, *map_, pool_,
                      CalibratorOptions{precision_, gram_kind(arguments_.gram), arguments_.output_matrix});
  RUNG_CHECK(calibrator_->run(text_, "calibrate", terminal_));
  if (!prompts_.chunks.empty()) RUNG_CHECK(top_up());
  RUNG_TRY(sums_, calibrator_->sums().imatrix());
  sums_.datasets = text_.datasets;
  sums_.chunk_size = arguments_.context;
  sums_.chunk_count = report_.chunks = text_.chunks.size();
  report_.tokens = text_.tokens();
  return {};
}

Status Calibration::merge() {
  for (const std::string& path : arguments_.merged) {
    RUNG_TRY(const ImatrixSums other, read_imatrix_sums(path, source_->file(), arguments_.context));
    RUNG_CHECK(sums_.add(other, path));
  }
  return {};
}

Status Calibration::run() {
  RUNG_CHECK(AtomicFile::create(arguments_.out).map([](const AtomicFile&) {}));
  RUNG_TRY(source_, FileSource::open(arguments_.model));
  if (arguments_.weights_only) {
    RUNG_TRY(sums_, weights_only_imatrix(source_->file(), arguments_.output_matrix, pool_, terminal_));
  } else if (!arguments_.texts.empty() || !arguments_.chats.empty()) {
    RUNG_CHECK(run_text());
  }
  RUNG_CHECK(merge());
  if (!report_.gram_file.empty()) RUNG_CHECK(calibrator_->sums().write_grams(report_.gram_file));
  RUNG_CHECK(write_imatrix(arguments_.out, sums_));
  report_.file = arguments_.out;
  report_.weights_only = sums_.weights_only;
  report_.entries = sums_.entries.size();
  report_.coverage = coverage_of(sums_);
  print_report(report_, arguments_.json);
  return {};
}

Status calibrate(const CalibrateArguments& arguments) {
  if (!arguments.show.empty()) return show(arguments);
  RUNG_CHECK(check_arguments(arguments));
  Terminal terminal(arguments.json);
  return Calibration(arguments, terminal).run();
}

}  // namespace

Command add_calibrate(CLI::App& app) {
  auto arguments = std::make_shared<CalibrateArguments>();
  add_calibrate_options(*app.add_subcommand("calibrate", "Measure which input columns of each matrix matter on a text"),
                        *arguments);
  return [arguments] { return calibrate(*arguments); };
}

}  // namespace rung
