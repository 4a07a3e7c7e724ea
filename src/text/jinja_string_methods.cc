// Methods of strings, as Python's str has them.
#include <algorithm>

#include "text/jinja_methods.h"
#include "text/jinja_ops.h"
#include "text/jinja_text.h"

namespace rung::jinja {
namespace {

template <std::string (*kFunction)(std::string_view)>
Result<Value> mapped(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_CHECK(bind("str method", args, {}));
  RUNG_CHECK(runtime.charge_walk(self));
  return runtime.make_text(kFunction(*self.text()), self.as<Text>()->markup);
}

template <Side kSide>
Result<Value> stripped(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("strip", args, {"chars"}));
  RUNG_TRY(const auto chars, text_or_none(bound[0], "strip"));
  return runtime.make_text(strip(*self.text(), chars, kSide), self.as<Text>()->markup);
}

size_t occurrences(std::string_view text, std::string_view part) {
  if (part.empty()) return count_points(text) + 1;
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++count;
  return count;
}

Result<Value> text_list(Runtime& runtime, std::vector<std::string> parts, Form form = Form::kList) {
  std::vector<Value> items;
  for (std::string& part : parts) items.emplace_back(std::move(part));
  return runtime.make_list(std::move(items), form);
}

template <bool kFromRight>
Result<Value> split_up(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("split", args, {"sep", "maxsplit"}));
  RUNG_TRY(const auto separator, text_or_none(bound[0], "split"));
  RUNG_TRY(const int64_t at_most, integer_or(bound[1], -1, "split"));
  if (separator && separator->empty()) return input_error("empty separator");
  const std::string& text = *self.text();
  RUNG_CHECK(runtime.charge(text.size() / 64 + (separator ? occurrences(text, *separator) : text.size() / 2)));
  std::optional<std::string_view> by;
  if (separator) by = *separator;
  return text_list(runtime, kFromRight ? rsplit(text, by, at_most) : split(text, by, at_most));
}

Result<Value> lines(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("splitlines", args, {"keepends"}));
  RUNG_CHECK(runtime.charge(self.text()->size()));
  return text_list(runtime, split_lines(*self.text(), flag_or(bound[0], false)));
}

template <bool kFromRight>
Result<Value> partition(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("partition", args, {"sep"}, 1));
  RUNG_TRY(const auto separator, text_or_none(bound[0], "partition"));
  if (!separator || separator->empty()) return input_error("empty separator");
  const std::string& text = *self.text();
  const size_t at = kFromRight ? text.rfind(*separator) : text.find(*separator);
  if (at == std::string::npos) {
    return text_list(runtime,
                     kFromRight ? std::vector<std::string>{"", "", text} : std::vector<std::string>{text, "", ""},
                     Form::kTuple);
  }
  return text_list(runtime, {text.substr(0, at), *separator, text.substr(at + separator->size())}, Form::kTuple);
}

/// The part of the text that optional start and end arguments leave, and where it begins in code points.
struct Window {
  std::string text;
  int64_t start = 0;
  bool is_empty_beyond = false;  ///< start lies behind the end: not even "" is found there
};

Result<Window> window_of(const Value& self, const Value* start, const Value* end) {
  const std::u32string points = to_points(*self.text());
  const auto size = static_cast<int64_t>(points.size());
  const auto place = [size](const Value* bound, int64_t absent) -> Result<int64_t> {
    if (bound == nullptr || bound->is_none()) return absent;
    RUNG_TRY(const int64_t at, integer_or(bound, 0, "str method"));
    return at < 0 ? std::max<int64_t>(at + size, 0) : at;
  };
  RUNG_TRY(const int64_t first, place(start, 0));
  RUNG_TRY(const int64_t last, place(end, size));
  const int64_t stop = std::min(last, size);
  if (first > stop) return Window{"", 0, true};
  const auto part = std::u32string_view(points).substr(static_cast<size_t>(first), static_cast<size_t>(stop - first));
  return Window{from_points(part), first, false};
}

template <bool kAtEnd>
Result<Value> has_affix(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind(kAtEnd ? "endswith" : "startswith", args, {"affix", "start", "end"}, 1));
  RUNG_CHECK(runtime.charge_walk(self));
  RUNG_TRY(const Window window, window_of(self, bound[1], bound[2]));
  std::vector<Value> affixes = {*bound[0]};
  const List* list = bound[0]->list();
  if (list != nullptr && list->form == Form::kTuple) affixes = list->items;
  bool found = false;
  for (const Value& affix : affixes) {
    if (!affix.is_text()) return input_error("startswith and endswith need a string or a tuple of strings");
    const std::string& wanted = *affix.text();
    if (window.is_empty_beyond || wanted.size() > window.text.size()) continue;
    const size_t at = kAtEnd ? window.text.size() - wanted.size() : 0;
    found = found || window.text.compare(at, wanted.size(), wanted) == 0;
  }
  return Value(found);
}

