// Asks a rung the panel in looks: every capability 20 items, then 60, 80 and so on (statistics_sequential.h), and no
// more once its verdict is certain: what is clearly broken stops early, what is near the line gets every item. What
// a rung has answered before is kept and gone on from.
#pragma once

#include <functional>

#include "base/observer.h"
#include "ladder/paired_cell.h"
#include "measure/panel.h"

namespace rung {

/// Puts items to a model: one '1' (right) or '0' an item, for each capability.
using AskPanel =
    std::function<Result<std::vector<std::string>>(const std::vector<AskedCapability>& asked, Observer& observer)>;

struct PanelPlan {
  const std::vector<AskedCapability>& asked;
  const RungResult* reference;  ///< null while the reference itself is asked: everything, at once
  PanelFacts facts;
  size_t tests = 1;  ///< most_tests() of the ladder
};

/// Why the capability needs no more items, or Stop::kNot.
Stop panel_stop(const PanelPlan& plan, size_t capability, const CapabilityAnswers& answers);
/// Forgets answers beyond those that the rule asks for, so that no number depends on what an earlier run asked.
void keep_counted(const PanelPlan& plan, std::vector<CapabilityAnswers>& answers);
bool panel_finished(const PanelPlan& plan, const std::vector<CapabilityAnswers>& answers);

/// Goes on from `before` (empty: from the start) until every capability is finished.
Result<std::vector<CapabilityAnswers>> answer_in_looks(const PanelPlan& plan, std::vector<CapabilityAnswers> before,
                                                       const AskPanel& ask, Observer& observer);

}  // namespace rung
