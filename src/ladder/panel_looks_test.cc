#include "ladder/panel_looks.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace rung {
namespace {

/// Answers from prepared rows, and remembers what it was asked.
class Script {
 public:
  explicit Script(std::vector<std::string> rows) : rows_(std::move(rows)), next_(rows_.size()) {}

  AskPanel ask() {
    return [this](const std::vector<AskedCapability>& asked, Observer&) -> Result<std::vector<std::string>> {
      std::vector<std::string> right;
      sizes.emplace_back();
      for (size_t row = 0; row < asked.size(); ++row) {
        right.push_back(rows_[row].substr(next_[row], asked[row].prompts.size()));
        next_[row] += asked[row].prompts.size();
        sizes.back().push_back(asked[row].prompts.size());
      }
      return right;
    };
  }

  std::vector<std::vector<size_t>> sizes;  ///< of each look

 private:
  std::vector<std::string> rows_;
  std::vector<size_t> next_;
};

class PanelLooks : public testing::Test {
 protected:
  PanelLooks() {
    for (const char* name : {"sound", "broken", "near"}) {
      asked_.push_back({name, 200, std::vector<PanelPrompt>(200)});
      reference_.answers.push_back({name, std::string(200, '1')});
    }
    std::string near(200, '1');
    for (size_t item = 5; item < near.size(); item += 15) near[item] = '0';
    rows_ = {std::string(200, '1'), std::string(200, '0'), near};
  }
  PanelPlan plan() const { return {asked_, &reference_, {}, 33}; }

  std::vector<AskedCapability> asked_;
  RungResult reference_;
  std::vector<std::string> rows_;
  Observer observer_;
};

TEST_F(PanelLooks, AsksNoMoreThanItTakes) {
  Script script(rows_);
  const auto answers = answer_in_looks(plan(), {}, script.ask(), observer_);
  ASSERT_TRUE(answers);
  EXPECT_EQ((*answers)[0].right.size(), 60u);
  EXPECT_EQ((*answers)[1].right.size(), 20u);
  EXPECT_EQ((*answers)[2].right, rows_[2]);
  EXPECT_EQ((*answers)[2].capability, "near");
  EXPECT_EQ(script.sizes, (std::vector<std::vector<size_t>>{
                              {20, 20, 20}, {40, 0, 40}, {0, 0, 20}, {0, 0, 40}, {0, 0, 40}, {0, 0, 40}}));
  EXPECT_TRUE(panel_finished(plan(), *answers));
}

TEST_F(PanelLooks, TheReferenceAndWhoAsksForAllItemsGetThemAtOnce) {
  Script script(rows_);
  PanelPlan whole = plan();
  whole.facts.stops_early = false;
  ASSERT_TRUE(answer_in_looks(whole, {}, script.ask(), observer_));
  EXPECT_EQ(script.sizes, (std::vector<std::vector<size_t>>{{200, 200, 200}}));
  PanelPlan first = plan();
  first.reference = nullptr;
  Script again(rows_);
  ASSERT_TRUE(answer_in_looks(first, {}, again.ask(), observer_));
  EXPECT_EQ(again.sizes, (std::vector<std::vector<size_t>>{{200, 200, 200}}));
}

TEST_F(PanelLooks, GoesOnWhereItStopped) {
  Script script(rows_);
  auto answers = answer_in_looks(plan(), {}, script.ask(), observer_).value();
  PanelPlan whole = plan();
  whole.facts.stops_early = false;
  EXPECT_FALSE(panel_finished(whole, answers));
  const auto all = answer_in_looks(whole, std::move(answers), script.ask(), observer_);
  ASSERT_TRUE(all);
  EXPECT_EQ(script.sizes.back(), (std::vector<size_t>{140, 180, 0}));
  for (size_t row = 0; row < rows_.size(); ++row) EXPECT_EQ((*all)[row].right, rows_[row]);
  EXPECT_FALSE(panel_finished(plan(), {}));
  std::vector<CapabilityAnswers> counted = *all;
  keep_counted(plan(), counted);
  EXPECT_EQ(counted[0].right.size(), 60u);
  EXPECT_EQ(counted[1].right.size(), 20u);
  EXPECT_EQ(counted[2].right.size(), 200u);
}

TEST_F(PanelLooks, ProgressNeverGoesBack) {
  struct Watcher final : Observer {
    void progress(std::string_view, uint64_t done, uint64_t total) override {
      EXPECT_GE(done, last);
      EXPECT_EQ(total, 600u);
      last = done;
    }
    uint64_t last = 0;
  } watcher;
  Script script(rows_);
  const auto ask = [&](const std::vector<AskedCapability>& asked, Observer& observer) {
    observer.progress("panel", 0, 1);
    auto right = script.ask()(asked, observer);
    observer.progress("panel", right->front().size(), 60);
    return right;
  };
  ASSERT_TRUE(answer_in_looks(plan(), {}, ask, watcher));
}

}  // namespace
}  // namespace rung
