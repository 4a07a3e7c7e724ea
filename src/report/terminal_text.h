// Text for a terminal: safe strings, widths, padding, colours, and numbers with as many digits as they deserve.
// Pure functions; a missing number is "-".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rung {

/// `text` without control characters (a name must not move the cursor) and without bytes that are not UTF-8: '?'
/// instead.
std::string printable(std::string_view text);

/// Columns that `text` takes: code points, as nothing here is wider than one column. Expects printable text, no
/// colours.
size_t display_width(std::string_view text);

std::string pad_left(std::string_view text, size_t width);
std::string pad_right(std::string_view text, size_t width);

/// At most `width` columns; the middle of a longer text becomes '~', because quantization names differ at both ends.
std::string shorten(std::string_view text, size_t width);

/// Lines of at most `width` columns broken at spaces; later lines start with `indent` spaces. Longer words stay whole.
std::vector<std::string> wrap(std::string_view text, size_t width, size_t indent);

enum class Paint { kNone, kBold, kDim, kRed, kYellow, kCyan };
std::string painted(std::string_view text, Paint paint, bool color);

std::string fixed(std::optional<double> value, int digits);
std::string percent(std::optional<double> share, int digits);  // without the sign
std::string file_size(std::optional<double> bytes);            // decimal units: "14.5 MB"
std::string parameter_count(std::optional<double> count);      // "20.8 million"
std::string divergence(std::optional<double> nats);            // three significant digits

/// A standard error with two significant digits.
std::string spread(double error);

/// "a", "a and b", "a, b and c".
std::string enumerate(const std::vector<std::string>& words);

}  // namespace rung
