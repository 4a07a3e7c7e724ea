// rung quantize: write a quantized copy of a GGUF file.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "quantize/quantize_file.h"
#include "terminal.h"

namespace rung {
namespace {

struct Options {
  std::string in, out, type, recipe, imatrix;
  std::vector<std::string> rules;
  bool weights_only = false, json = false;
  int threads = 0;
};

void print_result(const Options& options, const GgufFile& file, const QuantizationPlan& plan,
                  std::string_view calibration) {
  std::error_code ignored;
  const uint64_t bytes = std::filesystem::file_size(options.out, ignored);
  if (options.json) {
    const nlohmann::ordered_json json = {{"file", options.out},
                                         {"recipe", plan.recipe},
                                         {"bytes", bytes},
                                         {"tensor_bytes", plan.tensor_bytes},
                                         {"parameters", plan.values},
                                         {"bits_per_weight", plan.bits_per_weight()},
                                         {"calibration", calibration},
                                         {"warnings", plan.warnings}};
    fmt::print("{}\n", json.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return;
  }
  fmt::print("{}: {}, {:.3f} bits per weight, {} (was {}), calibration: {}\n", options.out, plan.recipe,
             plan.bits_per_weight(), human_bytes(bytes), human_bytes(file.file_bytes()), calibration);
}

/// A type and a recipe are never taken for each other.
Result<Recipe> chosen_recipe(const Options& options) {
  if (options.type.empty() == options.recipe.empty())
    return input_error("quantize: give either --type or --recipe; see 'rung quantize --help'");
  RUNG_TRY(Recipe recipe, find_recipe(options.type.empty() ? options.recipe : options.type));
  if (recipe.is_type && options.type.empty())
    return input_error("--recipe: {} is a type; use --type {}", recipe.name, recipe.name);
  if (!recipe.is_type && options.recipe.empty())
    return input_error("--type: {} is a recipe; use --recipe {}", recipe.name, recipe.name);
  return recipe;
}

Status quantize(const Options& options) {
  RUNG_TRY(const Recipe recipe, chosen_recipe(options));
  std::vector<RecipeRule> rules;
  for (const std::string& text : options.rules) {
    RUNG_TRY(RecipeRule rule, parse_rule(text));
    rules.push_back(std::move(rule));
  }
  RUNG_TRY(const GgufFile file, GgufFile::open(options.in));
  Imatrix imatrix;
  ImportanceOptions importance{nullptr, options.weights_only};
  if (!options.imatrix.empty()) {
    RUNG_TRY(imatrix, read_imatrix(options.imatrix));
    importance.imatrix = &imatrix;
  }
  if (recipe.needs_routed_experts && !has_routed_experts(file))
    return input_error("{}: recipe {} is for mixtures of experts, and this model has no routed experts", options.in,
                       recipe.name);
  RUNG_TRY(const QuantizationPlan plan, plan_quantization(file, recipe, rules));
  Terminal terminal(options.json);
  for (const std::string& warning : plan.warnings) terminal.warn(warning);
  ThreadPool pool(options.threads);
  RUNG_CHECK(quantize_file(file, plan, importance, options.out, pool, terminal));
  print_result(options, file, plan, calibration_name(calibration_of(plan, importance)));
  return {};
}

}  // namespace

Command add_quantize(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("quantize", "Write a quantized copy of a GGUF file");
  command->add_option("IN", options->in, "the model, best in F32, F16 or BF16")->required();
  command->add_option("OUT", options->out, "the file to write; appears only when it is whole")->required();
  command->add_option("--type", options->type,
                      "one type for every weight matrix: q8_0, q4_k, ...; norms, routers and vectors stay as they are");
  command->add_option("--recipe", options->recipe,
                      fmt::format("a mixture of types: {}", fmt::join(recipe_names(), ", ")));
  command
      ->add_option("--rule", options->rules,
                   "REGEX=TYPE: tensors whose name matches get TYPE; first match wins; repeatable")
      ->type_name("REGEX=TYPE");
  command->add_option("--imatrix", options->imatrix, "importance matrix, GGUF or legacy .dat")->type_name("FILE");
  command->add_flag("--weights-only", options->weights_only,
                    "where a type needs an importance matrix and there is none, use the column energy of the weights");
  command->add_option("--threads", options->threads, "threads; the result does not depend on it")
      ->check(CLI::Range(1, 1024));
  command->add_flag("--json", options->json, "print JSON");
  command->footer("Example: rung quantize model.bf16.gguf model.q4_k.gguf --type q4_k --imatrix imatrix.gguf");
  return [options] { return quantize(*options); };
}

}  // namespace rung
