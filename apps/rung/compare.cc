// rung compare: two quantizations side by side.
#include "ladder/compare.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "report/compare_table.h"
#include "terminal.h"

namespace rung {
namespace {

struct Options {
  CompareOptions compare;
  std::string reference, panel, imatrix, gram;
  std::vector<std::string> texts;
  bool json = false;
};

Status compare(Options& options) {
  options.compare.reference = options.reference;
  options.compare.panel = options.panel;
  options.compare.imatrix = options.imatrix;
  options.compare.gram = options.gram;
  options.compare.texts.assign(options.texts.begin(), options.texts.end());
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
  command->add_option("--reference", options->reference, "the model that both were made from")->type_name("MODEL");
  command
      ->add_option("--text", options->texts,
                   "text to measure on; repeatable; default prose.txt beside the model, else the shipped one")
      ->type_name("FILE");
  command
      ->add_option("--panel", options->panel,
                   "folder of task files; default panel/ beside the model, else the shipped one")
      ->type_name("DIR");
  command
      ->add_option("--imatrix", options->imatrix,
                   "importance matrix for types and recipes; default imatrix.gguf beside the model")
      ->type_name("FILE");
  command->add_option("--gram", options->gram, "second moments from 'rung calibrate --gram', for names with +gptq")
      ->type_name("FILE");
  command->add_option("--context", compare_options.context, "tokens a chunk of text")
      ->capture_default_str()
      ->check(CLI::Range(4, 1 << 20));
  command->add_option("--tokens", compare_options.tokens, "use only the first so many tokens of each text");
  command->add_option("--items", compare_options.items, "use only the first so many items of each capability");
  command->add_option("--threads", compare_options.threads, "threads; the results do not depend on it")
      ->check(CLI::Range(1, 1024));
  command->add_flag("--json", options->json, "print JSON");
  command->footer("Example: rung compare naive-q2 asymmetric --reference model.bf16.gguf");
  return [options] { return compare(*options); };
}

}  // namespace rung
