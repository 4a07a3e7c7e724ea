#include "text/jinja_print.h"

#include <algorithm>
#include <cmath>

#include "text/jinja_text.h"
#include "text/utf8.h"

namespace rung::jinja {
namespace {

std::string scalar_text(const Value& value) {
  if (value.is_none()) return "None";
  if (const bool* flag = value.as<bool>()) return *flag ? "True" : "False";
  if (value.is_integral()) return fmt::format("{}", value.integer());
  if (const double* real = value.as<double>()) return float_text(*real);
  return value.is_undefined() ? "Undefined" : fmt::format("<{} object>", type_name(value));
}

void append_repr(std::string& out, const Value& value);

void append_items(std::string& out, const std::vector<Value>& items) {
  for (size_t at = 0; at < items.size(); ++at) {
    if (at > 0) out += ", ";
    append_repr(out, items[at]);
  }
}

void append_list(std::string& out, const List& list, std::string_view type) {
  if (list.form == Form::kGenerator) {
    out += "<generator object>";
  } else if (list.form == Form::kRange) {
    const int64_t first = list.items.empty() ? 0 : list.items.front().integer();
    const int64_t step = list.items.size() < 2 ? 1 : list.items[1].integer() - first;
    const int64_t end = list.items.empty() ? 0 : list.items.back().integer() + (step < 0 ? -1 : 1);
    out += step == 1 ? fmt::format("range({}, {})", first, end) : fmt::format("range({}, {}, {})", first, end, step);
  } else if (list.form == Form::kTuple) {
    out += '(';
    append_items(out, list.items);
    out += list.items.size() == 1 ? ",)" : ")";
  } else {
    const bool is_view = list.form != Form::kList;
    if (is_view) out.append(type) += '(';
    out += '[';
    append_items(out, list.items);
    out += is_view ? "])" : "]";
  }
}

void append_repr(std::string& out, const Value& value) {
  if (const Text* text = value.as<Text>()) {
    out += text->markup ? "Markup(" + quote(*text->bytes) + ")" : quote(*text->bytes);
  } else if (const List* list = value.list()) {
    append_list(out, *list, type_name(value));
  } else if (const Dict* dict = value.dict()) {
    out += '{';
    for (size_t at = 0; at < dict->entries().size(); ++at) {
      if (at > 0) out += ", ";
      append_repr(out, dict->entries()[at].first);
      out += ": ";
      append_repr(out, dict->entries()[at].second);
    }
    out += '}';
  } else {
    out += scalar_text(value);
  }
}

std::string json_quote(std::string_view text, bool ascii_only) {
  std::string out = "\"";
  const auto escape = [&out](uint32_t unit) { out += fmt::format("\\u{:04x}", unit); };
  for (const char32_t point : to_points(text)) {
    const auto value = static_cast<uint32_t>(point);
    static constexpr std::string_view kNamed = "\"\\\n\r\t\f\b", kLetters = "\"\\nrtfb";
    const size_t named = value < 0x80 ? kNamed.find(static_cast<char>(value)) : std::string_view::npos;
    if (named != std::string_view::npos) {
      out += '\\';
      out += kLetters[named];
    } else if (value < 0x20 || (ascii_only && value > 0x7E && value < 0x10000)) {
      escape(value);
    } else if (ascii_only && value >= 0x10000) {
      escape(0xD800 + ((value - 0x10000) >> 10));
      escape(0xDC00 + ((value - 0x10000) & 0x3FF));
    } else {
      append_utf8(point, out);
    }
  }
  return out + '"';
}

class JsonWriter {
 public:
  explicit JsonWriter(const JsonStyle& style) : style_(style) {}
  Status write(const Value& value);
  std::string take() { return std::move(out_); }

 private:
  static Result<std::string> scalar(const Value& value);
  Result<std::string> key_text(const Value& key) const;
  Status write_list(const List& list);
  Status write_dict(const Dict& dict);
  void open(char mark);
  void separate(bool is_first);
  void close(char mark, bool is_empty);
  Status limit() const;