template <bool kFromRight, bool kMustExist>
Result<Value> find(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("find", args, {"sub", "start", "end"}, 1));
  RUNG_TRY(const auto wanted, text_or_none(bound[0], "find"));
  if (!wanted) return input_error("find() needs a string");
  RUNG_CHECK(runtime.charge_walk(self));
  RUNG_TRY(const Window window, window_of(self, bound[1], bound[2]));
  const size_t at = window.is_empty_beyond ? std::string::npos
                    : kFromRight           ? window.text.rfind(*wanted)
                                           : window.text.find(*wanted);
  if (at == std::string::npos) {
    return kMustExist ? Result<Value>(input_error("substring not found")) : Value(int64_t{-1});
  }
  return Value(window.start + static_cast<int64_t>(count_points(std::string_view(window.text).substr(0, at))));
}

Result<Value> count(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("count", args, {"sub", "start", "end"}, 1));
  RUNG_TRY(const auto wanted, text_or_none(bound[0], "count"));
  if (!wanted) return input_error("count() needs a string");
  RUNG_CHECK(runtime.charge_walk(self));
  RUNG_TRY(const Window window, window_of(self, bound[1], bound[2]));
  return Value(window.is_empty_beyond ? int64_t{0} : static_cast<int64_t>(occurrences(window.text, *wanted)));
}

Result<Value> substitute(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("replace", args, {"old", "new", "count"}, 2));
  RUNG_TRY(const auto from, text_or_none(bound[0], "replace"));
  RUNG_TRY(const auto to, text_or_none(bound[1], "replace"));
  RUNG_TRY(const int64_t at_most, integer_or(bound[2], -1, "replace"));
  if (!from || !to) return input_error("replace() needs two strings");
  const std::string& text = *self.text();
  RUNG_CHECK(runtime.charge_walk(self));
  const size_t count = occurrences(text, *from);
  if (!to->empty() && count > (kMaxTextBytes - std::min(text.size(), kMaxTextBytes)) / to->size()) {
    return input_error("replace: more than {} bytes", kMaxTextBytes);
  }
  return runtime.make_text(replace(text, *from, *to, at_most), self.as<Text>()->markup);
}

Result<Value> join(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("join", args, {"iterable"}, 1));
  RUNG_TRY(const std::vector<Value> items, iterate(runtime, *bound[0]));
  std::string out;
  for (size_t at = 0; at < items.size(); ++at) {
    if (!items[at].is_text()) {
      return input_error("sequence item {}: expected str instance, {} found", at, type_name(items[at]));
    }
    if (at > 0) out += *self.text();
    out += *items[at].text();
    if (out.size() > kMaxTextBytes) return input_error("join: more than {} bytes", kMaxTextBytes);
  }
  return runtime.make_text(std::move(out));
}

/// ljust, rjust, center and zfill: how much of the padding goes to the left is what they differ in.
template <size_t (*kLeftShare)(size_t missing, size_t width)>
Result<Value> padded(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("str method", args, {"width", "fillchar"}, 1));
  RUNG_TRY(const int64_t width, integer_or(bound[0], 0, "str method"));
  RUNG_TRY(const auto fill, text_or_none(bound[1], "str method"));
  if (fill && count_points(*fill) != 1) return input_error("the fill character must be exactly one character long");
  const std::string unit = fill.value_or(" ");
  const auto size = static_cast<int64_t>(count_points(*self.text()));
  if (width <= size) return self;
  if (width > static_cast<int64_t>(kMaxTextBytes / 4)) return input_error("width {} is too large", width);
  const auto missing = static_cast<size_t>(width - size);
  const size_t left = kLeftShare(missing, static_cast<size_t>(width));
  std::string out;
  for (size_t at = 0; at < left; ++at) out += unit;
  out += *self.text();
  for (size_t at = left; at < missing; ++at) out += unit;
  return runtime.make_text(std::move(out));
}

size_t all(size_t missing, size_t) { return missing; }
size_t nothing(size_t, size_t) { return 0; }
/// CPython gives the odd space to the left when the width is odd.
size_t half(size_t missing, size_t width) { return missing / 2 + (missing & width & 1); }

