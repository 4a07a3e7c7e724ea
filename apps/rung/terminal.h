// The terminal side of the library's Observer: a progress line with an ETA on stderr, notes and warnings above it, and
// Ctrl-C as the wish to stop.
#pragma once

#include <chrono>
#include <string>

#include "base/observer.h"

namespace rung {

class Terminal final : public Observer {
 public:
  /// quiet: no progress and no notes (--json), warnings only.
  explicit Terminal(bool quiet);
  ~Terminal() override;

  void progress(std::string_view stage, uint64_t done, uint64_t total) override;
  void note(std::string_view text) override;
  void warn(std::string_view text) override;
  bool cancelled() const override;

 private:
  using Clock = std::chrono::steady_clock;
  void erase_line();

  bool quiet_, interactive_;
  bool line_shown_ = false;
  std::string stage_;
  uint64_t start_done_ = 0;
  Clock::time_point start_, last_;
};

/// Ctrl-C once asks running work to stop; a second one ends the program.
void install_interrupt_handler();
int terminal_width();
/// Whether stdout is a terminal that may be coloured (NO_COLOR, TERM=dumb).
bool stdout_has_color();
/// Whether the locale's text is UTF-8.
bool locale_is_utf8();

/// The program as a shell here would call it again: "rung" if it is on the PATH, else a path, short where it can be.
std::string program_as_called();

/// "41.7 MB", "1.2 GB": decimal units, three digits.
std::string human_bytes(uint64_t bytes);
/// "8 s", "3 min", "1 h 20 min".
std::string human_seconds(double seconds);

}  // namespace rung
