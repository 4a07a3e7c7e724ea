#include "ladder/panel_looks.h"

#include <algorithm>

#include "measure/statistics_sequential.h"

namespace rung {
namespace {

/// Progress of one look as a part of all the items that may still be asked.
class LookObserver final : public Observer {
 public:
  LookObserver(Observer& outer, uint64_t before, uint64_t most) : outer_(outer), before_(before), most_(most) {}
  void progress(std::string_view stage, uint64_t done, uint64_t) override {
    if (stage == "panel") outer_.progress(stage, before_ + done, most_);  // others start again at every look
  }
  void note(std::string_view text) override { outer_.note(text); }
  void warn(std::string_view text) override { outer_.warn(text); }
  bool cancelled() const override { return outer_.cancelled(); }

 private:
  Observer& outer_;
  uint64_t before_, most_;
};

/// Items after the next look of a capability that has answered `answered`.
size_t next_look(const PanelPlan& plan, size_t items, size_t answered) {
  if (plan.reference == nullptr || !plan.facts.stops_early) return items;
  const std::vector<size_t> looks = planned_looks(items);
  return *std::upper_bound(looks.begin(), looks.end(), answered);
}

/// What the coming look asks; capabilities that are finished ask nothing.
std::vector<AskedCapability> next_items(const PanelPlan& plan, const std::vector<CapabilityAnswers>& answers) {
  std::vector<AskedCapability> part;
  for (size_t index = 0; index < plan.asked.size(); ++index) {
    const AskedCapability& whole = plan.asked[index];
    part.push_back({whole.name, whole.of, {}});
    if (panel_stop(plan, index, answers[index]) != Stop::kNot) continue;
    const size_t answered = answers[index].right.size();
    const size_t end = next_look(plan, whole.prompts.size(), answered);
    part.back().prompts.assign(whole.prompts.begin() + static_cast<std::ptrdiff_t>(answered),
                               whole.prompts.begin() + static_cast<std::ptrdiff_t>(end));
  }
  return part;
}

}  // namespace

Stop panel_stop(const PanelPlan& plan, size_t capability, const CapabilityAnswers& answers) {
  if (answers.right.size() >= plan.asked[capability].prompts.size()) return Stop::kAllItems;
  if (plan.reference == nullptr) return Stop::kNot;
  return stop_of(pair_cell(answers, plan.reference->answers[capability], plan.facts, plan.tests), plan.facts,
                 plan.tests);
}

void keep_counted(const PanelPlan& plan, std::vector<CapabilityAnswers>& answers) {
  if (plan.reference == nullptr) return;
  for (size_t index = 0; index < answers.size(); ++index) {
    const size_t counted =
        pair_cell(answers[index], plan.reference->answers[index], plan.facts, plan.tests).counts.items();
    answers[index].right.resize(counted);
    if (answers[index].scores.size() > counted) answers[index].scores.resize(counted);
    if (answers[index].constrained.size() > counted) answers[index].constrained.resize(counted);
  }
}

bool panel_finished(const PanelPlan& plan, const std::vector<CapabilityAnswers>& answers) {
  if (answers.size() != plan.asked.size()) return false;
  for (size_t index = 0; index < answers.size(); ++index)
    if (panel_stop(plan, index, answers[index]) == Stop::kNot) return false;
  return true;
}

Result<std::vector<CapabilityAnswers>> answer_in_looks(const PanelPlan& plan, std::vector<CapabilityAnswers> before,
                                                       const AskPanel& ask, Observer& observer) {
  std::vector<CapabilityAnswers> answers = std::move(before);
  uint64_t done = 0, most = 0;
  answers.resize(plan.asked.size());
  for (size_t index = 0; index < answers.size(); ++index) {
    answers[index].capability = plan.asked[index].name;
    most += plan.asked[index].prompts.size();
    done += answers[index].right.size();
  }
  while (!panel_finished(plan, answers)) {
    LookObserver part(observer, done, most);
    RUNG_TRY(const auto right, ask(next_items(plan, answers), part));
    for (size_t index = 0; index < answers.size(); ++index) {
      answers[index].right += right[index];
      done += right[index].size();
    }
  }
  return answers;
}

}  // namespace rung
