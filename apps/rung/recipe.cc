// rung recipe: what recipes there are, what they make of a model, and their way from and to llama.cpp.
#include "recipe/recipe.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/mapped_file.h"
#include "commands.h"
#include "recipe/recipe_toml.h"
#include "recipe/tensor_type_file.h"
#include "terminal.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

struct Arguments {
  std::string name, other, model, file;
  bool imatrix = false, tensors = false, json = false;
};

void print(const ordered_json& json) {
  fmt::print("{}\n", json.dump(1, ' ', false, ordered_json::error_handler_t::replace));
}

std::string type_of(const TensorPlan& tensor) {
  return tensor.format ? std::string(format_name(*tensor.format)) : ggml_type_name(tensor.source->ggml_type);
}

Status list(const Arguments& arguments) {
  ordered_json json = ordered_json::array();
  for (const std::string& name : recipe_names()) {
    RUNG_TRY(const Recipe recipe, find_recipe(name));
    json.push_back({{"name", name}, {"description", recipe.description}, {"hash", recipe.hash()}});
    if (!arguments.json) fmt::print("{:20}  {}\n", name, recipe.description);
  }
  if (arguments.json) print(json);
  return {};
}

Status show(const Arguments& arguments) {
  RUNG_TRY(const Recipe recipe, find_recipe(arguments.name));
  fmt::print("{}", recipe.text);
  return {};
}

Result<QuantizationPlan> plan_of(const GgufFile& file, const std::string& name, bool imatrix) {
  RUNG_TRY(const Recipe recipe, find_recipe(name));
  return plan_quantization(file, recipe, {}, imatrix);
}

ordered_json rule_json(const PlannedRule& rule) {
  return {{"rule", rule.label},      {"note", rule.note},   {"tensors", rule.tensors},
          {"weights", rule.weights}, {"bytes", rule.bytes}, {"types", rule.types}};
}

ordered_json explanation_json(const QuantizationPlan& plan) {
  ordered_json json = {{"recipe", plan.recipe},
                       {"hash", plan.recipe_hash},
                       {"tensor_bytes", plan.tensor_bytes},
                       {"parameters", plan.values},
                       {"bits_per_weight", plan.bits_per_weight()},
                       {"rules", ordered_json::array()},
                       {"kept", rule_json(plan.kept)},
                       {"tensors", ordered_json::array()},
                       {"warnings", plan.warnings}};
  for (const PlannedRule& rule : plan.rules) json["rules"].push_back(rule_json(rule));
  for (const TensorPlan& tensor : plan.tensors) {
    ordered_json row = {{"name", tensor.source->name}, {"type", type_of(tensor)}, {"bytes", tensor.bytes}};
    row["rule"] = tensor.rule == TensorPlan::kNoRule ? ordered_json(nullptr) : ordered_json(tensor.rule);
    json["tensors"].push_back(std::move(row));
  }
  return json;
}

const PlannedRule& rule_of(const QuantizationPlan& plan, const TensorPlan& tensor) {
  return tensor.rule == TensorPlan::kNoRule ? plan.kept : plan.rules[tensor.rule];
}

void print_tensors(const QuantizationPlan& plan) {
  for (const TensorPlan& tensor : plan.tensors)
    fmt::print("{:40} {:8} {:>13} bytes  {}\n", tensor.source->name, type_of(tensor), tensor.bytes,
               rule_of(plan, tensor).label);
}

void print_rule(const PlannedRule& rule) {
  fmt::print("{}: {}\n", rule.label,
             rule.tensors == 0 ? "nothing here" : fmt::format("{}", fmt::join(rule.types, ", ")));
  if (rule.tensors != 0) fmt::print("    {} tensors, {} weights, {} bytes\n", rule.tensors, rule.weights, rule.bytes);
  if (!rule.note.empty()) fmt::print("    {}\n", rule.note);
}

