// How the library speaks: it reports progress, notes and warnings to an Observer and asks it whether to stop.
// The CLI draws them, tests record them. Called from the thread that runs the operation, never from pool threads.
#pragma once

#include <cstdint>
#include <string_view>

namespace rung {

class Observer {
 public:
  virtual ~Observer() = default;
  /// A stage of long work: done of total units. done == total ends the stage.
  virtual void progress(std::string_view stage, uint64_t done, uint64_t total) { (void)stage, (void)done, (void)total; }
  virtual void note(std::string_view text) { (void)text; }
  virtual void warn(std::string_view text) { (void)text; }
  /// True once the user wants the work to stop; long loops ask between units and return cancelled_error().
  virtual bool cancelled() const { return false; }
};

}  // namespace rung
