#include "text/jinja_text.h"

#include <fmt/format.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>

#include "text/utf8.h"

namespace rung::jinja {
namespace {

using Pattern = std::unique_ptr<pcre2_code, decltype(&pcre2_code_free)>;

/// PCRE2 is the source of Unicode properties and of simple case mappings; only text beyond ASCII gets here.
Pattern compile(const char* pattern) {
  int error = 0;
  size_t offset = 0;
  return {pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern), PCRE2_ZERO_TERMINATED,
                        PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL, &error, &offset, nullptr),
          pcre2_code_free};
}

bool matches(const Pattern& pattern, std::string_view text) {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(pcre2_match_data_create(1, nullptr),
                                                                                 pcre2_match_data_free);
  return pcre2_match(pattern.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, PCRE2_NO_UTF_CHECK,
                     data.get(), nullptr) >= 0;
}

/// Maps all of `text` with PCRE2's \U or \L.
std::string map_case(std::string_view text, const char* replacement) {
  static const Pattern kAll = compile(".+");
  std::string out(text.size() * 2 + 16, '\0');
  size_t length = out.size();
  const int status = pcre2_substitute(kAll.get(), reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0,
                                      PCRE2_SUBSTITUTE_EXTENDED | PCRE2_NO_UTF_CHECK, nullptr, nullptr,
                                      reinterpret_cast<PCRE2_SPTR>(replacement), PCRE2_ZERO_TERMINATED,
                                      reinterpret_cast<PCRE2_UCHAR*>(out.data()), &length);
  if (status < 0) return std::string(text);
  out.resize(length);
  return out;
}

char ascii_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }
char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

size_t sequence_length(unsigned char lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

bool is_line_end(char32_t point) {
  return (point >= 0x0A && point <= 0x0D) || (point >= 0x1C && point <= 0x1E) || point == 0x85 || point == 0x2028 ||
         point == 0x2029;
}

std::vector<std::string> split_space(std::string_view text, int64_t at_most) {
  std::vector<std::string> parts;
  text.remove_prefix(leading_space(text));
  while (!text.empty()) {
    if (at_most >= 0 && static_cast<int64_t>(parts.size()) >= at_most) {
      parts.emplace_back(text);
      break;
    }
    size_t end = 0;
    while (end < text.size() && leading_space(text.substr(end)) == 0) {
      end += sequence_length(static_cast<unsigned char>(text[end]));
    }
    parts.emplace_back(text.substr(0, end));
    text.remove_prefix(end);
    text.remove_prefix(leading_space(text));
  }
  return parts;
}

std::vector<std::string> rsplit_space(std::string_view text, int64_t at_most) {
  std::vector<std::string> parts;
  text.remove_suffix(trailing_space(text));
  while (!text.empty()) {
    if (at_most >= 0 && static_cast<int64_t>(parts.size()) >= at_most) {
      parts.emplace_back(text);
      break;
    }
    size_t begin = text.size();
    while (begin > 0 && trailing_space(text.substr(0, begin)) == 0) {
      --begin;
      while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    }
    parts.emplace_back(text.substr(begin));
    text = text.substr(0, begin);
    text.remove_suffix(trailing_space(text));
  }
  std::reverse(parts.begin(), parts.end());
  return parts;
}

}  // namespace

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

size_t count_points(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::u32string to_points(std::string_view text) {
  std::u32string points;
  points.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    points.push_back(step.kind == Utf8Kind::kValid ? step.point : U'\uFFFD');
    text.remove_prefix(step.bytes);
  }
  return points;
}

std::string from_points(std::u32string_view points) {
  std::string out;
  out.reserve(points.size());
  for (const char32_t point : points) append_utf8(point, out);
  return out;
}

bool is_space(char32_t point) {
  return (point >= 0x09 && point <= 0x0D) || (point >= 0x1C && point <= 0x20) || point == 0x85 || point == 0xA0 ||
         point == 0x1680 || (point >= 0x2000 && point <= 0x200A) || point == 0x2028 || point == 0x2029 ||
         point == 0x202F || point == 0x205F || point == 0x3000;
}

size_t leading_space(std::string_view text) {
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = sequence_length(static_cast<unsigned char>(text[at]));
    if (!is_space(to_points(text.substr(at, length))[0])) break;
    at += length;
  }
  return at;
}

size_t trailing_space(std::string_view text) {
  size_t end = text.size();
  while (end > 0) {
    size_t begin = end - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    if (!is_space(to_points(text.substr(begin, end - begin))[0])) break;
    end = begin;
  }
  return text.size() - end;
}

std::string strip(std::string_view text, std::optional<std::string_view> chars, Side side) {
  if (!chars) {
    if (side != Side::kRight) text.remove_prefix(leading_space(text));
    if (side != Side::kLeft) text.remove_suffix(trailing_space(text));
    return std::string(text);
  }
  const std::u32string points = to_points(text), unwanted = to_points(*chars);
  size_t begin = 0, end = points.size();
  const auto is_unwanted = [&](char32_t point) { return unwanted.find(point) != std::u32string::npos; };
  while (side != Side::kRight && begin < end && is_unwanted(points[begin])) ++begin;
  while (side != Side::kLeft && end > begin && is_unwanted(points[end - 1])) --end;
  return from_points(std::u32string_view(points).substr(begin, end - begin));
}

