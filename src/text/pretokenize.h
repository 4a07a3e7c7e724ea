// Cuts text into the pieces inside which byte-level BPE may merge, by one rule of pretokenize_rules.h. Immutable,
// thread-safe. Bytes that are no UTF-8 become pieces of their own.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "text/pretokenize_rules.h"

namespace rung {

class Pretokenizer {
 public:
  /// `rule` must outlive the result; those of the table do.
  static Result<Pretokenizer> create(const PretokenizeRule& rule);
  Pretokenizer(Pretokenizer&&) noexcept;
  Pretokenizer& operator=(Pretokenizer&&) noexcept;
  ~Pretokenizer();

  const PretokenizeRule& rule() const { return *rule_; }
  /// Pieces in order; none is empty, together they are the text.
  std::vector<std::string_view> split(std::string_view text) const;

 private:
  struct Expression;
  explicit Pretokenizer(const PretokenizeRule& rule);

  const PretokenizeRule* rule_;
  std::vector<Expression> expressions_;
};

}  // namespace rung
