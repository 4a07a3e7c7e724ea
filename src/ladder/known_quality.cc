#include "ladder/known_quality.h"

#include <algorithm>
#include <sstream>

#include "ladder/paired_cell.h"
#include "ladder/result_store.h"

namespace rung {
namespace {

/// What two results must share to be compared: the lines of a row's inputs that name the model and what it was asked.
std::string measured_on(const LedgerRow& row) {
  std::istringstream lines(row.inputs);
  std::string shared;
  for (std::string line; std::getline(lines, line);) {
    const std::string_view key = std::string_view(line).substr(0, line.find(' '));
    const bool counts = key == "program" || key == "model" || key == "context" || key == "panel" || key == "text";
    if (counts) shared += line + "\n";
  }
  return shared;
}

std::string panel_of(const LedgerRow& row) {
  constexpr std::string_view kLine = "\npanel ";
  const size_t at = row.inputs.find(kLine);
  if (at == std::string::npos) return "";
  const size_t begin = at + kLine.size();
  return row.inputs.substr(begin, row.inputs.find('\n', begin) - begin);
}

struct Measured {
  const LedgerRow* row;
  RungResult result;
};

/// Rows are foreign: one may say that it was asked what the reference was and hold something else.
bool has_capabilities_of(const RungResult& reference, const RungResult& result) {
  return std::equal(
      result.answers.begin(), result.answers.end(), reference.answers.begin(), reference.answers.end(),
      [](const CapabilityAnswers& one, const CapabilityAnswers& other) { return one.capability == other.capability; });
}

/// The newest reference first, then the newest result of every other rung measured on the same.
std::vector<Measured> family_of(const std::vector<LedgerRow>& rows) {
  std::vector<Measured> family;
  const auto add = [&](const LedgerRow& row, bool reference) {
    auto result = result_of(row);
    if (!result || result->kind == "noise" || (result->kind == "reference") != reference) return;
    if (!family.empty() && !has_capabilities_of(family.front().result, *result)) return;
    const bool known =
        std::any_of(family.begin(), family.end(), [&](const Measured& one) { return one.result.name == result->name; });
    if (!known) family.push_back({&row, std::move(*result)});
  };
  for (const LedgerRow& row : rows)
    if (family.empty()) add(row, true);
  if (family.empty()) return family;
  const std::string shared = measured_on(*family.front().row);
  for (const LedgerRow& row : rows)
    if (measured_on(row) == shared) add(row, false);
  return family;
}

std::vector<CapabilityExpectation> verdicts_of(const std::vector<PairedCell>& cells, const std::string& source) {
  std::vector<CapabilityExpectation> found;
  for (const PairedCell& cell : cells) {
    if (!cell.judged()) continue;
    CapabilityExpectation one{cell.capability, std::string(verdict_text(cell.verdict)), std::nullopt, source};
    if (cell.has_kept()) one.change = cell.kept - 1;
    found.push_back(std::move(one));
  }
  return found;
}

}  // namespace

Result<std::vector<KnownRung>> known_rungs(const Ledger& ledger, std::string_view model_shape) {
  RUNG_TRY(const std::vector<LedgerRow> rows, ledger.of_shape("rung", model_shape));
  const std::vector<Measured> family = family_of(rows);
  std::vector<KnownRung> known;
  if (family.empty()) return known;
  std::vector<RungResult> results;
  results.reserve(family.size());
  for (const Measured& one : family) results.push_back(one.result);
  const JudgedLadder judged = judge_ladder(results, {});  // all that a plan shows; a summary takes seconds
  for (size_t index = 0; index < family.size(); ++index) {
    const auto& [row, result] = family[index];
    KnownRung rung{result.name, result.bits_per_weight, {}, panel_of(*row), ""};
    rung.quality.measured = true;
    rung.quality.divergence = result.perplexity.has_reference ? result.perplexity.kld.value : 0;
    rung.quality.source = fmt::format("measured {}, {}", row->measured_at.substr(0, 10), row->program);
    rung.quality.capabilities = verdicts_of(judged.cells[index], rung.quality.source);
    for (const CapabilityAnswers& answers : result.answers) rung.right += answers.right;
    known.push_back(std::move(rung));
  }
  return known;
}

}  // namespace rung