  const JsonStyle& style_;
  std::string out_;
  size_t level_ = 0;
};

Status JsonWriter::limit() const {
  if (out_.size() > kMaxTextBytes) return input_error("tojson: more than {} bytes", kMaxTextBytes);
  return {};
}

Result<std::string> JsonWriter::scalar(const Value& value) {
  if (value.is_none()) return std::string("null");
  if (const bool* flag = value.as<bool>()) return std::string(*flag ? "true" : "false");
  if (value.is_integral()) return fmt::format("{}", value.integer());
  if (const double* real = value.as<double>()) {
    if (std::isnan(*real)) return std::string("NaN");
    return std::isinf(*real) ? std::string(*real < 0 ? "-Infinity" : "Infinity") : float_text(*real);
  }
  return input_error("Object of type {} is not JSON serializable", type_name(value));
}

Result<std::string> JsonWriter::key_text(const Value& key) const {
  if (const std::string* text = key.text()) return *text;
  if (key.list() != nullptr) return input_error("keys must be str, int, float, bool or None, not tuple");
  return scalar(key);
}

void JsonWriter::open(char mark) {
  out_ += mark;
  ++level_;
}

void JsonWriter::separate(bool is_first) {
  if (!is_first) out_ += style_.item_separator;
  if (!style_.indent) return;
  out_ += '\n';
  for (size_t level = 0; level < level_; ++level) out_ += *style_.indent;
}

void JsonWriter::close(char mark, bool is_empty) {
  --level_;
  if (style_.indent && !is_empty) {
    out_ += '\n';
    for (size_t level = 0; level < level_; ++level) out_ += *style_.indent;
  }
  out_ += mark;
}

Status JsonWriter::write_list(const List& list) {
  open('[');
  for (size_t at = 0; at < list.items.size(); ++at) {
    separate(at == 0);
    RUNG_CHECK(write(list.items[at]));
  }
  close(']', list.items.empty());
  return {};
}

Status JsonWriter::write_dict(const Dict& dict) {
  std::vector<std::pair<std::string, const Value*>> entries;
  for (const auto& [key, value] : dict.entries()) {
    RUNG_TRY(std::string text, key_text(key));
    entries.emplace_back(std::move(text), &value);
  }
  if (style_.sort_keys) {
    std::stable_sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  }
  open('{');
  for (size_t at = 0; at < entries.size(); ++at) {
    separate(at == 0);
    out_ += json_quote(entries[at].first, style_.ascii_only);
    out_ += style_.key_separator;
    RUNG_CHECK(write(*entries[at].second));
  }
  close('}', entries.empty());
  return {};
}

Status JsonWriter::write(const Value& value) {
  RUNG_CHECK(limit());
  const List* list = value.list();
  if (list != nullptr && (list->form == Form::kList || list->form == Form::kTuple)) return write_list(*list);
  if (const Dict* dict = value.dict()) return write_dict(*dict);
  if (const std::string* text = value.text()) {
    out_ += json_quote(*text, style_.ascii_only);
    return {};
  }
  RUNG_TRY(const std::string text, scalar(value));
  out_ += text;
  return {};
}

}  // namespace

Result<std::string> print(Runtime& runtime, const Value& value) {
  if (const std::string* text = value.text()) return *text;
  if (value.is_undefined()) return std::string();
  return represent(runtime, value);
}

Result<std::string> represent(Runtime& runtime, const Value& value) {
  RUNG_CHECK(runtime.charge_walk(value));
  std::string out;
  append_repr(out, value);
  if (out.size() > kMaxTextBytes) return input_error("a string is longer than {} bytes", kMaxTextBytes);
  return out;
}

Result<std::string> dump_json(Runtime& runtime, const Value& value, const JsonStyle& style) {
  RUNG_CHECK(runtime.charge_walk(value));
  JsonWriter writer(style);
  RUNG_CHECK(writer.write(value));
  return writer.take();
}

}  // namespace rung::jinja
