#include "measure/chance.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace rung {
namespace {

PanelItem item_with(const std::string& answer, const std::string& choices = "") {
  PanelItem item;
  item.answer = std::make_shared<nlohmann::ordered_json>(nlohmann::ordered_json::parse(answer));
  if (!choices.empty()) item.choices = std::make_shared<nlohmann::ordered_json>(nlohmann::ordered_json::parse(choices));
  return item;
}

double chance_of(const std::vector<PanelItem>& items) {
  std::vector<PanelPrompt> prompts;
  for (const PanelItem& item : items) prompts.push_back({&item, {}});
  return chance_score(prompts);
}

TEST(Chance, OfAnswersThatDifferIsNothing) {
  EXPECT_EQ(chance_of({item_with("1"), item_with("2"), item_with("3")}), 0);
  EXPECT_EQ(chance_of({item_with("1")}), 0);
  EXPECT_EQ(chance_of({item_with("\"x\""), item_with("\"x\"")}), 0);
  EXPECT_EQ(chance_of({}), 0);
}

TEST(Chance, OfTheCommonestAnswer) {
  // "no" three times in five: seen from one of them, it is right for two of the other four.
  const PanelItem yes = item_with("\"yes\""), no = item_with("\"no\"");
  EXPECT_DOUBLE_EQ(chance_of({yes, no, no, yes, no}), 0.5);
}

TEST(Chance, OfNoToolCallIsThatOfSilence) {
  PanelItem silent;
  silent.grader = Grader::kNoToolCall;
  EXPECT_DOUBLE_EQ(chance_of({silent, silent, item_with("{\"name\": \"a\"}"), item_with("{\"name\": \"b\"}")}),
                   1.0 / 3);
}

TEST(Chance, OfWhatIsCheckedIsNothing) {
  PanelItem first = item_with("[\"no commas\"]"), second = first;
  first.id = "a";
  second.id = "b";
  first.grader = second.grader = Grader::kInstructions;
  EXPECT_EQ(chance_of({first, second, item_with("3")}), 0);
}

TEST(Chance, OfChoicesIsTheirNumber) {
  const PanelItem four = item_with("\"a\"", R"(["a", "b", "c", "d"])"), two = item_with("\"b\"", R"(["a", "b"])");
  EXPECT_DOUBLE_EQ(chance_of({four, two}), 0.375);
}

TEST(Chance, CorrectsScores) {
  EXPECT_DOUBLE_EQ(corrected_score(0.5, 0.5), 0);
  EXPECT_DOUBLE_EQ(corrected_score(1, 0.25), 1);
  EXPECT_DOUBLE_EQ(corrected_score(0.625, 0.25), 0.5);
}

}  // namespace
}  // namespace rung