Status explain(const Arguments& arguments) {
  RUNG_TRY(const GgufFile file, GgufFile::open(arguments.model));
  RUNG_TRY(const QuantizationPlan plan, plan_of(file, arguments.name, arguments.imatrix));
  Terminal terminal(arguments.json);
  for (const std::string& warning : plan.warnings) terminal.warn(warning);
  if (arguments.json) {
    print(explanation_json(plan));
    return {};
  }
  if (arguments.tensors) {
    print_tensors(plan);
  } else {
    for (const PlannedRule& rule : plan.rules) print_rule(rule);
    print_rule(plan.kept);
  }
  fmt::print("{}: {} bytes of tensors, {:.3f} bits per weight\n", plan.recipe, plan.tensor_bytes,
             plan.bits_per_weight());
  return {};
}

/// Each rule with its type.
std::vector<std::string> rule_lines(const Recipe& recipe) {
  std::vector<std::string> lines;
  for (const RecipeRule& rule : recipe.rules)
    lines.push_back(fmt::format("{}: {}", rule.label(), rule.format ? format_name(*rule.format) : "keep"));
  return lines;
}

Status diff_rules(const Arguments& arguments) {
  RUNG_TRY(const Recipe left, find_recipe(arguments.name));
  RUNG_TRY(const Recipe right, find_recipe(arguments.other));
  const std::vector<std::string> left_lines = rule_lines(left), right_lines = rule_lines(right);
  ordered_json json = {{"only_in_a", ordered_json::array()}, {"only_in_b", ordered_json::array()}};
  const auto tell = [&](const auto& lines, const auto& others, std::string_view key, char sign) {
    for (const std::string& line : lines) {
      if (std::find(others.begin(), others.end(), line) != others.end()) continue;
      json[key].push_back(line);
      if (!arguments.json) fmt::print("{} {}\n", sign, line);
    }
  };
  tell(left_lines, right_lines, "only_in_a", '-');
  tell(right_lines, left_lines, "only_in_b", '+');
  if (arguments.json) print(json);
  return {};
}

Status diff_plans(const Arguments& arguments) {
  RUNG_TRY(const GgufFile file, GgufFile::open(arguments.model));
  RUNG_TRY(const QuantizationPlan left, plan_of(file, arguments.name, arguments.imatrix));
  RUNG_TRY(const QuantizationPlan right, plan_of(file, arguments.other, arguments.imatrix));
  ordered_json json = {
      {"a_bytes", left.tensor_bytes}, {"b_bytes", right.tensor_bytes}, {"tensors", ordered_json::array()}};
  for (size_t index = 0; index < left.tensors.size(); ++index) {
    const TensorPlan &a = left.tensors[index], &b = right.tensors[index];
    if (type_of(a) == type_of(b)) continue;
    json["tensors"].push_back(
        {{"name", a.source->name}, {"a", type_of(a)}, {"b", type_of(b)}, {"a_bytes", a.bytes}, {"b_bytes", b.bytes}});
    if (!arguments.json)
      fmt::print("{:40} {:8} -> {:8} {:>13} -> {:>13} bytes\n", a.source->name, type_of(a), type_of(b), a.bytes,
                 b.bytes);
  }
  if (arguments.json) {
    print(json);
  } else {
    fmt::print("{} tensors differ; {}: {} bytes, {}: {} bytes\n", json["tensors"].size(), left.recipe,
               left.tensor_bytes, right.recipe, right.tensor_bytes);
  }
  return {};
}

Status diff(const Arguments& arguments) {
  return arguments.model.empty() ? diff_rules(arguments) : diff_plans(arguments);
}

Status import_file(const Arguments& arguments) {
  RUNG_TRY(const std::string text, read_file(arguments.file));
  RUNG_TRY(Recipe recipe, parse_tensor_type_file(text, arguments.file));
  recipe.name = std::filesystem::path(arguments.file).stem().string();
  fmt::print("{}", recipe_toml(recipe));
  return {};
}

