// The shipped model on its own panel: the scores that llama.cpp's server gets from it
// (../shared/pico/golden/panel.json).
#include "measure/panel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

namespace rung {
namespace {

namespace fs = std::filesystem;
const fs::path kPico = fs::path(RUNG_SOURCE_DIR) / "models/pico-moe";

struct Pico {
  std::shared_ptr<const Engine> engine = Engine::open(FileSource::open(kPico / "pico-moe.bf16.gguf").value()).value();
  ModelText text = open_model_text(engine->source().file()).value();
  std::vector<Capability> panel = read_panel(kPico / "panel").value();
};

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

TEST(Panel, AnswersDoNotDependOnWhoSharesTheBatch) {
  const Pico pico;
  ThreadPool pool(2);
  Observer silent;
  const auto asked = render_panel(pico.panel, pico.text, 6);
  ASSERT_TRUE(asked);
  EXPECT_EQ((*asked)[0].prompts.size(), 6u);
  EXPECT_EQ((*asked)[0].of, 200u);
  GenerateOptions alone, together;
  alone.session = together.session = SessionOptions::reference();
  alone.slots = 1;
  const auto one = answer_panel(pico.engine, pool, pico.text, *asked, alone, silent);
  const auto many = answer_panel(pico.engine, pool, pico.text, *asked, together, silent);
  ASSERT_TRUE(one);
  ASSERT_TRUE(many);
  EXPECT_EQ(*one, *many);
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
