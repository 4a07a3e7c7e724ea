// What every loaded task must satisfy: right answers get full marks, those of other items none.
#pragma once

#include <string>

#include "tasks/tasks.h"

namespace rung::test {

/// Fails the test where it cannot be loaded.
LoadedTask load(const std::string& name_and_file);

/// Grades the gold answers of the first `limit` items (0: all), and each item with the gold of the next one that has
/// another answer. How many of the latter were right.
size_t check_golds(const Capability& capability, size_t limit = 0);

}  // namespace rung::test
