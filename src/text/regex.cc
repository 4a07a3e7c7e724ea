#include "text/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>

namespace rung {

struct Regex::Code {
  explicit Code(pcre2_code* compiled_code) : compiled(compiled_code) {}
  Code(const Code&) = delete;
  Code& operator=(const Code&) = delete;
  ~Code() { pcre2_code_free(compiled); }
  pcre2_code* compiled;
};

Result<Regex> Regex::compile(std::string_view pattern, const RegexOptions& options) {
  uint32_t flags = PCRE2_UTF | PCRE2_UCP | PCRE2_DOLLAR_ENDONLY;
  if (options.any_case) flags |= PCRE2_CASELESS;
  if (options.lines) flags |= PCRE2_MULTILINE;
  int error = 0;
  size_t offset = 0;
  pcre2_code* const compiled =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), flags, &error, &offset, nullptr);
  if (compiled == nullptr) {
    std::array<PCRE2_UCHAR, 128> message{};
    pcre2_get_error_message(error, message.data(), message.size());
    return input_error("found a pattern that is wrong at byte {}: {}", offset,
                       reinterpret_cast<const char*>(message.data()));
  }
  Regex result;
  result.code_ = std::make_shared<const Code>(compiled);
  return result;
}

std::string Regex::quote(std::string_view text) {
  // \Q ... \E quotes all but \E itself.
  std::string result = "\\Q";
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find("\\E", begin), text.size());
    result += text.substr(begin, end - begin);
    if (end < text.size()) result += "\\E\\\\E\\Q";
    begin = end + 2;
  }
  return result + "\\E";
}

std::vector<Regex::Span> Regex::search(std::string_view text, size_t limit) const {
  const std::unique_ptr<pcre2_match_data, decltype(&pcre2_match_data_free)> data(
      pcre2_match_data_create_from_pattern(code_->compiled, nullptr), pcre2_match_data_free);
  std::vector<Span> spans;
  uint32_t flags = 0;
  for (size_t at = 0; at <= text.size() && spans.size() < limit;) {
    const int count = pcre2_match(code_->compiled, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), at, flags,
                                  data.get(), nullptr);
    if (count < 0) break;
    const PCRE2_SIZE* const ends = pcre2_get_ovector_pointer(data.get());
    const bool has_group = count > 1 && ends[2] != PCRE2_UNSET;
    spans.push_back({ends[0], ends[1],
                     has_group ? text.substr(ends[2], ends[3] - ends[2]) : text.substr(ends[0], ends[1] - ends[0])});
    // The text was checked once; after an empty match something must follow it, or it would be found again.
    flags = PCRE2_NO_UTF_CHECK | (ends[0] == ends[1] ? PCRE2_NOTEMPTY_ATSTART : 0);
    at = ends[1];
  }
  return spans;
}

std::vector<std::string_view> Regex::find_all(std::string_view text, size_t limit) const {
  std::vector<std::string_view> found;
  for (const Span& span : search(text, limit)) found.push_back(span.found);
  return found;
}

std::vector<std::string_view> Regex::split(std::string_view text) const {
  std::vector<std::string_view> pieces;
  size_t begin = 0;
  for (const Span& span : search(text, SIZE_MAX)) {
    pieces.push_back(text.substr(begin, span.begin - begin));
    begin = span.end;
  }
  pieces.push_back(text.substr(begin));
  return pieces;
}

}  // namespace rung
