#include "measure/choices.h"

#include <algorithm>
#include <cmath>

#include "text/utf8.h"

namespace rung {
namespace {

size_t first_largest(const std::vector<double>& values) {
  return static_cast<size_t>(std::max_element(values.begin(), values.end()) - values.begin());
}

}  // namespace

size_t count_characters(std::string_view text) {
  size_t count = 0;
  for (; !text.empty(); text.remove_prefix(utf8_step(text).bytes)) ++count;
  return count;
}

std::vector<double> ChoiceScores::compared(bool by_length) const {
  std::vector<double> result = log_likelihood;
  if (!by_length) return result;
  for (size_t choice = 0; choice < result.size(); ++choice)
    result[choice] /= static_cast<double>(std::max<size_t>(1, lengths[choice]));
  return result;
}

size_t ChoiceScores::likeliest() const { return first_largest(log_likelihood); }

size_t ChoiceScores::likeliest_by_length() const { return first_largest(compared(true)); }

std::vector<double> ChoiceScores::probabilities(bool by_length) const {
  std::vector<double> result = compared(by_length);
  const double highest = *std::max_element(result.begin(), result.end());
  double sum = 0;
  for (double& value : result) sum += value = std::exp(value - highest);
  for (double& value : result) value /= sum;
  return result;
}

Result<ChoiceItem> encode_choices(const Tokenizer& tokenizer, std::string_view context,
                                  const std::vector<std::string>& choices, std::string_view delimiter) {
  if (choices.empty()) return input_error("choices: found none, at least one is needed");
  const size_t kept = context.find_last_not_of(" \t\r\n\v\f") + 1;  // npos + 1 is 0
  const std::string_view before = context.substr(0, kept);
  ChoiceItem item;
  if (tokenizer.adds_bos()) item.context.push_back(*tokenizer.bos());
  const std::vector<Token> context_tokens = tokenizer.encode(before, false, false);
  item.context.insert(item.context.end(), context_tokens.begin(), context_tokens.end());
  if (item.context.empty()) {
    const auto start = tokenizer.bos() ? tokenizer.bos() : tokenizer.eos();
    if (!start) return input_error("context: is empty, and the model has neither BOS nor EOS to begin with");
    item.context.push_back(*start);
  }
  for (const std::string& choice : choices) {
    if (choice.empty()) return input_error("choice {}: is empty, but text is needed", item.choices.size() + 1);
    const std::string after = std::string(context.substr(kept)).append(delimiter) + choice;
    std::vector<Token> tokens = tokenizer.encode(std::string(before) + after, false, false);
    // The end of the context may melt into the choice's first token; then the choice is cut on its own.
    if (tokens.size() > context_tokens.size())
      tokens.erase(tokens.begin(), tokens.begin() + static_cast<ptrdiff_t>(context_tokens.size()));
    else
      tokens = tokenizer.encode(after, false, false);
    item.choices.push_back(std::move(tokens));
    item.lengths.push_back(count_characters(choice));
  }
  return item;
}

}  // namespace rung
