#include "text/jinja_lexer.h"

#include <algorithm>
#include <charconv>

#include "text/jinja_text.h"
#include "text/utf8.h"

namespace rung::jinja {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
/// Letters beyond ASCII are taken as they come; white space among them was skipped before.
bool begins_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

/// Line ends become "\n"; one at the very end is dropped.
std::string normalize(std::string_view source) {
  std::string out;
  for (size_t at = 0; at < source.size(); ++at) {
    if (source[at] == '\r') {
      if (at + 1 < source.size() && source[at + 1] == '\n') ++at;
      out += '\n';
    } else {
      out += source[at];
    }
  }
  if (!out.empty() && out.back() == '\n') out.pop_back();
  return out;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(normalize(source)), rest_(source_) {}
  Result<std::vector<Token>> run();

 private:
  void advance(size_t bytes);
  void skip_space() { advance(leading_space(rest_)); }
  void push(TokenType type, std::string text, int line);
  /// The text before a tag, stripped as the tag's sign asks; lstrip_blocks does not touch what stands before {{.
  void push_data(std::string_view data, char sign, bool is_print, int line);
  /// -%}, +%}, %} with the white space that goes with each; 0 if none stands here.
  size_t end_length(std::string_view at, std::string_view end, bool is_print) const;
  Status lex_root();
  Result<bool> lex_raw();
  Status lex_comment();
  Status lex_inside(std::string_view end, TokenType end_type);
  Status lex_token();
  Status lex_number();
  Status lex_string();
  Status lex_operator();
  tl::unexpected<Error> fail(std::string_view message) const { return input_error("line {}: {}", line_, message); }

  std::string source_;
  std::string_view rest_;
  std::vector<Token> tokens_;
  std::vector<char> open_brackets_;
  int line_ = 1;
  bool at_line_start_ = true;
};

void Lexer::advance(size_t bytes) {
  line_ += static_cast<int>(std::count(rest_.begin(), rest_.begin() + static_cast<ptrdiff_t>(bytes), '\n'));
  if (bytes > 0) at_line_start_ = rest_[bytes - 1] == '\n';
  rest_.remove_prefix(bytes);
}

void Lexer::push(TokenType type, std::string text, int line) {
  Token token;
  token.type = type;
  token.text = std::move(text);
  token.line = line;
  tokens_.push_back(std::move(token));
}

void Lexer::push_data(std::string_view data, char sign, bool is_print, int line) {
  if (sign == '-') {
    data.remove_suffix(trailing_space(data));
  } else if (sign != '+' && !is_print) {
    const size_t newline = data.rfind('\n');
    const size_t begin = newline == std::string_view::npos ? 0 : newline + 1;
    const bool is_blank = leading_space(data.substr(begin)) == data.size() - begin;
    if ((begin > 0 || at_line_start_) && is_blank) data = data.substr(0, begin);
  }
  if (!data.empty()) push(TokenType::kData, std::string(data), line);
}

size_t Lexer::end_length(std::string_view at, std::string_view end, bool is_print) const {
  if (at.empty()) return 0;
  if (at[0] == '-' && at.substr(1, 2) == end) return 3 + leading_space(at.substr(3));
  if (!is_print && at[0] == '+' && at.substr(1, 2) == end) return 3;
  if (at.substr(0, 2) != end) return 0;
  return !is_print && at.size() > 2 && at[2] == '\n' ? 3 : 2;
}

/// The signs a tag may begin with.
char sign_of(std::string_view tag) { return tag.size() > 2 && (tag[2] == '-' || tag[2] == '+') ? tag[2] : '\0'; }

Result<bool> Lexer::lex_raw() {
  // "{% raw %}" begins: what follows "raw" must end the tag, else it is an ordinary block.
  std::string_view tag = rest_.substr(sign_of(rest_) != '\0' ? 3 : 2);
  tag.remove_prefix(leading_space(tag));
  if (tag.substr(0, 3) != "raw") return false;
  tag.remove_prefix(3);
  tag.remove_prefix(leading_space(tag));
  if (tag.substr(0, 2) == "%}") {
    tag.remove_prefix(2);
  } else if (tag.substr(0, 3) == "-%}") {
    tag.remove_prefix(3);
    tag.remove_prefix(leading_space(tag));
  } else {
    return false;
  }
  advance(rest_.size() - tag.size());
  for (size_t begin = rest_.find("{%"); begin != std::string_view::npos; begin = rest_.find("{%", begin + 1)) {
    std::string_view end = rest_.substr(begin);
    const char sign = sign_of(end);
    end.remove_prefix(sign != '\0' ? 3 : 2);
    end.remove_prefix(leading_space(end));
    if (end.substr(0, 6) != "endraw") continue;
    end.remove_prefix(6);
    end.remove_prefix(leading_space(end));
    const size_t length = end_length(end, "%}", false);
    if (length == 0) continue;
    push_data(rest_.substr(0, begin), sign, false, line_);
    advance(rest_.size() - end.size() + length);
    return true;
  }
  return fail("raw block is not closed by {% endraw %}");
}

Status Lexer::lex_comment() {
  for (size_t at = sign_of(rest_) != '\0' ? 3 : 2; at < rest_.size(); ++at) {
    const size_t length = end_length(rest_.substr(at), "#}", false);
    if (length == 0) continue;
    advance(at + length);
    return {};
  }
  return fail("comment is not closed by #}");
}

Status Lexer::lex_root() {
  while (!rest_.empty()) {
    size_t at = rest_.find('{');
    while (at != std::string_view::npos &&
           (at + 1 >= rest_.size() || std::string_view("{%#").find(rest_[at + 1]) == std::string_view::npos)) {
      at = rest_.find('{', at + 1);
    }
    if (at == std::string_view::npos) {
      push(TokenType::kData, std::string(rest_), line_);
      advance(rest_.size());
      break;
    }
    const char kind = rest_[at + 1];
    const char sign = sign_of(rest_.substr(at));
    const int line = line_;
    push_data(rest_.substr(0, at), sign, kind == '{', line);
    advance(at);
    if (kind == '#') {
      RUNG_CHECK(lex_comment());
      continue;
    }
    if (kind == '%') {
      RUNG_TRY(const bool was_raw, lex_raw());
      if (was_raw) continue;
    }
    push(kind == '{' ? TokenType::kPrintBegin : TokenType::kBlockBegin, "", line_);
    advance(sign != '\0' ? 3 : 2);
    RUNG_CHECK(kind == '{' ? lex_inside("}}", TokenType::kPrintEnd) : lex_inside("%}", TokenType::kBlockEnd));
  }
  push(TokenType::kEnd, "", line_);
  return {};
}

Status Lexer::lex_inside(std::string_view end, TokenType end_type) {
  open_brackets_.clear();
  const int begin_line = line_;
  while (!rest_.empty()) {
    const size_t length = open_brackets_.empty() ? end_length(rest_, end, end_type == TokenType::kPrintEnd) : 0;
    if (length > 0) {
      push(end_type, "", line_);
      advance(length);
      return {};
    }
    const size_t space = leading_space(rest_);
    if (space > 0) {
      advance(space);
      continue;
    }
    RUNG_CHECK(lex_token());
  }
  return input_error("line {}: the tag that begins here is not closed by {}", begin_line, end);
}

Status Lexer::lex_token() {
  const char first = rest_[0];
  if (is_digit(first)) return lex_number();
  if (first == '"' || first == '\'') return lex_string();
  if (!begins_name(first)) return lex_operator();
  size_t length = 1;
  while (length < rest_.size() && (begins_name(rest_[length]) || is_digit(rest_[length])) &&
         leading_space(rest_.substr(length)) == 0) {
    ++length;
  }
  push(TokenType::kName, std::string(rest_.substr(0, length)), line_);
  advance(length);
  return {};
}

/// Digits with single underscores between them, from `at` on: where they end.
size_t digits_end(std::string_view text, size_t at, bool (*is_allowed)(char)) {
  size_t end = at;
  while (end < text.size() && is_allowed(text[end])) {
    ++end;
    if (end + 1 < text.size() && text[end] == '_' && is_allowed(text[end + 1])) ++end;
  }
  return end;
}

Status Lexer::lex_number() {
  size_t end = digits_end(rest_, 0, is_digit);
  bool is_real = false;
  const bool follows_dot = rest_.data() > source_.data() && rest_.data()[-1] == '.';
  if (!follows_dot && end + 1 < rest_.size() && rest_[end] == '.' && is_digit(rest_[end + 1])) {
    end = digits_end(rest_, end + 1, is_digit);
    is_real = true;
  }
  if (!follows_dot && end < rest_.size() && (rest_[end] == 'e' || rest_[end] == 'E')) {
    const size_t sign = end + 1 < rest_.size() && (rest_[end + 1] == '+' || rest_[end + 1] == '-') ? 1 : 0;
    if (end + 1 + sign < rest_.size() && is_digit(rest_[end + 1 + sign])) {
      end = digits_end(rest_, end + 1 + sign, is_digit);
      is_real = true;
    }
  }
  int base = 10;
  size_t begin = 0;
  if (!is_real && rest_[0] == '0' && rest_.size() > 2) {
    static constexpr std::string_view kLetters = "xXoObB";
    static constexpr int kBases[] = {16, 16, 8, 8, 2, 2};
    const size_t letter = kLetters.find(rest_[1]);
    if (letter != std::string_view::npos) {
      base = kBases[letter];
      begin = 2;
      end =
          digits_end(rest_, 2, [](char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); });
    }
  }
  std::string digits(rest_.substr(begin, end - begin));
  digits.erase(std::remove(digits.begin(), digits.end(), '_'), digits.end());
  Token token;
  token.type = is_real ? TokenType::kFloat : TokenType::kInteger;
  token.line = line_;
  const char* last = digits.data() + digits.size();
  const auto parsed = is_real ? std::from_chars(digits.data(), last, token.real)
                              : std::from_chars(digits.data(), last, token.integer, base);
  const bool is_padded = !is_real && base == 10 && digits[0] == '0' && token.integer != 0;
  if (parsed.ec != std::errc() || parsed.ptr != last || is_padded) {
    return fail(fmt::format("'{}' is not a number of 64 bits", digits));
  }
  tokens_.push_back(std::move(token));
  advance(end);
  return {};
}

