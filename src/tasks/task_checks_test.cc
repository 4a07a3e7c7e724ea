#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "measure/grader.h"
#include "tasks/task_checks_for_tests.h"

namespace rung::test {

LoadedTask load(const std::string& name_and_file) {
  auto task = load_task(name_and_file);
  EXPECT_TRUE(task) << task.error().message;
  return task ? std::move(*task) : LoadedTask();
}

size_t check_golds(const Capability& capability, size_t limit) {
  const std::vector<PanelItem>& items = capability.items;
  const size_t count = limit == 0 ? items.size() : std::min(limit, items.size());
  size_t lucky = 0;
  for (size_t at = 0; at < count; ++at) {
    const PanelItem& item = items[at];
    EXPECT_TRUE(item.gold) << item.id;
    if (!item.gold) continue;
    EXPECT_TRUE(grade(item, *item.gold)) << item.id << ": " << *item.gold;
    for (size_t step = 1; step < items.size(); ++step) {
      const PanelItem& other = items[(at + step) % items.size()];
      if (*item.answer == *other.answer || *item.gold == *other.gold) continue;
      lucky += grade(item, *other.gold) ? 1 : 0;
      break;
    }
  }
  return lucky;
}

}  // namespace rung::test
