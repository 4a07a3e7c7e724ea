#include "measuring_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kv_option.h"
#include "tasks/tasks.h"

namespace rung {

void add_measuring_options(CLI::App& command, const MeasuringHelp& help, MeasuringMaterial& material, int& threads) {
  command
      .add_option("--text", material.texts,
                  "text to measure on; repeatable; default prose.txt beside the model, else the shipped one")
      ->type_name("FILE");
  command
      .add_option("--panel", material.panel,
                  "folder of task files; builtin[:SEED], made for any model and as hard as it needs; or pico[:SEED], "
                  "fresh items for the shipped model; default panel/ beside the model, else the shipped one")
      ->type_name("PANEL");
  command
      .add_option("--facts", material.facts, "facts for --panel builtin, see docs/panel.md; default the shipped ones")
      ->type_name("FILE");
  std::vector<std::string_view> names;
  for (const Task& task : known_tasks()) names.push_back(task.name);
  command
      .add_option("--tasks", material.tasks,
                  fmt::format("published task files as NAME=FILE, with commas, in place of the default panel: {}; "
                              "docs/tasks.md",
                              fmt::join(names, " ")))
      ->delimiter(',')
      ->type_name("NAME=FILE");
  command
      .add_option("--imatrix", material.imatrix, fmt::format("{}; default imatrix.gguf beside the model", help.imatrix))
      ->type_name("FILE");
  command
      .add_option("--gram", material.gram,
                  fmt::format("second moments from 'rung calibrate --gram', for {} with +gptq", help.gptq_names))
      ->type_name("FILE");
  command.add_option("--context", material.context, "tokens a chunk of text")
      ->capture_default_str()
      ->check(CLI::Range(4, 1 << 20));
  command.add_option("--tokens", material.tokens, "use only the first so many tokens of each text");
  command.add_option("--items", material.items, "use only the first so many items of each capability");
  add_kv_option(command, material.kv);
  command.add_option("--threads", threads, "threads; the results do not depend on it")->check(CLI::Range(1, 1024));
}

}  // namespace rung
