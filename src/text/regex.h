// Regular expressions over UTF-8 text, with Unicode's classes and case (PCRE2), near to Python's re. In text
// that is not valid UTF-8 nothing is found (Utf8Stream repairs it). Work is limited: a search that passes PCRE2's
// limits finds nothing more.
// A Regex is immutable, copies share it, threads may use one at the same time.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace rung {

struct RegexOptions {
  bool any_case = false;
  bool lines = false;  ///< ^ and $ match at every line
};

class Regex {
 public:
  /// Fails with what is wrong and at which byte.
  static Result<Regex> compile(std::string_view pattern, const RegexOptions& options = {});
  /// A pattern that matches exactly this text.
  static std::string quote(std::string_view text);

  bool is_in(std::string_view text) const { return !find_all(text, 1).empty(); }
  /// Matches from left to right that do not overlap, at most `limit`: the first group's text where the pattern has one.
  std::vector<std::string_view> find_all(std::string_view text, size_t limit = SIZE_MAX) const;
  /// The text between the matches: one more than there are.
  std::vector<std::string_view> split(std::string_view text) const;

 private:
  struct Code;
  struct Span {
    size_t begin = 0, end = 0;
    std::string_view found;
  };
  std::vector<Span> search(std::string_view text, size_t limit) const;

  std::shared_ptr<const Code> code_;
};

}  // namespace rung
