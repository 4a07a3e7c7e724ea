#include "quantize_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

namespace rung {
namespace {

/// A type and a recipe are never taken for each other.
Result<Recipe> chosen_recipe(const QuantizeArguments& arguments) {
  if (arguments.type.empty() == arguments.recipe.empty())
    return input_error("quantize: give either --type or --recipe; see 'rung quantize --help'");
  RUNG_TRY(Recipe recipe, find_recipe(arguments.type.empty() ? arguments.recipe : arguments.type));
  if (recipe.is_type && arguments.type.empty())
    return input_error("--recipe: {} is a type; use --type {}", recipe.name, recipe.name);
  if (!recipe.is_type && arguments.recipe.empty())
    return input_error("--type: {} is a recipe; use --recipe {}", recipe.name, recipe.name);
  return recipe;
}

Result<QuantizeOutput> planned_output(const GgufFile& file, std::string path, const Recipe& recipe,
                                      std::span<const RecipeRule> rules, bool imatrix) {
  RUNG_TRY(QuantizationPlan plan, plan_quantization(file, recipe, rules, imatrix));
  return QuantizeOutput{std::move(path), std::move(plan)};
}

void add_plan_options(CLI::App& command, QuantizeArguments& arguments) {
  command.add_option("IN", arguments.in, "the model, best in F32, F16 or BF16")->required();
  command.add_option("OUT", arguments.out, "the file to write; appears only when it is whole")->required();
  command.add_option("--type", arguments.type,
                     "one type for every weight matrix: q8_0, q4_k, ...; norms, routers and vectors stay as they are");
  command.add_option("--recipe", arguments.recipe, "a mixture of types: a name of 'rung recipe list' or a TOML file");
  command
      .add_option("--rule", arguments.rules,
                  "REGEX=TYPE: tensors whose name matches get TYPE, in every output; first match wins; repeatable")
      ->type_name("REGEX=TYPE");
  command
      .add_option("--also", arguments.also,
                  "OUT=TYPE or OUT=RECIPE: another file from the same read of the model; repeatable")
      ->type_name("OUT=TYPE|RECIPE");
  command.add_option("--imatrix", arguments.imatrix, "importance matrix, GGUF or legacy .dat")->type_name("FILE");
  command
      .add_option("--gram", arguments.gram,
                  "second moments from 'rung calibrate --gram'; their diagonal is the importance without --imatrix")
      ->type_name("FILE");
  command
      .add_option("--method", arguments.method,
                  "rtn: each weight by itself; imatrix: weighted by importance; gptq: errors are made up for in other "
                  "columns as well (needs --gram); default: the last that the files given allow")
      ->check(CLI::IsMember({"rtn", "imatrix", "gptq"}));
  command.add_flag("--weights-only", arguments.weights_only,
                   "where a type needs an importance matrix and there is none, use the column energy of the weights");
  command
      .add_option("--effort", arguments.effort,
                  "how long encoders search: fast (a few per cent more error), normal, best (a little less error for a "
                  "multiple of the time)")
      ->check(CLI::IsMember({"fast", "normal", "best"}));
  command.add_flag("--allow-requantize", arguments.allow_requantize,
                   "encode tensors that are quantized already; costs quality");
}

void add_budget_options(CLI::App& command, QuantizeArguments& arguments) {
  CLI::Option_group* group =
      command.add_option_group("Budget", "the best mix within a number of bytes, by measurement");
  group->add_option("--size", arguments.size, "bytes that the file may have: 90GiB, 6.8MB, ...")
      ->transform(CLI::AsSizeValue(true))
      ->check(CLI::PositiveNumber);
  group->add_option("--bits-per-weight", arguments.bits_per_weight, "the same as bits of a weight, of all tensors")
      ->check(CLI::PositiveNumber);
  group->add_option("--text", arguments.text, "calibration text; not what the result is judged by")->type_name("FILE");
  group->add_option("--context", arguments.context, "tokens of a chunk of that text")
      ->capture_default_str()
      ->check(CLI::Range(4, 1 << 20));
  group->add_option("--tokens", arguments.tokens, "use only the first so many tokens of it; 0: all")
      ->capture_default_str();
  group->add_option("--min", arguments.min, "no type of fewer bits")->type_name("TYPE");
  group->add_option("--max", arguments.max, "no type of more bits, and nothing kept as it is")->type_name("TYPE");
  group
      ->add_option("--protect", arguments.protect,
                   "capabilities, with commas: their right answers count instead of the text")
      ->delimiter(',');
  group->add_option("--panel", arguments.panel, "task files that --protect names; not those of the judging panel")
      ->type_name("DIR");
  group
      ->add_option("--sensitivity", arguments.sensitivity,
                   "keeps what was measured, for other budgets and after an interruption; made if missing")
      ->type_name("FILE");
  group->add_option("--save-recipe", arguments.save_recipe, "the mix found as a recipe")->type_name("FILE.toml");
}

void add_run_options(CLI::App& command, QuantizeArguments& arguments) {
  CLI::Option* shard_size =
      command
          .add_option("--shard-size", arguments.shard_size,
                      "split the output: no part larger than SIZE (one tensor may be), OUT-00001-of-0000N.gguf")
          ->transform(CLI::AsSizeValue(true))
          ->check(CLI::PositiveNumber);
  command.add_flag("--keep-split", arguments.keep_split, "split the output as the input is split")
      ->excludes(shard_size);
  command
      .add_option("--max-memory", arguments.max_memory,
                  "memory to use beyond the mapped model, default 1GiB; the result does not depend on it")
      ->transform(CLI::AsSizeValue(true))
      ->check(CLI::PositiveNumber);
  command
      .add_option("--report", arguments.report,
                  "what each tensor lost: FILE.csv or FILE.json with role, type, bytes, weighted relative error, SNR, "
                  "outliers")
      ->type_name("FILE");
  command.add_flag("--dry-run", arguments.dry_run, "tell the exact size of every file and write nothing");
  command.add_option("--threads", arguments.threads, "threads; the result does not depend on it")
      ->check(CLI::Range(1, 1024));
  command.add_flag("--json", arguments.json, "print JSON");
}

Effort effort_of(const std::string& name) {
  for (const Effort effort : {Effort::kFast, Effort::kBest})
    if (name == effort_name(effort)) return effort;
  return Effort::kNormal;
}

}  // namespace

void add_quantize_options(CLI::App& command, QuantizeArguments& arguments) {
  add_plan_options(command, arguments);
  add_budget_options(command, arguments);
  add_run_options(command, arguments);
  command.footer(
      "Example: rung quantize model.bf16.gguf model.q4_k.gguf --type q4_k --imatrix imatrix.gguf\n"
      "Stopped or killed, the same command goes on where it was.");
}

Result<std::vector<QuantizeOutput>> quantize_outputs(const QuantizeArguments& arguments, const GgufFile& file) {
  RUNG_TRY(const Recipe recipe, chosen_recipe(arguments));
  std::vector<RecipeRule> rules;
  for (const std::string& text : arguments.rules) {
    RUNG_TRY(RecipeRule rule, parse_rule(text));
    rules.push_back(std::move(rule));
  }
  const bool imatrix = !arguments.imatrix.empty() || !arguments.gram.empty();
  std::vector<QuantizeOutput> outputs;
  RUNG_TRY(QuantizeOutput first, planned_output(file, arguments.out, recipe, rules, imatrix));
  outputs.push_back(std::move(first));
  for (const std::string& text : arguments.also) {
    const size_t equals = text.rfind('=');
    if (equals == std::string::npos || equals == 0)
      return input_error("--also: found '{}', allowed is OUT=TYPE or OUT=RECIPE, for example small.gguf=q2_k", text);
    RUNG_TRY(const Recipe other, find_recipe(text.substr(equals + 1)));
    RUNG_TRY(QuantizeOutput output, planned_output(file, text.substr(0, equals), other, rules, imatrix));
    outputs.push_back(std::move(output));
  }
  return outputs;
}

Result<std::string> chosen_method(const QuantizeArguments& arguments) {
  const bool gram = !arguments.gram.empty(), imatrix = !arguments.imatrix.empty();
  const std::string& method = arguments.method;
  if (method.empty()) return std::string(gram ? "gptq" : imatrix ? "imatrix" : "rtn");
  if (method == "gptq" && !gram)
    return input_error(
        "--method gptq: needs second moments; make them with 'rung calibrate --gram' and give --gram FILE");
  if (method == "imatrix" && !imatrix && !gram)
    return input_error("--method imatrix: needs --imatrix FILE, or --gram FILE for its diagonal");
  if (method == "rtn" && (imatrix || gram))
    return input_error("--method rtn: uses neither --imatrix nor --gram; leave them out");
  return method;
}

QuantizeOptions quantize_options(const QuantizeArguments& arguments, const Imatrix* imatrix, const GramFile* grams) {
  QuantizeOptions options;
  options.output.importance = {imatrix, arguments.weights_only, grams};
  options.output.effort = effort_of(arguments.effort);
  options.output.shard_bytes = arguments.shard_size;
  options.output.keep_split = arguments.keep_split;
  options.max_memory = arguments.max_memory;
  options.allow_requantize = arguments.allow_requantize;
  options.measure_loss = !arguments.report.empty();
  return options;
}

}  // namespace rung
