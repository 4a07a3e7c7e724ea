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
#include "ladder/kv_ladder.h"
#include "ladder/models.h"
#include "measuring_options.h"
#include "receipt.h"
#include "report/csv.h"
#include "report/html.h"
#include "report/kv_table.h"
#include "report/markdown.h"
#include "report/models_table.h"
#include "report/table.h"
#include "terminal.h"

namespace rung {
namespace {

struct Options {
  std::vector<std::filesystem::path> models;
  uint64_t memory = 0;
  LadderOptions ladder;
  double width_points = 0;
  bool json = false, receipt = false, kv_ladder = false, has_context = false;
  std::vector<std::string> kv_types;
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
  if (material.kv != KvOptions()) line += " --kv " + quoted(kv_options_name(material.kv));
  if (material.items != 0) line += fmt::format(" --items {}", material.items);
  if (ladder.all_items) line += " --all-items";
  if (ladder.width > 0) line += fmt::format(" --width {:g}", 100 * ladder.width);
  return line;
}

/// One model's ladder and its page.
Result<nlohmann::ordered_json> measure(LadderOptions& ladder, Terminal& terminal, Receipt& receipt) {
  ladder.command = command_line(ladder, "rung", ladder.model.string(), ladder.out.string(), true);
  LadderMemory memory;
  auto result = run_ladder(ladder, terminal, &memory);
  if (!result && result.error().kind == ErrorKind::kCancelled)
    terminal.note("Stopped. Finished rungs are kept; the same command goes on from there.");
  if (!result) return result;
  RUNG_CHECK(write_file(ladder.out / "report.html", render_html(*result)));
  RUNG_CHECK(write_file(ladder.out / "ladder.csv", render_csv(*result)));
  RUNG_CHECK(write_file(ladder.out / "ladder.md", render_markdown(*result)));
  fill_receipt(receipt, memory);
  return result;
}

void print_json(const nlohmann::ordered_json& document) {
  fmt::print("{}\n", document.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

TableStyle table_style() { return {terminal_width(), stdout_has_color(), locale_is_utf8()}; }

Status one_model(Options& options) {
  LadderOptions& ladder = options.ladder;
  ladder.model = options.models.front();
  Terminal terminal(options.json);
  Receipt receipt(options.receipt);
  RUNG_TRY(auto result, measure(ladder, terminal, receipt));
  if (options.json) {
    if (receipt.wanted()) result["receipt"] = receipt.json();
    print_json(result);
    return {};
  }
  fmt::print("{}", render_table(result, table_style()));
  fmt::print("\nReport:  {}\nData:    {} (also .csv, and .md for a model card)\n",
             (ladder.out / "report.html").string(), (ladder.out / "ladder.json").string());
  fmt::print("\nThe same on your own model:\n  {}\n",
             command_line(ladder, program_as_called(), "YOUR-MODEL.gguf", "ladder-out", false));
  receipt.print();
  return {};
}

/// The model as it is, its KV cache in one type after the other.
Status kv_ladder(const Options& options) {
  const LadderOptions& ladder = options.ladder;
  if (options.models.size() > 1) return input_error("--kv-ladder takes one model, found {}", options.models.size());
  if (!ladder.rungs.empty())
    return input_error("--kv-ladder runs the model as it is: quantize it first, or leave out --rungs");
  if (ladder.all_items || options.width_points > 0)
    return input_error("--kv-ladder puts every item to every type: leave out --all-items and --width");
  if (options.memory > 0 || options.receipt || !ladder.results.empty())
    return input_error("--kv-ladder has no --memory, --receipt or --results: leave them out");
  KvLadderOptions kv{options.models.front(), ladder.out, options.kv_types, ladder.material, ladder.threads, {}};
  LadderOptions repeated = ladder;
  kv.command = command_line(repeated, "rung", kv.model.string(), kv.out.string(), true) + " --kv-ladder";
  if (!kv.types.empty()) kv.command += " --kv-types " + quoted(fmt::format("{}", fmt::join(kv.types, ",")));
  if (!options.has_context) kv.material.context = 0;
  Terminal terminal(options.json);
  RUNG_TRY(const auto document, run_kv_ladder(kv, terminal));
  if (options.json) {
    print_json(document);
    return {};
  }
  fmt::print("{}\nData:  {}\n", render_kv_ladder(document, table_style()), (kv.out / "kv-ladder.json").string());
  return {};
}

/// A folder for each, by file name; models of one name in different folders get numbers.
std::vector<std::filesystem::path> folders_of(const Options& options) {
  std::vector<std::filesystem::path> folders;
  for (const std::filesystem::path& model : options.models) {
    std::filesystem::path folder = options.ladder.out / model.stem();
    for (int number = 2; std::find(folders.begin(), folders.end(), folder) != folders.end(); ++number)
      folder = options.ladder.out / fmt::format("{}-{}", model.stem().string(), number);
    folders.push_back(std::move(folder));
  }
  return folders;
}

Status several_models(const Options& options) {
  for (const std::filesystem::path& model : options.models) {
    RUNG_TRY(const auto opened, FileSource::open(model));  // before hours go into the first
    RUNG_CHECK(read_config(opened->file()));
  }
  Terminal terminal(options.json);
  std::vector<nlohmann::ordered_json> ladders;
  const std::vector<std::filesystem::path> folders = folders_of(options);
  for (size_t model = 0; model < folders.size(); ++model) {
    LadderOptions ladder = options.ladder;
    ladder.model = options.models[model];
    ladder.out = folders[model];
    terminal.note(fmt::format("{} ({} of {})", ladder.model.string(), model + 1, folders.size()));
    Receipt receipt(options.receipt);
    RUNG_TRY(auto result, measure(ladder, terminal, receipt));
    if (options.receipt) result["receipt"] = receipt.json();
    if (!options.json) receipt.print();
    ladders.push_back(std::move(result));
  }
  const auto memory = options.memory > 0 ? std::optional(options.memory) : std::nullopt;
  const nlohmann::ordered_json document = compare_models(ladders, memory);
  const std::filesystem::path file = options.ladder.out / "models.json";
  RUNG_CHECK(write_file(file, document.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n"));
  nlohmann::ordered_json page = ladders.front();
  page["models"] = document;
  RUNG_CHECK(write_file(options.ladder.out / "report.html", render_html(page)));
  if (options.json) {
    print_json(document);
    return {};
  }
  fmt::print("{}\nReport:  {}\nData:    {}\n", render_models(document, table_style()),
             (options.ladder.out / "report.html").string(), file.string());
  for (const std::filesystem::path& folder : folders) fmt::print("Report:  {}\n", (folder / "report.html").string());
  return {};
}

Status ladder(Options& options) {
  if (!options.kv_types.empty() && !options.kv_ladder) return input_error("--kv-types needs --kv-ladder");
  if (options.kv_ladder) return kv_ladder(options);
  options.ladder.width = options.width_points / 100;
  return options.models.size() == 1 && options.memory == 0 ? one_model(options) : several_models(options);
}

void add_kv_ladder_options(CLI::App& command, Options& options) {
  command.add_flag("--kv-ladder", options.kv_ladder,
                   "the KV cache in place of the weights: MODEL as it is, keys and values in one type after the other, "
                   "by length of context up to --context; writes kv-ladder.json (docs/kv.md)");
  command
      .add_option("--kv-types", options.kv_types,
                  fmt::format("for --kv-ladder, with commas, each as --kv takes it but K/V for two; default {}",
                              fmt::join(default_kv_types(), ",")))
      ->delimiter(',');
}

}  // namespace

Command add_ladder(CLI::App& app) {
  auto options = std::make_shared<Options>();
  LadderOptions& ladder_options = options->ladder;
  CLI::App* command =
      app.add_subcommand("ladder", "Take a model down the precision ladder and show what each bit costs");
  command
      ->add_option("MODEL", options->models,
                   "a GGUF file, best in F32, F16 or BF16: the reference; several are compared on one chart")
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
  command
      ->add_option("--memory", options->memory,
                   "name the best model and rung for each capability among the files of at most this size: 12GiB, ...")
      ->transform(CLI::AsSizeValue(true));
  command->add_flag("--all-items", ladder_options.all_items,
                    "put every item to every rung; without it a rung stops once its verdicts are certain");
  command
      ->add_option("--width", options->width_points,
                   "also stop a capability once the interval of its change is this narrow, in points of score")
      ->check(CLI::Range(0.0, 100.0));
  add_kv_ladder_options(*command, *options);
  command->add_flag("--json", options->json, "print ladder.json instead of the table");
  command->footer(
      "Ctrl-C stops it; the same command goes on where it stopped.\n"
      "Example: rung ladder models/pico-moe/pico-moe.bf16.gguf --out rung-out --items 50");
  return [options, command] {
    options->has_context = command->get_option("--context")->count() > 0;
    return ladder(*options);
  };
}

}  // namespace rung
