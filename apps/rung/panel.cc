// rung panel: a panel as files that people can read, change and give to --panel.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "panel/drawn_panel.h"
#include "panel/panel_writer.h"
#include "terminal.h"

namespace rung {
namespace {

struct Options {
  DrawOptions draw;
  std::filesystem::path out, facts;
  size_t level = 0;
  std::string model;
};

Result<std::vector<Capability>> draw_built_in(const Options& options) {
  GeneratorOptions generators{shipped_facts(), true};
  if (!options.facts.empty()) {
    RUNG_TRY(generators.facts, read_facts(options.facts));
  }
  const auto level_of = [&](size_t index) { return options.level == 0 ? level_in_turn(index) : options.level; };
  std::vector<Capability> panel;
  for (const Generator& generator : make_generators(generators))
    panel.push_back(draw_capability(generator, options.draw, level_of));
  return panel;
}

Status panel(const Options& options) {
  const bool is_pico = options.model == "pico";
  if (is_pico && (options.level != 0 || !options.facts.empty()))
    return input_error("--for pico: its items have no levels and no other facts; leave --level and --facts out");
  std::vector<Capability> drawn = is_pico ? draw_pico_panel(options.draw) : std::vector<Capability>();
  if (!is_pico) {
    RUNG_TRY(drawn, draw_built_in(options));
  }
  RUNG_CHECK(write_panel(drawn, options.out));
  Terminal terminal(false);
  for (const Capability& capability : drawn) {
    fmt::print("{:14} {:5} items  {}\n", capability.name, capability.items.size(),
               (options.out / (capability.name + ".jsonl")).string());
    if (capability.items.size() < options.draw.items)
      terminal.note(fmt::format("{}: there are no more different items", capability.name));
  }
  fmt::print("\nAsk them of a model:\n  rung ladder MODEL.gguf --out ladder-out --panel {}\n", options.out.string());
  return {};
}

std::string footer() {
  std::string text = "Capabilities, and what grows with the level:\n";
  for (const Generator& generator : make_generators({shipped_facts(), true}))
    text += fmt::format("  {:13} {}: {}\n", generator.capability, generator.asks, generator.levels);
  return text + "Example: rung panel --seed 7 --items 20 --out panel-7";
}

}  // namespace

Command add_panel(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("panel", "Write the built-in panel's items as files, to look at or to change");
  command->add_option("--out", options->out, "folder for one file a capability")->required()->type_name("DIR");
  command->add_option("--seed", options->draw.seed, "other items with every seed")->capture_default_str();
  command->add_option("--items", options->draw.items, "of each capability")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  command->add_option("--level", options->level, "1 to 8; default every level in turn")
      ->check(CLI::Range(size_t{1}, kLevels));
  command->add_option("--facts", options->facts, "lines of group, question, answer, level with tabs; docs/panel.md")
      ->type_name("FILE");
  command->add_option("--for", options->model, "pico: fresh items in the words of the shipped model")
      ->check(CLI::IsMember({"pico"}));
  command->footer(footer());
  return [options] { return panel(*options); };
}

}  // namespace rung
