// rung ladder: the main job.
#include "ladder/ladder.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "commands.h"
#include "report/html.h"
#include "report/table.h"
#include "terminal.h"

namespace rung {
namespace {

struct Options {
  LadderOptions ladder;
  std::string model, out, panel, imatrix, gram;
  std::vector<std::string> texts;
  bool json = false;
};

/// A shell word: quoted where it must be.
std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) || std::string_view("/._-+,:=@%").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return word;
  std::string result = "'";
  for (const char c : word) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

/// The line that repeats the run; with another model and folder it is the line to try on one's own.
std::string command_line(const Options& options, const std::string& program, const std::string& model,
                         const std::string& out, bool with_inputs) {
  const LadderOptions& ladder = options.ladder;
  std::string line = quoted(program) + " ladder " + quoted(model) + " --out " + quoted(out);
  if (!ladder.rungs.empty()) line += " --rungs " + quoted(fmt::format("{}", fmt::join(ladder.rungs, ",")));
  if (with_inputs) {
    for (const std::string& text : options.texts) line += " --text " + quoted(text);
    if (!options.panel.empty()) line += " --panel " + quoted(options.panel);
    if (!options.imatrix.empty()) line += " --imatrix " + quoted(options.imatrix);
    if (!options.gram.empty()) line += " --gram " + quoted(options.gram);
  }
  if (ladder.context != 512) line += fmt::format(" --context {}", ladder.context);
  if (ladder.tokens != 0) line += fmt::format(" --tokens {}", ladder.tokens);
  if (ladder.items != 0) line += fmt::format(" --items {}", ladder.items);
  return line;
}

Status ladder(Options& options) {
  LadderOptions& ladder = options.ladder;
  ladder.model = options.model;
  ladder.out = options.out;
  ladder.panel = options.panel;
  ladder.imatrix = options.imatrix;
  ladder.gram = options.gram;
  ladder.texts.assign(options.texts.begin(), options.texts.end());
  ladder.command = command_line(options, "rung", options.model, options.out, true);
  Terminal terminal(options.json);
  const auto result = run_ladder(ladder, terminal);
  if (!result && result.error().kind == ErrorKind::kCancelled)
    terminal.note("Stopped. Finished rungs are kept; the same command goes on from there.");
  if (!result) return tl::unexpected(result.error());
  const std::filesystem::path page = ladder.out / "report.html";
  RUNG_CHECK(write_file(page, render_html(*result)));
  if (options.json) {
    fmt::print("{}\n", result->dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return {};
  }
  fmt::print("{}", render_table(*result, {terminal_width(), stdout_has_color(), locale_is_utf8()}));
  fmt::print("\nReport:  {}\nData:    {}\n", page.string(), (ladder.out / "ladder.json").string());
  fmt::print("\nThe same on your own model:\n  {}\n",
             command_line(options, program_as_called(), "YOUR-MODEL.gguf", "ladder-out", false));
  return {};
}

}  // namespace

Command add_ladder(CLI::App& app) {
  auto options = std::make_shared<Options>();
  LadderOptions& ladder_options = options->ladder;
  CLI::App* command =
      app.add_subcommand("ladder", "Take a model down the precision ladder and show what each bit costs");
  command->add_option("MODEL", options->model, "a GGUF file, best in F32, F16 or BF16: the reference")->required();
  command->add_option("--out", options->out, "folder for ladder.json and report.html")->required()->type_name("DIR");
  command
      ->add_option("--rungs", ladder_options.rungs,
                   fmt::format("types and recipes, with commas; NAME+gptq rounds by GPTQ (needs --gram); default {}",
                               fmt::join(default_rungs(), ",")))
      ->delimiter(',');
  command
      ->add_option("--text", options->texts,
                   "text to measure on; repeatable; default prose.txt beside the model, else the shipped one")
      ->type_name("FILE");
  command
      ->add_option("--panel", options->panel,
                   "folder of task files; default panel/ beside the model, else the shipped one")
      ->type_name("DIR");
  command->add_option("--imatrix", options->imatrix, "importance matrix; default imatrix.gguf beside the model")
      ->type_name("FILE");
  command->add_option("--gram", options->gram, "second moments from 'rung calibrate --gram', for rungs with +gptq")
      ->type_name("FILE");
  command->add_option("--context", ladder_options.context, "tokens a chunk of text")
      ->capture_default_str()
      ->check(CLI::Range(4, 1 << 20));
  command->add_option("--tokens", ladder_options.tokens, "use only the first so many tokens of each text");
  command->add_option("--items", ladder_options.items, "use only the first so many items of each capability");
  command->add_option("--threads", ladder_options.threads, "threads; the results do not depend on it")
      ->check(CLI::Range(1, 1024));
  command->add_flag("--json", options->json, "print ladder.json instead of the table");
  command->footer(
      "Ctrl-C stops it; the same command goes on where it stopped.\n"
      "Example: rung ladder models/pico-moe/pico-moe.bf16.gguf --out rung-out --items 50");
  return [options] { return ladder(*options); };
}

}  // namespace rung
