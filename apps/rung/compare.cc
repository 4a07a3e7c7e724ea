// rung compare: two quantizations side by side.
#include "ladder/compare.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "measuring_options.h"
#include "report/compare_table.h"
#include "terminal.h"

namespace rung {
namespace {

struct Options {
  CompareOptions compare;
  bool json = false;
};

Status compare(const Options& options) {
  Terminal terminal(options.json);
  RUNG_TRY(const auto result, run_compare(options.compare, terminal));
  if (options.json) {
    fmt::print("{}\n", result.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  } else {
    fmt::print("{}", render_comparison(result, {terminal_width(), stdout_has_color(), locale_is_utf8()}));
  }
  return {};
}

}  // namespace

Command add_compare(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CompareOptions& compare_options = options->compare;
  CLI::App* command = app.add_subcommand("compare", "Measure two quantizations of a model side by side, paired");
  command->add_option("A", compare_options.first, "a GGUF file, or a type or recipe of the reference, NAME+gptq too")
      ->required();
  command->add_option("B", compare_options.second, "the same")->required();
  command->add_option("--reference", compare_options.reference, "the model that both were made from")
      ->type_name("MODEL");
  add_measuring_options(*command, {"importance matrix for types and recipes", "names"}, compare_options.material,
                        compare_options.threads);
  command->add_flag("--json", options->json, "print JSON");
  command->footer("Example: rung compare naive-q2 asymmetric --reference model.bf16.gguf");
  return [options] { return compare(*options); };
}

}  // namespace rung
