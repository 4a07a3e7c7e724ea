// The reference's side of a panel: its logits along the gold texts of items. Keeps what fits into memory and computes
// it once, so that the reference is run once for a whole ladder of rungs where memory allows.
#pragma once

#include <unordered_map>

#include "measure/panel.h"
#include "measure/teacher_forcing.h"

namespace rung {

class PanelReference {
 public:
  static constexpr uint64_t kKeepBytes = uint64_t{1} << 30;  ///< what a program keeps
  PanelReference(std::shared_ptr<const Engine> engine, ThreadPool& pool, const ForcingOptions& options,
                 uint64_t keep_bytes)
      : engine_(std::move(engine)), pool_(pool), options_(options), keep_bytes_(keep_bytes) {}

  /// Has the rows of these prompts ready until the next call. Prompts without gold text have none.
  Status prepare(std::span<const PanelPrompt* const> prompts, Observer& observer);
  /// (vocabulary) before token `position` of the gold text, or before its end. Safe from several threads.
  std::span<const float> row(const PanelItem& item, size_t position) const;
  size_t vocabulary() const { return engine_->config().vocabulary; }

 private:
  using Rows = std::unordered_map<const PanelItem*, std::vector<float>>;

  std::shared_ptr<const Engine> engine_;
  ThreadPool& pool_;
  ForcingOptions options_;
  uint64_t keep_bytes_;
  Rows kept_, passing_;
};

/// The text that is forced on a model: the gold text and one token for its end, which is predicted but never fed.
std::vector<Token> gold_and_end(const PanelPrompt& prompt, Token end);

}  // namespace rung