/// The value of a fixed count of hexadecimal digits.
std::optional<uint32_t> hex_value(std::string_view text, size_t count) {
  uint32_t value = 0;
  if (text.size() < count) return std::nullopt;
  const auto parsed = std::from_chars(text.data(), text.data() + count, value, 16);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + count) return std::nullopt;
  return value;
}

/// Decodes the escape at the front of `text` (behind its backslash) into `out`; the bytes used, or nothing when it is
/// malformed.
std::optional<size_t> decode_escape(std::string_view text, std::string& out) {
  static constexpr std::string_view kLetters = "abfnrtv\\'\"", kMeanings = "\a\b\f\n\r\t\v\\'\"";
  const size_t letter = kLetters.find(text[0]);
  if (letter != std::string_view::npos) {
    out += kMeanings[letter];
    return 1;
  }
  if (text[0] == '\n') return 1;
  if (text[0] >= '0' && text[0] <= '7') {
    size_t length = 0;
    uint32_t value = 0;
    while (length < 3 && length < text.size() && text[length] >= '0' && text[length] <= '7') {
      value = value * 8 + static_cast<uint32_t>(text[length++] - '0');
    }
    append_utf8(value, out);
    return length;
  }
  const size_t count = text[0] == 'x' ? 2 : text[0] == 'u' ? 4 : text[0] == 'U' ? 8 : 0;
  if (text[0] == 'N') return std::nullopt;
  if (count == 0) {
    out += '\\';
    return 0;
  }
  const auto value = hex_value(text.substr(1), count);
  if (!value || *value > 0x10FFFF || (*value >= 0xD800 && *value < 0xE000)) return std::nullopt;
  append_utf8(*value, out);
  return 1 + count;
}

