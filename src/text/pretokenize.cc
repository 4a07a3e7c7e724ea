#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/pretokenize.h"

#include <pcre2.h>

#include "text/utf8.h"

namespace rung {
namespace {

struct CodeDeleter {
  void operator()(pcre2_code* code) const { pcre2_code_free(code); }
};
struct MatchDataDeleter {
  void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
};
using MatchData = std::unique_ptr<pcre2_match_data, MatchDataDeleter>;

/// PCRE2's \s also takes U+180E, which left Unicode's White_Space in 6.3; models are trained with White_Space.
std::string spell_out_spaces(std::string_view expression) {
  constexpr std::string_view kSpaces = "\\t-\\r\\x{85}\\p{Z}";
  std::string out;
  bool in_class = false;
  for (size_t at = 0; at < expression.size(); ++at) {
    const char byte = expression[at];
    if (byte != '\\') {
      if (byte == '[') in_class = true;
      if (byte == ']') in_class = false;
      out.push_back(byte);
      continue;
    }
    const char escaped = expression[++at];
    if (escaped == 's' && in_class) {
      out.append(kSpaces);
    } else if (escaped == 's' || escaped == 'S') {
      out.append(escaped == 's' ? "[" : "[^").append(kSpaces).append("]");
    } else {
      out.append({byte, escaped});
    }
  }
  return out;
}

/// Bytes at the start that are UTF-8 (valid), or that are not.
size_t run_bytes(std::string_view text, bool valid) {
  size_t at = 0;
  while (at < text.size()) {
    const Utf8Step step = utf8_step(text.substr(at));
    if ((step.kind == Utf8Kind::kValid) != valid) break;
    at += step.bytes;
  }
  return at;
}

}  // namespace

struct Pretokenizer::Expression {
  std::unique_ptr<pcre2_code, CodeDeleter> code;

  /// Cuts one piece of valid UTF-8. PCRE2's own limits bound the work; past them the rest of the piece stays whole.
  void cut(std::string_view piece, pcre2_match_data* data, std::vector<std::string_view>& out) const {
    size_t done = 0;
    while (done < piece.size()) {
      // The piece is the whole subject, so that look-aheads end where it ends; UTF-8 was checked before.
      const int found = pcre2_match(code.get(), reinterpret_cast<PCRE2_SPTR>(piece.data()), piece.size(), done,
                                    PCRE2_NO_UTF_CHECK, data, nullptr);
      if (found < 0) break;
      const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data);
      if (ends[1] <= ends[0]) break;
      if (ends[0] > done) out.push_back(piece.substr(done, ends[0] - done));
      out.push_back(piece.substr(ends[0], ends[1] - ends[0]));
      done = ends[1];
    }
    if (done < piece.size()) out.push_back(piece.substr(done));
  }
};

Pretokenizer::Pretokenizer(const PretokenizeRule& rule) : rule_(&rule) {}
Pretokenizer::Pretokenizer(Pretokenizer&&) noexcept = default;
Pretokenizer& Pretokenizer::operator=(Pretokenizer&&) noexcept = default;
Pretokenizer::~Pretokenizer() = default;

Result<Pretokenizer> Pretokenizer::create(const PretokenizeRule& rule) {
  Pretokenizer made(rule);
  for (const std::string_view expression : rule.expressions) {
    const std::string spelled = spell_out_spaces(expression);
    int error = 0;
    PCRE2_SIZE place = 0;
    std::unique_ptr<pcre2_code, CodeDeleter> code(pcre2_compile(
        reinterpret_cast<PCRE2_SPTR>(spelled.data()), spelled.size(), PCRE2_UTF | PCRE2_UCP, &error, &place, nullptr));
    if (!code) {
      return failed_error("splitting rule {}: PCRE2 error {} at {} of {}", rule.names.front(), error, place, spelled);
    }
    pcre2_jit_compile(code.get(), PCRE2_JIT_COMPLETE);  // where there is no JIT, pcre2_match interprets
    made.expressions_.push_back({std::move(code)});
  }
  return made;
}

std::vector<std::string_view> Pretokenizer::split(std::string_view text) const {
  const MatchData data(pcre2_match_data_create(1, nullptr));
  std::vector<std::string_view> pieces, next, all;
  while (!text.empty()) {
    const size_t valid = run_bytes(text, true);
    pieces.clear();
    if (valid > 0) pieces.push_back(text.substr(0, valid));
    for (const Expression& expression : expressions_) {
      next.clear();
      for (const std::string_view piece : pieces) expression.cut(piece, data.get(), next);
      pieces.swap(next);
    }
    all.insert(all.end(), pieces.begin(), pieces.end());
    text.remove_prefix(valid);
    const size_t broken = run_bytes(text, false);
    if (broken > 0) all.push_back(text.substr(0, broken));
    text.remove_prefix(broken);
  }
  return all;
}

}  // namespace rung
