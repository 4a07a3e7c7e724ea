#include "measure/answer_text.h"

#include "base/lower_case.h"

namespace rung {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f", kFence = "```";

/// Cuts what does not belong to the words at both ends.
std::string_view strip_marks(std::string_view text) {
  constexpr std::string_view kBefore = " \t\r\n\v\f*_`\"'([", kAfter = " \t\r\n\v\f*_`\"')].!";
  const size_t begin = text.find_first_not_of(kBefore);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kAfter) + 1 - begin);
}

}  // namespace

std::string_view trim_space(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpace);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpace) - begin + 1);
}

std::string_view without_fence(std::string_view text) {
  text = trim_space(text);
  const size_t line = text.find('\n');
  if (!text.starts_with(kFence) || !text.ends_with(kFence) || line == std::string_view::npos ||
      line + kFence.size() >= text.size())
    return text;
  const std::string_view inside = text.substr(line + 1, text.size() - line - 1 - kFence.size());
  return inside.find(kFence) == std::string_view::npos ? trim_space(inside) : text;
}

std::string_view first_fenced(std::string_view text) {
  const size_t fence = text.find(kFence);
  const size_t line = fence == std::string_view::npos ? fence : text.find('\n', fence);
  if (line == std::string_view::npos) return text;
  return text.substr(line + 1, text.find(kFence, line) - line - 1);
}

std::string short_answer_words(std::string_view text) {
  const std::string all = lower_case(text);
  constexpr std::string_view kLabel = "answer:";
  std::string_view words = all;
  if (const size_t label = words.rfind(kLabel); label != std::string_view::npos)
    words = words.substr(label + kLabel.size());
  std::string result;
  bool was_space = false;
  for (const char c : strip_marks(words)) {
    const bool is_space = kSpace.find(c) != std::string_view::npos;
    if (!is_space) result += c;
    if (is_space && !was_space) result += ' ';
    was_space = is_space;
  }
  return result;
}

}  // namespace rung
