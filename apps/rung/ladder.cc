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
#include "measuring_options.h"
#include "receipt.h"
#include "report/csv.h"
#include "report/html.h"
#include "report/markdown.h"
#include "report/table.h"
#include "terminal.h"

namespace rung {
namespace {

struct Options {
  LadderOptions ladder;
  bool json = false, receipt = false;
};

void fill_receipt(Receipt& receipt, const LadderMemory& memory) {
  receipt.add_file_pages(memory.file);
  receipt.add_anonymous("tokenizer", "metadata and tokenizer", memory.text, std::nullopt);
  receipt.add_anonymous("reference", "reference, session", memory.reference, std::nullopt);
  receipt.add_anonymous("reference_logits", "reference, logits kept", memory.reference_logits, std::nullopt);
  receipt.add_anonymous("rung", "largest rung, at most", memory.rung, std::nullopt);
  receipt.close();
}

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
std::string command_line(const LadderOptions& ladder, const std::string& program, const std::string& model,
                         const std::string& out, bool with_inputs) {
  const MeasuringMaterial& material = ladder.material;
  std::string line = quoted(program) + " ladder " + quoted(model) + " --out " + quoted(out);
  if (!ladder.rungs.empty()) line += " --rungs " + quoted(fmt::format("{}", fmt::join(ladder.rungs, ",")));
  if (with_inputs) {
    for (const std::filesystem::path& text : material.texts) line += " --text " + quoted(text.string());
    if (!material.panel.empty()) line += " --panel " + quoted(material.panel.string());
    if (!material.tasks.empty()) line += " --tasks " + quoted(fmt::format("{}", fmt::join(material.tasks, ",")));
    if (!material.facts.empty()) line += " --facts " + quoted(material.facts.string());
    if (!material.imatrix.empty()) line += " --imatrix " + quoted(material.imatrix.string());
    if (!material.gram.empty()) line += " --gram " + quoted(material.gram.string());
  }
  if (!ladder.results.empty() && with_inputs) line += " --results " + quoted(ladder.results.string());
  if (material.context != 512) line += fmt::format(" --context {}", material.context);
  if (material.tokens != 0) line += fmt::format(" --tokens {}", material.tokens);
  if (material.items != 0) line += fmt::format(" --items {}", material.items);
  return line;
}

Status ladder(Options& options) {
  LadderOptions& ladder = options.ladder;
  ladder.command = command_line(ladder, "rung", ladder.model.string(), ladder.out.string(), true);
  Terminal terminal(options.json);
  Receipt receipt(options.receipt);
  LadderMemory memory;
  auto result = run_ladder(ladder, terminal, &memory);
  if (!result && result.error().kind == ErrorKind::kCancelled)
    terminal.note("Stopped. Finished rungs are kept; the same command goes on from there.");
  if (!result) return tl::unexpected(result.error());
  const std::filesystem::path page = ladder.out / "report.html";
  RUNG_CHECK(write_file(page, render_html(*result)));
  RUNG_CHECK(write_file(ladder.out / "ladder.csv", render_csv(*result)));
  RUNG_CHECK(write_file(ladder.out / "ladder.md", render_markdown(*result)));
  fill_receipt(receipt, memory);
  if (options.json) {
    if (receipt.wanted()) (*result)["receipt"] = receipt.json();
    fmt::print("{}\n", result->dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    return {};
  }
  fmt::print("{}", render_table(*result, {terminal_width(), stdout_has_color(), locale_is_utf8()}));
  fmt::print("\nReport:  {}\nData:    {} (also .csv, and .md for a model card)\n", page.string(),
             (ladder.out / "ladder.json").string());
  fmt::print("\nThe same on your own model:\n  {}\n",
             command_line(ladder, program_as_called(), "YOUR-MODEL.gguf", "ladder-out", false));
  receipt.print();
  return {};
}

}  // namespace

Command add_ladder(CLI::App& app) {
  auto options = std::make_shared<Options>();
  LadderOptions& ladder_options = options->ladder;
  CLI::App* command =
      app.add_subcommand("ladder", "Take a model down the precision ladder and show what each bit costs");
  command->add_option("MODEL", ladder_options.model, "a GGUF file, best in F32, F16 or BF16: the reference")
      ->required();
  command->add_option("--out", ladder_options.out, "folder for ladder.json, .csv, .md and report.html")
      ->required()
      ->type_name("DIR");
  command
      ->add_option("--rungs", ladder_options.rungs,
                   fmt::format("types and recipes, with commas; NAME+gptq rounds by GPTQ (needs --gram); default {}",
                               fmt::join(default_rungs(), ",")))
      ->delimiter(',');
  command
      ->add_option(
          "--results", ladder_options.results,
          "database that keeps what was measured, so that nothing is measured twice; default RUNG_RESULTS, else "
          "~/.local/share/rung/results.sqlite")
      ->type_name("FILE");
  add_measuring_options(*command, {"importance matrix", "rungs"}, ladder_options.material, ladder_options.threads);
  add_receipt_option(*command, options->receipt);
  command->add_flag("--json", options->json, "print ladder.json instead of the table");
  command->footer(
      "Ctrl-C stops it; the same command goes on where it stopped.\n"
      "Example: rung ladder models/pico-moe/pico-moe.bf16.gguf --out rung-out --items 50");
  return [options] { return ladder(*options); };
}

}  // namespace rung
