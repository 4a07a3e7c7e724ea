#include "report/markdown.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "report/findings_text.h"
#include "report/ladder_rows.h"
#include "report/terminal_text.h"

namespace rung {
namespace {

bool is_word(char character) { return std::isalnum(static_cast<unsigned char>(character)) != 0; }

/// Every ASCII punctuation character may be escaped (CommonMark 2.4); these are the ones that could begin something. An
/// underscore inside a word begins nothing.
std::string escaped(std::string_view text) {
  const std::string safe = printable(text);
  std::string result;
  for (size_t at = 0; at < safe.size(); ++at) {
    const bool inside = at > 0 && at + 1 < safe.size() && is_word(safe[at - 1]) && is_word(safe[at + 1]);
    const bool plain = safe[at] == '_' && inside;
    if (!plain && std::string_view("\\`*_{}[]<>()#+!|~&").find(safe[at]) != std::string_view::npos) result += '\\';
    result += safe[at];
  }
  return result;
}

/// A line of code. What is inside cannot end it: the fence is longer than any run of backticks.
std::string fenced(const std::string& code) {
  size_t longest = 0, run = 0;
  for (const char character : code) longest = std::max(longest, run = character == '`' ? run + 1 : 0);
  const std::string fence(std::max<size_t>(3, longest + 1), '`');
  return fmt::format("{0}\n{1}\n{0}\n", fence, code);
}

std::string score_text(const RungRow& rung, const std::string& capability) {
  const ScoreRow* score = rung.score_of(capability);
  if (score == nullptr || !score->score) return "-";
  std::string text = percent(score->score, 1);
  if (rung.is_reference()) return text;
  if (score->verdict == Verdict::kDegraded) return fmt::format("**{}** \u25bc", text);
  return score->verdict == Verdict::kUnclear ? text + " ?" : text;
}

void add_table(const LadderRows& ladder, std::string& out) {
  out += "| rung | bits | size | perplexity | mean KL | same top % |";
  std::string rule = "|---|--:|--:|--:|--:|--:|";
  for (const std::string& capability : ladder.capabilities) {
    out += fmt::format(" {} |", escaped(capability));
    rule += "--:|";
  }
  out += "\n" + rule + "\n";
  for (const RungRow& rung : ladder.rungs) {
    out += fmt::format("| {}{} | {} | {} | {} | {} | {} |", escaped(rung.name), rung.weights_only ? "\\*" : "",
                       fixed(rung.bits_per_weight, 2), file_size(rung.bytes), fixed(rung.perplexity, 2),
                       divergence(rung.kld_mean), percent(rung.same_top, 1));
    for (const std::string& capability : ladder.capabilities) out += fmt::format(" {} |", score_text(rung, capability));
    out += '\n';
  }
}

}  // namespace

std::string render_markdown(const nlohmann::ordered_json& json) {
  const LadderRows ladder = read_ladder_rows(json);
  std::string out = fmt::format("## Precision ladder of {}\n\n", escaped(ladder.model));
  for (const std::string& line : findings_text(ladder)) out += fmt::format("- {}\n", escaped(line));
  if (!findings_text(ladder).empty()) out += '\n';
  if (ladder.rungs.empty()) return out + "No rung was measured.\n";
  add_table(ladder, out);
  if (!ladder.capabilities.empty())
    out +=
        "\nCapabilities: score in %. **Bold** \u25bc: degraded beyond chance against the reference; ?: too few items "
        "to "
        "tell; else it holds. Mean KL: divergence of the next-token probabilities from the reference, in nats.\n";
  const bool weights_only =
      std::any_of(ladder.rungs.begin(), ladder.rungs.end(), [](const RungRow& rung) { return rung.weights_only; });
  if (weights_only) out += "\n\\* without an importance matrix: by the column energy of the weights alone.\n";
  for (const std::string& note : ladder.notes) out += fmt::format("\n- {}", escaped(note));
  if (!ladder.notes.empty()) out += '\n';
  const auto command = json.find("command");
  if (json.is_object() && command != json.end() && command->is_string())
    out += "\nMeasured by:\n\n" + fenced(printable(command->get<std::string>()));
  return out;
}

}  // namespace rung