Result<Value> zero_fill(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("zfill", args, {"width"}, 1));
  CallArgs pad;
  pad.positional = {*bound[0], Value(std::string("0"))};
  const std::string& text = *self.text();
  const bool has_sign = !text.empty() && (text[0] == '-' || text[0] == '+');
  if (!has_sign) return padded<all>(runtime, self, pad);
  RUNG_TRY(const int64_t width, integer_or(bound[0], 0, "zfill"));
  pad.positional[0] = Value(std::max<int64_t>(width, 1) - 1);
  RUNG_TRY(const Value rest, padded<all>(runtime, Value(text.substr(1)), pad));
  return runtime.make_text(text[0] + *rest.text());
}

template <bool kSuffix>
Result<Value> without_affix(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_TRY(const Bound bound, bind("removeprefix", args, {"affix"}, 1));
  RUNG_TRY(const auto affix, text_or_none(bound[0], "removeprefix"));
  if (!affix) return input_error("removeprefix() and removesuffix() need a string");
  std::string_view text = *self.text();
  if (text.size() < affix->size()) return self;
  const size_t rest = text.size() - affix->size();
  if (text.substr(kSuffix ? rest : 0, affix->size()) != *affix) return self;
  return runtime.make_text(std::string(text.substr(kSuffix ? 0 : affix->size(), rest)));
}

/// str.isalpha and its like: not empty, and every code point is of the class.
template <bool (*kHolds)(char32_t)>
Result<Value> every(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_CHECK(bind("str method", args, {}));
  RUNG_CHECK(runtime.charge(self.text()->size()));
  const std::u32string points = to_points(*self.text());
  return Value(!points.empty() && std::all_of(points.begin(), points.end(), kHolds));
}

bool is_letter(char32_t point) { return has_class(point, PointClass::kLetter); }
bool is_decimal(char32_t point) { return has_class(point, PointClass::kDigit); }
bool is_numeric(char32_t point) { return has_class(point, PointClass::kNumeric); }
bool is_letter_or_number(char32_t point) { return is_letter(point) || is_numeric(point); }

template <PointClass kWanted, PointClass kOther>
Result<Value> has_case(Runtime& runtime, const Value& self, const CallArgs& args) {
  RUNG_CHECK(bind("str method", args, {}));
  RUNG_CHECK(runtime.charge(self.text()->size()));
  const std::u32string points = to_points(*self.text());
  const auto of = [&points](PointClass wanted) {
    return std::any_of(points.begin(), points.end(), [wanted](char32_t point) { return has_class(point, wanted); });
  };
  return Value(of(kWanted) && !of(kOther));
}

Result<Value> formatted(Runtime& runtime, const Value& self, const CallArgs& args) {
  return format_braces(runtime, *self.text(), args);
}

constexpr Named<Method> kMethods[] = {
    {"upper", mapped<upper>},
    {"lower", mapped<lower>},
    {"casefold", mapped<lower>},
    {"title", mapped<title>},
    {"capitalize", mapped<capitalize>},
    {"strip", stripped<Side::kBoth>},
    {"lstrip", stripped<Side::kLeft>},
    {"rstrip", stripped<Side::kRight>},
    {"split", split_up<false>},
    {"rsplit", split_up<true>},
    {"splitlines", lines},
    {"partition", partition<false>},
    {"rpartition", partition<true>},
    {"startswith", has_affix<false>},
    {"endswith", has_affix<true>},
    {"removeprefix", without_affix<false>},
    {"removesuffix", without_affix<true>},
    {"find", find<false, false>},
    {"rfind", find<true, false>},
    {"index", find<false, true>},
    {"rindex", find<true, true>},
    {"count", count},
    {"replace", substitute},
    {"join", join},
    {"ljust", padded<nothing>},
    {"rjust", padded<all>},
    {"center", padded<half>},
    {"zfill", zero_fill},
    {"isalpha", every<is_letter>},
    {"isdigit", every<is_decimal>},
    {"isdecimal", every<is_decimal>},
    {"isnumeric", every<is_numeric>},
    {"isalnum", every<is_letter_or_number>},
    {"isspace", every<is_space>},
    {"islower", has_case<PointClass::kLower, PointClass::kUpper>},
    {"isupper", has_case<PointClass::kUpper, PointClass::kLower>},
    {"format", formatted},
};

}  // namespace

std::span<const Named<Method>> string_methods() { return kMethods; }

}  // namespace rung::jinja
