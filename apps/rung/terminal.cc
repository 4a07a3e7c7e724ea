#include "terminal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "report/terminal_text.h"

namespace rung {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int) {
  if (interrupted) _exit(130);
  interrupted = 1;
}

}  // namespace

void install_interrupt_handler() {
  struct sigaction action {};
  action.sa_handler = on_interrupt;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

Terminal::Terminal(bool quiet) : quiet_(quiet), interactive_(::isatty(STDERR_FILENO) != 0) {}

Terminal::~Terminal() { erase_line(); }

void Terminal::erase_line() {
  if (line_shown_) fmt::print(stderr, "\r\033[K");
  line_shown_ = false;
}

void Terminal::progress(std::string_view stage, uint64_t done, uint64_t total) {
  if (quiet_ || total == 0) return;
  const auto now = Clock::now();
  if (stage_ != stage || done < start_done_) {
    const bool same_work =
        stage_.substr(0, stage_.find(':')) == stage.substr(0, stage.find(':')) && done >= start_done_;
    stage_ = stage;
    if (!same_work) start_ = now, start_done_ = done;
    last_ = {};
  }
  const auto pause = interactive_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10000);
  if (now - last_ < pause && done != total) return;
  last_ = now;
  const double elapsed = std::chrono::duration<double>(now - start_).count();
  const double fraction = static_cast<double>(done) / static_cast<double>(total);
  std::string left;
  if (done > start_done_ && done < total && elapsed > 1)
    left = fmt::format(", about {} left", human_seconds(elapsed * static_cast<double>(total - done) /
                                                        static_cast<double>(done - start_done_)));
  const std::string label =
      printable(std::string_view(stage_).substr(stage_.find(':') == std::string::npos ? 0 : stage_.find(':') + 1));
  if (!interactive_) {
    fmt::print(stderr, "{:3.0f} %  {}{}\n", 100 * fraction, label, left);
    return;
  }
  constexpr int kBar = 24;
  const int filled = static_cast<int>(fraction * kBar);
  fmt::print(stderr, "\r\033[K[{:=<{}}{: <{}}] {:3.0f} %  {}{}", "", filled, "", kBar - filled, 100 * fraction, label,
             left);
  std::fflush(stderr);
  line_shown_ = true;
  if (done == total) erase_line();
}

void Terminal::note(std::string_view text) {
  if (quiet_) return;
  erase_line();
  fmt::print(stderr, "{}\n", printable(text));
}

void Terminal::warn(std::string_view text) {
  erase_line();
  fmt::print(stderr, "rung: warning: {}\n", printable(text));
}

bool Terminal::cancelled() const { return interrupted != 0; }

int terminal_width() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  if (const char* columns = std::getenv("COLUMNS")) return std::max(40, std::atoi(columns));
  return 120;
}

bool stdout_has_color() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  return ::isatty(STDOUT_FILENO) != 0 && term != nullptr && std::string_view(term) != "dumb";
}

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    const std::string_view text(value);
    return text.find("UTF-8") != text.npos || text.find("utf8") != text.npos || text.find("utf-8") != text.npos;
  }
  return false;
}

std::string program_as_called() {
  const std::string called = program_invocation_name;
  if (called.find('/') == std::string::npos) return called;
  std::error_code ignored;
  const std::string relative = std::filesystem::proximate(called, ignored).string();
  return relative.empty() || relative.size() >= called.size() ? called : relative;
}

std::string human_bytes(uint64_t bytes) {
  const char* const units[] = {"B", "kB", "MB", "GB", "TB"};
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 999.5 && unit + 1 < std::size(units)) value /= 1000, ++unit;
  if (unit == 0) return fmt::format("{} B", bytes);
  return fmt::format("{:.{}f} {}", value, value < 9.995 ? 2 : value < 99.95 ? 1 : 0, units[unit]);
}

std::string human_seconds(double seconds) {
  if (seconds < 90) return fmt::format("{:.0f} s", std::max(1.0, seconds));
  if (seconds < 5400) return fmt::format("{:.0f} min", seconds / 60);
  const auto minutes = static_cast<long>(seconds / 60);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

}  // namespace rung
