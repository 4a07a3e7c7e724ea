// The shipped model on its own panel: the scores that llama.cpp's server gets from it
// (../shared/pico/golden/panel.json).
#include "measure/panel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "measure/grader.h"
#include "measure/pico_for_tests.h"

namespace rung {
namespace {

namespace fs = std::filesystem;
TEST(Panel, ReferenceScoresAgreeWithLlamaCpp) {
  const fs::path golden = fs::path(RUNG_SHARED_DIR) / "pico/golden/panel.json";
  if (!fs::exists(golden)) GTEST_SKIP() << golden << " is not here";
  std::ifstream in(golden);
  const auto expected = nlohmann::json::parse(in)["models"]["BF16"];
  const Pico pico;
  ThreadPool pool(2);
  Observer silent;
  const auto asked = render_panel(pico.panel, pico.text, 0);
  ASSERT_TRUE(asked) << asked.error().message;
  const auto right = answer_panel(pico.engine, pool, pico.text, *asked, {}, silent);
  ASSERT_TRUE(right) << right.error().message;
  ASSERT_EQ(asked->size(), 7u);
  for (size_t index = 0; index < asked->size(); ++index) {
    const std::string& answers = (*right)[index];
    ASSERT_EQ(answers.size(), 200u);
    const double score = static_cast<double>(std::count(answers.begin(), answers.end(), '1')) / 2;
    EXPECT_NEAR(score, expected[(*asked)[index].name]["score_percent"].get<double>(), 2.0) << (*asked)[index].name;
  }
}

/// Token by token to the last item, as programs that only generate do it.
std::vector<std::string> generated_verdicts(const std::shared_ptr<const Engine>& engine, ThreadPool& pool,
                                            const Pico& pico, const std::vector<AskedCapability>& panel,
                                            GenerateOptions options) {
  std::vector<std::string> right;
  Observer silent;
  options.session.batching = Batching::kInvariant;
  for (const AskedCapability& capability : panel) {
    std::vector<std::vector<Token>> prompts;
    for (const PanelPrompt& prompt : capability.prompts) prompts.push_back(prompt.tokens);
    const auto ends = [&](Token token) { return pico.text.tokenizer.ends_generation(token); };
    const auto answers = generate(engine, pool, ends, prompts, options, "test", silent).value();
    right.emplace_back();
    for (size_t item = 0; item < prompts.size(); ++item)
      right.back() +=
          grade(*capability.prompts[item].item, pico.text.tokenizer.decode(answers[item], false)) ? '1' : '0';
  }
  return right;
}

TEST(Panel, PrefillDecidesAsGenerationDoes) {
  const Pico pico;
  ThreadPool pool(2);
  Observer silent;
  const auto asked = render_panel(pico.panel, pico.text, 10).value();
  GenerateOptions options;
  options.max_new = 40;
  for (const float noise : {0.0f, 0.8f}) {
    const auto engine = noise == 0 ? pico.engine : pico.damaged(noise);
    const auto right = answer_panel(engine, pool, pico.text, asked, options, silent);
    ASSERT_TRUE(right) << right.error().message;
    EXPECT_EQ(*right, generated_verdicts(engine, pool, pico, asked, options)) << "noise " << noise;
    size_t wrong = 0;
    for (const std::string& capability : *right)
      wrong += static_cast<size_t>(std::count(capability.begin(), capability.end(), '0'));
    EXPECT_GE(wrong, noise == 0 ? 1u : 20u);  // or nothing would have been left to generation
  }
}

TEST(Panel, ScoresDoNotDependOnWhoSharesTheBatch) {
  const Pico pico;
  const auto engine = pico.damaged(0.8f);
  ThreadPool one(1), two(2);
  Observer silent;
  auto asked = render_panel(pico.panel, pico.text, 6).value();
  ASSERT_EQ(asked[0].prompts.size(), 6u);
  ASSERT_EQ(asked[0].of, 200u);
  PanelOptions options;
  options.generate.max_new = 20;
  const auto together = score_panel(engine, two, pico.text, asked, options, silent).value();
  options.generate.slots = 1;
  for (size_t capability = 0; capability < asked.size(); ++capability) {
    AskedCapability part = asked[capability];
    part.prompts.erase(part.prompts.begin(), part.prompts.begin() + 4);
    const auto alone = score_panel(engine, one, pico.text, {part}, options, silent).value();
    for (size_t item = 0; item < 2; ++item) {
      const ItemScore &a = alone[0].items[item], &b = together[capability].items[item + 4];
      EXPECT_EQ(a.right, b.right);
      EXPECT_EQ(a.gold.sum, b.gold.sum);
      EXPECT_EQ(a.margin, b.margin);
      EXPECT_EQ(a.confidence, b.confidence);
      EXPECT_EQ(a.entropy, b.entropy);
    }
  }
}

TEST(Generate, StopsAtTheLimitAndLeavesEmptyPromptsAlone) {
  const Pico pico;
  ThreadPool pool(2);
  Observer silent;
  GenerateOptions options;
  options.max_new = 5;
  const std::vector<std::vector<Token>> prompts = {{1, 947, 394}, {}, {1, 1021, 303}};
  const auto never = [](Token) { return false; };
  const auto answers = generate(pico.engine, pool, never, prompts, options, "test", silent);
  ASSERT_TRUE(answers);
  EXPECT_EQ((*answers)[0].size(), 5u);
  EXPECT_TRUE((*answers)[1].empty());
  EXPECT_EQ((*answers)[2].size(), 5u);
  const auto always = [](Token) { return true; };
  EXPECT_TRUE((*generate(pico.engine, pool, always, prompts, options, "test", silent))[0].empty());
}

}  // namespace
}  // namespace rung
