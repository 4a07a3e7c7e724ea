// The shipped model and its panel within grammars.
#include "measure/constrained_answers.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "measure/panel.h"

namespace rung {
namespace {

using nlohmann::ordered_json;
using testing::HasSubstr;

const std::filesystem::path kPico = std::filesystem::path(RUNG_SOURCE_DIR) / "models/pico-moe";

struct Pico {
  std::shared_ptr<const Engine> engine = Engine::open(FileSource::open(kPico / "pico-moe.bf16.gguf").value()).value();
  ModelText text = open_model_text(engine->source().file()).value();
  std::vector<Capability> panel = read_panel(kPico / "panel").value();
};

bool has_grammar(const Capability& capability) { return capability.name == "schema" || capability.name == "tools"; }

TEST(ConstrainedAnswers, EveryGoldAnswerIsAccepted) {
  const Pico pico;
  const auto style = tool_call_style(pico.text);
  ASSERT_TRUE(style);
  EXPECT_EQ(*style, ToolCallStyle::kTagged);
  size_t accepted = 0;
  for (const Capability& capability : pico.panel)
    for (const PanelItem& item : capability.items) {
      const auto grammar = answer_grammar(item, style);
      ASSERT_TRUE(grammar) << grammar.error().message;
      ASSERT_EQ(grammar->has_value(), has_grammar(capability)) << item.id;
      if (!*grammar) continue;
      EXPECT_TRUE((*grammar)->accepts(*item.gold)) << *item.gold;
      const bool is_prose = item.grader == Grader::kNoToolCall;
      EXPECT_EQ((*grammar)->accepts(*item.gold + " {}"), is_prose) << *item.gold;
      ++accepted;
    }
  EXPECT_EQ(accepted, 400u);
}

TEST(ConstrainedAnswers, StyleIsSeenInTheTemplate) {
  Pico pico;
  const auto style_of = [&pico](const char* source) {
    pico.text.chat_template = ChatTemplate::parse(source).value();
    return tool_call_style(pico.text);
  };
  // As Llama 3 and Mistral write a call; the words are ours.
  EXPECT_EQ(style_of("{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}{\"name\": \"{{ "
                     "c.function.name }}\", "
                     "\"parameters\": {{ c.function.arguments | tojson }}}{% endfor %}{% endfor %}"),
            ToolCallStyle::kBare);
  EXPECT_EQ(
      style_of(
          "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls or [] %}[TOOL_CALLS] [{\"name\": "
          "\"{{ c.function.name }}\", \"arguments\": {{ c.function.arguments | tojson }}}]{% endfor %}{% endfor %}"),
      ToolCallStyle::kList);
  EXPECT_FALSE(style_of("{% for m in messages %}{{ m.content }}{% endfor %}"));
  EXPECT_FALSE(style_of("{{ raise_exception('broken') }}"));
  pico.text.chat_template.reset();
  EXPECT_FALSE(tool_call_style(pico.text));
}

TEST(ConstrainedAnswers, ItemsThatHaveNoGrammar) {
  const Pico pico;
  PanelItem item = pico.panel.front().items.front();
  item.grader = Grader::kJson;
  item.schema = std::make_shared<const ordered_json>(ordered_json::parse(R"({"type": "string", "pattern": "a"})"));
  const auto refused = answer_grammar(item, std::nullopt);
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr(item.id + ": schema at '': keyword 'pattern'"));
  item.grader = Grader::kToolCall;
  EXPECT_FALSE(answer_grammar(item, ToolCallStyle::kTagged)->has_value()) << "no tools";
  EXPECT_FALSE(answer_grammar(item, std::nullopt)->has_value()) << "no style";
}

/// Not generating an answer again that keeps within the grammar changes nothing, and all that is generated is valid.
TEST(ConstrainedAnswers, FreeAnswersWithinTheGrammarAreTheConstrainedOnes) {
  const Pico pico;
  ThreadPool pool(2);
  Observer silent;
  const auto asked = render_panel(pico.panel, pico.text, 8);
  ASSERT_TRUE(asked);
  GenerateOptions options;
  options.session = SessionOptions::reference();
  std::vector<std::vector<Token>> prompts;
  std::vector<const PanelItem*> items;
  for (const AskedCapability& capability : *asked)
    for (const PanelPrompt& prompt : capability.prompts) {
      if (capability.name != "schema" && capability.name != "tools" && capability.name != "math") continue;
      prompts.push_back(prompt.tokens);
      items.push_back(prompt.item);
    }
  const auto ends = [&](Token token) { return pico.text.tokenizer.ends_generation(token); };
  const auto free = generate(pico.engine, pool, ends, prompts, options, "test", silent);
  ASSERT_TRUE(free);
  std::vector<ConstrainedQuestion> known, unknown;
  for (size_t index = 0; index < items.size(); ++index) {
    known.push_back({items[index], prompts[index], (*free)[index]});
    unknown.push_back({items[index], prompts[index], std::nullopt});
  }
  const auto one = answer_constrained(pico.engine, pool, pico.text, known, options, silent);
  const auto other = answer_constrained(pico.engine, pool, pico.text, unknown, options, silent);
  ASSERT_TRUE(one);
  ASSERT_TRUE(other);
  EXPECT_EQ(*one, *other);
  EXPECT_EQ(std::count(one->begin(), one->end(), '-'), 8) << "math has no grammar";
  EXPECT_GE(std::count(one->begin(), one->end(), '1'), 12) << "a sound model answers most of the 16 rightly";
}

}  // namespace
}  // namespace rung
