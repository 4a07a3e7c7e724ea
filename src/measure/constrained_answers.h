// Items of a panel answered within a grammar: JSON items within their schema, tool items within calls of their tools or
// prose. Beside the free answers this tells syntax, which a grammar repairs, from a wrong choice, which it cannot.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "grammar/grammar.h"
#include "measure/panel.h"

namespace rung {

/// How the chat template writes a tool call, seen from one that it renders; nothing without a way that we know.
std::optional<ToolCallStyle> tool_call_style(const ModelText& text);

/// The grammar of an item's answers: those of one schema, or up to 8 calls (bare: 1) of the tools, or prose. It does
/// not know the right one. Nothing for items of another kind, and for tools without a style; an error names item and
/// keyword.
Result<std::optional<Grammar>> answer_grammar(const PanelItem& item, std::optional<ToolCallStyle> style);

struct ConstrainedQuestion {
  const PanelItem* item = nullptr;
  std::span<const Token> prompt;
  /// What greedy decoding answers freely, where that is known. If the grammar accepts it, it is the constrained answer
  /// too (each token was the likeliest of all, and allowed), and is not generated again.
  std::optional<std::span<const Token>> free_answer;
};

/// Of each question '1' (right) or '0', or '-' where no grammar fits: another kind of item, a tool format that is not
/// known, a schema that a grammar cannot keep (a warning names it). The model runs with Batching::kInvariant, as in
/// panel.h. Reports progress as stage "grammar" in prompts.
Result<std::string> answer_constrained(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                       const ModelText& text, std::span<const ConstrainedQuestion> questions,
                                       const GenerateOptions& options, Observer& observer);

/// The same for a panel that was asked freely, capability by capability; empty where no item has a grammar. What is
/// known of the free answers (`free`, of score_panel or judge_panel) is not generated again.
Result<std::vector<std::string>> constrain_panel(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                                 const ModelText& text, const std::vector<AskedCapability>& panel,
                                                 std::span<const CapabilityScores> free, const GenerateOptions& options,
                                                 Observer& observer);

}  // namespace rung
