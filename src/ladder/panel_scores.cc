#include "ladder/panel_scores.h"

#include <algorithm>
#include <iterator>

#include "measure/constrained_answers.h"

namespace rung {

Result<std::vector<std::string>> PanelScores::ask(const PanelModel& model, const std::vector<AskedCapability>& asked,
                                                  Observer& observer) {
  PanelOptions options;
  options.generate.session = model.session;
  options.reference = model.is_reference ? nullptr : &reference_;
  options.whole_answers = model.is_reference;
  RUNG_TRY(auto scores, score_panel(model.engine, pool_, text_, asked, options, observer));
  std::vector<std::string> constrained(asked.size()), right;
  if (model.within_grammar) {
    RUNG_TRY(constrained, constrain_panel(model.engine, pool_, text_, asked, scores, options.generate, observer));
  }
  for (size_t index = 0; index < asked.size(); ++index) {
    right.push_back(scores[index].right());
    CapabilityAnswers& kept = kept_[asked[index].name];
    std::move(scores[index].items.begin(), scores[index].items.end(), std::back_inserter(kept.scores));
    constrained[index].resize(right.back().size(), '-');
    kept.constrained += constrained[index];
    if (!model.is_reference) continue;
    for (auto& answer : scores[index].answers) kept.own.push_back(std::move(answer).value_or(std::vector<Token>()));
  }
  return right;
}

void PanelScores::move_into(std::vector<CapabilityAnswers>& answers) {
  for (CapabilityAnswers& capability : answers) {
    CapabilityAnswers& kept = kept_[capability.capability];
    capability.constrained.resize(capability.scores.size(), '-');
    capability.constrained += kept.constrained;
    if (capability.constrained.find_first_not_of('-') == std::string::npos) capability.constrained.clear();
    std::move(kept.scores.begin(), kept.scores.end(), std::back_inserter(capability.scores));
    std::move(kept.own.begin(), kept.own.end(), std::back_inserter(capability.own));
  }
  kept_.clear();
}

void set_reference_answers(std::vector<AskedCapability>& asked, const RungResult& reference) {
  for (AskedCapability& capability : asked) {
    const auto same = [&](const CapabilityAnswers& answers) { return answers.capability == capability.name; };
    const auto found = std::find_if(reference.answers.begin(), reference.answers.end(), same);
    if (found == reference.answers.end()) continue;
    for (size_t item = 0; item < std::min(capability.prompts.size(), found->own.size()); ++item)
      capability.prompts[item].reference_answer = found->own[item];
  }
}

}  // namespace rung
