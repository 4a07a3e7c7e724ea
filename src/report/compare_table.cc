#include "report/compare_table.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "report/rows_text.h"
#include "report/terminal_text.h"

namespace rung {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMostNameColumns = 28;

using Row = TextRow;

double number(const ordered_json& json, const char* key) { return json.at(key).get<double>(); }

std::string share(const ordered_json& score) {
  return fmt::format("{} [{}-{}]", percent(number(score, "score"), 1), percent(number(score, "low"), 0),
                     percent(number(score, "high"), 0));
}

std::string with_interval(const ordered_json& value, bool has_sign) {
  const std::string sign = has_sign && number(value, "mean") > 0 ? "+" : "";
  return fmt::format("{}{:.6f} [{:.6f}, {:.6f}]", sign, number(value, "mean"), number(value, "low"),
                     number(value, "high"));
}

std::string p_text(double p) { return p < 0.0001 ? fmt::format("{:.0e}", p) : fmt::format("{:.4f}", p); }

std::vector<Row> text_rows(const ordered_json& comparison) {
  const ordered_json &first = comparison.at("first"), &second = comparison.at("second");
  const ordered_json& difference = comparison.at("difference");
  const auto name = [](const ordered_json& side) {
    return shorten(printable(side.at("name").get<std::string>()), kMostNameColumns);
  };
  std::vector<Row> rows = {{"", name(first), name(second), "second - first"}};
  rows.push_back({"bytes", fmt::format("{}", first.at("bytes").get<uint64_t>()),
                  fmt::format("{}", second.at("bytes").get<uint64_t>()),
                  fmt::format("{:+d}", second.at("bytes").get<int64_t>() - first.at("bytes").get<int64_t>())});
  rows.push_back({"bits per weight", fixed(number(first, "bits_per_weight"), 3),
                  fixed(number(second, "bits_per_weight"), 3),
                  fmt::format("{:+.3f}", number(second, "bits_per_weight") - number(first, "bits_per_weight"))});
  rows.push_back({"perplexity", fixed(number(first, "perplexity"), 4), fixed(number(second, "perplexity"), 4), ""});
  rows.push_back({"ln perplexity", "", "", with_interval(difference.at("log_perplexity"), true)});
  if (!first.contains("kld")) return rows;
  rows.push_back({"mean KL divergence", with_interval(first.at("kld"), false), with_interval(second.at("kld"), false),
                  with_interval(difference.at("kld"), true)});
  rows.push_back(
      {"same top token %", percent(number(first, "same_top"), 2), percent(number(second, "same_top"), 2), ""});
  return rows;
}

/// The items of the row above that have a grammar, answered within it.
Row constrained_row(const ordered_json& entry, bool has_reference) {
  const ordered_json& first = entry.at("first").at("constrained");
  Row row = {"  within a grammar",
             fmt::format("{}", first.at("items").get<uint64_t>()),
             share(first),
             share(entry.at("second").at("constrained")),
             "",
             "",
             ""};
  if (has_reference) row.insert(row.begin() + 2, percent(number(entry.at("reference").at("constrained"), "score"), 1));
  return row;
}

std::vector<Row> panel_rows(const ordered_json& panel) {
  const bool has_reference = panel.front().contains("reference");
  std::vector<Row> rows = {{"capability", "items", "first %", "second %", "first only", "second only", "p"}};
  if (has_reference) rows[0].insert(rows[0].begin() + 2, "reference %");
  for (const ordered_json& entry : panel) {
    Row row = {shorten(printable(entry.at("capability").get<std::string>()), kMostNameColumns),
               fmt::format("{}", entry.at("items").get<uint64_t>()),
               share(entry.at("first")),
               share(entry.at("second")),
               fmt::format("{}", entry.at("first_only").get<uint64_t>()),
               fmt::format("{}", entry.at("second_only").get<uint64_t>()),
               p_text(number(entry, "p_value"))};
    if (has_reference) row.insert(row.begin() + 2, percent(number(entry.at("reference"), "score"), 1));
    rows.push_back(std::move(row));
    if (entry.at("first").contains("constrained")) rows.push_back(constrained_row(entry, has_reference));
  }
  return rows;
}

}  // namespace

std::string render_comparison(const ordered_json& comparison, const TableStyle& style) {
  std::string out;
  write_rows(text_rows(comparison), style, out);
  const ordered_json& panel = comparison.at("panel");
  if (!panel.empty()) {
    out += "\n";
    write_rows(panel_rows(panel), style, out);
    out += "Items that only one side answers, and the exact McNemar p-value of such a split by chance.\n";
  }
  return out + "Intervals are 95 %: scores by Wilson, means by drawing chunks again.\n";
}

}  // namespace rung