Status export_file(const Arguments& arguments) {
  RUNG_TRY(const GgufFile file, GgufFile::open(arguments.model));
  RUNG_TRY(const QuantizationPlan plan, plan_of(file, arguments.name, arguments.imatrix));
  RUNG_TRY(const TensorTypeFile types, tensor_type_file(plan));
  Terminal terminal(true);
  if (!types.left_out.empty())
    terminal.warn(fmt::format("llama-quantize never touches {} and {} others, which {} makes floats: left out",
                              types.left_out.front(), types.left_out.size() - 1, plan.recipe));
  fmt::print("{}", types.text);
  return {};
}

using Run = Status (*)(const Arguments&);

/// Adds `rung recipe NAME`; what it runs is kept in `chosen`.
CLI::App& add_action(CLI::App& command, const char* name, const char* help, Run run, Run& chosen) {
  CLI::App* action = command.add_subcommand(name, help);
  action->callback([run, &chosen] { chosen = run; });
  return *action;
}

constexpr const char* kRecipeHelp = "a recipe that comes with Rung, a TOML file, or a type";

void add_imatrix_flag(CLI::App& action, Arguments& arguments) {
  action.add_flag("--with-imatrix", arguments.imatrix,
                  "as with an importance matrix: some of llama.cpp's mixtures ask");
}

void add_actions(CLI::App& command, Arguments& arguments, Run& chosen) {
  CLI::App& listing = add_action(command, "list", "List the recipes that come with Rung", list, chosen);
  listing.add_flag("--json", arguments.json, "print JSON");
  CLI::App& showing = add_action(command, "show", "Print a recipe as TOML", show, chosen);
  showing.add_option("NAME", arguments.name, kRecipeHelp)->required();
  CLI::App& explaining = add_action(command, "explain",
                                    "Say which rule decides what in a model, why, and how many bytes", explain, chosen);
  explaining.add_option("MODEL", arguments.model, "a GGUF file")->required();
  explaining.add_option("NAME", arguments.name, kRecipeHelp)->required();
  explaining.add_flag("--tensors", arguments.tensors, "tensor by tensor instead of rule by rule");
  explaining.add_flag("--json", arguments.json, "print JSON");
  CLI::App& comparing =
      add_action(command, "diff", "Say where two recipes differ, by rules or in a model", diff, chosen);
  comparing.add_option("A", arguments.name, kRecipeHelp)->required();
  comparing.add_option("B", arguments.other, kRecipeHelp)->required();
  comparing.add_option("MODEL", arguments.model, "a GGUF file: compare tensor by tensor");
  comparing.add_flag("--json", arguments.json, "print JSON");
  CLI::App& importing =
      add_action(command, "import", "Print the TOML of a llama-quantize --tensor-type-file", import_file, chosen);
  importing.add_option("FILE", arguments.file, "words REGEX=TYPE")->required();
  CLI::App& exporting =
      add_action(command, "export", "Print what a recipe makes of a model as a --tensor-type-file for llama-quantize",
                 export_file, chosen);
  exporting.add_option("NAME", arguments.name, kRecipeHelp)->required();
  exporting.add_option("MODEL", arguments.model, "a GGUF file")->required();
  for (CLI::App* action : {&explaining, &comparing, &exporting}) add_imatrix_flag(*action, arguments);
}

}  // namespace

Command add_recipe(CLI::App& app) {
  struct State {
    Arguments arguments;
    Run chosen = nullptr;
  };
  auto state = std::make_shared<State>();
  CLI::App* command = app.add_subcommand("recipe", "List, show, explain, compare, import and export recipes");
  command->require_subcommand(1);
  add_actions(*command, state->arguments, state->chosen);
  command->footer(
      "Example: rung recipe explain model.gguf llama.cpp/Q4_K_M\nThe format of recipe files: docs/recipes.md");
  return [state] { return state->chosen(state->arguments); };
}

}  // namespace rung
