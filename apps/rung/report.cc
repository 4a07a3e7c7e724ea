// rung report: documents of earlier runs as one page.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "base/mapped_file.h"
#include "commands.h"
#include "measure/panel_items.h"
#include "report/csv.h"
#include "report/html.h"
#include "report/markdown.h"
#include "report/merge.h"

namespace rung {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::vector<std::string> files;
  fs::path out;
};

Result<NamedDocument> read_document(const std::string& file) {
  RUNG_TRY(const std::string text, read_file(file));
  auto json = parse_bounded_json(text);
  if (!json) return input_error("{}: is no JSON document: {}", file, json.error().message);
  return NamedDocument{file, std::make_shared<nlohmann::ordered_json>(std::move(*json))};
}

Status report(const Options& options) {
  std::vector<NamedDocument> documents;
  for (const std::string& file : options.files) {
    RUNG_TRY(NamedDocument document, read_document(file));
    documents.push_back(std::move(document));
  }
  RUNG_TRY(const nlohmann::ordered_json page, merge_documents(documents));
  std::error_code error;
  fs::create_directories(options.out, error);
  if (error) return failed_error("{}: cannot be created: {}", options.out.string(), error.message());
  const auto replace = nlohmann::ordered_json::error_handler_t::replace;
  RUNG_CHECK(write_file(options.out / "report.html", render_html(page)));
  RUNG_CHECK(write_file(options.out / "report.json", page.dump(1, ' ', false, replace) + "\n"));
  RUNG_CHECK(write_file(options.out / "report.csv", render_csv(page)));
  RUNG_CHECK(write_file(options.out / "report.md", render_markdown(page)));
  fmt::print("Report:  {}\nData:    report.json, report.csv and report.md beside it\n",
             (options.out / "report.html").string());
  return {};
}

}  // namespace

Command add_report(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("report", "Put the results of several runs on one page");
  command
      ->add_option("FILE", options->files,
                   "ladder.json of one or more models, a KV ladder, the output of 'rung plan --json'")
      ->required();
  command->add_option("--out", options->out, "folder for report.html, .json, .csv and .md")
      ->required()
      ->type_name("DIR");
  command->footer(
      "Ladders of one model become one; ladders of several models stand on one chart of size against score.\n"
      "Example: rung report small/ladder.json large/ladder.json --out both");
  return [options] { return report(*options); };
}

}  // namespace rung
