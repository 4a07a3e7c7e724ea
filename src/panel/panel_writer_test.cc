#include "panel/panel_writer.h"

#include <gmock/gmock.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "base/temp_folder_for_tests.h"
#include "measure/grader.h"
#include "panel/drawn_panel.h"
#include "panel/panel_spec.h"
#include "panel/plain_prompt.h"

namespace rung {
namespace {

std::vector<Capability> drawn(size_t items, uint64_t seed = 1) {
  std::vector<Capability> panel;
  for (const Generator& generator : make_generators({shipped_facts(), true}))
    panel.push_back(draw_capability(generator, {seed, "panel", items}, level_in_turn));
  return panel;
}

std::vector<std::string> lines(const std::vector<Capability>& panel) {
  std::vector<std::string> all;
  for (const Capability& capability : panel)
    for (const PanelItem& item : capability.items) all.push_back(panel_line(item));
  return all;
}

TEST(PanelWriter, WhatIsWrittenIsReadBack) {
  const test::TempFolder folder;
  for (const auto& panel : {drawn(16), draw_pico_panel({1, "panel", 16})}) {
    const auto place = folder / fmt::format("of{}", panel.size());
    ASSERT_TRUE(write_panel(panel, place));
    const auto read = read_panel(place);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(lines(*read), lines(panel));
  }
}

TEST(PanelWriter, TheShippedPanelIsWrittenAsItIs) {
  const auto shipped = read_panel(RUNG_SOURCE_DIR "/models/pico-moe/panel").value();
  for (const std::string& line : lines(shipped)) {
    const auto json = nlohmann::ordered_json::parse(line);
    EXPECT_TRUE(json.contains("gold")) << line;
  }
  const test::TempFolder folder;
  ASSERT_TRUE(write_panel(shipped, folder.path()));
  EXPECT_EQ(lines(read_panel(folder.path()).value()), lines(shipped));
}

TEST(PanelWriter, DoesNotMixPanels) {
  const test::TempFolder folder;
  std::ofstream(folder / "other.jsonl") << "{}\n";
  const Status written = write_panel(drawn(1), folder.path());
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().message, testing::HasSubstr("other.jsonl: belongs to another panel"));
  EXPECT_EQ(folder.names(), std::vector<std::string>{"other.jsonl"});
}

TEST(DrawnPanel, DependsOnTheSeedAlone) {
  EXPECT_EQ(lines(drawn(5)), lines(drawn(5)));
  const auto one = lines(drawn(5)), other = lines(drawn(5, 2));
  for (size_t at = 0; at < one.size(); ++at) EXPECT_NE(one[at], other[at]);
  // The first items do not depend on how many there are.
  EXPECT_EQ(lines(drawn(8))[0], one[0]);
}

TEST(DrawnPanel, StopsWhereNoOtherItemIsFound) {
  Generator few{"few", "", "", {{"one", [](Draw& draw, size_t) {
                                   PanelItem item;
                                   item.messages = std::make_shared<const nlohmann::ordered_json>(draw.below(3));
                                   item.answer = item.messages;
                                   return item;
                                 }}}};
  EXPECT_EQ(draw_capability(few, {1, "panel", 10}, level_in_turn).items.size(), 3u);
}

TEST(PanelSpec, NamesAndSeeds) {
  const auto spec = [](std::string_view text) { return parse_panel_spec(text).value(); };
  EXPECT_EQ(spec("builtin")->seed, 1u);
  EXPECT_EQ(spec("builtin:7")->seed, 7u);
  EXPECT_EQ(spec("builtin:7")->kind, PanelSpec::Kind::kBuiltIn);
  EXPECT_EQ(spec("pico:18446744073709551615")->seed, UINT64_MAX);
  EXPECT_EQ(spec("pico")->kind, PanelSpec::Kind::kPico);
  for (const char* folder : {"panel", "", "./builtin", "builtin/x", "Builtin", "c:7"})
    EXPECT_FALSE(parse_panel_spec(folder).value()) << folder;
  for (const char* broken : {"builtin:", "builtin:x", "pico:-1", "pico:1.5", "pico:18446744073709551616", "pico: 1"})
    EXPECT_THAT(parse_panel_spec(broken).error().message, testing::HasSubstr("allowed is a whole number")) << broken;
}

TEST(PlainPrompt, QuestionsAndAnswersToBeContinued) {
  PanelItem item;
  item.grader = Grader::kNumber;
  item.answer = std::make_shared<const nlohmann::ordered_json>(4);
  item.messages = std::make_shared<const nlohmann::ordered_json>(nlohmann::ordered_json::parse(
      R"([{"role": "user", "content": "One?"}, {"role": "assistant", "content": "1"}, {"role": "user", "content": "Four?"}])"));
  const PanelItem plain = without_template(item);
  EXPECT_EQ(plain.prompt, "Question: One?\nAnswer: 1\n\nQuestion: Four?\nAnswer:");
  EXPECT_EQ(plain.messages, nullptr);
  EXPECT_TRUE(grade(plain, " 4\nQuestion: Five?\nAnswer: 5"));
  EXPECT_FALSE(grade(plain, " 5\n4"));
  EXPECT_EQ(without_template(plain).prompt, plain.prompt);
}

}  // namespace
}  // namespace rung
