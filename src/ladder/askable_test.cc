// Panels against models that lack something: each time what is left out is told, and the rest is asked.
#include "ladder/askable.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "panel/drawn_panel.h"

namespace rung {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ModelText pico_text() {
  const auto file = GgufFile::open(RUNG_SOURCE_DIR "/models/pico-moe/pico-moe.bf16.gguf");
  return open_model_text(*file).value();
}

ModelText with_template(std::string_view source) {
  ModelText text = pico_text();
  text.chat_template = ChatTemplate::parse(source).value();
  return text;
}

std::vector<Capability> panel_of(std::initializer_list<std::string_view> names, size_t items, size_t level = 1) {
  std::vector<Capability> panel;
  for (const Generator& generator : make_generators({shipped_facts(), true}))
    for (const std::string_view name : names)
      if (generator.capability == name)
        panel.push_back(draw_capability(generator, {1, "panel", items}, [level](size_t) { return level; }));
  return panel;
}

std::vector<std::string> names_of(const AskablePanel& panel) {
  std::vector<std::string> names;
  for (const AskedCapability& capability : panel.asked) names.push_back(capability.name);
  return names;
}

constexpr const char* kNoTools = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:";

TEST(Askable, AModelWithEverythingIsAskedEverything) {
  const auto asked = askable_panel(panel_of({"math", "tools"}, 12), 5, pico_text(), 1024).value();
  EXPECT_THAT(names_of(asked), ElementsAre("math", "tools"));
  for (const AskedCapability& capability : asked.asked) EXPECT_EQ(capability.prompts.size(), 5u);
}

TEST(Askable, WithoutTemplateThePanelIsPlainText) {
  ModelText text = pico_text();
  text.chat_template.reset();
  const auto asked = askable_panel(panel_of({"math", "tools"}, 12), 0, text, 1024).value();
  EXPECT_THAT(names_of(asked), ElementsAre("math"));
  EXPECT_THAT(asked.notes, Contains(HasSubstr("tools: 12 of 12 items were left out: the model has no chat template")));
  EXPECT_THAT(asked.notes, Contains(HasSubstr("asked in plain text")));
  const std::string prompt = text.tokenizer.decode(asked.asked[0].prompts[0].tokens, false);
  EXPECT_THAT(prompt, testing::StartsWith("Question: "));
  EXPECT_THAT(prompt, testing::EndsWith("\nAnswer:"));
}

TEST(Askable, WithoutToolFormatToolsAreLeftOut) {
  const auto asked = askable_panel(panel_of({"math", "tools"}, 12), 0, with_template(kNoTools), 1024).value();
  EXPECT_THAT(names_of(asked), ElementsAre("math"));
  EXPECT_THAT(asked.notes,
              ElementsAre("tools: 12 of 12 items were left out: the model's chat template has no place for tools."));
}

TEST(Askable, ABrokenTemplateLeavesNothing) {
  const auto asked = askable_panel(panel_of({"math", "prose"}, 12), 0,
                                   with_template("{{ raise_exception('system role only') }}"), 1024)
                         .value();
  EXPECT_THAT(asked.asked, IsEmpty());
  EXPECT_THAT(asked.notes,
              Contains(HasSubstr("math: 12 of 12 items were left out: the model's chat template cannot render "
                                 "them: ")));
  for (const std::string& note : asked.notes) EXPECT_EQ(note.find('\n'), std::string::npos);
}

/// A template that knows no tool results renders the items of one turn.
TEST(Askable, ATemplateThatKnowsFewerRolesIsAskedTheRest) {
  const auto text = with_template(
      "{% for m in messages %}{% if m.role == 'tool' %}{{ raise_exception('no tool role') }}{% endif %}{{ m.content }}"
      "{% endfor %}{{ tools | tojson if tools }}");
  const auto asked = askable_panel(panel_of({"tools"}, 60), 0, text, 8192).value();
  ASSERT_THAT(names_of(asked), ElementsAre("tools"));
  EXPECT_LT(asked.asked[0].prompts.size(), 60u);
  EXPECT_GT(asked.asked[0].prompts.size(), 20u);
  EXPECT_THAT(asked.notes, ElementsAre(HasSubstr("no tool role")));
}

TEST(Askable, ItemsLongerThanTheContextAreLeftOut) {
  const auto asked = askable_panel(panel_of({"recall"}, 20, 6), 0, pico_text(), 1024).value();
  EXPECT_LT(asked.asked.empty() ? 0 : asked.asked[0].prompts.size(), 20u);
  EXPECT_THAT(asked.notes, ElementsAre(HasSubstr("longer than the model's context of 1024 tokens")));
  const auto unlimited = askable_panel(panel_of({"recall"}, 20, 6), 0, pico_text(), 0).value();
  EXPECT_EQ(unlimited.asked[0].prompts.size(), 20u);
  EXPECT_THAT(unlimited.notes, IsEmpty());
}

}  // namespace
}  // namespace rung
