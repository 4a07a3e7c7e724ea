// Puts a ladder's panel to its models, a part at a time, and keeps what the answers tell until a rung's result takes
// it. The reference comes first: its answers are what the rungs are scored on.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "ladder/inputs.h"
#include "ladder/rung_result.h"
#include "measure/panel_reference.h"

namespace rung {

/// Who is asked, and how.
struct PanelModel {
  std::shared_ptr<const Engine> engine;
  SessionOptions session;
  bool is_reference = false;
  bool within_grammar = true;  ///< also answers JSON and tool items within a grammar
};

class PanelScores {
 public:
  PanelScores(const std::shared_ptr<const Engine>& reference, const ModelText& text, ThreadPool& pool)
      : reference_(reference, pool, ForcingOptions(), PanelReference::kKeepBytes), text_(text), pool_(pool) {}

  /// The verdicts on the prompts, which are those that follow what this model was asked before.
  Result<std::vector<std::string>> ask(const PanelModel& model, const std::vector<AskedCapability>& asked,
                                       Observer& observer);
  /// Adds the scores kept since the last call to those of the same capabilities.
  void move_into(std::vector<CapabilityAnswers>& answers);

 private:
  PanelReference reference_;
  const ModelText& text_;
  ThreadPool& pool_;
  std::map<std::string, CapabilityAnswers> kept_;
};

/// The prompts learn what the reference answered, so that later models are scored on it too.
void set_reference_answers(std::vector<AskedCapability>& asked, const RungResult& reference);

}  // namespace rung