Status Lexer::lex_string() {
  const char mark = rest_[0];
  const int line = line_;
  std::string out;
  size_t at = 1;
  while (at < rest_.size() && rest_[at] != mark) {
    if (rest_[at] != '\\') {
      out += rest_[at++];
      continue;
    }
    if (at + 1 >= rest_.size()) break;
    const auto used = decode_escape(rest_.substr(at + 1), out);
    if (!used) return fail("unknown or malformed escape in a string");
    at += 1 + *used;
  }
  if (at >= rest_.size()) return fail("string is not closed");
  push(TokenType::kString, std::move(out), line);
  advance(at + 1);
  return {};
}

Status Lexer::lex_operator() {
  static constexpr std::string_view kDouble[] = {"//", "**", "==", "!=", ">=", "<="};
  static constexpr std::string_view kSingle = "+-/*%~[](){}><=.:|,;";
  const bool is_double = std::find(std::begin(kDouble), std::end(kDouble), rest_.substr(0, 2)) != std::end(kDouble);
  const char first = rest_[0];
  if (!is_double && kSingle.find(first) == std::string_view::npos) {
    return fail(fmt::format("unexpected character {}", quote(rest_.substr(0, 1))));
  }
  static constexpr std::string_view kOpen = "([{", kClose = ")]}";
  if (kOpen.find(first) != std::string_view::npos) open_brackets_.push_back(kClose[kOpen.find(first)]);
  if (kClose.find(first) != std::string_view::npos) {
    if (open_brackets_.empty() || open_brackets_.back() != first) return fail(fmt::format("unexpected '{}'", first));
    open_brackets_.pop_back();
  }
  const size_t length = is_double ? 2 : 1;
  push(TokenType::kOperator, std::string(rest_.substr(0, length)), line_);
  advance(length);
  return {};
}

Result<std::vector<Token>> Lexer::run() {
  RUNG_CHECK(lex_root());
  return std::move(tokens_);
}

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view source) { return Lexer(source).run(); }

std::string describe(const Token& token) {
  switch (token.type) {
    case TokenType::kData:
      return "text";
    case TokenType::kPrintBegin:
      return "'{{'";
    case TokenType::kPrintEnd:
      return "'}}'";
    case TokenType::kBlockBegin:
      return "'{%'";
    case TokenType::kBlockEnd:
      return "'%}'";
    case TokenType::kInteger:
      return fmt::format("'{}'", token.integer);
    case TokenType::kFloat:
      return fmt::format("'{}'", token.real);
    case TokenType::kEnd:
      return "end of template";
    default:
      return fmt::format("'{}'", token.text);
  }
}

}  // namespace rung::jinja
