#include "report/terminal_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace rung {
namespace {

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0u) == 0x80u; }

// Length of the well-formed UTF-8 sequence that starts `text`, 0 if there is none. Ranges: Unicode 15, table 3-7.
size_t sequence_length(std::string_view text) {
  const auto byte = [&](size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0u; };
  const unsigned lead = byte(0), second = byte(1);
  size_t length = 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) length = 2;
  if (lead >= 0xE0 && lead <= 0xEF) length = 3;
  if (lead >= 0xF0 && lead <= 0xF4) length = 4;
  if (length == 0 || length > text.size()) return 0;
  for (size_t at = 1; at < length; ++at) {
    if (!continues(text[at])) return 0;
  }
  const bool overlong = (lead == 0xE0 && second < 0xA0) || (lead == 0xF0 && second < 0x90);
  const bool outside = (lead == 0xED && second > 0x9F) || (lead == 0xF4 && second > 0x8F);
  return overlong || outside ? 0 : length;
}

// C0 and C1 controls, and the marks that reorder or hide text around them (U+200B..200F, U+2028..202E, U+2066..2069).
bool is_control(std::string_view sequence) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(sequence[at]); };
  if (sequence.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7F;
  if (sequence.size() == 2) return byte(0) == 0xC2 && byte(1) < 0xA0;
  if (sequence.size() != 3 || byte(0) != 0xE2) return false;
  if (byte(1) == 0x80) return (byte(2) >= 0x8B && byte(2) <= 0x8F) || (byte(2) >= 0xA8 && byte(2) <= 0xAE);
  return byte(1) == 0x81 && byte(2) >= 0xA6 && byte(2) <= 0xA9;
}

// The first `count` code points of `text`, in bytes.
size_t bytes_of(std::string_view text, size_t count) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (continues(text[at])) continue;
    if (count == 0) break;
    --count;
  }
  return at;
}

int significant_decimals(double value, int significant) {
  if (value == 0 || !std::isfinite(value)) return 0;
  const int exponent = static_cast<int>(std::floor(std::log10(std::fabs(value))));
  return std::clamp(significant - 1 - exponent, 0, 7);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string safe;
  for (size_t at = 0; at < text.size();) {
    const size_t length = sequence_length(text.substr(at));
    const std::string_view sequence = text.substr(at, std::max<size_t>(length, 1));
    if (length == 0 || is_control(sequence)) {
      safe += '?';
    } else {
      safe += sequence;
    }
    at += sequence.size();
  }
  return safe;
}

size_t display_width(std::string_view text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char byte) { return !continues(byte); }));
}

std::string pad_left(std::string_view text, size_t width) {
  const size_t used = display_width(text);
  return std::string(width > used ? width - used : 0, ' ').append(text);
}

std::string pad_right(std::string_view text, size_t width) {
  const size_t used = display_width(text);
  return std::string(text).append(width > used ? width - used : 0, ' ');
}

std::string shorten(std::string_view text, size_t width) {
  const size_t used = display_width(text);
  if (used <= width) return std::string(text);
  if (width < 3) return std::string(text.substr(0, bytes_of(text, width)));
  const size_t head = width / 2, tail = width - 1 - head;
  const std::string_view end = text.substr(bytes_of(text, used - tail));
  return std::string(text.substr(0, bytes_of(text, head))).append("~").append(end);
}

std::vector<std::string> wrap(std::string_view text, size_t width, size_t indent) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    const size_t space = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, space);
    text.remove_prefix(std::min(space + 1, text.size()));
    if (word.empty()) continue;
    const bool starts = line.find_first_not_of(' ') == std::string::npos;
    if (!starts && display_width(line) + 1 + display_width(word) > width) {
      lines.push_back(line);
      line.assign(indent, ' ').append(word);
    } else {
      line.append(starts ? "" : " ").append(word);
    }
  }
  if (!line.empty()) lines.push_back(line);
  return lines;
}

std::string painted(std::string_view text, Paint paint, bool color) {
  static constexpr std::array<const char*, 6> kCodes = {"", "1", "2", "1;31", "33", "36"};
  if (!color || paint == Paint::kNone) return std::string(text);
  return fmt::format("\x1b[{}m{}\x1b[0m", kCodes[static_cast<size_t>(paint)], text);
}

std::string fixed(std::optional<double> value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "-";
}

std::string percent(std::optional<double> share, int digits) {
  return share ? fmt::format("{:.{}f}", 100 * *share, digits) : "-";
}

std::string file_size(std::optional<double> bytes) {
  static constexpr std::array<const char*, 5> kUnits = {"B", "kB", "MB", "GB", "TB"};
  if (!bytes) return "-";
  double scaled = *bytes;
  size_t unit = 0;
  while (scaled >= 999.5 && unit + 1 < kUnits.size()) {
    scaled /= 1000;
    ++unit;
  }
  return fmt::format("{:.{}f} {}", scaled, unit > 0 && scaled < 99.95 ? 1 : 0, kUnits[unit]);
}

std::string parameter_count(std::optional<double> count) {
  if (!count) return "-";
  for (const auto& [size, word] : {std::pair{1e12, "trillion"}, {1e9, "billion"}, {1e6, "million"}}) {
    if (*count >= size) return fmt::format("{:.1f} {}", *count / size, word);
  }
  return fmt::format("{:.0f}", *count);
}

std::string divergence(std::optional<double> nats) {
  if (!nats) return "-";
  if (*nats != 0 && std::fabs(*nats) < 1e-5) return fmt::format("{:.1e}", *nats);
  return fmt::format("{:.{}f}", *nats, significant_decimals(*nats, 3));
}

std::string spread(double error) { return fmt::format("{:.{}f}", error, significant_decimals(error, 2)); }

std::string enumerate(const std::vector<std::string>& words) {
  std::string text;
  for (size_t word = 0; word < words.size(); ++word) {
    if (word > 0) text += word + 1 == words.size() ? " and " : ", ";
    text += words[word];
  }
  return text;
}

}  // namespace rung
