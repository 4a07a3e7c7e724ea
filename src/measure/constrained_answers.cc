#include "measure/constrained_answers.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "measure/grader.h"

namespace rung {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostCalls = 8;

/// Greedy decoding within the grammar gives this answer too.
bool keeps_within(TokenConstraint constraint, std::span<const Token> answer, size_t max_new) {
  for (const Token token : answer)
    if (!constraint.accept(token)) return false;
  return constraint.may_end() || answer.size() == max_new;
}

/// A right answer that was not generated is the gold text.
std::optional<std::span<const Token>> free_answer(const PanelPrompt& prompt, const CapabilityScores& free,
                                                  size_t item) {
  if (!free.answers.empty()) return free.answers[item];
  if (free.items[item].right && !free.items[item].generated) return prompt.gold;
  return std::nullopt;
}

}  // namespace

std::optional<ToolCallStyle> tool_call_style(const ModelText& text) {
  if (!text.chat_template) return std::nullopt;
  const Json call = {{"id", "call00001"}, {"type", "function"}};
  const auto rendered = [&](const Json& arguments) {
    Json made = call;
    made["function"] = {{"name", "rung_probe"}, {"arguments", arguments}};
    const Json messages = {{{"role", "user"}, {"content", "?"}},
                           {{"role", "assistant"}, {"content", ""}, {"tool_calls", Json::array({made})}}};
    const Json tools = Json::array({{{"type", "function"},
                                     {"function",
                                      {{"name", "rung_probe"},
                                       {"description", "?"},
                                       {"parameters", {{"type", "object"}, {"properties", Json::object()}}}}}}});
    const auto with_tools = text.render_chat(messages, &tools, false);
    return with_tools ? with_tools->substr(with_tools->rfind('?') + 1) : std::string();
  };
  std::string turn = rendered(Json::object());
  if (turn.empty()) turn = rendered("{}");
  if (turn.find("rung_probe") == std::string::npos) return std::nullopt;
  if (turn.find("<tool_call>") != std::string::npos) return ToolCallStyle::kTagged;
  if (turn.find("[TOOL_CALLS]") != std::string::npos) return ToolCallStyle::kList;
  if (turn.find("\"parameters\"") != std::string::npos) return ToolCallStyle::kBare;
  return std::nullopt;
}

Result<std::optional<Grammar>> answer_grammar(const PanelItem& item, std::optional<ToolCallStyle> style) {
  const auto named = [&item](const Result<Grammar>& grammar) -> Result<std::optional<Grammar>> {
    if (!grammar) return input_error("panel item {}: {}", item.id, grammar.error().message);
    return std::optional<Grammar>(*grammar);
  };
  if (item.grader == Grader::kJson) return named(Grammar::of_schema(*item.schema));
  const bool is_about_tools =
      item.grader == Grader::kToolCall || item.grader == Grader::kToolCalls || item.grader == Grader::kNoToolCall;
  if (!is_about_tools || !item.tools || !style) return std::optional<Grammar>();
  const size_t most_calls = *style == ToolCallStyle::kBare ? 1 : kMostCalls;
  return named(Grammar::of_tools(*item.tools, {*style, true, most_calls}));
}

Result<std::string> answer_constrained(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                       const ModelText& text, std::span<const ConstrainedQuestion> questions,
                                       const GenerateOptions& options, Observer& observer) {
  std::string right(questions.size(), '-');
  auto trie = TokenTrie::create(text.tokenizer);
  if (!trie) observer.warn(trie.error().message);
  if (!trie) return right;
  const auto vocabulary = std::make_shared<const TokenTrie>(std::move(*trie));
  const auto style = tool_call_style(text);
  std::vector<std::vector<Token>> prompts;
  std::vector<Grammar> grammars;
  std::vector<size_t> asked;
  std::vector<std::string> refused;
  for (size_t index = 0; index < questions.size(); ++index) {
    const ConstrainedQuestion& question = questions[index];
    const auto grammar = answer_grammar(*question.item, style);
    if (!grammar) refused.push_back(grammar.error().message);
    if (!grammar || !*grammar) continue;
    const auto& free = question.free_answer;
    if (free && keeps_within(TokenConstraint(**grammar, vocabulary), *free, options.max_new)) {
      right[index] = grade(*question.item, text.tokenizer.decode(*free, false)) ? '1' : '0';
      continue;
    }
    prompts.emplace_back(question.prompt.begin(), question.prompt.end());
    grammars.push_back(**grammar);
    asked.push_back(index);
  }
  if (!refused.empty())
    observer.warn(fmt::format("{} items are answered freely only; the first: {}", refused.size(), refused.front()));
  GenerateOptions constrained = options;
  constrained.session.batching = Batching::kInvariant;
  constrained.constraint_of = [&](size_t prompt) {
    return std::make_unique<TokenConstraint>(grammars[prompt], vocabulary);
  };
  const auto ends = [&](Token token) { return text.tokenizer.ends_generation(token); };
  RUNG_TRY(const auto answers, generate(engine, pool, ends, prompts, constrained, "grammar", observer));
  for (size_t index = 0; index < asked.size(); ++index)
    right[asked[index]] =
        grade(*questions[asked[index]].item, text.tokenizer.decode(answers[index], false)) ? '1' : '0';
  return right;
}

Result<std::vector<std::string>> constrain_panel(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                                 const ModelText& text, const std::vector<AskedCapability>& panel,
                                                 std::span<const CapabilityScores> free, const GenerateOptions& options,
                                                 Observer& observer) {
  std::vector<ConstrainedQuestion> questions;
  for (size_t index = 0; index < panel.size(); ++index)
    for (size_t item = 0; item < panel[index].prompts.size(); ++item) {
      const PanelPrompt& prompt = panel[index].prompts[item];
      questions.push_back({prompt.item, prompt.tokens, free_answer(prompt, free[index], item)});
    }
  RUNG_TRY(const std::string all, answer_constrained(engine, pool, text, questions, options, observer));
  std::vector<std::string> right;
  size_t next = 0;
  for (const AskedCapability& capability : panel) {
    right.push_back(all.substr(next, capability.prompts.size()));
    next += capability.prompts.size();
    if (right.back().find_first_not_of('-') == std::string::npos) right.back().clear();
  }
  return right;
}

}  // namespace rung
