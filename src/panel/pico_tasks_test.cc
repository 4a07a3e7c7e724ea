// Fresh items for pico against the panel beside the model, which its makers drew by their own program.
#include "panel/pico_tasks.h"

#include <gmock/gmock.h>

#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "measure/grader.h"
#include "panel/md5.h"
#include "panel/pico_parts.h"

namespace rung {
namespace {

const std::vector<Capability>& shipped_panel() {
  static const std::vector<Capability> kPanel = read_panel(RUNG_SOURCE_DIR "/models/pico-moe/panel").value();
  return kPanel;
}

std::string question(const PanelItem& item) { return item.messages->at(0).at("content").get<std::string>(); }

/// A question with its words and numbers replaced by what kind they are, so that two drawn from one wording agree.
std::string shape(const std::string& text) {
  static const std::regex kNumbers("[0-9]+"), kLists("(#, )+#"), kLines("(\n[^\n]*: [^\n]*)+");
  return std::regex_replace(std::regex_replace(std::regex_replace(text, kNumbers, "#"), kLists, "#s"), kLines,
                            "\nlist");
}

std::string digits(std::string_view text) {
  std::string all;
  for (const uint8_t byte : md5(text)) all += fmt::format("{:02x}", byte);
  return all;
}

TEST(Md5, KnownAnswersOfRfc1321) {
  EXPECT_EQ(digits(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(digits("abc"), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(digits("12345678901234567890123456789012345678901234567890123456789012345678901234567890"),
            "57edf4a22be3c955ac49da2e2107b67a");
  EXPECT_EQ(digits("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"),
            "d174ab98d277d9f5a5611c2c9f419d9f");
}

/// The shipped items are those that training held out: the rule and the keys are as theirs.
TEST(PicoTasks, TheShippedItemsAreHeldOut) {
  size_t checked = 0;
  for (const Capability& capability : shipped_panel())
    for (const PanelItem& item : capability.items) {
      std::string key;
      if (capability.name == "schema") key = "schema|" + question(item);
      if (capability.name == "tools") {
        std::vector<std::string_view> names;
        for (const auto& tool : *item.tools) names.push_back(tool["function"]["name"].get_ref<const std::string&>());
        key = fmt::format("tools|{}|{}", pico::python_tuple(names), question(item));
      }
      static const std::regex kSum("What is ([0-9]+) \\+ ([0-9]+)\\?");
      std::smatch sum;
      if (const std::string text = question(item); std::regex_match(text, sum, kSum))
        key = fmt::format("add|{}|{}", sum[1].str(), sum[2].str());
      if (question(item).find(" Where is the ") != std::string::npos) key = "track|" + question(item);
      if (key.empty()) continue;
      EXPECT_TRUE(is_held_out_of_pico(key)) << key;
      ++checked;
    }
  EXPECT_GT(checked, 450u);
}

TEST(PicoTasks, TheShippedFactsAreKnown) {
  std::map<std::string, std::set<std::string>> known;
  for (const pico::Land& land : pico::lands()) known[land.name] = {land.capital, land.color, land.food};
  EXPECT_EQ(known.size(), 150u);
  for (const Capability& capability : shipped_panel()) {
    if (capability.name != "facts") continue;
    for (const PanelItem& item : capability.items) {
      const std::string text = question(item);
      const size_t begin = text.rfind(' ') + 1;
      EXPECT_TRUE(known[text.substr(begin, text.size() - begin - 1)].count(item.answer->get<std::string>())) << text;
    }
  }
}

TEST(PicoTasks, GoldIsRightAndHasTheFormOfTheShippedGold) {
  Draw draw(1);
  std::vector<std::string> names;
  for (const Capability& capability : shipped_panel()) names.push_back(capability.name);
  const auto capabilities = pico_capabilities();
  EXPECT_EQ(std::vector<std::string>(capabilities.begin(), capabilities.end()), names);
  for (const Capability& capability : shipped_panel()) {
    std::set<Grader> graders;
    for (const PanelItem& item : capability.items) graders.insert(item.grader);
    for (size_t count = 0; count < 200; ++count) {
      const PanelItem item = draw_pico_item(capability.name, draw);
      EXPECT_TRUE(grade(item, *item.gold)) << question(item) << '\n' << *item.gold;
      EXPECT_TRUE(graders.count(item.grader)) << capability.name;
      EXPECT_EQ(item.entries.has_value(), capability.name == "recall");
    }
  }
}

/// Wordings with few words of their own: every shape drawn is one of the shipped panel, and the other way round.
TEST(PicoTasks, ShapesOfSumsAndProgramsAreTheShippedOnes) {
  const auto shapes_of = [](const std::vector<PanelItem>& items) {
    std::set<std::string> shapes;
    for (const PanelItem& item : items)
      if (question(item).starts_with("What is ")) shapes.insert(shape(question(item)));
    return shapes;
  };
  for (const Capability& capability : shipped_panel()) {
    if (capability.name != "math") continue;
    Draw draw(2);
    std::vector<PanelItem> drawn;
    for (size_t count = 0; count < 200; ++count) drawn.push_back(draw_pico_item("math", draw));
    EXPECT_EQ(shapes_of(drawn), shapes_of(capability.items));
    EXPECT_EQ(shapes_of(drawn).size(), 4u);
  }
}

/// Tool definitions and schemas are those of the shipped panel, to the letter.
TEST(PicoTasks, DefinitionsAreTheShippedOnes) {
  std::set<std::string> definitions;
  for (const Capability& capability : shipped_panel())
    for (const PanelItem& item : capability.items)
      if (item.tools)
        for (const auto& tool : *item.tools) definitions.insert(tool.dump());
  EXPECT_EQ(definitions.size(), 10u);
  Draw draw(3);
  for (size_t count = 0; count < 200; ++count) {
    const PanelItem item = draw_pico_item("tools", draw);
    for (const auto& tool : *item.tools) EXPECT_TRUE(definitions.count(tool.dump())) << tool;
  }
}

}  // namespace
}  // namespace rung
