#include "recipe/nearest.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

namespace rung {
namespace {

/// Letters, digits, underscores and the dots that are meant as dots.
std::string plain_letters(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    const bool is_dot = text[at] == '\\' && at + 1 < text.size() && text[at + 1] == '.';
    if (is_dot) plain += '.';
    if (text[at] == '\\') ++at;
    if (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_') plain += text[at];
  }
  return plain;
}

/// The fewest letters to change, add or leave out of `wanted` to find it inside `name` (Sellers, 1980).
size_t changes_to_find(std::string_view wanted, std::string_view name) {
  std::vector<size_t> column(wanted.size() + 1);
  for (size_t row = 0; row < column.size(); ++row) column[row] = row;
  size_t best = column.back();
  for (const char letter : name) {
    size_t diagonal = 0;
    for (size_t row = 1; row < column.size(); ++row) {
      const size_t replaced = diagonal + (wanted[row - 1] == letter ? 0 : 1);
      diagonal = column[row];
      column[row] = std::min({replaced, column[row] + 1, column[row - 1] + 1});
    }
    best = std::min(best, column.back());
  }
  return best;
}

/// "blk.3.attn_q.weight" without its number.
std::string without_layer(std::string_view name) {
  std::string stem;
  for (const char letter : name)
    if (!std::isdigit(static_cast<unsigned char>(letter))) stem += letter;
  return stem;
}

}  // namespace

std::vector<std::string> nearest_names(std::string_view text, const std::vector<std::string_view>& names,
                                       size_t count) {
  const std::string wanted = plain_letters(text);
  std::vector<std::pair<size_t, std::string_view>> ranked;
  ranked.reserve(names.size());
  for (const std::string_view name : names) ranked.emplace_back(changes_to_find(wanted, name), name);
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> nearest;
  std::set<std::string> stems;
  for (const auto& [changes, name] : ranked)
    if (nearest.size() < count && stems.insert(without_layer(name)).second) nearest.emplace_back(name);
  return nearest;
}

}  // namespace rung
