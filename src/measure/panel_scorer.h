// The work behind panel.h: prefills of gold texts, generation of what they leave open, and prefills of what was
// generated. Internal to panel.cc.
#pragma once

#include "measure/answer_path.h"
#include "measure/distribution.h"
#include "measure/panel.h"
#include "measure/teacher_forcing.h"

namespace rung {

class PanelScorer {
 public:
  enum class Depth {
    kVerdicts,  ///< right or wrong
    kScores,    ///< everything in ItemScore
  };
  PanelScorer(const std::shared_ptr<const Engine>& engine, ThreadPool& pool, const ModelText& text,
              const PanelOptions& options, Depth depth);

  Result<std::vector<CapabilityScores>> run(const std::vector<AskedCapability>& panel, Observer& observer);

 private:
  /// One item on its way. The spans of a pass refer to its texts.
  struct Work {
    const PanelPrompt* prompt = nullptr;
    ItemScore* score = nullptr;
    std::optional<std::vector<Token>>* answer = nullptr;
    AnswerPath path;
    std::vector<std::vector<Token>> texts;  ///< forced on the model
  };
  /// What is kept of one prediction.
  struct Row {
    Prediction prediction;
    double nll = 0;         ///< -ln P(the text's token), or of any end
    double lead = 0;        ///< its logit less the best other one
    double divergence = 0;  ///< from the reference
  };
  using Rows = std::vector<std::vector<Row>>;  ///< by text, by token
  enum class Pass { kGold, kAnswers };

  bool scores() const { return depth_ == Depth::kScores; }
  bool is_choice(const Work& work) const { return !work.prompt->choices.empty(); }
  size_t limit(const PanelItem& item) const;
  bool is_cut(const PanelItem& item, std::span<const Token> answer) const;
  void plan_work(const std::vector<AskedCapability>& panel, std::vector<CapabilityScores>& results);
  std::vector<std::vector<Token>> gold_texts(const PanelPrompt& prompt) const;
  bool ends_text(const Work& work, size_t text, size_t position, Pass pass) const;
  Row read_row(const Work& work, const ForcedPosition& at, std::span<const float> logits, Pass pass) const;
  Result<std::vector<Rows>> force(std::span<Work* const> part, Pass pass, Observer& observer) const;

  size_t next_group(size_t begin) const;
  Status follow_all(Observer& observer);
  Status follow_group(std::span<Work* const> group, Observer& observer);
  void follow(Work& work, const Rows& rows) const;
  void score_gold(Work& work, const Rows& rows) const;
  void score_choice(Work& work, const Rows& rows) const;
  void score_predictions(ItemScore& score, std::span<const Row> rows) const;
  Status generate_open(Observer& observer);
  Status read_generated(Observer& observer);

  const std::shared_ptr<const Engine>& engine_;
  ThreadPool& pool_;
  const ModelText& text_;
  PanelOptions options_;
  Depth depth_;
  ForcingOptions forcing_;
  std::vector<Token> ends_;   ///< all that end an answer
  std::vector<bool> is_end_;  ///< by token
  std::vector<Work> work_;
};

}  // namespace rung
