// The expression half of the parser: a cursor over tokens with one function per level of precedence.
#pragma once

#include <string_view>
#include <vector>

#include "text/jinja_ast.h"
#include "text/jinja_lexer.h"

namespace rung::jinja {

class ExprParser {
 public:
  explicit ExprParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  /// One expression; with a conditional (a if b else c) or without.
  Result<ExprPtr> parse_expression(bool with_conditional = true);
  /// One expression, or several with commas between: a tuple.
  Result<ExprPtr> parse_tuple(bool with_conditional, bool may_be_empty = false);
  /// What may stand left of "=" or of "in": a name, a tuple of such; namespace.attribute if allowed.
  Result<ExprPtr> parse_target(bool with_namespace);
  /// name(arguments) | name(arguments) ... behind "filter" or behind a bar; its input is null.
  Result<ExprPtr> parse_filter_chain();

 protected:
  const Token& current() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  Token take() { return tokens_[at_ + 1 < tokens_.size() ? at_++ : at_]; }
  bool skip_operator(std::string_view symbol);
  bool skip_name(std::string_view name);
  Status expect_operator(std::string_view symbol);
  Result<std::string> expect_name();
  tl::unexpected<Error> fail(std::string_view message) const { return fail_at(current().line, message); }
  static tl::unexpected<Error> fail_at(int line, std::string_view message) {
    return input_error("line {}: {}", line, message);
  }

  int condition_depth_ = 0;  ///< within an if: unknown filters and tests are errors only when reached
  /// The macros around the cursor: which of the special names their bodies use.
  std::vector<Signature*> macros_;

 private:
  class Nesting;
  using Step = Result<ExprPtr> (ExprParser::*)();
  Result<ExprPtr> make(ExprKind kind, int line, std::vector<ExprPtr> parts, std::string name = {}) const;
  Result<ExprPtr> left_chain(Step next, std::initializer_list<std::pair<std::string_view, BinaryOp>> operators);
  Result<ExprPtr> parse_or();
  Result<ExprPtr> parse_and();
  Result<ExprPtr> parse_not();
  Result<ExprPtr> parse_compare();
  Result<ExprPtr> parse_sum();
  Result<ExprPtr> parse_concat();
  Result<ExprPtr> parse_product();
  Result<ExprPtr> parse_power();
  Result<ExprPtr> parse_filtered_unary() { return parse_unary(true); }
  Result<ExprPtr> parse_unary(bool with_filter);
  Result<ExprPtr> parse_primary();
  Result<ExprPtr> parse_list();
  Result<ExprPtr> parse_dict();
  Result<ExprPtr> parse_postfix(ExprPtr expr);
  Result<ExprPtr> parse_filters_and_tests(ExprPtr expr);
  Result<ExprPtr> parse_subscript(ExprPtr expr);
  Result<ExprPtr> parse_slice(ExprPtr expr, int line);
  Result<ExprPtr> parse_call(ExprPtr expr);
  Result<ExprPtr> parse_filter(ExprPtr expr);
  Result<ExprPtr> parse_test(ExprPtr expr);
  Result<CallSyntax> parse_arguments();
  Status parse_argument(CallSyntax& call);
  bool compare_operator(CompareOp& op);
  void note_name(std::string_view name);

  std::vector<Token> tokens_;
  size_t at_ = 0;
  size_t nesting_ = 0;
};

}  // namespace rung::jinja
