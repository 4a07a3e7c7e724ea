// Text as Python's str sees it: stored as UTF-8, but counted, cut, stripped, cased and quoted by code point.
// Functions take valid UTF-8 (the lexer and the JSON reader refuse anything else). Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rung::jinja {

bool is_ascii(std::string_view text);
size_t count_points(std::string_view text);
std::u32string to_points(std::string_view text);
std::string from_points(std::u32string_view points);

/// str.isspace of one code point.
bool is_space(char32_t point);
/// Bytes of white space at the front / at the back, counted by whole code points.
size_t leading_space(std::string_view text);
size_t trailing_space(std::string_view text);

enum class Side { kLeft, kRight, kBoth };
/// str.strip: of white space, or of any code point in `chars`.
std::string strip(std::string_view text, std::optional<std::string_view> chars, Side side);

enum class PointClass { kLetter, kDigit, kNumeric, kWord, kUpper, kLower, kPrintable };
bool has_class(char32_t point, PointClass wanted);

std::string upper(std::string_view text);
std::string lower(std::string_view text);
/// First code point upper, the rest lower.
std::string capitalize(std::string_view text);
/// str.title: every run of letters capitalized.
std::string title(std::string_view text);

std::string replace(std::string_view text, std::string_view from, std::string_view to, int64_t at_most);
/// str.split and str.rsplit; no separator means runs of white space; at_most < 0 means no limit. An empty separator is
/// the caller's error.
std::vector<std::string> split(std::string_view text, std::optional<std::string_view> separator, int64_t at_most);
std::vector<std::string> rsplit(std::string_view text, std::optional<std::string_view> separator, int64_t at_most);
std::vector<std::string> split_lines(std::string_view text, bool keep_ends);

/// repr(str): quoted, with what cannot be printed escaped.
std::string quote(std::string_view text);
/// What markupsafe.escape does to & < > ' and ".
std::string escape_html(std::string_view text);
/// repr(float): shortest digits that read back, "1.0", "1e+16", "inf".
std::string float_text(double value);

}  // namespace rung::jinja
