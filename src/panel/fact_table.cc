#include "panel/fact_table.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "base/mapped_file.h"
#include "panel/generator.h"
#include "text/utf8.h"

namespace rung {

std::string_view facts_tsv();

namespace {

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(at);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

Result<Fact> parse_line(std::string_view line, const std::string& place) {
  if (!is_utf8(line)) return input_error("{}: found bytes that are not UTF-8, allowed is UTF-8", place);
  const auto parts = split(line, '\t');
  if (parts.size() < 3 || parts.size() > 4)
    return input_error("{}: found {} columns, allowed are group, question, answer and level with tabs between them",
                       place, parts.size());
  for (const std::string_view part : parts)
    if (part.empty()) return input_error("{}: found an empty column, allowed is text", place);
  Fact fact{std::string(parts[0]), std::string(parts[1]), std::string(parts[2]), 1};
  if (parts.size() == 3) return fact;
  const char* const end = parts[3].data() + parts[3].size();
  const auto parsed = std::from_chars(parts[3].data(), end, fact.level);
  if (parsed.ec != std::errc() || parsed.ptr != end || fact.level < 1 || fact.level > kLevels)
    return input_error("{}: level: found '{}', allowed are 1 to {}", place, parts[3], kLevels);
  return fact;
}

/// Every question needs answers that are wrong for it, and has them from the other questions of its group.
Status check_groups(const FactTable& table, std::string_view name) {
  std::map<std::string_view, std::set<std::string_view>> answers;
  std::map<std::pair<std::string_view, std::string_view>, std::set<std::string_view>> right;
  for (const Fact& fact : table.facts) {
    answers[fact.group].insert(fact.answer);
    right[{fact.group, fact.question}].insert(fact.answer);
  }
  for (const auto& [group, texts] : answers)
    if (texts.size() < FactTable::kGroupAnswers)
      return input_error("{}: group '{}': found {} different answers, allowed are at least {}", name, group,
                         texts.size(), FactTable::kGroupAnswers);
  for (const auto& [place, texts] : right)
    if (texts.size() == answers[place.first].size())
      return input_error("{}: group '{}': found no answer that is wrong for '{}', allowed is at least one", name,
                         place.first, place.second);
  return {};
}

}  // namespace

std::vector<std::string> FactTable::wrong_answers(const Fact& fact) const {
  std::set<std::string_view> right;
  for (const Fact& other : facts)
    if (other.group == fact.group && other.question == fact.question) right.insert(other.answer);
  std::vector<std::string> wrong;
  for (const Fact& other : facts)
    if (other.group == fact.group && right.insert(other.answer).second) wrong.push_back(other.answer);
  return wrong;
}

Result<FactTable> parse_facts(std::string_view text, std::string_view name) {
  FactTable table;
  size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.find_first_not_of(" \t") == std::string_view::npos || line.starts_with('#')) continue;
    RUNG_TRY(Fact fact, parse_line(line, fmt::format("{}:{}", name, number)));
    table.facts.push_back(std::move(fact));
  }
  if (table.facts.empty()) return input_error("{}: found no facts, allowed is at least one group of them", name);
  RUNG_CHECK(check_groups(table, name));
  return table;
}

Result<FactTable> read_facts(const std::filesystem::path& path) {
  RUNG_TRY(const std::string text, read_file(path));
  return parse_facts(text, path.string());
}

const FactTable& shipped_facts() {
  static const FactTable table = parse_facts(facts_tsv(), "facts.tsv").value();
  return table;
}

}  // namespace rung
