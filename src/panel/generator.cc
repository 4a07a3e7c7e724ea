#include "panel/generator.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "panel/item_parts.h"

namespace rung {
namespace {

/// Tokens that a right answer may take, with some words around it; a runaway ends there.
std::optional<uint64_t> answer_limit(const PanelItem& item) {
  constexpr uint64_t kWords = 96, kProgram = 320, kText = 384;
  switch (item.grader) {
    case Grader::kChoice:
      return std::nullopt;
    case Grader::kCode:
      return kProgram;
    case Grader::kInstructions:
      return kText;
    default:
      return kWords + item.answer->dump().size();  // a token has at least one byte
  }
}

}  // namespace

PanelItem Generator::draw(Draw& random, size_t level) const {
  const Form& form = random.pick(forms);
  PanelItem item = form.draw(random, level);
  item.capability = capability;
  item.level = level;
  item.form = form.name;
  item.max_tokens = answer_limit(item);
  return item;
}

std::vector<Generator> make_generators(const GeneratorOptions& options) {
  std::vector<Generator> all = {math_generator(),  reasoning_generator(),    code_generator(),   schema_generator(),
                                tools_generator(), instructions_generator(), recall_generator(), prose_generator()};
  if (options.has_interpreter) all.push_back(code_writing_generator());
  if (!options.facts.facts.empty()) all.push_back(facts_generator(options.facts));
  std::sort(all.begin(), all.end(),
            [](const Generator& left, const Generator& right) { return left.capability < right.capability; });
  return all;
}

}  // namespace rung
