#include "measure/answer_path.h"

#include <nlohmann/json.hpp>

#include "measure/answer_text.h"

namespace rung {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";  // what trim_space() cuts

bool may_become_exactly(std::string_view expected, std::string_view beginning) {
  const size_t begin = beginning.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return true;
  beginning.remove_prefix(begin);
  expected = trim_space(expected);
  if (beginning.size() <= expected.size()) return expected.starts_with(beginning);
  return beginning.starts_with(expected) && trim_space(beginning.substr(expected.size())).empty();
}

}  // namespace

bool may_become_right(const PanelItem& item, std::string_view beginning) {
  if (item.grader != Grader::kExact || !item.stops.empty() || !item.extract.empty()) return true;
  return may_become_exactly(item.answer->get_ref<const std::string&>(), beginning);
}

AnswerPath follow_gold(std::span<const Token> gold, std::span<const Token> greedy, const PathRules& rules) {
  AnswerPath path;
  for (const Token next : greedy) {
    ++path.predictions;
    if (rules.ends(next)) {
      path.state = PathState::kEnded;
      return path;
    }
    const size_t place = path.tokens.size();
    path.tokens.push_back(next);
    if (rules.is_complete(path.tokens)) {
      path.state = PathState::kEnded;
      return path;
    }
    if (place == gold.size() || next != gold[place]) break;
  }
  if (!rules.may_become_right(path.tokens)) path.state = PathState::kWrong;
  return path;
}

}  // namespace rung
