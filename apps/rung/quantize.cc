// rung quantize: write quantized copies of a GGUF file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "commands.h"
#include "quantize/loss_report.h"
#include "quantize_budget.h"
#include "terminal.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

/// A finished or dry run, as it is told.
struct Summary {
  const QuantizeArguments& arguments;
  const GgufFile& file;
  const QuantizeOptions& options;
  const std::vector<QuantizeOutput>& outputs;
  const std::vector<std::vector<PlannedFile>>& files;  ///< of each output
  std::vector<std::string> warnings;
  const std::optional<BudgetResult>& budget;
};

uint64_t total_bytes(const std::vector<PlannedFile>& files) {
  uint64_t bytes = 0;
  for (const PlannedFile& file : files) bytes += file.bytes;
  return bytes;
}

std::map<std::string, uint64_t> bytes_by_type(const QuantizationPlan& plan) {
  std::map<std::string, uint64_t> bytes;
  for (const TensorPlan& tensor : plan.tensors)
    bytes[tensor.format ? std::string(format_name(*tensor.format)) : ggml_type_name(tensor.source->ggml_type)] +=
        tensor.bytes;
  return bytes;
}

/// With tensors to them, those that no rule decided last.
std::vector<PlannedRule> deciding_rules(const QuantizationPlan& plan) {
  std::vector<PlannedRule> rules;
  for (const PlannedRule& rule : plan.rules)
    if (rule.tensors != 0) rules.push_back(rule);
  if (plan.kept.tensors != 0) rules.push_back(plan.kept);
  return rules;
}

ordered_json rules_json(const QuantizationPlan& plan) {
  ordered_json rules = ordered_json::array();
  for (const PlannedRule& rule : deciding_rules(plan))
    rules.push_back({{"rule", rule.label}, {"types", rule.types}, {"tensors", rule.tensors}, {"bytes", rule.bytes}});
  return rules;
}

ordered_json output_json(const Summary& summary, size_t index) {
  const QuantizeOutput& output = summary.outputs[index];
  const QuantizationPlan& plan = output.plan;
  const ImportanceOptions& importance = summary.options.output.importance;
  const CalibrationSource calibration = calibration_of(plan, importance);
  ordered_json parts = ordered_json::array();
  for (const PlannedFile& part : summary.files[index])
    parts.push_back({{"file", part.path.string()}, {"bytes", part.bytes}});
  return {{"file", output.path.string()},
          {"recipe", plan.recipe},
          {"bytes", total_bytes(summary.files[index])},
          {"tensor_bytes", plan.tensor_bytes},
          {"parameters", plan.values},
          {"bits_per_weight", plan.bits_per_weight()},
          {"calibration", calibration_name(calibration)},
          {"method", method_name(importance, calibration)},
          {"effort", effort_name(summary.options.output.effort)},
          {"parts", std::move(parts)},
          {"bytes_by_type", bytes_by_type(plan)},
          {"bytes_by_rule", rules_json(plan)}};
}

void print_json(const Summary& summary) {
  ordered_json json = output_json(summary, 0);
  json["dry_run"] = summary.arguments.dry_run;
  if (summary.budget) json["budget"] = budget_json(*summary.budget);
  json["also"] = ordered_json::array();
  for (size_t index = 1; index < summary.outputs.size(); ++index) json["also"].push_back(output_json(summary, index));
  if (summary.options.output.importance.imatrix != nullptr) {
    const ImatrixGaps gaps = imatrix_gaps(summary.outputs.front().plan, summary.options.output.importance);
    json["imatrix"] = {{"file", summary.options.output.importance.imatrix->file},
                       {"unseen_experts", gaps.unseen_experts},
                       {"thin_experts", gaps.thin_experts},
                       {"affected_tensors", gaps.affected_tensors},
                       {"missing_tensors", gaps.missing_tensors}};
  }
  json["warnings"] = summary.warnings;
  fmt::print("{}\n", json.dump(1, ' ', false, ordered_json::error_handler_t::replace));
}