bool has_class(char32_t point, PointClass wanted) {
  static const std::array<Pattern, 7> kPatterns = {compile("^\\p{L}"),
                                                   compile("^\\p{Nd}"),
                                                   compile("^\\p{N}"),
                                                   compile("^[\\p{L}\\p{N}_]"),
                                                   compile("^\\p{Lu}"),
                                                   compile("^\\p{Ll}"),
                                                   compile("^[^\\p{C}\\p{Z}]|^ ")};
  std::string text;
  append_utf8(point, text);
  return matches(kPatterns[static_cast<size_t>(wanted)], text);
}

std::string upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), ascii_upper);
  if (is_ascii(text)) return out;
  // The one letter of common text whose capital is two letters (Unicode SpecialCasing.txt).
  return map_case(replace(out, "\xC3\x9F", "SS", -1), "\\U$0");
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), ascii_lower);
  return is_ascii(text) ? out : map_case(out, "\\L$0");
}

std::string capitalize(std::string_view text) {
  if (text.empty()) return {};
  const size_t first = sequence_length(static_cast<unsigned char>(text[0]));
  return upper(text.substr(0, first)) + lower(text.substr(std::min(first, text.size())));
}

std::string title(std::string_view text) {
  std::string out, run;
  for (const char32_t point : to_points(text)) {
    if (has_class(point, PointClass::kLetter)) {
      append_utf8(point, run);
      continue;
    }
    out += capitalize(run);
    run.clear();
    append_utf8(point, out);
  }
  return out + capitalize(run);
}

std::string replace(std::string_view text, std::string_view from, std::string_view to, int64_t at_most) {
  std::string out;
  size_t at = 0;
  for (int64_t done = 0; at_most < 0 || done < at_most; ++done) {
    const size_t found = from.empty() ? at : text.find(from, at);
    if (found == std::string_view::npos) break;
    out.append(text.substr(at, found - at)).append(to);
    at = found + from.size();
    if (!from.empty()) continue;
    if (at >= text.size()) return out;
    const size_t step = sequence_length(static_cast<unsigned char>(text[at]));
    out.append(text.substr(at, step));
    at += step;
  }
  return out.append(text.substr(std::min(at, text.size())));
}

std::vector<std::string> split(std::string_view text, std::optional<std::string_view> separator, int64_t at_most) {
  if (!separator) return split_space(text, at_most);
  std::vector<std::string> parts;
  while (at_most < 0 || static_cast<int64_t>(parts.size()) < at_most) {
    const size_t found = text.find(*separator);
    if (found == std::string_view::npos) break;
    parts.emplace_back(text.substr(0, found));
    text.remove_prefix(found + separator->size());
  }
  parts.emplace_back(text);
  return parts;
}

std::vector<std::string> rsplit(std::string_view text, std::optional<std::string_view> separator, int64_t at_most) {
  if (!separator) return rsplit_space(text, at_most);
  std::vector<std::string> parts;
  while (at_most < 0 || static_cast<int64_t>(parts.size()) < at_most) {
    const size_t found = text.rfind(*separator);
    if (found == std::string_view::npos) break;
    parts.emplace_back(text.substr(found + separator->size()));
    text = text.substr(0, found);
  }
  parts.emplace_back(text);
  std::reverse(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string> split_lines(std::string_view text, bool keep_ends) {
  std::vector<std::string> lines;
  const std::u32string points = to_points(text);
  std::string line;
  for (size_t at = 0; at < points.size(); ++at) {
    if (!is_line_end(points[at])) {
      append_utf8(points[at], line);
      continue;
    }
    if (keep_ends) append_utf8(points[at], line);
    if (points[at] == '\r' && at + 1 < points.size() && points[at + 1] == '\n') {
      ++at;
      if (keep_ends) line += '\n';
    }
    lines.push_back(std::move(line));
    line.clear();
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

std::string quote(std::string_view text) {
  const bool has_single = text.find('\'') != std::string_view::npos;
  const char mark = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, mark);
  for (const char32_t point : to_points(text)) {
    if (point == static_cast<char32_t>(mark) || point == '\\') {
      out += '\\';
      out += static_cast<char>(point);
    } else if (point == '\n' || point == '\r' || point == '\t') {
      out += point == '\n' ? "\\n" : point == '\r' ? "\\r" : "\\t";
    } else if (point >= 0x20 && point < 0x7F) {
      out += static_cast<char>(point);
    } else if (point > 0x7F && has_class(point, PointClass::kPrintable)) {
      append_utf8(point, out);
    } else {
      const auto value = static_cast<uint32_t>(point);
      out += value < 0x100     ? fmt::format("\\x{:02x}", value)
             : value < 0x10000 ? fmt::format("\\u{:04x}", value)
                               : fmt::format("\\U{:08x}", value);
    }
  }
  return out + mark;
}

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '"':
        out += "&#34;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace rung::jinja