void print_text(const Summary& summary) {
  if (summary.budget) fmt::print("{}", budget_text(*summary.budget, terminal_width()));
  for (size_t index = 0; index < summary.outputs.size(); ++index) {
    const QuantizeOutput& output = summary.outputs[index];
    const ImportanceOptions& importance = summary.options.output.importance;
    const CalibrationSource calibration = calibration_of(output.plan, importance);
    fmt::print("{}: {}, {:.3f} bits per weight, {} (was {}), calibration: {}, method: {}\n", output.path.string(),
               output.plan.recipe, output.plan.bits_per_weight(), human_bytes(total_bytes(summary.files[index])),
               human_bytes(summary.file.file_bytes()), calibration_name(calibration),
               method_name(importance, calibration));
    if (!summary.arguments.dry_run && summary.files[index].size() == 1) continue;
    for (const PlannedFile& part : summary.files[index]) fmt::print("  {}: {} bytes\n", part.path.string(), part.bytes);
    if (!summary.arguments.dry_run) continue;
    for (const auto& [type, bytes] : bytes_by_type(output.plan)) fmt::print("  {:8} {} bytes\n", type, bytes);
    for (const PlannedRule& rule : deciding_rules(output.plan))
      fmt::print("  {}: {}, {} bytes\n", rule.label, fmt::join(rule.types, ", "), rule.bytes);
  }
  if (summary.arguments.dry_run) fmt::print("dry run: nothing was written\n");
}

Status check_report(const std::string& path) {
  if (path.empty() || path.ends_with(".csv") || path.ends_with(".json")) return {};
  return input_error("--report: found '{}', allowed are names that end in .csv or .json", path);
}

std::vector<std::string> all_warnings(const std::vector<QuantizeOutput>& outputs, const ImportanceOptions& importance) {
  std::vector<std::string> warnings;
  for (const QuantizeOutput& output : outputs)
    for (const auto& lines : {output.plan.warnings, imatrix_gaps(output.plan, importance).warnings()})
      for (const std::string& line : lines)
        if (std::find(warnings.begin(), warnings.end(), line) == warnings.end()) warnings.push_back(line);
  return warnings;
}

Status write_files(const Summary& summary, Terminal& terminal) {
  ThreadPool pool(summary.arguments.threads);
  RUNG_TRY(const auto losses, quantize_file(summary.file, summary.outputs, summary.options, pool, terminal));
  const std::string& report = summary.arguments.report;
  if (report.empty()) return {};
  return write_file(report,
                    report.ends_with(".csv") ? loss_csv(summary.outputs, losses) : loss_json(summary.outputs, losses));
}

Status quantize(const QuantizeArguments& arguments) {
  RUNG_CHECK(check_report(arguments.report));
  RUNG_TRY(const std::string method, chosen_method(arguments));
  RUNG_TRY(const auto source, FileSource::open(arguments.in));
  const GgufFile& file = source->file();
  GramFile grams;
  if (!arguments.gram.empty()) {
    RUNG_TRY(grams, read_grams(arguments.gram));
  }
  Imatrix imatrix;
  if (!arguments.imatrix.empty()) {
    RUNG_TRY(imatrix, read_imatrix(arguments.imatrix));
  } else {
    imatrix = imatrix_of(grams);
  }
  const QuantizeOptions options =
      quantize_options(arguments, method == "rtn" ? nullptr : &imatrix, method == "gptq" ? &grams : nullptr);
  Terminal terminal(arguments.json);
  std::optional<BudgetResult> budget;
  if (arguments.has_budget()) {
    RUNG_TRY(budget, find_budget(arguments, source, options, terminal));
  }
  RUNG_TRY(const std::vector<QuantizeOutput> outputs,
           budget ? budget_outputs(arguments, *budget) : quantize_outputs(arguments, file));
  RUNG_TRY(const auto files, planned_files(file, outputs, options));
  const Summary summary{arguments, file, options, outputs, files, all_warnings(outputs, options.output.importance),
                        budget};
  for (const std::string& warning : summary.warnings) terminal.warn(warning);
  if (!arguments.dry_run) RUNG_CHECK(write_files(summary, terminal));
  if (arguments.json) {
    print_json(summary);
  } else {
    print_text(summary);
  }
  return {};
}

}  // namespace

Command add_quantize(CLI::App& app) {
  auto arguments = std::make_shared<QuantizeArguments>();
  add_quantize_options(*app.add_subcommand("quantize", "Write quantized copies of a GGUF file"), *arguments);
  return [arguments] { return quantize(*arguments); };
}

}  // namespace rung
